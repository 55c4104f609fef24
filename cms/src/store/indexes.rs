//! Indexes on what documents are sorted and filtered by, as the content model asks.
//!
//! Each is on one attribute of one type and holds the documents as a list shows them: by
//! status and locale, then by value, then by number. They are made beside the requests: one
//! that is missing costs time and changes no answer.

use std::collections::BTreeMap;

use cms_api::content_type::{Attribute, AttributeKind, Kind as TypeKind};
use cms_api::model::ContentModel;
use cms_api::query_parse::kind_of;
use diesel::QueryableByName;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{Bool, Text};
use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::advisory::Lock;
use super::find::index_key;
use super::pool::{Conn, Database, Dialect};
use super::statement::{Statement, quoted};

const PREFIX: &str = "documents_value_";
/// With at most so many documents all indexes are made in one transaction, in milliseconds.
const FEW: i64 = 1_000;
/// PostgreSQL cuts names after 63 bytes.
const MOST_OF_ATTRIBUTE: usize = 24;
/// The table's own columns that clients sort by.
const OWN_COLUMNS: [&str; 3] = ["created_at", "updated_at", "published_at"];

/// Brings the indexes in line with the model and says whether they are: not while another
/// process makes them, nor when `go_on` asked to stop. On many documents SQLite's writers wait
/// for one index at a time, PostgreSQL's for none.
///
/// # Errors
/// Those of the database. What was made until then stays.
pub fn update(
    db: &Database,
    model: &ContentModel,
    go_on: impl Fn() -> bool,
) -> anyhow::Result<bool> {
    let wanted = wanted(db.dialect(), model);
    let (missing, few) = db.read::<_, StoreError>(|conn| {
        let missing = steps(conn, &wanted)?;
        Ok((!missing.is_empty(), missing.is_empty() || few_documents(conn)?))
    })?;
    if !missing {
        return Ok(true);
    }
    match db.dialect() {
        _ if few => db.write::<_, StoreError>(|conn| {
            Lock::Indexes.wait_in_transaction(conn)?;
            steps(conn, &wanted)?.iter().try_for_each(|step| step.run(conn, ""))
        })?,
        Dialect::Sqlite => {
            for step in db.read::<_, StoreError>(|conn| steps(conn, &wanted))? {
                if !go_on() {
                    return Ok(false);
                }
                db.write(|conn| step.run(conn, ""))?;
            }
        }
        Dialect::Postgres => {
            return db.unmanaged(|conn| Ok(beside_writers(conn, &wanted, go_on)?));
        }
    }
    Ok(true)
}

/// What an index is, by its name: everything behind `CREATE INDEX … `.
type Wanted = BTreeMap<String, String>;

fn wanted(dialect: Dialect, model: &ContentModel) -> Wanted {
    let mut wanted = Wanted::new();
    for ty in model.api_types().filter(|ty| ty.kind == TypeKind::Collection) {
        let attributes = ty.attributes.iter().filter(|(_, attribute)| is_indexed(attribute));
        let values = attributes
            .map(|(name, attribute)| (&**name, index_key(dialect, name, kind_of(&attribute.kind))));
        let own = OWN_COLUMNS.map(|column| (column, own_key(dialect, column)));
        for (name, key) in values.chain(own) {
            let of_type = quoted(&ty.uid);
            let sql = format!("ON documents (status, locale, {key}, number) WHERE uid = {of_type}");
            wanted.insert(index_name(name, &sql), sql);
        }
    }
    wanted
}

/// What editors sort and look up by, not what they write at length.
fn is_indexed(attribute: &Attribute) -> bool {
    use AttributeKind as Kind;
    match attribute.kind {
        Kind::String
        | Kind::Email
        | Kind::Uid { .. }
        | Kind::Enumeration { .. }
        | Kind::Integer
        | Kind::BigInteger
        | Kind::Float
        | Kind::Decimal
        | Kind::Boolean
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Timestamp => true,
        Kind::Text | Kind::RichText => attribute.unique,
        Kind::Blocks
        | Kind::Password
        | Kind::Json
        | Kind::Media { .. }
        | Kind::Relation(_)
        | Kind::Component { .. }
        | Kind::DynamicZone { .. } => false,
    }
}

fn own_key(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => column.to_owned(),
        Dialect::Postgres => format!("{column} NULLS FIRST"),
    }
}

/// The attribute, for people, and what the index is: another definition is another index.
fn index_name(attribute: &str, sql: &str) -> String {
    let attribute: String = attribute.chars().take(MOST_OF_ATTRIBUTE).collect();
    let hash = Sha256::digest(sql.as_bytes());
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{}_{hash}", attribute.to_ascii_lowercase())
}

/// One thing to be done; done twice it changes nothing.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Drop(String),
    Create(String, String),
}

impl Step {
    fn run(&self, conn: &mut Conn, how: &str) -> Result<(), StoreError> {
        let sql = match self {
            Self::Drop(name) => format!("DROP INDEX {how} IF EXISTS {name}"),
            Self::Create(name, sql) => format!("CREATE INDEX {how} IF NOT EXISTS {name} {sql}"),
        };
        Ok(conn.batch_execute(&sql)?)
    }
}

fn steps(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<Step>, StoreError> {
    let existing = existing(conn)?;
    let is_good = |name: &String| existing.iter().any(|index| index.valid && index.name == *name);
    let bad = existing.iter().filter(|index| !index.valid || !wanted.contains_key(&index.name));
    let missing = wanted.iter().filter(|(name, _)| !is_good(name));
    Ok(bad
        .map(|index| Step::Drop(index.name.clone()))
        .chain(missing.map(|(name, sql)| Step::Create(name.clone(), sql.clone())))
        .collect())
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    /// What was interrupted on PostgreSQL stays and serves nobody.
    #[diesel(sql_type = Bool)]
    valid: bool,
}

fn existing(conn: &mut Conn) -> Result<Vec<Index>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push(match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT name, TRUE AS valid FROM sqlite_master WHERE type = 'index' AND \
             tbl_name = 'documents'"
        }
        Dialect::Postgres => {
            "SELECT of_index.relname::text AS name, indisvalid AS valid FROM pg_index \
             JOIN pg_class of_index ON of_index.oid = indexrelid \
             WHERE indrelid = 'documents'::regclass"
        }
    });
    let mut found: Vec<Index> = query.load(conn)?;
    found.retain(|index| index.name.starts_with(PREFIX));
    Ok(found)
}

/// The indexes on values that serve.
///
/// # Errors
/// Those of the database.
pub fn names(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let good = existing(conn)?.into_iter().filter(|index| index.valid);
    Ok(good.map(|index| index.name).collect())
}

fn few_documents(conn: &mut Conn) -> Result<bool, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT COUNT(*) AS total FROM (SELECT 1 FROM documents LIMIT ").bind(FEW + 1);
    query.push(") AS few");
    Ok(query.number(conn)? <= FEW.unsigned_abs())
}

/// Outside a transaction, on a connection that is not needed for anything else meanwhile.
fn beside_writers(
    conn: &mut Conn,
    wanted: &Wanted,
    go_on: impl Fn() -> bool,
) -> Result<bool, StoreError> {
    // Waiting for the lock would hold a snapshot, which the holder in turn may wait for.
    if !Lock::Indexes.take(conn)? {
        return Ok(false);
    }
    let made = steps(conn, wanted).and_then(|steps| {
        for step in steps {
            if !go_on() {
                return Ok(false);
            }
            step.run(conn, "CONCURRENTLY")?;
        }
        Ok(true)
    });
    Lock::Indexes.free(conn)?;
    made
}

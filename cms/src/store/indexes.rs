//! Indexes on values inside `data`, made and dropped as the content model asks.
//!
//! Uniqueness is checked on every publish; without an index each check reads every document
//! of the type. An index covers an attribute name in all types that use it.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::StoreError;
use super::pool::{Conn, Dialect};
use super::statement::Statement;

const PREFIX: &str = "documents_value_";

/// Brings the indexes in line with `attributes`: names of top-level attributes, which the
/// content model has checked to be letters, digits and `_`.
///
/// # Errors
/// Those of the database.
pub fn ensure(
    conn: &mut Conn,
    attributes: impl IntoIterator<Item = String>,
) -> Result<(), StoreError> {
    let wanted: BTreeMap<String, String> =
        attributes.into_iter().map(|name| (index_name(&name), name)).collect();
    let existing = existing(conn)?;
    for name in existing.iter().filter(|name| !wanted.contains_key(*name)) {
        run(conn, &format!("DROP INDEX {name}"))?;
    }
    for (name, attribute) in wanted.iter().filter(|(name, _)| !existing.contains(name)) {
        let value = value(conn.dialect(), attribute);
        let columns = format!("(uid, status, locale, ({value}))");
        run(conn, &format!("CREATE INDEX {name} ON documents {columns}"))?;
    }
    Ok(())
}

/// The SQL for an attribute's value, as the index and the queries that use it spell it.
pub(super) fn value(dialect: Dialect, attribute: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("data ->> '$.{attribute}'"),
        Dialect::Postgres => format!("data -> '{attribute}'"),
    }
}

/// Index names ignore case, attribute names do not: the places of capitals tell them apart.
fn index_name(attribute: &str) -> String {
    let mut name = format!("{PREFIX}{}", attribute.to_ascii_lowercase());
    for (place, _) in attribute.char_indices().filter(|(_, c)| c.is_ascii_uppercase()) {
        name.push_str(&format!("_{place}"));
    }
    name
}

fn existing(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut query = Statement::new(conn.dialect());
    match conn.dialect() {
        Dialect::Sqlite => query
            .push("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'documents'"),
        Dialect::Postgres => query.push(
            "SELECT indexname::text AS name FROM pg_indexes WHERE tablename = 'documents' \
             AND schemaname = current_schema()",
        ),
    };
    let found: Vec<Index> = query.load(conn)?;
    Ok(found.into_iter().map(|index| index.name).filter(|name| name.starts_with(PREFIX)).collect())
}

fn run(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    let mut statement = Statement::new(conn.dialect());
    statement.push(sql);
    statement.execute(conn).map(drop)
}

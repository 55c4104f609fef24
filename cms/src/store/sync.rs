//! What the change feed reads: rows, their changes, their links.

use cms_api::query::Status;
use diesel::sql_types::{BigInt, Text};

use super::find::Row;
use super::pool::{Conn, Dialect};
use super::statement::Statement;
use super::{StoreError, find};

/// Which rows a listing is about.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Types whose published rows are meant.
    pub published: Vec<String>,
    /// Types whose drafts are meant.
    pub drafts: Vec<String>,
}

impl Scope {
    /// Adds a type: one without drafts has published rows only.
    pub fn add(&mut self, uid: &str, has_drafts: bool, status: Status) {
        match (status, has_drafts) {
            (Status::Draft, true) => self.drafts.push(uid.to_owned()),
            _ => self.published.push(uid.to_owned()),
        }
    }

    /// The condition. `walked` means that rows are read in their own order, a page at a time:
    /// SQLite must not gather them by type and sort them instead, which a unary plus prevents.
    fn push(&self, statement: &mut Statement, alias: &str, walked: bool) {
        let plus = match statement.dialect() {
            Dialect::Sqlite if walked => "+",
            Dialect::Sqlite | Dialect::Postgres => "",
        };
        let (status, uid) = (format!("{plus}{alias}.status"), format!("{plus}{alias}.uid"));
        statement.push(&format!("(({status} = 'published' AND {uid} IN "));
        statement.bind_list(self.published.iter().map(String::as_str));
        statement.push(&format!(") OR ({status} = 'draft' AND {uid} IN "));
        statement.bind_list(self.drafts.iter().map(String::as_str));
        statement.push("))");
    }
}

/// The last change of a document in one locale.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
pub struct Change {
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub uid: String,
    #[diesel(sql_type = Text)]
    pub document_id: String,
    #[diesel(sql_type = Text)]
    pub locale: String,
}

/// A link of a row.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
pub struct Link {
    #[diesel(sql_type = BigInt)]
    pub source_id: i64,
    #[diesel(sql_type = Text)]
    pub path: String,
    #[diesel(sql_type = BigInt)]
    pub component_id: i64,
    #[diesel(sql_type = Text)]
    pub target_document_id: String,
}

/// Rows after `position` (a row id) as they stand at `upto`, in the order of their ids. A row
/// that was written later is left to the changes after `upto`.
///
/// # Errors
/// Those of the database.
pub fn rows(
    conn: &mut Conn,
    scope: &Scope,
    position: i64,
    upto: i64,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push(&format!("SELECT {} FROM documents d WHERE ", find::columns("d")));
    scope.push(&mut query, "d", true);
    query.push(" AND d.id > ").bind(position).push(" AND d.version <= ").bind(upto);
    query.push(" ORDER BY d.id LIMIT ").bind(limit);
    query.load(conn)
}

/// Changes after `position` and up to `upto`, the last one per document and locale only.
///
/// # Errors
/// Those of the database.
pub fn changes(
    conn: &mut Conn,
    scope: &Scope,
    position: i64,
    upto: i64,
    limit: i64,
) -> Result<Vec<Change>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT c.seq, c.uid, c.document_id, c.locale FROM changes c WHERE c.seq > ");
    query.bind(position).push(" AND c.seq <= ").bind(upto).push(" AND ");
    scope.push(&mut query, "c", true);
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM changes n WHERE n.uid = c.uid AND n.document_id = \
         c.document_id AND n.locale = c.locale AND n.status = c.status AND n.seq > c.seq AND \
         n.seq <= ",
    );
    query.bind(upto).push(") ORDER BY c.seq LIMIT ").bind(limit);
    query.load(conn)
}

/// The rows that the changed documents have now.
///
/// # Errors
/// Those of the database.
pub fn rows_of(conn: &mut Conn, scope: &Scope, changes: &[Change]) -> Result<Vec<Row>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push(&format!("SELECT {} FROM documents d WHERE ", find::columns("d")));
    scope.push(&mut query, "d", false);
    query.push(" AND d.document_id IN ");
    query.bind_list(changes.iter().map(|change| change.document_id.as_str()));
    query.load(conn)
}

/// Links of the rows, in the order each attribute shows them.
///
/// # Errors
/// Those of the database.
pub fn links(conn: &mut Conn, rows: &[Row]) -> Result<Vec<Link>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
    let list = format!("[{}]", ids.join(","));
    let mut query = Statement::new(conn.dialect());
    query.push(
        "SELECT l.source_id, l.path, l.component_id, l.target_document_id FROM links l WHERE \
         l.source_id IN (SELECT ",
    );
    match query.dialect() {
        Dialect::Sqlite => query.push("value FROM json_each(").bind(list).push("))"),
        Dialect::Postgres => query
            .push("CAST(jsonb_array_elements_text(CAST(")
            .bind(list)
            .push(" AS jsonb)) AS bigint))"),
    };
    query.push(" ORDER BY l.source_id, l.path, l.component_id, l.position, l.id");
    query.load(conn)
}

//! How the database would find the rows of a question: for tests, and for whoever wonders why
//! an answer takes long.

use cms_api::content_type::ContentType;
use cms_api::query::QuerySpec;

use super::{Query, Scope, Selector};
use crate::store::{Conn, Dialect, StoreError};

/// The steps in the database's own words.
///
/// # Errors
/// Those of the database.
pub fn plan(
    conn: &mut Conn,
    scope: Scope<'_>,
    ty: &ContentType,
    spec: &QuerySpec,
) -> Result<Vec<String>, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    let (explain, column) = match query.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", 3),
        Dialect::Postgres => ("EXPLAIN ", 0),
    };
    query.push(explain);
    query.page(ty, Selector::All, spec);
    let mut steps = Vec::new();
    query.statement.each(conn, |row| {
        steps.push(row.text(column)?);
        Ok(())
    })?;
    Ok(steps)
}

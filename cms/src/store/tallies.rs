//! What triggers keep about the rows of each type: how many there are, and which state they
//! are in.
//!
//! Nothing here writes: see the migrations.

use super::statement::Statement;
use super::{Conn, StoreError};

/// How many rows of a type there are with this status, in one locale or (`None`) in all.
///
/// # Errors
/// Those of the database.
pub fn total(
    conn: &mut Conn,
    uid: &str,
    status: &str,
    locale: Option<&str>,
) -> Result<u64, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) AS total FROM tallies WHERE uid = ");
    query.bind(uid).push(" AND status = ").bind(status);
    if let Some(locale) = locale {
        query.push(" AND locale = ").bind(locale);
    }
    query.number(conn)
}

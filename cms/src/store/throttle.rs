//! Attempts counted in the database, so that servers that share it share the count.

use super::statement::Statement;
use super::{Conn, StoreError};

/// How often something may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Milliseconds after which one attempt is given back.
    pub each: i64,
    /// Milliseconds after which all are.
    pub all: i64,
}

/// Counts one attempt at `now`; whether it is allowed. One statement, so that two servers
/// cannot both hand out the last attempt.
///
/// # Errors
/// Those of the database.
pub fn attempt(conn: &mut Conn, subject: &str, quota: Quota, now: i64) -> Result<bool, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("INSERT INTO throttles (subject, full_at) VALUES (").bind(subject).push(", ");
    query.bind(now + quota.each).push(") ON CONFLICT (subject) DO UPDATE SET full_at = ");
    query.push("CASE WHEN throttles.full_at > ").bind(now).push(" THEN throttles.full_at ELSE ");
    query.bind(now).push(" END + ").bind(quota.each);
    query.push(" WHERE throttles.full_at <= ").bind(now + quota.all - quota.each);
    query.push(" RETURNING CAST(1 AS BIGINT) AS total");
    Ok(query.number(conn)? > 0)
}

/// Forgets those that have all their attempts back.
///
/// # Errors
/// Those of the database.
pub fn prune(conn: &mut Conn, now: i64) -> Result<usize, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("DELETE FROM throttles WHERE full_at <= ").bind(now);
    query.execute(conn)
}

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

/// Which rows matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Published ones.
    Published,
    /// Published ones, and the links that lead to them.
    PublishedAndLinks,
    /// All of them, and the links that lead to them.
    All,
}

/// The state of some rows: another number after every change to one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub uid: String,
    pub status: String,
    pub locale: String,
    pub state: i64,
}

/// The states of the types' rows, in a stable order; of all types when none is named.
///
/// # Errors
/// Those of the database.
pub fn states<'u>(
    conn: &mut Conn,
    uids: impl IntoIterator<Item = &'u str>,
    rows: Rows,
) -> Result<Vec<State>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT uid, status, locale, state FROM tallies WHERE ");
    query.push(match rows {
        Rows::Published => "status = 'published'",
        Rows::PublishedAndLinks => "status IN ('published', 'links')",
        Rows::All => "TRUE",
    });
    let mut uids = uids.into_iter().peekable();
    if uids.peek().is_some() {
        query.push(" AND uid IN ").bind_list(uids);
    }
    let mut states: Vec<State> = Vec::new();
    query.each(conn, |row| {
        let (uid, status, locale) = (row.text(0)?, row.text(1)?, row.text(2)?);
        states.push(State { uid, status, locale, state: row.integer(3)? });
        Ok(())
    })?;
    states.sort_unstable_by(|a, b| {
        (&a.uid, &a.status, &a.locale).cmp(&(&b.uid, &b.status, &b.locale))
    });
    Ok(states)
}

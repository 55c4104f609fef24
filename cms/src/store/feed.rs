//! Writing the change feed.
//!
//! The sequence number is drawn from a counter row inside the writing transaction. The row
//! lock makes writers queue until commit, so sequence order is commit order on both
//! databases and no number is lost to a rollback.

use diesel::prelude::*;

use super::StoreError;
use super::pool::{Conn, Dialect};
use super::schema::{changes, counters};
use super::statement::Statement;

/// One line of the feed, without its number.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// `upsert`, `delete` or `schema`
    pub op: &'a str,
    pub uid: &'a str,
    pub document_id: &'a str,
    /// Empty on types without locales.
    pub locale: &'a str,
    /// `draft` or `published`
    pub status: &'a str,
    /// Unix milliseconds.
    pub at: i64,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
struct Drawn {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    value: i64,
}

/// Draws the next number of a counter, the first one being 1; other writers wait until this
/// one commits.
///
/// # Errors
/// Those of the database.
pub fn next(conn: &mut Conn, counter: &str) -> Result<i64, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query
        .push("INSERT INTO counters (name, value) VALUES (")
        .bind(counter)
        .push(", 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value");
    let drawn: Vec<Drawn> = query.load(conn)?;
    drawn.first().map(|row| row.value).ok_or(StoreError::Other(diesel::result::Error::NotFound))
}

/// Makes this the only writing transaction until it commits, so that what it checks (unique
/// values) stays true. SQLite has one writer anyway.
///
/// # Errors
/// Those of the database.
pub fn hold(conn: &mut Conn) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Postgres {
        diesel::update(counters::table.find("feed"))
            .set(counters::value.eq(counters::value))
            .execute(conn)?;
    }
    Ok(())
}

/// Appends one change and returns its sequence number.
///
/// # Errors
/// Those of the database.
pub fn append(conn: &mut Conn, change: NewChange<'_>) -> Result<i64, StoreError> {
    let seq = next(conn, "feed")?;
    diesel::insert_into(changes::table)
        .values((
            changes::seq.eq(seq),
            changes::op.eq(change.op),
            changes::uid.eq(change.uid),
            changes::document_id.eq(change.document_id),
            changes::locale.eq(change.locale),
            changes::status.eq(change.status),
            changes::at.eq(change.at),
        ))
        .execute(conn)?;
    Ok(seq)
}

/// When the newest change was made, in Unix milliseconds.
///
/// # Errors
/// Those of the database.
pub fn newest_time(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    Ok(changes::table.select(diesel::dsl::max(changes::at)).first(conn)?)
}

/// The newest sequence number; 0 before the first change.
///
/// # Errors
/// Those of the database.
pub fn newest(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(counters::table.find("feed").select(counters::value).first(conn)?)
}

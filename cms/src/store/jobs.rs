//! Rows of the job queue.

use diesel::prelude::*;

use super::schema::jobs;
use super::{Conn, StoreError};

/// Work to do, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob<'a> {
    pub kind: &'a str,
    /// Jobs of one lane run one after another.
    pub lane: &'a str,
    pub payload: &'a str,
    /// Unix milliseconds.
    pub at: i64,
}

/// Adds a job that is due at once.
///
/// # Errors
/// Those of the database.
pub fn add(conn: &mut Conn, job: &NewJob<'_>) -> Result<(), StoreError> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(job.kind),
            jobs::lane.eq(job.lane),
            jobs::payload.eq(job.payload),
            jobs::run_at.eq(job.at),
            jobs::state.eq("pending"),
            jobs::created_at.eq(job.at),
        ))
        .execute(conn)?;
    Ok(())
}

//! Rows of the job queue.

use diesel::prelude::*;

use super::schema::jobs;
use super::{Conn, StoreError};

const PENDING: &str = "pending";
const DONE: &str = "done";
const DEAD: &str = "dead";

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

/// A claimed job.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Job {
    pub id: i64,
    pub kind: String,
    pub lane: String,
    pub payload: String,
    pub run_at: i64,
    /// Attempts that have failed.
    pub attempts: i32,
    pub locked_until: i64,
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
            jobs::state.eq(PENDING),
            jobs::created_at.eq(job.at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Lanes with work to do, now or later.
///
/// # Errors
/// Those of the database.
pub fn lanes(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let mut lanes: Vec<String> = Vec::new();
    // One index look-up per lane, however many jobs wait in it.
    loop {
        let pending = jobs::table.filter(jobs::state.eq(PENDING));
        let next: Option<String> = match lanes.last() {
            Some(last) => pending
                .filter(jobs::lane.gt(last))
                .select(diesel::dsl::min(jobs::lane))
                .first(conn)?,
            None => pending.select(diesel::dsl::min(jobs::lane)).first(conn)?,
        };
        match next {
            Some(lane) => lanes.push(lane),
            None => return Ok(lanes),
        }
    }
}

/// Claims the next job of a lane until `until`. A job that is running, or that has failed
/// fewer than `patience` times and waits for its next attempt, holds up those behind it.
///
/// # Errors
/// Those of the database.
pub fn claim(
    conn: &mut Conn,
    lane: &str,
    patience: i32,
    now: i64,
    until: i64,
) -> Result<Option<Job>, StoreError> {
    let first: Option<Job> = jobs::table
        .filter(jobs::state.eq(PENDING))
        .filter(jobs::lane.eq(lane))
        .filter(jobs::run_at.le(now).or(jobs::locked_until.gt(now)).or(jobs::attempts.lt(patience)))
        .order(jobs::id)
        .select((
            jobs::id,
            jobs::kind,
            jobs::lane,
            jobs::payload,
            jobs::run_at,
            jobs::attempts,
            jobs::locked_until,
        ))
        .first(conn)
        .optional()?;
    let Some(job) = first.filter(|job| job.run_at <= now && job.locked_until <= now) else {
        return Ok(None);
    };
    // Another worker may have been faster.
    let free = jobs::table.find(job.id).filter(jobs::locked_until.le(now));
    let claimed = diesel::update(free).set(jobs::locked_until.eq(until)).execute(conn)?;
    Ok((claimed == 1).then_some(job))
}

/// When the next job is due that is not due yet.
///
/// # Errors
/// Those of the database.
pub fn next_due(conn: &mut Conn, now: i64) -> Result<Option<i64>, StoreError> {
    Ok(jobs::table
        .filter(jobs::state.eq(PENDING))
        .filter(jobs::run_at.gt(now))
        .select(diesel::dsl::min(jobs::run_at))
        .first(conn)?)
}

/// # Errors
/// Those of the database.
pub fn finish(conn: &mut Conn, id: i64, now: i64) -> Result<(), StoreError> {
    diesel::update(jobs::table.find(id))
        .set((jobs::state.eq(DONE), jobs::finished_at.eq(now), jobs::locked_until.eq(0)))
        .execute(conn)?;
    Ok(())
}

/// Notes a failed attempt and when the next one is due.
///
/// # Errors
/// Those of the database.
pub fn retry(conn: &mut Conn, id: i64, at: i64, error: &str) -> Result<(), StoreError> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::run_at.eq(at),
            jobs::locked_until.eq(0),
            jobs::last_error.eq(error),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives a job up.
///
/// # Errors
/// Those of the database.
pub fn bury(conn: &mut Conn, id: i64, now: i64, error: &str) -> Result<(), StoreError> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::state.eq(DEAD),
            jobs::finished_at.eq(now),
            jobs::locked_until.eq(0),
            jobs::last_error.eq(error),
        ))
        .execute(conn)?;
    Ok(())
}

/// Frees every claim: for the start of the only server on a database.
///
/// # Errors
/// Those of the database.
pub fn release_all(conn: &mut Conn) -> Result<usize, StoreError> {
    let claimed = jobs::table.filter(jobs::state.eq(PENDING)).filter(jobs::locked_until.gt(0));
    Ok(diesel::update(claimed).set(jobs::locked_until.eq(0)).execute(conn)?)
}

/// Forgets jobs that ended before `before`.
///
/// # Errors
/// Those of the database.
pub fn prune(conn: &mut Conn, before: i64) -> Result<usize, StoreError> {
    let ended = jobs::table.filter(jobs::state.ne(PENDING)).filter(jobs::finished_at.lt(before));
    Ok(diesel::delete(ended).execute(conn)?)
}

/// How many jobs are in each state.
///
/// # Errors
/// Those of the database.
pub fn counts(conn: &mut Conn) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(jobs::table
        .group_by(jobs::state)
        .select((jobs::state, diesel::dsl::count_star()))
        .order(jobs::state)
        .load(conn)?)
}

/// Why attempts failed, of jobs that have not ended well, newest first.
///
/// # Errors
/// Those of the database.
pub fn errors(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    Ok(jobs::table
        .filter(jobs::state.ne(DONE))
        .filter(jobs::last_error.is_not_null())
        .order(jobs::id.desc())
        .select(jobs::last_error.assume_not_null())
        .load(conn)?)
}

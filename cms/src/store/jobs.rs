//! Rows of the job queue.

use diesel::prelude::*;

use super::schema::{attempts, jobs};
use super::{Conn, StoreError};

const PENDING: &str = "pending";
const DONE: &str = "done";
const DEAD: &str = "dead";
const SUPERSEDED: &str = "superseded";

/// Work to do, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob<'a> {
    pub kind: &'a str,
    /// Jobs of one lane run one after another.
    pub lane: &'a str,
    /// Where it is not empty, the job takes the place of those of its lane and subject that
    /// wait and were never tried.
    pub subject: &'a str,
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
    /// When the claim expires. Whose claim has expired and was taken over by another worker
    /// may no longer say what became of the job.
    pub locked_until: i64,
}

/// Adds a job that is due at once.
///
/// # Errors
/// Those of the database.
pub fn add(conn: &mut Conn, job: &NewJob<'_>) -> Result<(), StoreError> {
    if !job.subject.is_empty() {
        let older = jobs::table
            .filter(jobs::state.eq(PENDING))
            .filter(jobs::lane.eq(job.lane))
            .filter(jobs::subject.eq(job.subject))
            .filter(jobs::attempts.eq(0))
            .filter(jobs::locked_until.eq(0));
        diesel::update(older)
            .set((jobs::state.eq(SUPERSEDED), jobs::finished_at.eq(job.at)))
            .execute(conn)?;
    }
    diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(job.kind),
            jobs::lane.eq(job.lane),
            jobs::subject.eq(job.subject),
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
/// Of several servers one gets the job: the update waits for the row's lock and then looks
/// again. Rows locked by others are not passed over (`SKIP LOCKED`): what comes behind them in
/// the lane would be done before them.
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
    // Another worker may have been faster, or a newer job have taken its place.
    let pending = jobs::table.find(job.id).filter(jobs::state.eq(PENDING));
    let free = pending.filter(jobs::locked_until.le(now));
    let claimed = diesel::update(free).set(jobs::locked_until.eq(until)).execute(conn)?;
    Ok((claimed == 1).then_some(Job { locked_until: until, ..job }))
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

/// The row of a job while this claim of it holds.
macro_rules! claimed {
    ($job:expr) => {
        jobs::table.find($job.id).filter(jobs::locked_until.eq($job.locked_until))
    };
}

/// # Errors
/// Those of the database.
pub fn finish(conn: &mut Conn, job: &Job, now: i64) -> Result<(), StoreError> {
    diesel::update(claimed!(job))
        .set((jobs::state.eq(DONE), jobs::finished_at.eq(now), jobs::locked_until.eq(0)))
        .execute(conn)?;
    Ok(())
}

/// Notes a failed attempt and when the next one is due.
///
/// # Errors
/// Those of the database.
pub fn retry(conn: &mut Conn, job: &Job, at: i64, error: &str) -> Result<(), StoreError> {
    diesel::update(claimed!(job))
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
pub fn bury(conn: &mut Conn, job: &Job, now: i64, error: &str) -> Result<(), StoreError> {
    diesel::update(claimed!(job))
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

/// What came of trying a job.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Attempt {
    /// Unix milliseconds.
    pub at: i64,
    /// Milliseconds.
    pub took: i64,
    pub result: String,
}

/// Notes an attempt.
///
/// # Errors
/// Those of the database.
pub fn note(conn: &mut Conn, job: i64, attempt: &Attempt) -> Result<(), StoreError> {
    diesel::insert_into(attempts::table)
        .values((
            attempts::job_id.eq(job),
            attempts::at.eq(attempt.at),
            attempts::took.eq(attempt.took),
            attempts::result.eq(&attempt.result),
        ))
        .execute(conn)?;
    Ok(())
}

/// The attempts of a job, oldest first.
///
/// # Errors
/// Those of the database.
pub fn attempts(conn: &mut Conn, job: i64) -> Result<Vec<Attempt>, StoreError> {
    Ok(attempts::table
        .filter(attempts::job_id.eq(job))
        .order(attempts::id)
        .select((attempts::at, attempts::took, attempts::result))
        .load(conn)?)
}

/// A job as it can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Record {
    pub id: i64,
    pub payload: String,
    pub state: String,
    /// Attempts that have failed.
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: i64,
    /// When the next attempt is due, of a job that waits.
    pub run_at: i64,
}

/// Which jobs of a lane are meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    pub state: Option<&'a str>,
    /// The first and the last id.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Made at this time or later, in Unix milliseconds.
    pub since: Option<i64>,
}

/// Jobs of a lane, newest first.
///
/// # Errors
/// Those of the database.
pub fn records(
    conn: &mut Conn,
    lane: &str,
    selection: Selection<'_>,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let mut query = jobs::table.filter(jobs::lane.eq(lane)).order(jobs::id.desc()).into_boxed();
    if let Some(state) = selection.state {
        query = query.filter(jobs::state.eq(state));
    }
    let (from, to) = (selection.from.unwrap_or(i64::MIN), selection.to.unwrap_or(i64::MAX));
    Ok(query
        .filter(jobs::id.between(from, to))
        .filter(jobs::created_at.ge(selection.since.unwrap_or(i64::MIN)))
        .select((
            jobs::id,
            jobs::payload,
            jobs::state,
            jobs::attempts,
            jobs::last_error,
            jobs::created_at,
            jobs::run_at,
        ))
        .limit(limit)
        .load(conn)?)
}

/// # Errors
/// Those of the database.
pub fn record(conn: &mut Conn, id: i64) -> Result<Option<Record>, StoreError> {
    let columns = (
        jobs::id,
        jobs::payload,
        jobs::state,
        jobs::attempts,
        jobs::last_error,
        jobs::created_at,
        jobs::run_at,
    );
    Ok(jobs::table.find(id).select(columns).first(conn).optional()?)
}

/// Makes ended jobs due again, and those that wait for another attempt due at once. Says how
/// many; one that is running is left alone.
///
/// # Errors
/// Those of the database.
pub fn again(conn: &mut Conn, ids: &[i64], now: i64) -> Result<usize, StoreError> {
    let mut count = 0;
    for id in ids {
        let idle = jobs::table.find(id).filter(jobs::locked_until.le(now));
        count += diesel::update(idle)
            .set((
                jobs::state.eq(PENDING),
                jobs::attempts.eq(0),
                jobs::run_at.eq(now),
                jobs::locked_until.eq(0),
                jobs::finished_at.eq(None::<i64>),
            ))
            .execute(conn)?;
    }
    Ok(count)
}

/// Makes jobs of a lane due that wait for another attempt, because what they were waiting for
/// is there again. Those that have failed often stay where they are: it is something else.
///
/// # Errors
/// Those of the database.
pub fn hasten(conn: &mut Conn, lane: &str, often: i32, now: i64) -> Result<usize, StoreError> {
    let waiting = jobs::table
        .filter(jobs::state.eq(PENDING))
        .filter(jobs::lane.eq(lane))
        .filter(jobs::attempts.gt(0))
        .filter(jobs::attempts.lt(often))
        .filter(jobs::run_at.gt(now))
        .filter(jobs::locked_until.le(now));
    Ok(diesel::update(waiting).set(jobs::run_at.eq(now)).execute(conn)?)
}

/// The first job of a lane that waits for another attempt, if the last one failed for a reason
/// that begins like this.
///
/// # Errors
/// Those of the database.
pub fn waits_after(
    conn: &mut Conn,
    lane: &str,
    reason: &str,
    often: i32,
) -> Result<Option<String>, StoreError> {
    let first: Option<(String, Option<String>, i32)> = jobs::table
        .filter(jobs::state.eq(PENDING))
        .filter(jobs::lane.eq(lane))
        .order(jobs::id)
        .select((jobs::payload, jobs::last_error, jobs::attempts))
        .first(conn)
        .optional()?;
    Ok(first
        .filter(|(_, error, attempts)| {
            *attempts < often && error.as_ref().is_some_and(|error| error.starts_with(reason))
        })
        .map(|(payload, ..)| payload))
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

//! Logins that stay: refresh tokens that change with every use.
//!
//! A used token that comes back means that two parties hold it. Since the server cannot tell
//! which of them is the thief, the whole login ends. The one exception is a configurable
//! grace for answers that got lost, in which the same successor is given out again.

use crate::app::App;
use crate::store::sessions::{self, ACTIVE, ROTATED, SessionRow};
use crate::store::{Conn, StoreError};

use super::{jwt, secret};

/// What a login or refresh hands out.
#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub user_id: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    Tokens(Tokens),
    /// Unknown, expired or revoked.
    Refused,
    /// Used a second time: the login has been ended.
    Reused,
}

/// Begins a login.
///
/// # Errors
/// Those of the database.
pub fn begin(
    app: &App,
    conn: &mut Conn,
    user_id: i64,
    device: Option<&str>,
    now: i64,
) -> anyhow::Result<Tokens> {
    let absolute = now.saturating_add(app.settings.serving.refresh_max_ttl.millis());
    let family = cuid2::create_id();
    let first = Generation { family: &family, user_id, number: 1, absolute, device };
    add(app, conn, &first, now)
}

struct Generation<'a> {
    family: &'a str,
    user_id: i64,
    number: i64,
    absolute: i64,
    device: Option<&'a str>,
}

fn add(app: &App, conn: &mut Conn, new: &Generation<'_>, now: i64) -> anyhow::Result<Tokens> {
    let idle = now.saturating_add(app.settings.serving.refresh_idle_ttl.millis());
    let refresh = jwt::refresh(&app.keys, new.family, new.number, now)?;
    let row = SessionRow {
        id: 0,
        family: new.family.to_owned(),
        user_id: new.user_id,
        generation: new.number,
        token_hash: secret::hash(&refresh),
        status: ACTIVE.to_owned(),
        created_at: now,
        rotated_at: None,
        idle_expires_at: idle.min(new.absolute),
        absolute_expires_at: new.absolute,
        device: new.device.map(str::to_owned),
    };
    sessions::insert(conn, &row)?;
    Ok(Tokens { access: access(app, &row, now)?, refresh, user_id: new.user_id })
}

fn access(app: &App, row: &SessionRow, now: i64) -> anyhow::Result<String> {
    let ttl = app.settings.serving.access_token_ttl.seconds();
    jwt::access(&app.keys, row.user_id, &row.family, now, ttl)
}

/// Exchanges a refresh token for its successor. The caller must commit whatever the answer:
/// ending a login is a change too.
///
/// # Errors
/// Those of the database.
pub fn refresh(app: &App, conn: &mut Conn, token: &str, now: i64) -> anyhow::Result<Refreshed> {
    let hash = secret::hash(token);
    let Some(known) = sessions::by_hash(conn, &hash)? else { return Ok(Refreshed::Refused) };
    sessions::hold(conn, known.user_id)?;
    let rotated = sessions::rotate(conn, &hash, now)?;
    let Some(row) = sessions::by_hash(conn, &hash)? else { return Ok(Refreshed::Refused) };
    if rotated {
        let next = Generation {
            family: &row.family,
            user_id: row.user_id,
            number: row.generation + 1,
            absolute: row.absolute_expires_at,
            device: row.device.as_deref(),
        };
        return Ok(Refreshed::Tokens(add(app, conn, &next, now)?));
    }
    if row.status != ROTATED {
        return Ok(Refreshed::Refused);
    }
    if let Some(tokens) = repeat(app, conn, &row, now)? {
        return Ok(Refreshed::Tokens(tokens));
    }
    sessions::revoke_family(conn, row.user_id, &row.family)?;
    tracing::warn!(
        user = row.user_id,
        session = row.family,
        "a refresh token was used twice: the login has been ended"
    );
    Ok(Refreshed::Reused)
}

/// The successor once more, when the first answer may have been lost.
fn repeat(
    app: &App,
    conn: &mut Conn,
    row: &SessionRow,
    now: i64,
) -> anyhow::Result<Option<Tokens>> {
    let grace = app.settings.serving.refresh_grace.millis();
    let since = row.rotated_at.map(|at| now.saturating_sub(at));
    if grace == 0 || since.is_none_or(|since| since > grace) {
        return Ok(None);
    }
    let child = sessions::child_of(conn, row)?.filter(|child| child.status == ACTIVE);
    let Some(child) = child else { return Ok(None) };
    let refresh = jwt::refresh(&app.keys, &child.family, child.generation, child.created_at)?;
    Ok(Some(Tokens { access: access(app, &child, now)?, refresh, user_id: child.user_id }))
}

/// Ends logins of a user: the one named, those of a device, or all.
///
/// # Errors
/// Those of the database.
pub fn end(conn: &mut Conn, user_id: i64, which: &Which<'_>) -> Result<(), StoreError> {
    match which {
        Which::One(family) => sessions::revoke_family(conn, user_id, family).map(|_| ()),
        Which::Device(device) => sessions::revoke_user(conn, user_id, Some(device)),
        Which::All => sessions::revoke_user(conn, user_id, None),
    }
}

/// Which logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    One(&'a str),
    Device(&'a str),
    All,
}

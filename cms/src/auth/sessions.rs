//! Logins that stay: refresh tokens that change with every use.
//!
//! A used token that comes back means that two parties hold it. Since the server cannot tell
//! which of them is the thief, the whole login ends. The one exception is a configurable
//! grace for answers that got lost, in which the same successor is given out again.

use serde_json::{Map, Value};

use crate::app::App;
use crate::clock;
use crate::store::sessions::{self, ACTIVE, ROTATED, SessionRow};
use crate::store::{Conn, StoreError};

use super::{jwt, secret};

/// Length of the name of a login.
const FAMILY_BYTES: usize = 16;

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

/// Where somebody logged in, as the list of their sessions tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// What the client calls itself.
    pub id: Option<String>,
    /// What a person would call it.
    pub name: Option<String>,
    /// When a password was typed.
    pub login_at: Option<i64>,
}

/// Begins a login.
///
/// # Errors
/// Those of the database.
pub fn begin(
    app: &App,
    conn: &mut Conn,
    user_id: i64,
    device: &Device,
    now: i64,
) -> anyhow::Result<Tokens> {
    let absolute = now.saturating_add(app.settings.serving.refresh_max_ttl.millis());
    let first = SessionRow {
        id: 0,
        family: secret::random_hex(FAMILY_BYTES)?,
        user_id,
        generation: 1,
        token_hash: String::new(),
        status: ACTIVE.to_owned(),
        created_at: now,
        rotated_at: None,
        idle_expires_at: absolute,
        absolute_expires_at: absolute,
        device: device.id.clone(),
        device_name: device.name.clone(),
        login_at: device.login_at,
    };
    add(app, conn, first, now)
}

/// Stores the token of a generation, of which only the login is known yet.
fn add(app: &App, conn: &mut Conn, row: SessionRow, now: i64) -> anyhow::Result<Tokens> {
    let idle = now.saturating_add(app.settings.serving.refresh_idle_ttl.millis());
    let refresh = jwt::refresh(&app.keys, &row.family, row.generation, now)?;
    let row = SessionRow {
        token_hash: secret::hash(&refresh),
        status: ACTIVE.to_owned(),
        created_at: now,
        rotated_at: None,
        idle_expires_at: idle.min(row.absolute_expires_at),
        ..row
    };
    sessions::insert(conn, &row)?;
    Ok(Tokens { access: access(app, &row, now)?, refresh, user_id: row.user_id })
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
        let next = SessionRow { generation: row.generation + 1, ..row };
        return Ok(Refreshed::Tokens(add(app, conn, next, now)?));
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

/// The logins of a user as they show them to the user: the current one first, then the one
/// used last.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut Conn, user_id: i64, current: &str, now: i64) -> Result<Value, StoreError> {
    let mut rows = sessions::active(conn, user_id, now)?;
    rows.sort_by_key(|row| (row.family != current, std::cmp::Reverse(row.created_at)));
    Ok(rows.iter().map(|row| shown(row, current)).collect())
}

fn shown(row: &SessionRow, current: &str) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), row.family.clone().into());
    shown.insert("deviceId".into(), row.device.clone().into());
    if let Some(name) = &row.device_name {
        shown.insert("deviceName".into(), name.clone().into());
    }
    shown.insert("current".into(), (row.family == current).into());
    if let Some(at) = row.login_at {
        shown.insert("loginAt".into(), clock::iso(at).into());
    }
    // A token is made anew by every refresh, so its age tells when the login was used.
    shown.insert("lastActiveAt".into(), clock::iso(row.created_at).into());
    Value::Object(shown)
}

/// The user and the login a refresh token belongs to, as long as it can be used.
///
/// # Errors
/// Those of the database.
pub fn of_refresh_token(
    conn: &mut Conn,
    token: &str,
    now: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    let row = sessions::by_hash(conn, &secret::hash(token))?;
    let usable = |row: &SessionRow| {
        row.status == ACTIVE && row.idle_expires_at > now && row.absolute_expires_at > now
    };
    Ok(row.filter(usable).map(|row| (row.user_id, row.family)))
}

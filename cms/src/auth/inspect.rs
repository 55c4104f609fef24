//! Why a token is accepted or refused, for people who look for the reason. Tells what the
//! server would do with it now; changes nothing, and counts as no use of the token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::store::registry::{self, TokenRow};
use crate::store::sessions::{self, ROTATED, SessionRow};
use crate::store::{Conn, StoreError};

use super::keys::Keys;
use super::{api_token, jwt, secret, users};

/// Length of an API token as text.
const API_TOKEN_LENGTH: usize = 43;

/// The answer to the question, stable for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Ok,
    /// An access token that is good until its end, though its login was ended.
    OkSessionEnded,
    Expired,
    Revoked,
    /// A refresh token that has a successor.
    Used,
    /// The login it belongs to was ended.
    SessionRevoked,
    /// Looks right, but nobody was given it here.
    Unknown,
    /// Signed with a key this server does not have.
    UnknownKey,
    BadSignature,
    /// A token of another system.
    WrongKind,
    /// No token at all.
    Malformed,
    UserUnknown,
    UserBlocked,
}

impl Reason {
    /// Whether the server accepts the token.
    pub(crate) fn is_accepted(self) -> bool {
        matches!(self, Self::Ok | Self::OkSessionEnded)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OkSessionEnded => "ok-session-ended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Used => "used",
            Self::SessionRevoked => "session-revoked",
            Self::Unknown => "unknown",
            Self::UnknownKey => "unknown-key",
            Self::BadSignature => "bad-signature",
            Self::WrongKind => "wrong-kind",
            Self::Malformed => "malformed",
            Self::UserUnknown => "user-unknown",
            Self::UserBlocked => "user-blocked",
        }
    }
}

/// What is known of a token; never the token itself.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) reason: Reason,
    pub(crate) facts: Map<String, Value>,
}

impl Report {
    fn new(kind: &str, reason: Reason, facts: Value) -> Self {
        let mut all = Map::from_iter([("kind".to_owned(), Value::from(kind))]);
        all.extend(facts.as_object().cloned().unwrap_or_default());
        Self { reason, facts: all }
    }

    /// One object with everything.
    pub(crate) fn to_json(&self) -> Value {
        let mut all = Map::from_iter([("reason".to_owned(), Value::from(self.reason.as_str()))]);
        all.extend(self.facts.clone());
        Value::Object(all)
    }
}

/// Looks at a token, or at the API token of that name.
///
/// # Errors
/// Those of the database.
pub(crate) fn inspect(
    conn: &mut Conn,
    keys: Option<&Keys>,
    given: &str,
    now: i64,
) -> Result<Report, StoreError> {
    let (tokens, hash) = (registry::tokens(conn)?, secret::hash(given));
    if let Some(row) = tokens.iter().find(|row| row.token_hash == hash || row.name == given) {
        return Ok(api(row, now));
    }
    if let Some(header) = jwt_header(given) {
        return signed(conn, keys, &header, given, now);
    }
    let is_shaped = given.len() == API_TOKEN_LENGTH && URL_SAFE_NO_PAD.decode(given).is_ok();
    let reason = if is_shaped { Reason::Unknown } else { Reason::Malformed };
    Ok(Report::new("api-token", reason, json!({})))
}

fn api(row: &TokenRow, now: i64) -> Report {
    let reason = match row.revoked_at {
        Some(_) => Reason::Revoked,
        None if api_token::is_live(row, now) => Reason::Ok,
        None => Reason::Expired,
    };
    let permissions: Value = serde_json::from_str(&row.permissions).unwrap_or_default();
    let facts = json!({
        "name": row.name,
        "type": row.kind,
        "permissions": permissions,
        "created": clock::iso(row.created_at),
        "expires": row.expires_at.map(clock::iso),
        "lastUsed": row.last_used_at.map(clock::iso),
        "revoked": row.revoked_at.map(clock::iso),
    });
    Report::new("api-token", reason, facts)
}

fn part(token: &str, at: usize) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The header of something that has the form of a JWT.
fn jwt_header(token: &str) -> Option<Value> {
    (token.split('.').count() == 3).then(|| part(token, 0)).flatten().filter(Value::is_object)
}

fn signed(
    conn: &mut Conn,
    keys: Option<&Keys>,
    header: &Value,
    token: &str,
    now: i64,
) -> Result<Report, StoreError> {
    let text = |name| header.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, kind) = match text("typ") {
        jwt::ACCESS => ("access-token", jwt::ACCESS),
        jwt::REFRESH => ("refresh-token", jwt::REFRESH),
        other => return Ok(Report::new("jwt", Reason::WrongKind, json!({ "typ": other }))),
    };
    let key = json!({ "key": text("kid") });
    let Some(keys) = keys.filter(|keys| keys.id() == text("kid")) else {
        return Ok(Report::new(name, Reason::UnknownKey, key));
    };
    if !jwt::is_signed(keys, kind, token) {
        return Ok(Report::new(name, Reason::BadSignature, key));
    }
    let claims = part(token, 1).unwrap_or_default();
    match kind {
        jwt::ACCESS => access(conn, &claims, now),
        _ => refresh(conn, token, now),
    }
}

/// An access token is believed until its end, also when its login has ended before; the
/// reason then says so.
fn access(conn: &mut Conn, claims: &Value, now: i64) -> Result<Report, StoreError> {
    let user = claims.get("sub").and_then(Value::as_str).and_then(|sub| sub.parse().ok());
    let end = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
    let session = claims.get("sid").and_then(Value::as_str).unwrap_or_default();
    let skew = i64::try_from(jwt::SKEW_SECONDS).unwrap_or_default();
    let live = sessions::is_active(conn, session, now)?;
    let reason = match user_reason(conn, user)? {
        _ if end.saturating_add(skew) < now / 1_000 => Reason::Expired,
        Reason::Ok if !live => Reason::OkSessionEnded,
        reason => reason,
    };
    let issued = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
    let facts = json!({
        "user": user_name(conn, user)?,
        "session": session,
        "sessionState": if live { "live" } else { "ended" },
        "created": clock::iso(issued.saturating_mul(1_000)),
        "expires": clock::iso(end.saturating_mul(1_000)),
    });
    Ok(Report::new("access-token", reason, facts))
}

fn refresh(conn: &mut Conn, token: &str, now: i64) -> Result<Report, StoreError> {
    let Some(row) = sessions::by_hash(conn, &secret::hash(token))? else {
        return Ok(Report::new("refresh-token", Reason::Unknown, json!({})));
    };
    let end = row.idle_expires_at.min(row.absolute_expires_at);
    let reason = match refresh_reason(&row, end, now) {
        Reason::Ok => user_reason(conn, Some(row.user_id))?,
        reason => reason,
    };
    let facts = json!({
        "user": user_name(conn, Some(row.user_id))?,
        "session": row.family,
        "device": row.device,
        "created": clock::iso(row.created_at),
        "expires": clock::iso(end),
        "used": row.rotated_at.map(clock::iso),
    });
    Ok(Report::new("refresh-token", reason, facts))
}

fn refresh_reason(row: &SessionRow, end: i64, now: i64) -> Reason {
    match row.status.as_str() {
        sessions::REVOKED => Reason::SessionRevoked,
        ROTATED => Reason::Used,
        _ if end <= now => Reason::Expired,
        _ => Reason::Ok,
    }
}

fn user_reason(conn: &mut Conn, id: Option<i64>) -> Result<Reason, StoreError> {
    let user = match id {
        Some(id) => users::by_id(conn, id)?,
        None => None,
    };
    Ok(match user {
        None => Reason::UserUnknown,
        Some(user) if users::is_blocked(&user) => Reason::UserBlocked,
        Some(_) => Reason::Ok,
    })
}

fn user_name(conn: &mut Conn, id: Option<i64>) -> Result<Value, StoreError> {
    let Some(id) = id else { return Ok(Value::Null) };
    let user = users::by_id(conn, id)?;
    Ok(user.and_then(|user| user.data.get("username").cloned()).unwrap_or_default())
}

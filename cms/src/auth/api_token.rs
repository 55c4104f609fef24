//! API tokens: long-lived, named, revocable; shown once and stored as a hash.

use crate::store::registry::{self, NewToken, TokenRow};
use crate::store::{Conn, StoreError};

use super::secret;

/// How exactly the last use is remembered; finer would turn every read into a write.
pub(crate) const LAST_USED_RESOLUTION_MS: i64 = 60_000;

/// What kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TokenKind {
    ReadOnly,
    FullAccess,
    Custom,
}

impl TokenKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => super::permission::READ_ONLY,
            Self::FullAccess => super::permission::FULL_ACCESS,
            Self::Custom => super::permission::CUSTOM,
        }
    }
}

/// Stores a new token and returns it; it cannot be read again.
///
/// # Errors
/// When the name is taken or the database fails.
pub fn create(
    conn: &mut Conn,
    name: &str,
    kind: TokenKind,
    permissions: &[String],
    expires_at: Option<i64>,
) -> Result<String, crate::error::AppError> {
    let token = secret::random_text()?;
    let stored = NewToken {
        name,
        kind: kind.as_str(),
        permissions: &serde_json::json!(permissions).to_string(),
        token_hash: &secret::hash(&token),
        created_at: crate::clock::now(),
        expires_at,
    };
    registry::add_token(conn, stored)?;
    Ok(token)
}

/// What became of a token.
#[must_use]
pub fn state(row: &TokenRow, now: i64) -> &'static str {
    match row.revoked_at {
        Some(_) => "revoked",
        None if is_live(row, now) => "live",
        None => "expired",
    }
}

/// Replaces a live token by a new one of the same name, kind, permissions and length of life.
/// The old one works for another `overlap` milliseconds under a name that says since when it
/// is old. `None` when there is no live token of that name.
///
/// # Errors
/// When the database fails.
pub fn rotate(
    conn: &mut Conn,
    name: &str,
    overlap: i64,
    now: i64,
) -> Result<Option<String>, crate::error::AppError> {
    let tokens = registry::tokens(conn)?;
    let Some(old) = tokens.into_iter().find(|row| row.name == name && is_live(row, now)) else {
        return Ok(None);
    };
    let retired = format!("{name} (until {})", crate::clock::iso(now));
    registry::retire_token(conn, &old, &retired, now.saturating_add(overlap))?;
    let life = old.expires_at.map(|end| end.saturating_sub(old.created_at));
    let token = secret::random_text()?;
    let stored = NewToken {
        name,
        kind: &old.kind,
        permissions: &old.permissions,
        token_hash: &secret::hash(&token),
        created_at: now,
        expires_at: life.map(|life| now.saturating_add(life)),
    };
    registry::add_token(conn, stored)?;
    Ok(Some(token))
}

/// Whether the token may be used at `now`.
#[must_use]
pub fn is_live(row: &TokenRow, now: i64) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|end| now < end)
}

/// Remembers the use of a token, at most once a minute.
///
/// # Errors
/// Those of the database.
pub fn mark_used(conn: &mut Conn, id: i64, at: i64) -> Result<(), StoreError> {
    registry::token_used(conn, id, at)
}

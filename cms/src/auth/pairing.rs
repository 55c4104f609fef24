//! Codes that let a site fetch its own credentials, once.
//!
//! A code is stored as its hash, together with what it buys; it is gone in the transaction
//! that redeems it. Whoever has the code decides where webhooks go, so private addresses
//! are the choice of whoever made it.

use cms_api::error::{ApiError, ErrorName};
use cms_api::pairing::{BAD_CODE, PairReply};
use serde::{Deserialize, Serialize};

use super::api_token::{self, TokenKind};
use super::secret;
use crate::error::{AppError, AppResult};
use crate::jobs::endpoint;
use crate::store::webhooks::WebhookRow;
use crate::store::{Conn, registry, settings, webhooks};

const SETTING: &str = "pairing.";
/// What the site's older token still works for: it is in use until the site starts again.
const OVERLAP_MS: i64 = 60 * 60 * 1000;
/// All that `ssg` wants to hear of, in the shape that never grows.
const EVENTS: [&str; 2] = ["entry.*", "media.*"];
const DIALECT: &str = "thin";

/// What a code buys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// Of the token and the webhook.
    pub name: String,
    /// Whether webhooks may lead to private and loopback addresses.
    pub allow_private: bool,
    /// Milliseconds since 1970.
    pub expires_at: i64,
}

/// Stores an invitation and returns its code; forgets those that are too old.
///
/// # Errors
/// When the database fails.
pub fn invite(conn: &mut Conn, invitation: &Invitation, now: i64) -> AppResult<String> {
    for (name, value) in settings::beginning(conn, SETTING)? {
        if read(&value)?.expires_at <= now {
            settings::remove(conn, &name)?;
        }
    }
    let code = secret::random_text()?;
    let value = serde_json::to_string(invitation).map_err(anyhow::Error::from)?;
    settings::set(conn, &setting(&code), &value)?;
    Ok(code)
}

/// Redeems a code: a read-only token and, when the site says where, a webhook. A site that
/// was paired before under this name gets new ones in their place.
///
/// # Errors
/// 403 when the code is unknown, used or too old; 409 when the name belongs to a token of
/// another kind.
pub fn redeem(conn: &mut Conn, code: &str, hook: Option<&str>, now: i64) -> AppResult<PairReply> {
    let setting = setting(code);
    let found = settings::get(conn, &setting)?.ok_or_else(bad_code)?;
    let invitation = read(&found)?;
    settings::remove(conn, &setting)?;
    if invitation.expires_at <= now {
        return Err(bad_code());
    }
    let name = invitation.name;
    let secret = match hook {
        Some(url) => Some(hooked(conn, &name, url, invitation.allow_private)?),
        None => None,
    };
    Ok(PairReply { token: token(conn, &name, now)?, name, secret })
}

fn token(conn: &mut Conn, name: &str, now: i64) -> AppResult<String> {
    let of_other_kind = registry::tokens(conn)?.into_iter().any(|row| {
        row.name == name
            && row.kind != TokenKind::ReadOnly.as_str()
            && api_token::is_live(&row, now)
    });
    if of_other_kind {
        let message = format!("The name {name} belongs to a token that is not read-only");
        return Err(ApiError::new(ErrorName::ConflictError, message).into());
    }
    match api_token::rotate(conn, name, OVERLAP_MS, now)? {
        Some(token) => Ok(token),
        None => api_token::create(conn, name, TokenKind::ReadOnly, &[], None),
    }
}

fn hooked(conn: &mut Conn, name: &str, url: &str, allow_private: bool) -> AppResult<String> {
    let row = WebhookRow {
        allow_private,
        ..endpoint::fresh(name, url, &EVENTS.map(str::to_owned), DIALECT)?
    };
    webhooks::remove(conn, name)?;
    webhooks::add(conn, &row)?;
    Ok(row.secret)
}

fn setting(code: &str) -> String {
    format!("{SETTING}{}", secret::hash(code))
}

fn read(value: &str) -> AppResult<Invitation> {
    Ok(serde_json::from_str(value).map_err(anyhow::Error::from)?)
}

fn bad_code() -> AppError {
    let message =
        "The code is unknown, was used already or is too old: make a new one with `cms pair`";
    ApiError::new(ErrorName::Other(BAD_CODE, 403), message).into()
}

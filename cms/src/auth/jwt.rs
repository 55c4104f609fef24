//! Access and refresh tokens as signed JWTs.
//!
//! An access token is believed until it expires; a refresh token is only a name that is
//! looked up by its hash, its signature merely makes it unforgeable text.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::keys::Keys;

const ISSUER: &str = "cms";
const AUDIENCE: &str = "cms";
/// Types of token, as their headers name them.
pub(super) const ACCESS: &str = "at+jwt";
pub(super) const REFRESH: &str = "refresh+jwt";
/// How far two clocks may be apart.
pub(super) const SKEW_SECONDS: u64 = 60;

/// What an access token says. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// The user's numeric id.
    pub sub: String,
    /// The login this token belongs to.
    pub sid: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
}

#[derive(Debug, Serialize)]
struct RefreshClaims<'a> {
    sid: &'a str,
    generation: i64,
    /// Milliseconds: two tokens of one login never share it with the generation.
    iat: i64,
}

fn header(keys: &Keys, kind: &str) -> Header {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(kind.to_owned());
    header.kid = Some(keys.id().to_owned());
    header
}

/// A new access token.
///
/// # Errors
/// When signing fails.
pub fn access(
    keys: &Keys,
    user_id: i64,
    session: &str,
    now: i64,
    ttl_seconds: i64,
) -> anyhow::Result<String> {
    let issued = now / 1_000;
    let claims = AccessClaims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: user_id.to_string(),
        sid: session.to_owned(),
        iat: issued,
        exp: issued.saturating_add(ttl_seconds),
        jti: cuid2::create_id(),
    };
    let key = EncodingKey::from_secret(keys.access());
    Ok(jsonwebtoken::encode(&header(keys, ACCESS), &claims, &key)?)
}

/// The claims of a valid access token. The algorithm is ours, never the header's.
#[must_use]
pub fn verify_access(keys: &Keys, token: &str) -> Option<AccessClaims> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.leeway = SKEW_SECONDS;
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_secret(keys.access());
    let token = jsonwebtoken::decode::<AccessClaims>(token, &key, &rules).ok()?;
    (token.header.typ.as_deref() == Some(ACCESS)).then_some(token.claims)
}

/// Whether one of our keys signed the token, whatever it says and however old it is.
#[must_use]
pub(super) fn is_signed(keys: &Keys, kind: &str, token: &str) -> bool {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let key = if kind == ACCESS { keys.access() } else { keys.refresh() };
    let key = DecodingKey::from_secret(key);
    jsonwebtoken::decode::<serde_json::Value>(token, &key, &rules).is_ok()
}

/// The refresh token of one generation of a login. The same arguments give the same token,
/// so a lost answer can be repeated although only its hash is stored.
///
/// # Errors
/// When signing fails.
pub fn refresh(
    keys: &Keys,
    session: &str,
    generation: i64,
    created_at: i64,
) -> anyhow::Result<String> {
    let claims = RefreshClaims { sid: session, generation, iat: created_at };
    let key = EncodingKey::from_secret(keys.refresh());
    Ok(jsonwebtoken::encode(&header(keys, REFRESH), &claims, &key)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 4_000_000_000_000;

    fn keys() -> Keys {
        Keys::derive(&"k".repeat(32)).unwrap()
    }

    #[test]
    fn an_access_token_says_who_and_which_login() {
        let token = access(&keys(), 7, "family", NOW, 60).unwrap();
        let claims = verify_access(&keys(), &token).unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid.as_str()), ("7", "family"));
        assert_eq!(claims.exp, NOW / 1_000 + 60);
    }

    #[test]
    fn expired_forged_and_foreign_tokens_are_refused() {
        let keys = keys();
        let expired = access(&keys, 7, "family", 1_000_000, 60).unwrap();
        assert_eq!(verify_access(&keys, &expired), None);
        let other = Keys::derive(&"x".repeat(32)).unwrap();
        let forged = access(&other, 7, "family", NOW, 60).unwrap();
        assert_eq!(verify_access(&keys, &forged), None);
        let refresh = refresh(&keys, "family", 1, NOW).unwrap();
        assert_eq!(verify_access(&keys, &refresh), None);
        assert_eq!(verify_access(&keys, "a.b.c"), None);
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.\
             eyJpc3MiOiJjbXMiLCJhdWQiOiJjbXMiLCJzdWIiOiI3Iiwic2lkIjoieCIsImlhdCI6MCwiZXhwIjo5OTk5\
             OTk5OTk5LCJqdGkiOiJ4In0.";
        assert_eq!(verify_access(&keys(), unsigned), None);
    }

    #[test]
    fn refresh_tokens_repeat_for_the_same_generation_only() {
        let token = |generation| refresh(&keys(), "family", generation, NOW).unwrap();
        assert_eq!(token(1), token(1));
        assert_ne!(token(1), token(2));
    }
}

//! Where a reader of the feed is, signed so that it cannot be made up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cms_api::query::Status;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Request;

/// The setting that holds the key tokens are signed with.
pub(crate) const KEY_SETTING: &str = "sync_key";
/// How long a token is good for. Traces of deleted documents are kept at least as long.
pub(crate) const LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const VERSION: u8 = 1;
/// Bytes of a fingerprint; a collision would need the same reader on both sides.
const FINGERPRINT_BYTES: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    Initial,
    Delta,
}

/// A place in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) phase: Phase,
    /// Changes up to here are known to the reader.
    pub(crate) from: i64,
    /// Where the listing that is being read ends.
    pub(crate) upto: i64,
    /// The last row id (initial) or sequence number (delta) that was read.
    pub(crate) position: i64,
    pub(crate) rights: String,
    pub(crate) schema: String,
    /// Unix milliseconds.
    pub(crate) expires: i64,
    pub(crate) request: Request,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not one of ours.
    Forged,
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u8,
    p: Phase,
    f: i64,
    u: i64,
    n: i64,
    r: String,
    s: String,
    e: i64,
    t: Vec<String>,
    d: bool,
    l: u32,
}

impl Token {
    /// The place after a page.
    pub(super) fn after(self, position: i64, more: bool) -> Self {
        if more {
            return Self { position, ..self };
        }
        let upto = self.upto;
        Self { phase: Phase::Delta, from: upto, position: upto, ..self }
    }

    /// The newest change the reader has heard of.
    pub(super) fn newest(&self) -> i64 {
        let read = if self.phase == Phase::Delta { self.position } else { self.from };
        self.from.max(self.upto).max(read)
    }

    pub(crate) fn sign(&self, key: &[u8]) -> String {
        let wire = Wire {
            v: VERSION,
            p: self.phase,
            f: self.from,
            u: self.upto,
            n: self.position,
            r: self.rights.clone(),
            s: self.schema.clone(),
            e: self.expires,
            t: self.request.types.clone(),
            d: self.request.status == Status::Draft,
            l: self.request.limit,
        };
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(mac(key, &payload).finalize().into_bytes());
        format!("{payload}.{signature}")
    }

    /// Reads a token.
    ///
    /// # Errors
    /// When it was not signed with this key or is too old.
    pub(crate) fn verify(text: &str, key: &[u8], now: i64) -> Result<Self, Refusal> {
        let (payload, signature) = text.split_once('.').ok_or(Refusal::Forged)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Forged)?;
        mac(key, payload).verify_slice(&signature).map_err(|_| Refusal::Forged)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Refusal::Forged)?;
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| Refusal::Forged)?;
        if wire.v != VERSION || wire.e <= now {
            return Err(Refusal::Expired);
        }
        let status = if wire.d { Status::Draft } else { Status::Published };
        Ok(Self {
            phase: wire.p,
            from: wire.f,
            upto: wire.u,
            position: wire.n,
            rights: wire.r,
            schema: wire.s,
            expires: wire.e,
            request: Request { types: wire.t, status, limit: wire.l },
        })
    }
}

pub(crate) fn expiry(now: i64) -> i64 {
    now + LIFETIME_MS
}

/// The beginning of a digest, as text.
pub(super) fn fingerprint(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest[..digest.len().min(FINGERPRINT_BYTES)])
}

#[expect(clippy::expect_used, reason = "a key of any length is accepted")]
fn mac(key: &[u8], payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is accepted");
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token {
            phase: Phase::Initial,
            from: 0,
            upto: 7,
            position: 3,
            rights: "r".into(),
            schema: "s".into(),
            expires: expiry(1000),
            request: Request {
                types: vec!["api::tag.tag".into()],
                status: Status::Draft,
                limit: 2,
            },
        }
    }

    #[test]
    fn a_token_is_read_back_as_it_was_signed() {
        assert_eq!(Token::verify(&token().sign(b"key"), b"key", 1000), Ok(token()));
    }

    #[test]
    fn another_key_another_payload_or_no_token_is_refused() {
        let signed = token().sign(b"key");
        assert_eq!(Token::verify(&signed, b"other", 1000), Err(Refusal::Forged));
        let (_, signature) = signed.split_once('.').unwrap();
        let forged = format!("{}.{signature}", URL_SAFE_NO_PAD.encode("{}"));
        for text in [forged.as_str(), "", "a.b", "x"] {
            assert_eq!(Token::verify(text, b"key", 1000), Err(Refusal::Forged), "{text}");
        }
    }

    #[test]
    fn a_token_is_good_for_thirty_days() {
        let signed = token().sign(b"key");
        assert!(Token::verify(&signed, b"key", 1000 + LIFETIME_MS - 1).is_ok());
        assert_eq!(Token::verify(&signed, b"key", 1000 + LIFETIME_MS), Err(Refusal::Expired));
    }

    #[test]
    fn after_the_last_page_come_the_changes_since() {
        let after = token().after(9, false);
        assert_eq!((after.phase, after.from, after.position), (Phase::Delta, 7, 7));
        let next = token().after(9, true);
        assert_eq!((next.phase, next.position, next.upto), (Phase::Initial, 9, 7));
    }
}

//! Signed webhooks: Standard Webhooks 1.0.0 headers around Strapi 5's body.
//!
//! The signature covers `{id}.{timestamp}.{body}` with the exact bytes sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub const ID_HEADER: &str = "webhook-id";
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// Strapi's own header with the event name.
pub const EVENT_HEADER: &str = "X-Strapi-Event";

/// How far a timestamp may be from the receiver's clock, as in the reference libraries.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

const SECRET_PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64 bytes.
pub const SECRET_BYTES: usize = 32;

/// A symmetric signing key.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a delivery was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the timestamp is not a number of seconds")]
    BadTimestamp,
    #[error("the timestamp is more than five minutes away from this clock")]
    Stale,
    #[error("no signature matches")]
    NoMatch,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is `whsec_` followed by 24 to 64 bytes in base64")]
pub struct BadSecret;

impl Secret {
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// When the prefix is missing, the rest is not base64 or has the wrong length.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.trim().strip_prefix(SECRET_PREFIX).ok_or(BadSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BadSecret) }
    }

    /// `whsec_…`, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The `webhook-signature` value for one attempt.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, timestamp, body)))
    }

    fn mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
        // HMAC takes keys of any length, so this cannot fail; an empty MAC matches nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().to_vec()
    }
}

/// Checks a delivery against every secret in use (several during a rotation).
///
/// `now` and `timestamp` are Unix seconds. Unknown signature schemes are skipped.
///
/// # Errors
/// When the timestamp is unusable or too far away, or no signature matches.
pub fn verify(
    secrets: &[Secret],
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: i64,
) -> Result<(), VerifyError> {
    let seconds: i64 = timestamp.trim().parse().map_err(|_| VerifyError::BadTimestamp)?;
    if now.abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(VerifyError::Stale);
    }
    let offered: Vec<Vec<u8>> = signatures
        .split_ascii_whitespace()
        .filter_map(|item| STANDARD.decode(item.strip_prefix("v1,")?).ok())
        .collect();
    let matches = secrets.iter().any(|secret| {
        let expected = secret.mac(id, seconds, body);
        !expected.is_empty() && offered.iter().any(|mac| mac.ct_eq(&expected).into())
    });
    if matches { Ok(()) } else { Err(VerifyError::NoMatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn signs_the_reference_vector() {
        let secret = Secret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, AT, BODY), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.reveal(), SECRET);
    }

    #[test]
    fn accepts_any_of_several_signatures_and_secrets() {
        let old = Secret::parse(SECRET).unwrap();
        let new = Secret::from_bytes([7; SECRET_BYTES]);
        let header = format!("v1a,AAAA v1,AAAA {}", old.sign(ID, AT, BODY));
        assert_eq!(verify(&[new, old], ID, &AT.to_string(), &header, BODY, AT + 299), Ok(()));
    }

    #[test]
    fn refuses_forged_stale_and_unreadable_deliveries() {
        let secrets = [Secret::parse(SECRET).unwrap()];
        let header = secrets[0].sign(ID, AT, BODY);
        let check = |id, at: &str, body, now| verify(&secrets, id, at, &header, body, now);
        let at = AT.to_string();
        assert_eq!(check(ID, &at, b"other", AT), Err(VerifyError::NoMatch));
        assert_eq!(check("msg_other", &at, BODY, AT), Err(VerifyError::NoMatch));
        assert_eq!(check(ID, &at, BODY, AT + 301), Err(VerifyError::Stale));
        assert_eq!(check(ID, &at, BODY, AT - 301), Err(VerifyError::Stale));
        assert_eq!(check(ID, "soon", BODY, AT), Err(VerifyError::BadTimestamp));
    }

    #[test]
    fn refuses_secrets_of_the_wrong_shape() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
    }
}

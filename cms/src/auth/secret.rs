//! Random secrets and their hashes. Only hashes of tokens are stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Bytes of randomness in every secret; not guessable, so a plain hash protects it.
const BYTES: usize = 32;

/// # Errors
/// When the system has no randomness to give.
pub fn random_bytes() -> anyhow::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok(bytes)
}

/// A new secret as text that is safe in URLs, headers and command lines: it never begins
/// with a hyphen, which would make it an option.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_text() -> anyhow::Result<String> {
    loop {
        let text = URL_SAFE_NO_PAD.encode(random_bytes()?);
        if !text.starts_with('-') {
            return Ok(text);
        }
    }
}

/// So many random bytes as text, two digits each; at most 32 of them.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_hex(bytes: usize) -> anyhow::Result<String> {
    Ok(random_bytes()?.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect())
}

/// A random UUID.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_uuid() -> anyhow::Result<String> {
    let hex = random_hex(15)?;
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    // Version 4 and variant 8 stand at fixed places; the rest is random.
    let parts = [
        part(0..8),
        part(8..12),
        format!("4{}", part(12..15)),
        format!("8{}", part(15..18)),
        part(18..30),
    ];
    Ok(parts.join("-"))
}

/// The stored form of a token.
#[must_use]
pub fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_form() {
        let uuid = random_uuid().unwrap();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!((uuid.get(14..15), uuid.get(19..20)), (Some("4"), Some("8")));
        assert_ne!(uuid, random_uuid().unwrap());
    }
}

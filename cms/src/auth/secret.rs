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

/// The stored form of a token.
#[must_use]
pub fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

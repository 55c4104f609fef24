//! Passwords: argon2id, with the parameters inside every hash. Slow on purpose, so never
//! call this on an async thread or inside a transaction.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Longest accepted password in bytes; Strapi's limit, kept so that every account can move
/// between the two.
pub const MAX_BYTES: usize = 72;
/// As the user type's schema says.
pub const MIN_LENGTH: usize = 6;

/// # Errors
/// When the system has no randomness to give.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("a password could not be hashed: {error}"))?;
    Ok(hash.to_string())
}

/// Whether the password belongs to the hash. Without a hash (no such user) it takes just as
/// long and says no, so that answers do not tell which accounts exist.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    match parsed {
        Some(parsed) => Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok(),
        None => {
            // The result is of no interest, the time it takes is.
            drop(self::hash(password));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let stored = hash("Secret-1").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("Secret-1", Some(&stored)));
        assert!(!verify("Secret-2", Some(&stored)));
        assert!(!verify("Secret-1", None));
        assert!(!verify("Secret-1", Some("not a hash")));
    }
}

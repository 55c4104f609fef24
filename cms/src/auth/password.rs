//! Passwords: argon2id, with the parameters inside every hash. Slow on purpose, so never
//! call this on an async thread or inside a transaction.
//!
//! Accounts that came from Strapi bring bcrypt hashes. They are verified, never made: the
//! next login replaces them, see [`is_outdated`].

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Longest accepted password in bytes; Strapi's limit, kept so that every account can move
/// between the two.
pub const MAX_BYTES: usize = 72;
/// As the user type's schema says.
pub const MIN_LENGTH: usize = 6;
/// Costlier bcrypt hashes are refused: a crafted one would hold a thread for days.
const MAX_BCRYPT_COST: u32 = 15;

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
    match hash.and_then(Known::read) {
        Some(Known::Argon2(parsed)) => {
            Argon2::default().verify_password(password.as_bytes(), &*parsed).is_ok()
        }
        Some(Known::Bcrypt(hash)) => bcrypt::verify(password, hash).unwrap_or(false),
        None => {
            // The result is of no interest, the time it takes is.
            drop(self::hash(password));
            false
        }
    }
}

/// Whether a hash is of a kind that is no longer made: whoever knows the password should
/// store a new one.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    matches!(Known::read(hash), Some(Known::Bcrypt(_)))
}

/// A hash of a kind that can be verified.
enum Known<'a> {
    Argon2(Box<PasswordHash>),
    Bcrypt(&'a str),
}

impl<'a> Known<'a> {
    fn read(hash: &'a str) -> Option<Self> {
        let parts: bcrypt::HashParts = match hash.parse() {
            Ok(parts) => parts,
            Err(_) => return PasswordHash::new(hash).ok().map(Box::new).map(Self::Argon2),
        };
        (parts.get_cost() <= MAX_BCRYPT_COST).then_some(Self::Bcrypt(hash))
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

    #[test]
    fn hashes_of_strapi_verify_and_are_outdated() {
        // bcryptjs, 10 rounds, of `Secret-ada-1`.
        let stored = "$2a$10$5LWvE5y2Ps7k2mM/kUlYKecmAComwOl9vzcUndO3IPyp5M1iQ5Lfm";
        assert!(verify("Secret-ada-1", Some(stored)));
        assert!(!verify("Secret-ada-2", Some(stored)));
        assert!(is_outdated(stored));
        assert!(!is_outdated(&hash("Secret-1").unwrap()));
    }

    #[test]
    fn a_bcrypt_hash_that_would_take_days_is_refused_at_once() {
        let stored = "$2b$31$abcdefghijklmnopqrstuuDYYM9E6F9AJCWEP4SvRO0DNW5qYfp6W";
        assert!(!verify("anything", Some(stored)));
    }
}

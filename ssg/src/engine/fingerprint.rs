//! Content hashes of answers.
//!
//! A fingerprint is kept on disk and compared across restarts and machines, so it is a
//! hash of a canonical encoding: never of addresses, paths, times or `std::hash`.

use std::cell::RefCell;
use std::fmt;

use serde::{Deserialize, Serialize};

/// 128 bits of blake3 over an answer's canonical encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; Fingerprint::LENGTH]);

impl Fingerprint {
    pub const LENGTH: usize = 16;

    /// The answer "there is no such thing". No hashed content yields it.
    pub const ABSENT: Self = Self([0; Self::LENGTH]);

    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::from_hash(blake3::hash(bytes))
    }

    /// Hashes the compact JSON text of a value. The order of keys counts: templates can
    /// see it.
    #[must_use]
    pub fn of_json(value: &impl Serialize) -> Self {
        Self::of_written(|text| {
            if let Err(error) = serde_json::to_writer(&mut *text, value) {
                // Only a map with keys that are no strings cannot be written; its debug-free
                // error text is at least stable.
                text.clear();
                text.extend_from_slice(error.to_string().as_bytes());
            }
        })
    }

    /// Hashes what `write` appends to a buffer.
    #[must_use]
    pub fn of_written(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        // Hashing is fastest in one go; the buffer is kept for the next one.
        thread_local! {
            static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let mut written = WRITTEN.take();
        written.clear();
        write(&mut written);
        let fingerprint = Self::of_bytes(&written);
        WRITTEN.set(written);
        fingerprint
    }

    /// One fingerprint for several, in order.
    #[must_use]
    pub fn combine(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&part.0);
        }
        Self::from_hash(hasher.finalize())
    }

    #[must_use]
    pub fn is_absent(self) -> bool {
        self == Self::ABSENT
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    fn from_hash(hash: blake3::Hash) -> Self {
        let mut bytes = [0; Self::LENGTH];
        for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_absent() {
            return f.write_str("absent");
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_values_differ_by_content_and_by_order_of_keys() {
        let one = Fingerprint::of_json(&json!({ "a": 1, "b": 2 }));
        assert_eq!(one, Fingerprint::of_json(&json!({ "a": 1, "b": 2 })));
        assert_ne!(one, Fingerprint::of_json(&json!({ "b": 2, "a": 1 })));
        assert_ne!(one, Fingerprint::of_json(&json!({ "a": 1, "b": 3 })));
        assert!(!Fingerprint::of_json(&json!(null)).is_absent());
    }
}

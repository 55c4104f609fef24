//! documentIds of what clients take for documents and is stored as something else.

use sha2::{Digest as _, Sha256};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 24;

/// Of the usual form, and always the same for the same thing.
#[must_use]
pub(crate) fn of(thing: &str) -> String {
    let digest = Sha256::digest(thing);
    let letters = digest.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    letters.take(LENGTH).collect()
}

/// A locale's.
#[must_use]
pub(crate) fn of_locale(code: &str) -> String {
    of(&format!("locale:{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_has_a_document_id_of_its_own() {
        let (en, de) = (of_locale("en"), of_locale("de"));
        assert_eq!((en.len(), of_locale("en") == en, de == en), (24, true, false));
    }
}

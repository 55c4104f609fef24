//! Every value carries a short sum of itself and its key, so that a bit that flipped on the
//! disk is found when the value is read, and never becomes a page.
//!
//! The database below has sums of its own, but looks at them only after a crash.

use super::StateError;

const SUM: usize = 8;

/// The value as it is stored under `key`.
pub(super) fn seal(key: &[&[u8]], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(value.len() + SUM);
    sealed.extend_from_slice(value);
    sealed.extend_from_slice(&sum(key, value));
    sealed
}

/// The value again.
///
/// # Errors
/// When it, or its key, is not what was stored.
pub(super) fn unseal<'a>(key: &[&[u8]], sealed: &'a [u8]) -> Result<&'a [u8], StateError> {
    match sealed.split_last_chunk::<SUM>() {
        Some((value, sum)) if *sum == self::sum(key, value) => Ok(value),
        _ => Err(StateError::Damaged("a value is not what was stored".to_owned())),
    }
}

fn sum(key: &[&[u8]], value: &[u8]) -> [u8; SUM] {
    let mut hasher = blake3::Hasher::new();
    for part in key {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(value);
    let mut sum = [0; SUM];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_altered_is_noticed() {
        let key: [&[u8]; 2] = [b"a", b"bc"];
        let sealed = seal(&key, b"value");
        assert_eq!(unseal(&key, &sealed).unwrap(), b"value");
        assert!(unseal(&[b"ab", b"c"], &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(unseal(&key, &altered).is_err(), "{at}");
            assert!(unseal(&key, &sealed[..at]).is_err(), "{at}");
        }
    }
}

//! One version of one published file: its bytes' hash, and when they came.
//!
//! A version is more than a hash. nginx makes its ETag from modification time
//! and size, so a page that returns to earlier bytes is a *new* version with a
//! later time, and the two must not be confused when one of them is restored.

use blake3::Hash;

/// Bytes of an encoded version: hash, size, time, first release.
const ENCODED: usize = 32 + 8 + 8 + 8;
/// Stored with the first release: the file was made from another one.
const DERIVED: u64 = 1 << 63;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    pub hash: Hash,
    pub size: u64,
    /// Whole seconds since 1970, as nginx sees them.
    pub mtime: i64,
    /// The release that brought this version.
    pub since: u64,
    /// A compressed copy of another file, which no page of the site speaks of.
    pub derived: bool,
}

impl Version {
    pub(super) fn encode(&self) -> [u8; ENCODED] {
        let mut out = [0; ENCODED];
        out[..32].copy_from_slice(self.hash.as_bytes());
        out[32..40].copy_from_slice(&self.size.to_be_bytes());
        out[40..48].copy_from_slice(&self.mtime.to_be_bytes());
        let derived = if self.derived { DERIVED } else { 0 };
        out[48..].copy_from_slice(&(self.since | derived).to_be_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (hash, rest) = bytes.split_first_chunk::<32>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (mtime, rest) = rest.split_first_chunk::<8>()?;
        let (since, rest) = rest.split_first_chunk::<8>()?;
        let since = u64::from_be_bytes(*since);
        rest.is_empty().then(|| Self {
            hash: Hash::from_bytes(*hash),
            size: u64::from_be_bytes(*size),
            mtime: i64::from_be_bytes(*mtime),
            since: since & !DERIVED,
            derived: since & DERIVED != 0,
        })
    }

    /// Where this version of `path` is kept once no tree shows it. The path is
    /// part of the name: two paths must never share an inode, since the time
    /// that nginx turns into an ETag belongs to the inode.
    pub(super) fn object_name(&self, path: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(path.as_bytes()).update(&[0]);
        hasher.update(self.hash.as_bytes()).update(&self.mtime.to_be_bytes());
        let name = hasher.finalize().to_hex();
        format!("{}/{}", &name[..2], &name[2..])
    }
}

/// What one release did to one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta {
    pub old: Option<Version>,
    pub new: Option<Version>,
}

impl Delta {
    /// Only compressed copies came and went here.
    pub(super) fn is_derived(&self) -> bool {
        [self.old, self.new].into_iter().flatten().all(|version| version.derived)
    }
}

const HAS_OLD: u8 = 1;
const HAS_NEW: u8 = 2;

impl Delta {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut flags = 0;
        flags |= if self.old.is_some() { HAS_OLD } else { 0 };
        flags |= if self.new.is_some() { HAS_NEW } else { 0 };
        let mut out = vec![flags];
        for version in [self.old, self.new].into_iter().flatten() {
            out.extend_from_slice(&version.encode());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&flags, mut rest) = bytes.split_first()?;
        let mut take = |present: bool| {
            if !present {
                return Some(None);
            }
            let (head, tail) = rest.split_at_checked(ENCODED)?;
            rest = tail;
            Some(Some(Version::decode(head)?))
        };
        let old = take(flags & HAS_OLD != 0)?;
        let new = take(flags & HAS_NEW != 0)?;
        rest.is_empty().then_some(Self { old, new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(mtime: i64) -> Version {
        Version { hash: blake3::hash(b"x"), size: 1, mtime, since: 3, derived: mtime == 9 }
    }

    #[test]
    fn versions_and_deltas_survive_the_database() {
        let one = version(-5);
        assert_eq!(Version::decode(&one.encode()), Some(one));
        for delta in [
            Delta { old: None, new: Some(one) },
            Delta { old: Some(one), new: None },
            Delta { old: Some(one), new: Some(version(9)) },
            Delta { old: None, new: None },
        ] {
            assert_eq!(Delta::decode(&delta.encode()), Some(delta));
        }
        assert_eq!(Version::decode(&[0; 7]), None);
        assert_eq!(Delta::decode(&[3, 1, 2]), None);
    }

    #[test]
    fn object_names_tell_paths_and_times_apart() {
        let names =
            [version(1).object_name("a"), version(1).object_name("b"), version(2).object_name("a")];
        assert_ne!(names[0], names[1]);
        assert_ne!(names[0], names[2]);
    }
}

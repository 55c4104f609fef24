//! Signs links, knows them again, and remembers which ones were revoked.
//!
//! The key lives in the cache folder, so that the command line and the daemon share it and a
//! restart ends no link. With another key every link ends.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::link::Link;

const FOLDER: &str = "preview";
const KEY_FILE: &str = "key";
const REVOKED_FILE: &str = "revoked";
const KEY_BYTES: usize = 32;
/// Keeps a key that is set by hand apart from whatever else the same text is used for.
const CONTEXT: &str = "galley preview links 2026-11";

/// Where the key comes from.
#[derive(Clone)]
pub struct Keys {
    folder: PathBuf,
    /// `SSG_PREVIEW_SECRET`.
    given: Option<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Keys").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It was not made here, or altered.
    Unknown,
    Expired,
    Revoked,
}

impl Keys {
    #[must_use]
    pub fn new(cache: &Path, secret: Option<&str>) -> Self {
        let given = secret.map(|text| blake3::derive_key(CONTEXT, text.as_bytes()));
        Self { folder: cache.join(FOLDER), given }
    }

    /// The link as it stands in a URL.
    ///
    /// # Errors
    /// When there is no key and none can be made.
    pub fn sign(&self, link: &Link) -> io::Result<String> {
        let text = link.text();
        let mac = blake3::keyed_hash(&self.key()?, text.as_bytes());
        Ok(format!("{text}.{}", mac.to_hex()))
    }

    /// What a signed link shows.
    ///
    /// # Errors
    /// When it is not one of ours, or no longer valid.
    pub fn check(&self, token: &str, now: i64) -> Result<Link, Unusable> {
        let (text, mac) = token.split_once('.').ok_or(Unusable::Unknown)?;
        let mac = blake3::Hash::from_hex(mac).map_err(|_| Unusable::Unknown)?;
        let key = self.key().map_err(|_| Unusable::Unknown)?;
        // Hashes are compared in constant time.
        if mac != blake3::keyed_hash(&key, text.as_bytes()) {
            return Err(Unusable::Unknown);
        }
        let link = Link::parse(text).ok_or(Unusable::Unknown)?;
        if now >= link.expires {
            return Err(Unusable::Expired);
        }
        if self.revoked().iter().any(|(id, _)| *id == link.id) {
            return Err(Unusable::Revoked);
        }
        Ok(link)
    }

    /// Ends one link before its time.
    ///
    /// # Errors
    /// When that cannot be noted.
    pub fn revoke(&self, link: &Link, now: i64) -> io::Result<()> {
        let mut revoked = self.revoked();
        revoked.retain(|(id, expires)| *expires > now && *id != link.id);
        revoked.push((link.id.clone(), link.expires));
        let lines = revoked.iter().map(|(id, expires)| format!("{id} {expires}\n"));
        self.write(REVOKED_FILE, lines.collect::<String>().as_bytes())
    }

    /// Ends every link there is.
    ///
    /// # Errors
    /// When the key is set by hand, so that it cannot be changed here, or cannot be written.
    pub fn revoke_all(&self) -> io::Result<()> {
        if self.given.is_some() {
            let why = "the key is set by SSG_PREVIEW_SECRET; change it there";
            return Err(io::Error::other(why));
        }
        self.write(KEY_FILE, &fresh()?)?;
        self.write(REVOKED_FILE, b"")
    }

    fn key(&self) -> io::Result<[u8; KEY_BYTES]> {
        if let Some(key) = self.given {
            return Ok(key);
        }
        let file = self.folder.join(KEY_FILE);
        let known =
            || fs::read(&file).ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
        if let Some(key) = known() {
            return Ok(key);
        }
        let key = fresh()?;
        self.write(KEY_FILE, &key)?;
        // Another process may have made one at the same moment: whichever is on disk counts.
        Ok(known().unwrap_or(key))
    }

    /// Ids with the time when they may be forgotten.
    fn revoked(&self) -> Vec<(String, i64)> {
        let text = fs::read_to_string(self.folder.join(REVOKED_FILE)).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.filter_map(|(id, expires)| Some((id.to_owned(), expires.parse().ok()?))).collect()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let aside = self.folder.join(format!("{name}.new"));
        let mut out =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        out.write_all(bytes)?;
        fs::rename(&aside, self.folder.join(name))
    }
}

fn fresh() -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn link() -> Link {
        Link::new(vec!["d1".into()], Some("de".into()), None, 1_000, HOUR).unwrap()
    }

    #[test]
    fn signed_expiring_revocable_share_link() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(folder.path(), None);
        let (one, two) = (link(), link());
        let (token, other) = (keys.sign(&one).unwrap(), keys.sign(&two).unwrap());
        assert_eq!(keys.check(&token, 1_000), Ok(one.clone()));
        assert_eq!(keys.check(&token, 4_599), Ok(one.clone()));
        assert_eq!(keys.check(&token, 4_600), Err(Unusable::Expired));

        let restarted = Keys::new(folder.path(), None);
        assert_eq!(restarted.check(&token, 1_000), Ok(one.clone()), "a restart ends no link");
        restarted.revoke(&one, 1_000).unwrap();
        assert_eq!(keys.check(&token, 1_000), Err(Unusable::Revoked));
        assert_eq!(keys.check(&other, 1_000), Ok(two));

        keys.revoke_all().unwrap();
        assert_eq!(keys.check(&other, 1_000), Err(Unusable::Unknown));
        assert!(Keys::new(folder.path(), Some("given by hand")).revoke_all().is_err());
    }

    #[test]
    fn an_altered_link_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(folder.path(), None);
        let token = keys.sign(&link()).unwrap();
        let longer = Link { expires: i64::MAX, ..link() };
        let (_, mac) = token.split_once('.').unwrap();
        let forged = format!("{}.{mac}", longer.text());
        for text in ["", ".", "x.y", &token[1..], &token[..token.len() - 2], &forged] {
            assert_eq!(keys.check(text, 1_000), Err(Unusable::Unknown), "{text}");
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(Keys::new(elsewhere.path(), None).check(&token, 1_000), Err(Unusable::Unknown));
    }

    #[test]
    fn a_link_for_years_is_refused() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        assert!(Link::new(Vec::new(), None, None, 0, days(30)).is_ok());
        for life in [days(31), Duration::ZERO] {
            assert!(Link::new(Vec::new(), None, None, 0, life).is_err());
        }
    }
}

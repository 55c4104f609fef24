//! Signed notes of when a form was opened. Each can be used for one entry.
//!
//! The key lives in the cache folder, so a form that was opened before a restart can be sent
//! after it; used tokens are remembered until they would be too old anyway.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    ops::Range,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

const KEY_FILE: &str = "form.key";
const KEY_BYTES: usize = 32;
/// Used tokens that are remembered.
const MOST_SPENT: usize = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    Unknown,
    TooFast,
    TooOld,
    Spent,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    folder: PathBuf,
    key: OnceLock<Key>,
    /// With when they may be forgotten.
    spent: Mutex<HashMap<String, Duration>>,
}

struct Key([u8; KEY_BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(…)")
    }
}

impl Tokens {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { folder: cache.to_owned(), key: OnceLock::new(), spent: Mutex::default() }
    }

    pub(super) fn issue(&self, form: &str, now: Duration) -> String {
        let nonce = getrandom::u64().unwrap_or_default();
        let text = format!("{}.{nonce:016x}", now.as_millis());
        format!("{text}.{}", self.sign(form, &text).to_hex())
    }

    pub(super) fn check(
        &self,
        token: &str,
        form: &str,
        now: Duration,
        lives: Range<Duration>,
    ) -> Result<(), Unusable> {
        let (text, mac) = token.rsplit_once('.').ok_or(Unusable::Unknown)?;
        let mac = blake3::Hash::from_hex(mac).map_err(|_| Unusable::Unknown)?;
        // Hashes are compared in constant time.
        if mac != self.sign(form, text) {
            return Err(Unusable::Unknown);
        }
        let opened = text.split('.').next().and_then(|millis| millis.parse().ok());
        let age = now.saturating_sub(Duration::from_millis(opened.ok_or(Unusable::Unknown)?));
        if age < lives.start {
            return Err(Unusable::TooFast);
        }
        if age >= lives.end {
            return Err(Unusable::TooOld);
        }
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.contains_key(token) { Err(Unusable::Spent) } else { Ok(()) }
    }

    pub(super) fn spend(&self, token: &str, until: Duration) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= MOST_SPENT
            && let Some(oldest) = spent.iter().min_by_key(|(_, until)| **until)
        {
            let oldest = oldest.0.clone();
            spent.remove(&oldest);
        }
        spent.insert(token.to_owned(), until);
    }

    fn sign(&self, form: &str, text: &str) -> blake3::Hash {
        let key = self.key.get_or_init(|| key(&self.folder));
        blake3::keyed_hash(&key.0, format!("{form}\n{text}").as_bytes())
    }
}

/// The kept one, else a new one; when it cannot be kept, it lives as long as this process.
fn key(folder: &Path) -> Key {
    let file = folder.join(KEY_FILE);
    if let Some(known) = fs::read(&file).ok().and_then(|bytes| bytes.try_into().ok()) {
        return Key(known);
    }
    let mut key = [0; KEY_BYTES];
    if let Err(error) = getrandom::fill(&mut key) {
        tracing::error!(%error, "there is no randomness for the key of forms");
    }
    if let Err(error) = write(folder, &file, &key) {
        tracing::warn!(%error, "the key of forms cannot be kept; forms open now fail after a restart");
    }
    Key(key)
}

fn write(folder: &Path, file: &Path, key: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let aside = file.with_extension("new");
    let mut out =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    out.write_all(key)?;
    fs::rename(&aside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: Range<Duration> = Duration::from_secs(3)..Duration::from_secs(60);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    #[test]
    fn a_token_lives_between_two_moments_for_one_form_and_one_entry() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path());
        let token = tokens.issue("/f", at(0));
        let check = |token: &str, form: &str, now| tokens.check(token, form, now, LIVES);
        assert_eq!(check(&token, "/f", at(2)), Err(Unusable::TooFast));
        assert_eq!(check(&token, "/f", at(3)), Ok(()));
        assert_eq!(check(&token, "/f", at(60)), Err(Unusable::TooOld));
        assert_eq!(check(&token, "/g", at(3)), Err(Unusable::Unknown));
        for forged in ["", "x", "1.2.3", &token.replace("1000", "0999"), &token[..token.len() - 1]]
        {
            assert_eq!(check(forged, "/f", at(3)), Err(Unusable::Unknown), "{forged}");
        }
        let restarted = Tokens::new(folder.path());
        assert_eq!(restarted.check(&token, "/f", at(3), LIVES), Ok(()));
        tokens.spend(&token, at(60));
        assert_eq!(check(&token, "/f", at(3)), Err(Unusable::Spent));
    }
}

//! The ids of webhooks already taken: a repeated one has no second effect.
//!
//! A sender retries for days and across our restarts, so the ids are kept in a
//! file, one line each, appended. Losing the file costs nothing but an extra
//! look at the feed.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Beyond the longest retry schedule of the specification (about three days).
const KEPT_SECONDS: i64 = 8 * 24 * 60 * 60;
/// Then the oldest half is forgotten: a flood must not eat the memory.
const MOST_IDS: usize = 200_000;
/// Longer ones are no ids.
const LONGEST_ID: usize = 256;
const FILE: &str = "webhooks-seen";

#[derive(Debug)]
pub(super) struct SeenIds {
    path: PathBuf,
    file: File,
    ids: HashMap<String, i64>,
}

impl SeenIds {
    pub(super) fn open(cache: &Path) -> io::Result<Self> {
        Self::open_at(cache, jiff::Timestamp::now().as_second())
    }

    fn open_at(cache: &Path, now: i64) -> io::Result<Self> {
        fs::create_dir_all(cache)?;
        let path = cache.join(FILE);
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let rows = text.lines().filter_map(|line| {
            let (time, id) = line.split_once(' ')?;
            Some((id.to_owned(), time.parse().ok()?))
        });
        let ids = rows.filter(|(_, time)| *time > now - KEPT_SECONDS).collect();
        rewrite(&path, &ids)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok(Self { path, file, ids })
    }

    pub(super) fn is_valid(id: &str) -> bool {
        !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether the id is new; it is not from now on.
    pub(super) fn insert(&mut self, id: &str, now: i64) -> io::Result<bool> {
        if self.ids.contains_key(id) {
            return Ok(false);
        }
        if self.ids.len() >= MOST_IDS {
            self.forget_older_half()?;
        }
        // In one write: a crash leaves the whole line or none of it.
        self.file.write_all(format!("{now} {id}\n").as_bytes())?;
        self.ids.insert(id.to_owned(), now);
        Ok(true)
    }

    fn forget_older_half(&mut self) -> io::Result<()> {
        let mut times: Vec<_> = self.ids.values().copied().collect();
        let middle = times.len() / 2;
        let limit = *times.select_nth_unstable(middle).1;
        self.ids.retain(|_, time| *time > limit);
        rewrite(&self.path, &self.ids)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        Ok(())
    }
}

fn rewrite(path: &Path, ids: &HashMap<String, i64>) -> io::Result<()> {
    let mut rows: Vec<_> = ids.iter().collect();
    rows.sort_unstable_by_key(|(id, time)| (**time, id.as_str()));
    let text: String = rows.into_iter().map(|(id, time)| format!("{time} {id}\n")).collect();
    let aside = path.with_extension("new");
    fs::write(&aside, text)?;
    fs::rename(aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_remembered_across_restarts_and_forgotten_after_a_week() {
        let cache = tempfile::tempdir().unwrap();
        let mut seen = SeenIds::open_at(cache.path(), 1000).unwrap();
        assert!(seen.insert("msg_1", 1000).unwrap());
        assert!(!seen.insert("msg_1", 1001).unwrap());
        let mut again = SeenIds::open_at(cache.path(), 2000).unwrap();
        assert!(!again.insert("msg_1", 2000).unwrap());
        let mut later = SeenIds::open_at(cache.path(), 1001 + KEPT_SECONDS).unwrap();
        assert!(later.insert("msg_1", 1001 + KEPT_SECONDS).unwrap());
    }

    #[test]
    fn odd_ids_and_damaged_lines_do_no_harm() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join(FILE), b"\xff\n5 \nx y\n1000 msg_2\n10").unwrap();
        let mut seen = SeenIds::open_at(cache.path(), 1000).unwrap();
        assert!(!seen.insert("msg_2", 1000).unwrap());
        assert!(SeenIds::is_valid("msg_p5jXN8AQM9LWM0D4loKWxJek"));
        for bad in ["", "a b", "a\nb", "ü", &"x".repeat(300)] {
            assert!(!SeenIds::is_valid(bad), "{bad}");
        }
    }
}

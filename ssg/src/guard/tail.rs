//! The end of nginx's log, wherever it goes: further, to another file when it is rotated, back
//! to its beginning when it is emptied.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

use percent_encoding::percent_decode_str;

/// What nginx writes for the guard: time in seconds, status, the request's target as it came.
pub const LOG_FORMAT: &str = "$msec $status $request_uri";
/// A log that nobody rotates is emptied here: what was read is not needed again.
const EMPTY_ABOVE: u64 = 64 << 20;
/// Read at once; more waits for the next look.
const MOST_BYTES: u64 = 16 << 20;

/// One answer to one visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Milliseconds since 1970.
    pub at: i64,
    pub status: u16,
    /// The file that would answer, relative to the root.
    pub file: String,
}

impl Hit {
    /// `target` as the request had it.
    #[must_use]
    pub fn new(at: i64, status: u16, target: &str) -> Self {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy();
        Self { at, status, file: crate::site::public_url::file(&path) }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let seconds: f64 = words.next()?.parse().ok()?;
        let status = words.next()?.parse().ok()?;
        Some(Self::new((seconds * 1000.0) as i64, status, words.next()?))
    }
}

#[derive(Debug)]
pub struct LogTail {
    path: PathBuf,
    open: Option<(File, u64)>,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl LogTail {
    /// From the beginning of the file, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: None, rest: Vec::new() }
    }

    /// What was written since the last call.
    ///
    /// # Errors
    /// When the log is there and cannot be read.
    pub fn read(&mut self) -> io::Result<Vec<Hit>> {
        let mut hits = Vec::new();
        let named = match fs::metadata(&self.path) {
            Ok(meta) => Some(meta),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some((file, inode)) = &mut self.open {
            // The rotated file has its last lines even when a new one stands in its place.
            let at = file.stream_position()?;
            if file.metadata()?.len() < at {
                file.seek(SeekFrom::Start(0))?;
                self.rest.clear();
            }
            read_lines(file, &mut self.rest, &mut hits)?;
            if named.as_ref().is_none_or(|named| named.ino() != *inode) {
                self.open = None;
                self.rest.clear();
            }
        }
        if let (None, Some(named)) = (&self.open, named) {
            let mut file = File::open(&self.path)?;
            read_lines(&mut file, &mut self.rest, &mut hits)?;
            self.open = Some((file, named.ino()));
        }
        self.empty_when_long();
        Ok(hits)
    }

    /// nginx appends, so it goes on at the new beginning.
    fn empty_when_long(&mut self) {
        let long =
            |(file, _): &(File, u64)| file.metadata().is_ok_and(|meta| meta.len() > EMPTY_ABOVE);
        if self.open.as_ref().is_some_and(long) {
            let emptied = File::options().write(true).open(&self.path);
            if let Err(error) = emptied.and_then(|file| file.set_len(0)) {
                let log = self.path.display();
                tracing::warn!(%log, %error, "the guard's log is long and cannot be emptied");
            }
        }
    }
}

fn read_lines(file: &mut File, rest: &mut Vec<u8>, hits: &mut Vec<Hit>) -> io::Result<()> {
    file.take(MOST_BYTES).read_to_end(rest)?;
    let end = memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
    hits.extend(text.lines().filter_map(Hit::parse));
    rest.drain(..end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn append(path: &std::path::Path, text: &str) {
        let file = File::options().create(true).append(true).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn files(tail: &mut LogTail) -> Vec<String> {
        tail.read().unwrap().into_iter().map(|hit| hit.file).collect()
    }

    #[test]
    fn a_line_is_a_hit() {
        let hit = Hit::parse("1700000000.250 404 /blog/gr%C3%B6%C3%9Fe/?x=1").unwrap();
        let expected =
            Hit { at: 1_700_000_000_250, status: 404, file: "blog/größe/index.html".into() };
        assert_eq!(hit, expected);
        for odd in ["", "x", "1.0 abc /", "1.0 200"] {
            assert_eq!(Hit::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_log_may_come_late_be_rotated_and_be_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = LogTail::new(path.clone());
        assert_eq!(files(&mut tail), [""; 0]);
        append(&path, "1.0 200 /a\n1.0 200 /b");
        assert_eq!(files(&mut tail), ["a"]);
        append(&path, "b\n");
        assert_eq!(files(&mut tail), ["bb"]);
        append(&path, "1.0 200 /c\n");
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        append(&path, "1.0 200 /d\n");
        assert_eq!(files(&mut tail), ["c", "d"]);
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        assert_eq!(files(&mut tail), [""; 0]);
        append(&path, "1.0 200 /e\n");
        assert_eq!(files(&mut tail), ["e"]);
    }
}

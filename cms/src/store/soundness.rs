//! Is the SQLite file what it was when it was last closed?
//!
//! SQLite takes an empty file for a new database, and notices that one was cut off only when it
//! misses a page. A server that went on with either would tell every reader that the content is
//! gone, so both are refused before anything is opened.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::pool::DatabaseUrl;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Of the header, what is looked at: <https://sqlite.org/fileformat2.html>.
const HEADER: usize = 100;
/// A page size that two bytes cannot hold is written as 1.
const LARGEST_PAGE: u64 = 65_536;
const REMEDY: &str = "restore a backup with `cms restore FILE --force`, or move the file away to \
                      begin anew";

/// # Errors
/// What is wrong with the file, and what to do.
pub fn check(url: &DatabaseUrl) -> anyhow::Result<()> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(|error| anyhow::anyhow!("`{path}`: {error}"))?,
    };
    let length = file.metadata()?.len();
    // What is in the log is not in the file yet, nor in its header.
    if log_length(path) > 0 && length > 0 {
        return Ok(());
    }
    let mut header = [0; HEADER];
    if length == 0 {
        anyhow::bail!("the database `{path}` is empty; {REMEDY}");
    }
    if file.read_exact(&mut header).is_err() || !header.starts_with(MAGIC) {
        anyhow::bail!("`{path}` is no SQLite database; {REMEDY}");
    }
    let written = written(&header);
    if length < written {
        anyhow::bail!("the database `{path}` was cut off: {length} of {written} bytes; {REMEDY}");
    }
    Ok(())
}

/// The length that the header tells; nothing where its writer did not keep count.
fn written(header: &[u8; HEADER]) -> u64 {
    let number = |at: usize| {
        let bytes = [header[at], header[at + 1], header[at + 2], header[at + 3]];
        u64::from(u32::from_be_bytes(bytes))
    };
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => LARGEST_PAGE,
        size => u64::from(size),
    };
    let (pages, counted) = (number(28), number(24) == number(92));
    if counted { page * pages } else { 0 }
}

fn log_length(path: &str) -> u64 {
    Path::new(&format!("{path}-wal")).metadata().map_or(0, |log| log.len())
}

//! The first listing of a large site, kept while it arrives: a pull that is cut off, however
//! that happens, goes on where it stopped.
//!
//! It is an aid and never the truth: whatever is wrong with the file, the listing begins anew,
//! and the content server refuses a token that is not its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use cms_api::change::SyncPage;

use super::source::Pulled;

const FILE: &str = "listing.part";
/// Hexadecimal digits of a line's sum.
const SUM: usize = 16;

/// A file with the source's name, then a line for each page: its sum and its JSON.
#[derive(Debug)]
pub(super) struct Listing {
    path: PathBuf,
    source: String,
}

impl Listing {
    pub(super) fn new(cache: &Path, source: &str) -> Self {
        Self { path: cache.join(FILE), source: source.to_owned() }
    }

    /// What has arrived, and the token to go on with.
    pub(super) fn begun(&self) -> Option<(Pulled, String)> {
        let mut lines = BufReader::new(File::open(&self.path).ok()?).lines();
        if lines.next()?.ok()? != self.source {
            return None;
        }
        let mut pulled = Pulled { complete: true, ..Pulled::default() };
        let mut token = None;
        // The last line may be cut off.
        for page in lines.map_while(|line| read(&line.ok()?)) {
            token = Some(page.next_page.clone().or_else(|| page.next_sync.clone())?);
            pulled.add(page);
        }
        Some((pulled, token?))
    }

    /// Keeps a page that follows those that are kept.
    pub(super) fn keep(&self, page: &SyncPage) {
        if let Err(error) = self.append(page) {
            tracing::debug!(%error, "the listing cannot be kept while it arrives");
        }
    }

    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.path);
    }

    fn append(&self, page: &SyncPage) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        if file.metadata()?.len() == 0 {
            writeln!(file, "{}", self.source)?;
        }
        let json = serde_json::to_string(page)?;
        file.write_all(format!("{} {json}\n", sum(&json)).as_bytes())
    }
}

fn read(line: &str) -> Option<SyncPage> {
    let (known, json) = line.split_once(' ')?;
    (sum(json) == known).then(|| serde_json::from_str(json).ok())?
}

fn sum(json: &str) -> String {
    let mut sum = blake3::hash(json.as_bytes()).to_hex().to_string();
    sum.truncate(SUM);
    sum
}

impl Pulled {
    /// Adds a page of the feed.
    pub(super) fn add(&mut self, page: SyncPage) {
        self.items.extend(page.items);
        self.seq = page.upto;
        self.locales = page.locales;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: i64, last: bool) -> SyncPage {
        let token = Some(format!("t{number}"));
        let (next_page, next_sync) = if last { (None, token) } else { (token, None) };
        SyncPage { items: vec![], next_page, next_sync, upto: number, locales: vec![] }
    }

    #[test]
    fn what_arrived_whole_is_gone_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let listing = Listing::new(folder.path(), "http://cms/");
        assert!(listing.begun().is_none());
        listing.keep(&page(1, false));
        listing.keep(&page(2, true));
        let token = |listing: &Listing| listing.begun().map(|(pulled, token)| (pulled.seq, token));
        assert_eq!(token(&listing), Some((2, "t2".to_owned())));
        let bytes = fs::read(folder.path().join(FILE)).unwrap();
        fs::write(folder.path().join(FILE), &bytes[..bytes.len() - 2]).unwrap();
        assert_eq!(token(&listing), Some((1, "t1".to_owned())));
        assert_eq!(token(&Listing::new(folder.path(), "http://other/")), None);
        listing.forget();
        assert_eq!(token(&listing), None);
    }
}

//! The owner's redirects and headers, as the files say them now.
//!
//! A request looks whether the files changed; a file with mistakes leaves the
//! rules as they were, and says so once. The build names the same mistakes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use arc_swap::ArcSwap;

use crate::{
    build::STATIC_FOLDER,
    rules::{HEADERS, REDIRECTS, Rules},
};

/// Times and sizes of both files, and of the addresses that pages had.
type Signature = [Option<(SystemTime, u64)>; 3];

#[derive(Debug)]
pub(super) struct LiveRules {
    folder: PathBuf,
    /// Where pages of earlier releases are now.
    moved: PathBuf,
    read: ArcSwap<(Signature, Arc<Rules>)>,
}

impl LiveRules {
    pub(super) fn new(site: &Path, moved: &Path) -> Self {
        let folder = site.join(STATIC_FOLDER);
        let read = ArcSwap::from_pointee(([None; 3], Arc::default()));
        Self { folder, moved: moved.to_owned(), read }
    }

    pub(super) fn current(&self) -> Arc<Rules> {
        let [redirects, headers] = [REDIRECTS, HEADERS].map(|name| self.folder.join(name));
        let signature = [&redirects, &headers, &self.moved].map(|file| signature(file));
        let known = self.read.load();
        if known.0 == signature {
            return Arc::clone(&known.1);
        }
        let rules = match Rules::load(&self.folder) {
            Ok(rules) => Arc::new(rules.and(&self.moved)),
            Err(errors) => {
                for error in errors {
                    tracing::error!("{error}; the rules stay as they were");
                }
                Arc::clone(&known.1)
            }
        };
        self.read.store(Arc::new((signature, Arc::clone(&rules))));
        rules
    }
}

fn signature(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_leave_the_rules_as_they_were() {
        let site = tempfile::tempdir().unwrap();
        let file = site.path().join(STATIC_FOLDER).join(REDIRECTS);
        let moved = site.path().join("moved");
        let rules = LiveRules::new(site.path(), &moved);
        assert_eq!(rules.current().redirects.len(), 0);
        fs::create_dir(site.path().join(STATIC_FOLDER)).unwrap();
        fs::write(&file, "/a /b").unwrap();
        assert_eq!(rules.current().redirects.len(), 1);
        fs::write(&file, "/a /b\n/c").unwrap();
        assert_eq!(rules.current().redirects.len(), 1);
        fs::write(&file, "/a /b\n/c /dd").unwrap();
        assert_eq!(rules.current().redirects.len(), 2);
        fs::remove_file(&file).unwrap();
        assert_eq!(rules.current().redirects.len(), 0);
        fs::write(&moved, "/a /b 301 # d en\n# /c # e en\n/d 410 # f en\n").unwrap();
        assert_eq!(rules.current().redirects.len(), 2);
    }
}

//! What site.toml says about the proxy now.
//!
//! Looked at before every build, so whenever the site's files change. A file with mistakes
//! leaves everything as it was; when there is nothing to leave, nothing passes, since the
//! mistake may stand in a rule that was to forbid something.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwapOption;

use walkdir::WalkDir;

use crate::{
    build::STATIC_FOLDER,
    site::{Site, config::FILE_NAME, proxy::Proxy},
    templates::Templates,
};

/// The rules, with what is needed to follow them.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) proxy: Proxy,
    /// Without a slash at the end; empty when there is no site.toml.
    pub(super) base_url: String,
    /// Only if an answer is made with one.
    pub(super) templates: Option<Templates>,
    /// What templates see as `site`.
    pub(super) site: tera::Value,
}

impl Default for Loaded {
    fn default() -> Self {
        let (proxy, base_url) = Default::default();
        Self { proxy, base_url, templates: None, site: tera::Value::none() }
    }
}

/// Files with their times and sizes.
type Signature = Vec<(PathBuf, SystemTime, u64)>;

#[derive(Debug)]
pub(super) struct Live {
    folder: PathBuf,
    current: ArcSwapOption<Loaded>,
    seen: Mutex<Option<Signature>>,
}

impl Live {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), current: ArcSwapOption::empty(), seen: Mutex::default() }
    }

    /// None: site.toml has mistakes and always had.
    pub(super) fn current(&self) -> Option<Arc<Loaded>> {
        self.current.load_full()
    }

    /// Whether there are other rules now than before.
    pub(super) fn refresh(&self) -> bool {
        let signature = signature(&self.folder);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref() == Some(&signature) {
            return false;
        }
        let is_there = self.folder.join(FILE_NAME).exists();
        *seen = Some(signature);
        let loaded = if !is_there { Ok(Loaded::default()) } else { load(&self.folder) };
        match loaded {
            Ok(loaded) => self.current.store(Some(Arc::new(loaded))),
            Err(message) => {
                let so = if self.current.load().is_some() {
                    "rules stay as they were"
                } else {
                    "API is closed"
                };
                tracing::error!("{message}; the {so}");
                return false;
            }
        }
        true
    }
}

fn load(folder: &Path) -> Result<Loaded, String> {
    let site = Site::load(folder).map_err(|errors| errors.to_string())?;
    let value = tera::Value::from_serializable(&site.value());
    let mut templates = None;
    if site.proxy.fragments().next().is_some() {
        let all = Templates::load(folder).map_err(|faults| faults.to_string())?;
        let mut named = site.proxy.fragments();
        let lacking = named.find_map(|(name, line)| Some((line, all.objection(name)?)));
        if let Some((line, message)) = lacking {
            return Err(site.error(line, message).to_string());
        }
        all.set_style(&site.style);
        templates = Some(all);
    }
    Ok(Loaded { proxy: site.proxy, base_url: site.base_url, templates, site: value })
}

/// Of everything that rules and the templates of answers are made of.
fn signature(folder: &Path) -> Signature {
    let statics = folder.join(STATIC_FOLDER);
    let files = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let files = files.filter_entry(|entry| entry.path() != statics).flatten();
    let files = files.filter_map(|entry| {
        let meta = fs::metadata(entry.path()).ok()?;
        Some((entry.path().to_owned(), meta.modified().ok()?, meta.len()))
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_lived_with_until_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let live = Live::new(folder.path());
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let site = "[site]\ntitle = \"T\"\nbase_url = \"http://x\"\n";
        let endpoint =
            "[[endpoint]]\npath = \"/x\"\nupstream = \"/api/x\"\nfragment = \"x.html\"\n";
        write("site.toml", &format!("{site}{endpoint}"));
        assert!(!live.refresh() && live.current().is_none(), "there is no such template");
        write("x.html", "{{ data }}");
        assert!(live.refresh());
        assert_eq!(live.current().unwrap().proxy.endpoints.len(), 1);
        assert!(!live.refresh());
        write("site.toml", "oops");
        assert!(!live.refresh());
        assert_eq!(live.current().unwrap().proxy.endpoints.len(), 1);
        write("site.toml", site);
        assert!(live.refresh());
        assert_eq!(live.current().unwrap().proxy.endpoints.len(), 0);
    }
}

//! What people edit on disk: site.toml, templates and static files, loaded as one set.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::report::Failure;
use super::static_files::{self, StaticFiles};
use super::{BuildError, problem};
use crate::engine::Fingerprint;
use crate::rules::Rules;
use crate::site::Site;
use crate::templates::{Settings, Templates};

/// A checked set; a changed file makes a new one.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) site: Arc<Site>,
    pub(super) templates: Templates,
    pub(super) files: Arc<StaticFiles>,
    /// The owner's redirects and headers.
    pub(super) rules: Rules,
    /// What templates see as `site`.
    pub(super) site_value: tera::Value,
    /// The same as JSON.
    site_json: serde_json::Value,
    /// Fingerprints of its parts: every page looks at the same few.
    config: Mutex<HashMap<String, Fingerprint>>,
    signature: Fingerprint,
}

impl Inputs {
    /// Loads everything below the templates folder.
    ///
    /// # Errors
    /// The inner error lists every mistake with its place.
    pub(super) fn load(folder: &Path) -> Result<Result<Self, Vec<Failure>>, BuildError> {
        let signature = signature(folder);
        let files = StaticFiles::load(folder)?;
        let mut failures = Vec::new();
        let site = Site::load(folder).map_err(|errors| {
            failures.extend(errors.0.iter().map(problem::of_site));
        });
        let templates = Templates::load(folder).map_err(|faults| {
            failures.extend(faults.0.iter().map(|fault| problem::of_template(folder, fault)));
        });
        let rules = Rules::load(&folder.join(static_files::FOLDER)).map_err(|errors| {
            failures.extend(errors.iter().map(problem::of_rule));
        });
        let (Ok(site), Ok(templates), Ok(rules), true) =
            (site, templates, rules, failures.is_empty())
        else {
            return Ok(Err(failures));
        };
        templates.set_style(&site.style);
        let site_json = site.value();
        let site_value = tera::Value::from_serializable(&site_json);
        Ok(Ok(Self {
            site: Arc::new(site),
            templates,
            files: Arc::new(files),
            rules,
            site_value,
            site_json,
            config: Mutex::default(),
            signature,
        }))
    }

    /// The fingerprint of a value of site.toml by its dotted path, which begins with `site` or
    /// with the name of a table of settings.
    pub(super) fn config(&self, path: &str) -> Fingerprint {
        if let Some(known) = self.config.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return *known;
        }
        let mut names = path.split('.');
        let root = match names.next() {
            Some("site") => Some(&self.site_json),
            name => name.and_then(|name| self.site.settings.get(name)),
        };
        let found = root.and_then(|root| names.try_fold(root, |value, name| value.get(name)));
        let fingerprint = found.map_or(Fingerprint::ABSENT, Fingerprint::of_json);
        let mut config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        config.insert(path.to_owned(), fingerprint);
        fingerprint
    }

    pub(super) fn signature(&self) -> Fingerprint {
        self.signature
    }

    /// Whether the files on disk are the ones this set was loaded from, as far as names,
    /// sizes and times tell.
    pub(super) fn is_current(&self, folder: &Path) -> bool {
        self.signature == signature(folder)
    }
}

impl Settings for Inputs {
    fn fingerprint(&self, table: &str) -> Fingerprint {
        self.config(table)
    }
}

/// Names, sizes and times of everything below the folder.
pub(super) fn signature(folder: &Path) -> Fingerprint {
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().flatten();
    Fingerprint::combine(entries.map(|entry| {
        let metadata = fs::metadata(entry.path()).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        let nanos = modified
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |time| time.as_nanos());
        let size = metadata.map_or(0, |metadata| metadata.len());
        Fingerprint::of_json(&(entry.path().display().to_string(), size, nanos.to_string()))
    }))
}

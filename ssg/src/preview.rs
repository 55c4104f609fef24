//! Previews: any draft through the same templates as the published site, before it is
//! published.
//!
//! A preview is the replica with the chosen drafts laid over it, as if they were published
//! now. Pages are rendered by the function builds use, one at a time, when somebody asks for
//! them, and answered byte for byte as they would be published. A link to a preview is
//! signed, ends by itself and can be revoked. Nothing of a preview is ever written below
//! `dist/`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use self::keys::{Keys, Unusable};
pub use self::link::{Link, UNLIMITED_LINK, longest_life};
use crate::build::{Drafts, Failure, Selection, Shown, Source, View};
use crate::clock::Clock;

pub(crate) mod answer;
mod frame;
mod keys;
mod link;

/// Previews whose site is kept ready.
const MOST_KEPT: usize = 8;
/// Drafts nobody asked for in this time are forgotten.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Shows drafts in the place of what is published.
pub struct Previews {
    keys: Keys,
    clock: Clock,
    cache: PathBuf,
    source: Arc<dyn Source>,
    public: Arc<dyn Public>,
    /// None while nobody asks for previews.
    known: Mutex<Option<Known>>,
}

/// The published site, as the last build left it in memory.
pub trait Public: Send + Sync {
    /// Two looks with the same stamp would see the same.
    fn stamp(&self) -> Option<(i64, String)>;

    fn view(&self) -> Option<View>;
}

/// What previews are made of, and when somebody last asked for one.
struct Known {
    drafts: Drafts,
    stamp: (i64, String),
    public: View,
    kept: Vec<Kept>,
    used: Instant,
}

/// A preview's site, and what it was made of.
struct Kept {
    drafts: u64,
    what: (Selection, Option<i64>),
    view: View,
}

/// Why a preview cannot be shown.
#[derive(Debug)]
pub enum NoPreview {
    /// The published site is not in memory yet.
    NotYet,
    /// The content server does not tell its drafts.
    Source(String),
    /// These drafts together are a mistake.
    Site(Vec<Failure>),
}

impl std::fmt::Debug for Previews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Previews").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Previews {
    #[must_use]
    pub fn new(
        keys: Keys,
        clock: Clock,
        cache: &Path,
        source: Arc<dyn Source>,
        public: Arc<dyn Public>,
    ) -> Self {
        Self { keys, clock, cache: cache.to_owned(), source, public, known: Mutex::default() }
    }

    /// Forgets drafts that nobody asks for any more.
    pub fn rest(&self) {
        // While a preview is being made nobody rests.
        let Ok(mut known) = self.known.try_lock() else { return };
        if known.as_ref().is_some_and(|known| known.used.elapsed() > IDLE) {
            *known = None;
        }
    }

    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// In Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_secs()).unwrap_or(i64::MAX)
    }

    /// The site with the drafts a link names. Asks the content server, so not to be called
    /// from asynchronous code.
    ///
    /// # Errors
    /// See [`NoPreview`].
    pub fn site(&self, link: &Link) -> Result<View, NoPreview> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.current(&mut known)?;
        let refreshed = known.drafts.refresh(&*self.source);
        refreshed.map_err(|error| NoPreview::Source(error.to_string()))?;
        let revision = known.drafts.revision();
        known.kept.retain(|one| one.drafts == revision);
        let what = (link.selection(), link.at);
        if let Some(found) = known.kept.iter().find(|one| one.what == what) {
            return Ok(found.view.clone());
        }
        let now = link.at.unwrap_or_else(|| self.now());
        let view = known.public.with_drafts(&known.drafts, &what.0, now);
        let view = view.map_err(NoPreview::Site)?.at(now);
        if known.kept.len() >= MOST_KEPT {
            known.kept.remove(0);
        }
        known.kept.push(Kept { drafts: revision, what, view: view.clone() });
        Ok(view)
    }

    /// What is known, with the published site as it is now.
    fn current<'a>(&self, known: &'a mut Option<Known>) -> Result<&'a mut Known, NoPreview> {
        let stamp = self.public.stamp().ok_or(NoPreview::NotYet)?;
        let used = Instant::now();
        if known.as_ref().is_none_or(|known| known.stamp != stamp) {
            let public = self.public.view().ok_or(NoPreview::NotYet)?;
            let drafts = known.take().map(|known| known.drafts).unwrap_or_default();
            *known = Some(Known { drafts, stamp, public, kept: Vec::new(), used });
        }
        let known = known.as_mut().ok_or(NoPreview::NotYet)?;
        known.used = used;
        Ok(known)
    }

    /// What stands at a path of a preview.
    #[must_use]
    pub fn show(&self, view: &View, path: &str) -> Shown {
        view.show(path, Some(&*self.source), &self.cache)
    }
}

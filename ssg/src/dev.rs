//! `ssg dev`: the site as an author changes it, page by page and at once.
//!
//! Only the page a browser asks for is rendered. When templates, files or content change,
//! open pages are told, and each looks whether it is concerned: stylesheets are exchanged,
//! anything else loads the page again where it was scrolled to, and a mistake is shown over
//! it with its place. Nothing is published and nothing is written below `dist/`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

pub(crate) use self::answer::answer;
use crate::build::{BuildError, Drafts, Failure, Selection, Source, View, Viewer, problem};
use crate::daemon::{Built, Cause, Orders, Pipeline};

mod answer;
mod excerpt;
mod page;
mod told;

/// The site under the author's hands.
pub struct Dev {
    site: PathBuf,
    cache: PathBuf,
    source: Arc<dyn Source>,
    viewer: Mutex<Viewer>,
    /// Shown over the published content, if that was asked for.
    drafts: Option<Mutex<Drafts>>,
    now: watch::Sender<Now>,
    pulling: AtomicBool,
}

/// What there is to show.
#[derive(Debug, Clone, Default)]
pub(crate) struct Now {
    /// Grows with every change; 0 before anything is known.
    number: u64,
    site: Arc<State>,
    /// The server ends.
    closed: bool,
}

#[derive(Debug)]
enum State {
    Site(Box<View>),
    /// Mistakes that keep any page from being shown.
    Broken(Vec<Failure>),
}

impl Default for State {
    fn default() -> Self {
        Self::Broken(Vec::new())
    }
}

impl std::fmt::Debug for Dev {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dev").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Dev {
    /// `drafts`: show drafts in the place of what is published.
    #[must_use]
    pub fn new(viewer: Viewer, site: &Path, drafts: bool) -> Self {
        Self {
            site: site.to_owned(),
            cache: viewer.cache().to_owned(),
            source: Arc::clone(viewer.source()),
            viewer: Mutex::new(viewer),
            drafts: drafts.then(Mutex::default),
            now: watch::Sender::default(),
            pulling: AtomicBool::new(false),
        }
    }

    /// Lets go of the browsers that listen, so that the server can end.
    pub fn close(&self) {
        self.now.send_modify(|now| now.closed = true);
    }

    fn viewer(&self) -> MutexGuard<'_, Viewer> {
        self.viewer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads templates and plans pages anew, and tells the browsers.
    fn look(&self) {
        let started = Instant::now();
        let seconds = jiff::Timestamp::now().as_second();
        // Held to the end, or an older look might be told after a newer one.
        let mut viewer = self.viewer();
        let state = match viewer.view(seconds) {
            Ok(Ok(view)) => self.with_drafts(view, seconds),
            Ok(Err(failures)) => State::Broken(failures),
            Err(error) => State::Broken(vec![plain(&error)]),
        };
        match &state {
            State::Site(view) => {
                view.problems().iter().for_each(tell);
                let took = started.elapsed().as_millis();
                tracing::info!(pages = view.pages().count(), took_ms = took, "ready");
            }
            State::Broken(failures) => failures.iter().for_each(tell),
        }
        self.now.send_modify(|now| {
            now.number += 1;
            now.site = Arc::new(state);
        });
    }

    fn with_drafts(&self, view: View, now: i64) -> State {
        let Some(drafts) = &self.drafts else { return State::Site(Box::new(view)) };
        let drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
        match view.with_drafts(&drafts, &Selection::default(), now) {
            Ok(view) => State::Site(Box::new(view)),
            Err(failures) => State::Broken(failures),
        }
    }

    /// Asks for new content, beside everything else: a content server that is away must not
    /// hold up the templates.
    fn pull(self: &Arc<Self>) {
        if self.pulling.swap(true, Ordering::AcqRel) {
            return;
        }
        let dev = Arc::clone(self);
        // Not on the threads that render: they would wait for each other.
        tokio::task::spawn_blocking(move || {
            match dev.pulled() {
                Ok(true) => dev.look(),
                Ok(false) => {}
                Err(error) => dev.could_not_pull(&error),
            }
            dev.pulling.store(false, Ordering::Release);
        });
    }

    /// Whether anything is new.
    fn pulled(&self) -> Result<bool, BuildError> {
        let cursor = self.viewer().cursor()?;
        let answer = self.source.pull(cursor.as_deref());
        let mut news = self.viewer().take(answer, cursor.as_deref())?;
        if let Some(drafts) = &self.drafts {
            let drafts = || drafts.lock().unwrap_or_else(PoisonError::into_inner);
            let cursor = drafts().cursor().map(str::to_owned);
            let answer = self.source.drafts(cursor.as_deref());
            let mut drafts = drafts();
            let before = drafts.revision();
            drafts.take(answer)?;
            news |= drafts.revision() != before;
        }
        Ok(news || self.now.borrow().number == 0)
    }

    fn could_not_pull(&self, error: &BuildError) {
        tracing::warn!(%error, "the content is shown as it was");
        if matches!(&*self.now.borrow().site, State::Site(_)) {
            return;
        }
        let broken = Arc::new(State::Broken(vec![plain(error)]));
        self.now.send_modify(|now| {
            now.number += 1;
            now.site = Arc::clone(&broken);
        });
    }
}

fn tell(failure: &Failure) {
    tracing::error!("{}", problem::line(failure));
}

fn plain(error: &BuildError) -> Failure {
    Failure { message: error.to_string(), ..Failure::default() }
}

/// What the daemon's loop drives: it watches the templates, polls and batches.
#[derive(Debug, Clone)]
pub struct Looking(pub Arc<Dev>);

impl Pipeline for Looking {
    fn run(&self, cause: Cause, _: &mut Orders) -> anyhow::Result<Built> {
        let dev = &self.0;
        let has_content = cause.start && dev.viewer().has_content()?;
        if cause.site_changed || has_content {
            dev.look();
        }
        if cause.start || cause.content_changed || !cause.site_changed {
            dev.pull();
        }
        Ok(Built::default())
    }

    fn dev(&self) -> Option<Arc<Dev>> {
        Some(Arc::clone(&self.0))
    }
}

//! What the page being rendered on this thread may ask.
//!
//! Tera's functions cannot be handed an object per page, and components see no
//! context, so the scope is thread-local. It is entered in one place, around
//! one synchronous render; a stack, because a render may start another.

use std::cell::RefCell;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tera::{Error, Value};

use super::host::Components;
use crate::content::Snapshot;
use crate::content::value::to_json;
use crate::engine::{Answer, Fingerprint, Key, recorder};
use crate::pictures::Facts;
use crate::site::period::Period;
use crate::site::{PageRef, Site, public_url};

/// Where documents have their pages.
pub trait UrlResolver: Debug + Send + Sync {
    /// The URL of a document's page in a locale, as links show it.
    fn url(&self, document_id: &str, locale: &str) -> Option<String>;

    /// Whether any route makes pages for this content type, for messages.
    fn has_route(&self, uid: &str) -> bool;

    /// The page of an output file, with everything its own bytes depend on.
    fn page(&self, file: &str) -> Option<(PageRef, Fingerprint)>;

    /// The pages in a folder in a locale, in the order of files.
    fn pages(&self, below: &str, locale: &str) -> Vec<PageRef>;
}

/// The site's own files below `static/`.
pub trait Assets: Debug + Send + Sync {
    /// The published URL of a file, with its content's hash in the name.
    fn url(&self, path: &str) -> Option<String>;

    /// All paths that [`Assets::url`] knows, for messages.
    fn paths(&self) -> Vec<String>;
}

/// Values of site.toml, as far as pages depend on them.
pub trait Settings: Debug + Send + Sync {
    /// The fingerprint of a value by its dotted path; absent when there is none.
    fn fingerprint(&self, path: &str) -> Fingerprint;
}

/// What is known of pictures in the media library.
pub trait Pictures: Debug + Send + Sync {
    /// What the bytes of a file in a version tell; none while nobody has looked at them, and
    /// then somebody will. `placeholder`: also what stands in the picture's place.
    fn facts(&self, url: &str, version: &str, placeholder: bool) -> Option<Arc<Facts>>;
}

/// The world of one page: one snapshot, one route table, one set of assets.
#[derive(Debug, Clone)]
pub struct Scope {
    pub snapshot: Snapshot,
    pub urls: Arc<dyn UrlResolver>,
    pub assets: Arc<dyn Assets>,
    pub settings: Arc<dyn Settings>,
    pub pictures: Arc<dyn Pictures>,
    pub site: Arc<Site>,
    /// The page's own URL and output file.
    pub url: Arc<str>,
    pub file: Arc<str>,
    /// The page's locale: the default of every question.
    pub locale: Arc<str>,
    /// How often the page's route is rendered again; none lets the page see no clock.
    pub revalidate: Option<Period>,
    /// The time of this build, in Unix seconds.
    pub now: i64,
}

/// A scope with what belongs to its render alone.
struct Frame {
    scope: Rc<Scope>,
    components: Components,
    /// The value a filter could not show.
    blamed: Option<Value>,
}

impl Scope {
    /// Notes that the page depends on a value of site.toml.
    pub(crate) fn note_config(&self, path: &str) {
        let answer = Answer::plain(self.settings.fingerprint(path));
        recorder::record(Key::Config { path: path.into() }, answer);
    }

    /// The site's own address, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        self.note_config("site.base_url");
        &self.site.base_url
    }

    pub(crate) fn title(&self) -> &str {
        self.note_config("site.title");
        &self.site.title
    }

    /// Where the site begins in the page's locale.
    pub(crate) fn home(&self) -> String {
        public_url::localized("/", &self.locale, self.site.is_default_locale(&self.locale))
    }
}

thread_local! {
    static SCOPES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The scope lasts as long as the guard.
#[derive(Debug)]
pub(crate) struct ScopeGuard {
    depth: usize,
    // The stack belongs to this thread.
    _not_send: PhantomData<*const ()>,
}

pub(crate) fn enter(scope: Scope, components: Components) -> ScopeGuard {
    let depth = SCOPES.with_borrow_mut(|scopes| {
        scopes.push(Frame { scope: Rc::new(scope), components, blamed: None });
        scopes.len()
    });
    ScopeGuard { depth, _not_send: PhantomData }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| scopes.truncate(self.depth.saturating_sub(1)));
    }
}

impl ScopeGuard {
    /// Where in the page's entry the value stands that a filter could not show.
    pub(crate) fn blamed(&self, entry: Option<&Value>) -> Option<String> {
        let at = self.depth.checked_sub(1)?;
        let blamed = SCOPES.with_borrow(|scopes| scopes.get(at)?.blamed.clone())?;
        path_to(&to_json(&blamed), &to_json(entry?))
    }
}

/// The dotted path of a value inside another.
fn path_to(wanted: &serde_json::Value, within: &serde_json::Value) -> Option<String> {
    use serde_json::Value as Json;
    let step = |name: String, inner: &Json| {
        if inner == wanted {
            return Some(name);
        }
        path_to(wanted, inner).map(|rest| format!("{name}.{rest}"))
    };
    match within {
        Json::Object(map) => map.iter().find_map(|(name, inner)| step(name.clone(), inner)),
        Json::Array(items) => {
            items.iter().enumerate().find_map(|(at, inner)| step(at.to_string(), inner))
        }
        _ => None,
    }
}

/// Notes the value that the page cannot be rendered for.
pub(crate) fn blame(value: &Value) {
    SCOPES.with_borrow_mut(|scopes| {
        if let Some(frame) = scopes.last_mut() {
            frame.blamed = Some(value.clone());
        }
    });
}

/// The components of the site whose page is being rendered.
pub(crate) fn components() -> Result<Components, Error> {
    let found = SCOPES.with_borrow(|scopes| scopes.last().map(|frame| frame.components.clone()));
    found.ok_or_else(|| Error::message("components can be called only while a page is rendered"))
}

/// The scope of the page being rendered.
pub(crate) fn current() -> Result<Rc<Scope>, Error> {
    let scope = SCOPES.with_borrow(|scopes| scopes.last().map(|frame| Rc::clone(&frame.scope)));
    scope.ok_or_else(|| Error::message("this function works only while a page is rendered"))
}

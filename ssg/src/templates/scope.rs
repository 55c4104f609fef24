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

use tera::Error;

use crate::content::Snapshot;
use crate::site::period::Period;

/// Where documents have their pages.
pub trait UrlResolver: Debug + Send + Sync {
    /// The URL of a document's page in a locale, as links show it.
    fn url(&self, document_id: &str, locale: &str) -> Option<String>;

    /// Whether any route makes pages for this content type, for messages.
    fn has_route(&self, uid: &str) -> bool;
}

/// The site's own files below `static/`.
pub trait Assets: Debug + Send + Sync {
    /// The published URL of a file, with its content's hash in the name.
    fn url(&self, path: &str) -> Option<String>;

    /// All paths that [`Assets::url`] knows, for messages.
    fn paths(&self) -> Vec<String>;
}

/// The world of one page: one snapshot, one route table, one set of assets.
#[derive(Debug, Clone)]
pub struct Scope {
    pub snapshot: Snapshot,
    pub urls: Arc<dyn UrlResolver>,
    pub assets: Arc<dyn Assets>,
    /// The page's locale: the default of every question.
    pub locale: Arc<str>,
    /// How often the page's route is rendered again; none lets the page see no clock.
    pub revalidate: Option<Period>,
    /// The time of this build, in Unix seconds.
    pub now: i64,
}

thread_local! {
    static SCOPES: RefCell<Vec<Rc<Scope>>> = const { RefCell::new(Vec::new()) };
}

/// The scope lasts as long as the guard.
#[derive(Debug)]
pub(crate) struct ScopeGuard {
    depth: usize,
    // The stack belongs to this thread.
    _not_send: PhantomData<*const ()>,
}

pub(crate) fn enter(scope: Scope) -> ScopeGuard {
    let depth = SCOPES.with_borrow_mut(|scopes| {
        scopes.push(Rc::new(scope));
        scopes.len()
    });
    ScopeGuard { depth, _not_send: PhantomData }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| scopes.truncate(self.depth.saturating_sub(1)));
    }
}

/// The scope of the page being rendered.
pub(crate) fn current() -> Result<Rc<Scope>, Error> {
    let scope = SCOPES.with_borrow(|scopes| scopes.last().cloned());
    scope.ok_or_else(|| Error::message("this function works only while a page is rendered"))
}

//! Collects the reads of the page being rendered on this thread.
//!
//! Template functions cannot be handed a per-page object (components do not see the
//! context), so the current page's recorder is thread-local. Rendering a page is
//! synchronous; a stack, because a function may render again.

use std::cell::RefCell;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{Answer, Key, Read};

thread_local! {
    static STACK: RefCell<Vec<IndexMap<Key, Answer, RandomState>>> = const { RefCell::new(Vec::new()) };
}

/// Recording lasts as long as the guard; [`RecorderGuard::finish`] hands out the reads.
#[derive(Debug)]
pub struct RecorderGuard {
    depth: usize,
    // The stack belongs to this thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

/// Starts recording for one page on this thread.
#[must_use]
pub fn start() -> RecorderGuard {
    let depth = STACK.with_borrow_mut(|stack| {
        stack.push(IndexMap::default());
        stack.len()
    });
    RecorderGuard { depth, _not_send: std::marker::PhantomData }
}

impl RecorderGuard {
    /// The reads in the order they were first made.
    #[must_use]
    pub fn finish(self) -> Vec<Read> {
        let reads = STACK.with_borrow_mut(|stack| {
            stack.truncate(self.depth);
            stack.pop().unwrap_or_default()
        });
        reads.into_iter().map(|(key, answer)| Read { key, answer }).collect()
    }
}

impl Drop for RecorderGuard {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| stack.truncate(self.depth.saturating_sub(1)));
    }
}

/// Notes a question and its answer for the page being rendered.
///
/// # Panics
/// When nothing is recording: a read that no trace holds would leave a stale page behind,
/// so this is a programming error. In debug builds also when one question gets two answers
/// within a page.
pub fn record(key: Key, answer: Answer) {
    let recorded = STACK.with_borrow_mut(|stack| {
        let Some(reads) = stack.last_mut() else { return false };
        if let Some(before) = reads.get(&key) {
            debug_assert_eq!(
                before.fingerprint, answer.fingerprint,
                "`{key}` gave two answers within one page"
            );
        } else {
            reads.insert(key, answer);
        }
        true
    });
    assert!(recorded, "a tracked function was called while no page was being rendered");
}

/// Whether a page is being rendered on this thread.
#[must_use]
pub fn is_recording() -> bool {
    STACK.with_borrow(|stack| !stack.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Fingerprint;

    fn read(path: &str) {
        let answer = Answer::plain(Fingerprint::of_bytes(path.as_bytes()));
        record(Key::Asset { path: path.into() }, answer);
    }

    fn paths(reads: &[Read]) -> Vec<String> {
        reads.iter().map(|read| read.key.to_string()).collect()
    }

    #[test]
    fn reads_are_kept_in_order_and_once() {
        let guard = start();
        ["b", "a", "b"].into_iter().for_each(read);
        assert_eq!(paths(&guard.finish()), ["asset b", "asset a"]);
        assert!(!is_recording());
    }

    #[test]
    fn a_render_inside_a_render_has_its_own_reads() {
        let outer = start();
        read("outer");
        let inner = start();
        read("inner");
        assert_eq!(paths(&inner.finish()), ["asset inner"]);
        assert_eq!(paths(&outer.finish()), ["asset outer"]);
    }

    #[test]
    fn an_abandoned_guard_leaves_nothing_behind() {
        drop(start());
        assert!(!is_recording());
    }
}

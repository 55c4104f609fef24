//! A small set of question numbers.
//!
//! An index has as many of them as there are documents, most with a handful of questions:
//! a sorted list is smaller than a tree and as quick. Numbers mostly come in ascending
//! order, so adding is mostly appending.

use super::QuestionId;

/// Ascending, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(Vec<QuestionId>);

impl Ids {
    pub(super) fn insert(&mut self, id: QuestionId) {
        if self.0.last().is_none_or(|last| *last < id) {
            self.0.push(id);
        } else if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    pub(super) fn remove(&mut self, id: QuestionId) {
        if let Ok(at) = self.0.binary_search(&id) {
            self.0.remove(at);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = QuestionId> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_ascending_and_once() {
        let mut ids = Ids::default();
        [5, 1, 9, 5, 3, 1].into_iter().for_each(|id| ids.insert(id));
        ids.remove(3);
        ids.remove(4);
        assert_eq!(ids.iter().collect::<Vec<_>>(), [1, 5, 9]);
        [1, 5, 9].into_iter().for_each(|id| ids.remove(id));
        assert!(ids.is_empty());
    }
}

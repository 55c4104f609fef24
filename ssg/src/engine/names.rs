//! A sorted set of shared texts.
//!
//! A site of a hundred thousand pages has half a million of them, nearly all with one or a
//! few members, and a few with as many as there are pages. The small ones are lists, which
//! take a fifth of a tree's memory.

use std::collections::BTreeSet;
use std::sync::Arc;

/// More members than this make a tree: adding to a long list moves half of it.
const MAX_LISTED: usize = 128;

#[derive(Debug, Clone)]
pub struct Names(Members);

#[derive(Debug, Clone)]
enum Members {
    /// Ascending, each once.
    Few(Vec<Arc<str>>),
    Many(BTreeSet<Arc<str>>),
}

impl Default for Names {
    fn default() -> Self {
        Self(Members::Few(Vec::new()))
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Names {}

impl Names {
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Members::Few(names) => names.len(),
            Members::Many(names) => names.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match &self.0 {
            Members::Few(names) => find(names, name).is_ok(),
            Members::Many(names) => names.contains(name),
        }
    }

    /// In ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        let (few, many) = match &self.0 {
            Members::Few(names) => (Some(names.iter()), None),
            Members::Many(names) => (None, Some(names.iter())),
        };
        Iter { few, many }
    }

    pub fn insert(&mut self, name: Arc<str>) {
        match &mut self.0 {
            Members::Many(names) => drop(names.insert(name)),
            Members::Few(names) => {
                if names.last().is_none_or(|last| *last < name) {
                    names.push(name);
                } else if let Err(at) = find(names, &name) {
                    names.insert(at, name);
                }
                if names.len() > MAX_LISTED {
                    self.0 = Members::Many(std::mem::take(names).into_iter().collect());
                }
            }
        }
    }

    pub fn remove(&mut self, name: &str) {
        match &mut self.0 {
            Members::Many(names) => drop(names.remove(name)),
            Members::Few(names) => {
                if let Ok(at) = find(names, name) {
                    names.remove(at);
                }
            }
        }
    }

    /// Adds those that `other` has.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
        } else {
            other.iter().for_each(|name| self.insert(Arc::clone(name)));
        }
    }

    /// Gives back room that was kept for more.
    pub fn shrink(&mut self) {
        if let Members::Few(names) = &mut self.0 {
            names.shrink_to_fit();
        }
    }
}

fn find(names: &[Arc<str>], name: &str) -> Result<usize, usize> {
    names.binary_search_by(|known| (**known).cmp(name))
}

impl FromIterator<Arc<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Arc<str>>>(names: I) -> Self {
        let mut set = Self::default();
        names.into_iter().for_each(|name| set.insert(name));
        set.shrink();
        set
    }
}

struct Iter<'a> {
    few: Option<std::slice::Iter<'a, Arc<str>>>,
    many: Option<std::collections::btree_set::Iter<'a, Arc<str>>>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Arc<str>;

    fn next(&mut self) -> Option<Self::Item> {
        match (&mut self.few, &mut self.many) {
            (Some(names), _) => names.next(),
            (_, Some(names)) => names.next(),
            (None, None) => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.few.as_ref().map_or(0, ExactSizeIterator::len)
            + self.many.as_ref().map_or(0, ExactSizeIterator::len);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_are_a_sorted_set(steps in prop::collection::vec((any::<bool>(), 0u16..400), 0..600)) {
            let (mut names, mut model) = (Names::default(), BTreeSet::new());
            for (put, number) in steps {
                let name: Arc<str> = format!("n{number}").into();
                if put {
                    names.insert(Arc::clone(&name));
                    model.insert(name);
                } else {
                    names.remove(&name);
                    model.remove(&name);
                }
            }
            prop_assert!(names.iter().eq(model.iter()));
            prop_assert_eq!(names.iter().len(), model.len());
            prop_assert_eq!(names.contains("n7"), model.contains("n7"));
            let again: Names = model.iter().rev().cloned().collect();
            prop_assert_eq!(&again, &names);
            let mut merged: Names = ["n1", "x"].map(Arc::<str>::from).into_iter().collect();
            merged.merge(&names);
            model.extend(["n1", "x"].map(Arc::<str>::from));
            prop_assert!(merged.iter().eq(model.iter()));
        }
    }
}

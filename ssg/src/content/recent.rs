//! A bounded memory of results that are asked for again soon.
//!
//! Two generations: when the young one is full it becomes the old one, whose
//! results are forgotten. A result that is asked for again moves to the young
//! one. No clock and no lists to keep in order.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    /// What a generation may weigh.
    capacity: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (V, usize), RandomState>,
    old: HashMap<K, (V, usize), RandomState>,
    weight: usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Remembers results of up to twice this weight in all.
    pub(crate) fn new(capacity: usize) -> Self {
        let generations =
            Generations { young: HashMap::default(), old: HashMap::default(), weight: 0 };
        Self { capacity, generations: Mutex::new(generations) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        if let Some((value, _)) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, weight)) = generations.old.remove_entry(key)?;
        generations.put(key, value.clone(), weight, self.capacity);
        Some(value)
    }

    pub(crate) fn put(&self, key: K, value: V, weight: usize) {
        self.lock().put(key, value, weight, self.capacity);
    }

    pub(crate) fn len(&self) -> usize {
        let generations = self.lock();
        generations.young.len() + generations.old.len()
    }

    pub(crate) fn clear(&self) {
        let mut generations = self.lock();
        let forgotten =
            (std::mem::take(&mut generations.young), std::mem::take(&mut generations.old));
        generations.weight = 0;
        drop(generations);
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn put(&mut self, key: K, value: V, weight: usize, capacity: usize) {
        self.weight += weight;
        self.young.insert(key, (value, weight));
        if self.weight > capacity {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let recent = Recent::new(10);
        recent.put("kept", 0, 1);
        for number in 0..100 {
            assert_eq!(recent.get(&"kept"), Some(0));
            recent.put(if number % 2 == 0 { "even" } else { "odd" }, number, 6);
        }
        assert_eq!(recent.get(&"odd"), Some(99));
        let small = Recent::new(10);
        small.put("gone", 0, 1);
        (0..9).for_each(|number| small.put("other", number, 6));
        assert_eq!(small.get(&"gone"), None);
    }
}

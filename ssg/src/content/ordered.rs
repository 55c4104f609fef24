//! A sorted map that is cheap to change while older versions stay alive.
//!
//! Snapshots share almost everything with the one before. A plain `BTreeMap`
//! would be copied whole for one changed entry; here only the chunk that holds
//! the key and the list of chunks are. Lookups are two binary searches.
//! The order is the key's, never insertion or hash order.

use std::borrow::Borrow;
use std::sync::Arc;

/// Entries per chunk: small enough to copy in a microsecond, large enough that a map of a
/// hundred thousand entries is a list of a few hundred chunks.
const CHUNK: usize = 256;

#[derive(Debug)]
pub(crate) struct Ordered<K, V> {
    /// Never holds an empty chunk; keys ascend within and across chunks.
    chunks: Vec<Arc<Vec<(K, V)>>>,
    len: usize,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K, V> Clone for Ordered<K, V> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), len: self.len }
    }
}

impl<K: Ord + Clone, V: Clone> Ordered<K, V> {
    /// Builds a map in one go; of two entries with the same key the later wins.
    pub(crate) fn from_unsorted(mut entries: Vec<(K, V)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.reverse();
        entries.dedup_by(|a, b| a.0 == b.0);
        entries.reverse();
        let len = entries.len();
        let mut chunks = Vec::with_capacity(len.div_ceil(CHUNK));
        let mut rest = entries.into_iter();
        loop {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Self { chunks, len };
            }
            chunks.push(Arc::new(chunk));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let chunk = self.chunks.get(self.chunk_of(key))?;
        let at = chunk.binary_search_by(|(k, _)| k.borrow().cmp(key)).ok()?;
        chunk.get(at).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let index = self.chunk_of(&key).min(self.chunks.len().saturating_sub(1));
        let Some(chunk) = self.chunks.get_mut(index) else {
            self.chunks.push(Arc::new(vec![(key, value)]));
            self.len += 1;
            return;
        };
        let chunk = Arc::make_mut(chunk);
        match chunk.binary_search_by(|(k, _)| k.cmp(&key)) {
            Ok(at) => {
                if let Some(slot) = chunk.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => {
                chunk.insert(at, (key, value));
                self.len += 1;
                if chunk.len() > 2 * CHUNK {
                    let tail = chunk.split_off(CHUNK);
                    self.chunks.insert(index + 1, Arc::new(tail));
                }
            }
        }
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let index = self.chunk_of(key);
        let chunk = self.chunks.get_mut(index)?;
        let at = chunk.binary_search_by(|(k, _)| k.borrow().cmp(key)).ok()?;
        let chunk = Arc::make_mut(chunk);
        let (_, value) = chunk.remove(at);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(index);
        }
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().map(|(key, value)| (key, value)))
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Entries from the first key that is not less than `from`.
    pub(crate) fn range<'a, Q>(
        &'a self,
        from: &Q,
    ) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V, Q>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let index = self.chunk_of(from);
        let skip = self
            .chunks
            .get(index)
            .map_or(0, |chunk| chunk.partition_point(|(k, _)| k.borrow() < from));
        self.slice(index, skip)
    }

    /// Entries from the `rank`-th on.
    pub(crate) fn at_rank(&self, rank: usize) -> impl Iterator<Item = (&K, &V)> {
        let mut left = rank;
        let mut index = 0;
        while let Some(chunk) = self.chunks.get(index)
            && left >= chunk.len()
        {
            left -= chunk.len();
            index += 1;
        }
        self.slice(index, left)
    }

    /// How many keys are less than `key`.
    pub(crate) fn rank<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let index = self.chunk_of(key);
        let before: usize = self.chunks.iter().take(index).map(|chunk| chunk.len()).sum();
        let within = self
            .chunks
            .get(index)
            .map_or(0, |chunk| chunk.partition_point(|(k, _)| k.borrow() < key));
        before + within
    }

    fn slice(&self, chunk: usize, skip: usize) -> impl Iterator<Item = (&K, &V)> {
        let chunks = self.chunks.get(chunk..).unwrap_or_default();
        chunks.iter().flat_map(|chunk| chunk.iter()).skip(skip).map(|(key, value)| (key, value))
    }

    /// The chunk that holds the key or would: the first whose last key is not less.
    fn chunk_of<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.chunks
            .partition_point(|chunk| chunk.last().is_some_and(|(last, _)| last.borrow() < key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn pairs(map: &Ordered<u16, u32>) -> Vec<(u16, u32)> {
        map.iter().map(|(k, v)| (*k, *v)).collect()
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(
            start in prop::collection::vec((0u16..2000, any::<u32>()), 0..1500),
            steps in prop::collection::vec((any::<bool>(), 0u16..2000, any::<u32>()), 0..300),
            probe in 0u16..2000,
        ) {
            let mut model: BTreeMap<u16, u32> = start.iter().copied().collect();
            let mut map = Ordered::from_unsorted(start);
            let before = map.clone();
            let old = pairs(&before);
            for (put, key, value) in steps {
                if put {
                    model.insert(key, value);
                    map.insert(key, value);
                } else {
                    prop_assert_eq!(map.remove(&key), model.remove(&key));
                }
            }
            let expected: Vec<_> = model.iter().map(|(k, v)| (*k, *v)).collect();
            prop_assert_eq!(pairs(&map), expected.clone());
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(map.get(&probe), model.get(&probe));
            let from: Vec<_> = map.range(&probe).map(|(k, v)| (*k, *v)).collect();
            prop_assert_eq!(from, model.range(probe..).map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
            prop_assert_eq!(map.rank(&probe), model.range(..probe).count());
            let tail: Vec<_> = map.at_rank(7).map(|(k, v)| (*k, *v)).collect();
            prop_assert_eq!(tail, expected.into_iter().skip(7).collect::<Vec<_>>());
            prop_assert_eq!(pairs(&before), old, "an older version must not change");
        }
    }
}

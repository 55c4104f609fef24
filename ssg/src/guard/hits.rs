//! Answers that this program gave itself, until the guard asks for them.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::Hit;

/// Of a flood between two looks, the latest are enough to tell.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub struct Hits(Mutex<VecDeque<Hit>>);

impl Hits {
    pub fn push(&self, hit: Hit) {
        let mut hits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hits.len() == MOST {
            hits.pop_front();
        }
        hits.push_back(hit);
    }

    pub fn take(&self) -> Vec<Hit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

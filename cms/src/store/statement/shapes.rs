//! Which texts of statements stay prepared.
//!
//! Preparing costs more than most statements do, but a request may ask for any combination of
//! filters, and every prepared statement takes memory on every connection. So a text is kept
//! from its second use on, and only so many are: when the room is full the others are
//! prepared each time, as all of them would be without this.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::Bind;

/// Texts that stay prepared. One takes 5 to 20 KB on each of the connections.
const MOST_KEPT: usize = 256;
/// Texts that are remembered to have been used once.
const MOST_SEEN: usize = 1024;

#[derive(Default)]
struct Shapes {
    kept: HashSet<u64>,
    seen: HashSet<u64>,
}

/// Hashes with a key of this process: nobody outside can make two texts collide.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static SHAPES: LazyLock<Mutex<Shapes>> = LazyLock::new(Mutex::default);

/// Whether a connection should keep this statement; asking counts as a use.
pub(super) fn is_kept(sql: &str, binds: &[(usize, Bind)]) -> bool {
    let mut hasher = KEY.build_hasher();
    hasher.write(sql.as_bytes());
    for (place, bind) in binds {
        hasher.write_usize(*place);
        // Databases plan by the types of what is bound.
        hasher.write_u8(match bind {
            Bind::Text(_) => 0,
            Bind::Integer(_) => 1,
            Bind::Float(_) => 2,
            Bind::Bool(_) => 3,
            Bind::Null => 4,
        });
    }
    // The sets are never left half changed.
    SHAPES.lock().unwrap_or_else(PoisonError::into_inner).admit(hasher.finish())
}

impl Shapes {
    fn admit(&mut self, shape: u64) -> bool {
        if self.kept.contains(&shape) {
            return true;
        }
        if self.kept.len() < MOST_KEPT && self.seen.remove(&shape) {
            return self.kept.insert(shape);
        }
        if self.seen.len() >= MOST_SEEN {
            self.seen.clear();
        }
        self.seen.insert(shape);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_kept_from_its_second_use_on_while_there_is_room() {
        let mut shapes = Shapes::default();
        assert!(!shapes.admit(1));
        assert!(shapes.admit(1));
        assert!(shapes.admit(1));
        for shape in 0..10_000 {
            shapes.admit(shape);
            shapes.admit(shape);
        }
        assert_eq!(shapes.kept.len(), MOST_KEPT);
        assert!(shapes.seen.len() <= MOST_SEEN);
        assert!(shapes.admit(1));
    }
}

//! The order in which an entry shows what was populated.
//!
//! Strapi asks for all attributes of a level at once, and each takes its place when its last
//! answer arrives: what takes more questions stands behind what takes fewer. Nothing is
//! measured here; questions are counted, so the order is the same every time.

use super::populate::Holder;

/// When something has arrived, in tenths of a question.
pub(super) type Arrival = u32;

/// One question.
const QUESTION: Arrival = 10;
/// Finding out that there is nothing to ask more about.
const NOTHING_BELOW: Arrival = 5;
/// The second question of a zone with items, for the items of each component: all of them are
/// on their way before any that stands below another attribute.
const ITEMS: Arrival = 9;
const NO_ITEMS: Arrival = 2;

/// A relation, media or a component; `below` is when all below what was found has arrived.
pub(super) fn of_linked(nested: bool, is_empty: bool, below: Arrival) -> Arrival {
    QUESTION + if nested && is_empty { NOTHING_BELOW } else { below }
}

/// A dynamic zone.
pub(super) fn of_zone(nested: bool, is_empty: bool, below: Arrival) -> Arrival {
    QUESTION
        + match (is_empty, nested) {
            (true, false) => NO_ITEMS,
            (true, true) => NO_ITEMS + NOTHING_BELOW,
            (false, _) => ITEMS + below,
        }
}

/// Puts what the holders of a level show into the order it arrived in, and says when the last
/// of it did.
pub(super) fn arrange(holders: &mut [Holder], arrivals: &[(&str, Arrival)]) -> Arrival {
    if !arrivals.is_sorted_by_key(|(_, arrival)| *arrival) {
        let of = |name: &str| arrivals.iter().find(|(known, _)| *known == name).map(|it| it.1);
        for holder in holders {
            holder.filled.sort_by_key(|(name, _)| of(name));
        }
    }
    arrivals.iter().map(|(_, arrival)| *arrival).max().unwrap_or_default()
}

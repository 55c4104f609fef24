//! Whether a row passes a filter, with the meaning Strapi's SQL gives it.
//!
//! Each relation in a filter is a join of its own, and a row passes when some
//! combination of joined rows makes the whole condition true. A missing target
//! joins a row of nulls. Since the joins are independent, a negation can be
//! pushed down to the single tests: `not(author.name = x)` asks for an author
//! whose name is known and different, not for the absence of such an author.

use cms_api::query::Filter;

use super::follow::Place;
use super::operator::holds;
use super::snapshot::Snapshot;

impl Snapshot {
    pub(crate) fn passes(&self, place: &Place<'_>, filter: &Filter) -> bool {
        self.satisfies(place, filter, true)
    }

    /// Whether the filter can be made `wanted` for this row.
    fn satisfies(&self, place: &Place<'_>, filter: &Filter, wanted: bool) -> bool {
        match filter {
            Filter::And(parts) if wanted => parts.iter().all(|f| self.satisfies(place, f, true)),
            Filter::And(parts) => parts.iter().any(|f| self.satisfies(place, f, false)),
            Filter::Or(parts) if wanted => parts.iter().any(|f| self.satisfies(place, f, true)),
            Filter::Or(parts) => parts.iter().all(|f| self.satisfies(place, f, false)),
            Filter::Not(inner) => self.satisfies(place, inner, !wanted),
            Filter::Field { name, kind, test } => {
                holds(*kind, place.get(name), test) == Some(wanted)
            }
            Filter::Linked { name, link, exists } => {
                self.follow(place, name, link).is_empty() != (*exists == wanted)
            }
            Filter::Through { name, link, filter } => {
                let targets = self.follow(place, name, link);
                if targets.is_empty() {
                    return self.satisfies(&Place::nothing(place.asked), filter, wanted);
                }
                targets.iter().any(|target| self.satisfies(target, filter, wanted))
            }
        }
    }
}

//! `_q`: a substring looked for in every searchable attribute, as Strapi does it.

use std::sync::Arc;

use cms_api::content_type::{Attribute, AttributeKind};

use super::entry::Entry;
use super::operator::contains_folded;
use super::query::ascending_by_rank;
use super::snapshot::Snapshot;
use super::view::Wanted;

/// Columns of every type that are searched too.
const SYSTEM: [&str; 3] = ["id", "documentId", "locale"];

impl Snapshot {
    /// The wanted rows that also contain the text somewhere.
    pub(crate) fn searched(&self, wanted: &Wanted<'_>, text: &str) -> Vec<Arc<Entry>> {
        let Some(ty) = self.model().get(wanted.uid) else { return Vec::new() };
        let numeric = text.trim().parse::<f64>().is_ok();
        let searched = ty.attributes.iter().filter(|(_, attribute)| {
            attribute.searchable
                && !attribute.is_hidden()
                && (is_text(attribute) || numeric && is_number(attribute))
        });
        let names: Vec<_> = searched.map(|(name, _)| name.as_str()).chain(SYSTEM).collect();
        let hit = |row: &&Arc<Entry>| {
            names.iter().any(|name| {
                row.get(name)
                    .filter(|value| !value.is_none())
                    .is_some_and(|value| contains_folded(&value.to_string(), text))
            })
        };
        ascending_by_rank(self, wanted, hit)
    }
}

fn is_text(attribute: &Attribute) -> bool {
    matches!(
        attribute.kind,
        AttributeKind::String
            | AttributeKind::Text
            | AttributeKind::RichText
            | AttributeKind::Email
            | AttributeKind::Uid { .. }
            | AttributeKind::Enumeration { .. }
    )
}

fn is_number(attribute: &Attribute) -> bool {
    matches!(
        attribute.kind,
        AttributeKind::Integer
            | AttributeKind::BigInteger
            | AttributeKind::Float
            | AttributeKind::Decimal
    )
}

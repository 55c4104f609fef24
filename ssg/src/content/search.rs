//! `_q`: a substring looked for in every searchable attribute, as Strapi does it.

use std::sync::Arc;

use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::query::FieldKind;
use cms_api::query_parse::is_number as is_number_in_javascript;

use super::entry::Entry;
use super::operator::{contains_folded, text_of};
use super::query::ascending_by_rank;
use super::snapshot::Snapshot;
use super::view::Wanted;

/// Columns of every type that are searched too.
const SYSTEM: [&str; 3] = ["id", "documentId", "locale"];

impl Snapshot {
    /// The wanted rows that also contain the text somewhere.
    pub(crate) fn searched(&self, wanted: &Wanted<'_>, text: &str) -> Vec<Arc<Entry>> {
        let Some(ty) = self.model().get(wanted.uid) else { return Vec::new() };
        let numeric = is_number_in_javascript(text);
        let searched = ty.attributes.iter().filter(|(_, attribute)| {
            attribute.searchable
                && !attribute.is_hidden()
                && (is_text(attribute) || numeric && is_number(attribute))
        });
        let own = searched.map(|(name, attribute)| (name.as_str(), kind_of(attribute)));
        let system = SYSTEM.into_iter().map(|name| (name, FieldKind::Text));
        let names: Vec<_> = own.chain(system).collect();
        let hit = |row: &&Arc<Entry>| {
            names.iter().any(|(name, kind)| {
                row.get(name)
                    .filter(|value| !value.is_none())
                    .is_some_and(|value| holds(&text_of(*kind, value), text))
            })
        };
        ascending_by_rank(self, wanted, hit)
    }
}

fn kind_of(attribute: &Attribute) -> FieldKind {
    match attribute.kind {
        AttributeKind::Float | AttributeKind::Decimal => FieldKind::Float,
        _ => FieldKind::Text,
    }
}

/// Whether a text is in another, whatever the case of ASCII letters. An underscore stands for
/// any letter.
fn holds(whole: &str, text: &str) -> bool {
    if !text.contains('_') {
        return contains_folded(whole, text);
    }
    let whole: Vec<_> = whole.chars().collect();
    let text: Vec<_> = text.chars().collect();
    whole.windows(text.len()).any(|part| {
        part.iter().zip(&text).all(|(have, want)| *want == '_' || have.eq_ignore_ascii_case(want))
    })
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

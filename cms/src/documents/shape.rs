//! Entries as REST shows them: which keys, in which order.

use cms_api::content_type::{Attribute, AttributeKind, Component, ContentType};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::populate::Holder;
use crate::clock;

const COMPONENT: &str = "__component";

/// A document: keys, scalars in schema order, times, locale, then what was populated with
/// dynamic zones last.
pub(super) fn document(ty: &ContentType, mut holder: Holder, fields: Option<&[String]>) -> Value {
    let shown = |name: &str| fields.is_none_or(|fields| fields.iter().any(|field| field == name));
    let mut entry = Map::new();
    entry.insert("id".into(), holder.number.into());
    entry.insert("documentId".into(), std::mem::take(&mut holder.document_id).into());
    scalars(&ty.attributes, &mut holder.data, &mut entry, &shown);
    let iso = |ms: i64| Value::String(clock::iso(ms));
    let times = [
        ("createdAt", iso(holder.created_at)),
        ("updatedAt", iso(holder.updated_at)),
        ("publishedAt", holder.published_at.map_or(Value::Null, iso)),
    ];
    let own = times
        .into_iter()
        .chain(ty.localized.then(|| ("locale", Value::String(std::mem::take(&mut holder.locale)))));
    entry.extend(own.filter(|(name, _)| shown(name)).map(|(name, v)| (name.to_owned(), v)));
    populated(&ty.attributes, &mut holder.filled, &mut entry);
    Value::Object(entry)
}

/// A component; in a dynamic zone it names itself.
pub(super) fn component(
    part: &Component,
    mut holder: Holder,
    fields: Option<&[String]>,
    in_zone: bool,
) -> Value {
    let shown = |name: &str| fields.is_none_or(|fields| fields.iter().any(|field| field == name));
    let mut entry = Map::new();
    entry.insert("id".into(), holder.component.into());
    scalars(&part.attributes, &mut holder.data, &mut entry, &shown);
    populated(&part.attributes, &mut holder.filled, &mut entry);
    if in_zone {
        entry.insert(COMPONENT.into(), part.uid.clone().into());
    }
    Value::Object(entry)
}

fn scalars(
    attributes: &IndexMap<String, Attribute>,
    data: &mut Map<String, Value>,
    entry: &mut Map<String, Value>,
    shown: &dyn Fn(&str) -> bool,
) {
    for (name, attribute) in attributes {
        if attribute.kind.is_scalar() && !attribute.is_hidden() && shown(name) {
            let value = data.swap_remove(name).unwrap_or(Value::Null);
            entry.insert(name.clone(), value);
        }
    }
}

/// What was populated, in the order it was asked for; zones come last.
fn populated(
    attributes: &IndexMap<String, Attribute>,
    filled: &mut Map<String, Value>,
    entry: &mut Map<String, Value>,
) {
    let is_zone = |name: &str| {
        let kind = attributes.get(name).map(|attribute| &attribute.kind);
        matches!(kind, Some(AttributeKind::DynamicZone { .. }))
    };
    let (zones, others): (Vec<_>, Vec<_>) =
        std::mem::take(filled).into_iter().partition(|(name, _)| is_zone(name));
    entry.extend(others.into_iter().chain(zones));
}

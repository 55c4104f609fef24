//! Rows as archives write them, and the numbers their components get.
//!
//! Our components are counted together and keep their number from draft to published row;
//! Strapi counts those of each kind and knows each by its number alone. So they are numbered
//! anew, in the order of the archive, which is always the same for the same content.

use std::collections::{BTreeMap, HashMap};

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::documents::relations::apply::target_uid;
use crate::store::documents::Row;

/// A component in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) uid: String,
    pub(super) number: i64,
}

/// The components of one row, by their path and number here.
pub(super) type Parts = HashMap<(String, i64), Part>;

/// Counts components over the whole archive.
#[derive(Debug, Default)]
pub(super) struct Numbering(BTreeMap<String, i64>);

impl Numbering {
    fn next(&mut self, uid: &str) -> i64 {
        let number = self.0.entry(uid.to_owned()).or_default();
        *number += 1;
        *number
    }
}

/// Writes rows of one type.
pub(super) struct Rows<'a> {
    pub(super) model: &'a ContentModel,
    pub(super) ty: &'a ContentType,
    pub(super) numbering: &'a mut Numbering,
}

impl Rows<'_> {
    /// The `data` of a row, and its components.
    pub(super) fn data(&mut self, row: &Row) -> (Map<String, Value>, Parts) {
        let mut data = Map::new();
        data.insert("documentId".into(), row.identity.document_id.clone().into());
        scalars(&self.ty.attributes, &row.data, &mut data);
        data.insert("createdAt".into(), clock::iso(row.created_at).into());
        data.insert("updatedAt".into(), clock::iso(row.updated_at).into());
        data.insert("publishedAt".into(), json!(row.published_at.map(clock::iso)));
        let locale = Some(&row.identity.locale).filter(|_| self.ty.localized);
        data.insert("locale".into(), json!(locale));
        let mut parts = Parts::new();
        let attributes = &self.ty.attributes;
        self.components(attributes, &row.data, "", &mut data, &mut parts);
        (data, parts)
    }

    fn components(
        &mut self,
        attributes: &IndexMap<String, Attribute>,
        held: &Map<String, Value>,
        above: &str,
        out: &mut Map<String, Value>,
        parts: &mut Parts,
    ) {
        for (name, attribute) in attributes {
            let component = match &attribute.kind {
                AttributeKind::Component { component, .. } => Some(component.as_str()),
                AttributeKind::DynamicZone { .. } => None,
                _ => continue,
            };
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            let value = match held.get(name) {
                Some(Value::Array(items)) => items
                    .iter()
                    .filter_map(|item| self.part(component, item, &path, parts))
                    .collect::<Vec<_>>()
                    .into(),
                Some(item) => self.part(component, item, &path, parts).unwrap_or_default(),
                None => empty(&attribute.kind),
            };
            out.insert(name.clone(), value);
        }
    }

    fn part(
        &mut self,
        component: Option<&str>,
        item: &Value,
        path: &str,
        parts: &mut Parts,
    ) -> Option<Value> {
        let item = item.as_object()?;
        let own = || item.get("__component").and_then(Value::as_str);
        let model = self.model;
        let part = model.component(component.or_else(own)?)?;
        let number = self.numbering.next(&part.uid);
        if let Some(id) = item.get("id").and_then(Value::as_i64) {
            parts.insert((path.to_owned(), id), Part { uid: part.uid.clone(), number });
        }
        let mut out = Map::from_iter([("id".to_owned(), Value::from(number))]);
        scalars(&part.attributes, item, &mut out);
        self.components(&part.attributes, item, path, &mut out, parts);
        if component.is_none() {
            out.insert("__component".into(), part.uid.clone().into());
        }
        Some(out.into())
    }
}

/// What an attribute nobody ever set holds.
fn empty(kind: &AttributeKind) -> Value {
    match kind {
        AttributeKind::Component { repeatable: false, .. } => Value::Null,
        _ => json!([]),
    }
}

fn scalars(
    attributes: &IndexMap<String, Attribute>,
    held: &Map<String, Value>,
    out: &mut Map<String, Value>,
) {
    for (name, attribute) in attributes {
        if attribute.kind.is_scalar() && target_uid(attribute).is_none() {
            out.insert(name.clone(), held.get(name).cloned().unwrap_or_default());
        }
    }
}

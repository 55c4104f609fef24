//! A row as the feed shows it: the REST entry with components embedded, and relations and
//! media as documentIds.

use std::collections::HashMap;

use cms_api::change::{Op, SyncItem};
use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::Value;

use crate::clock;
use crate::documents::access::Access;
use crate::documents::populate::Holder;
use crate::documents::shape;
use crate::store::StoreError;
use crate::store::find::Row;
use crate::store::sync::Link;

/// Turns rows into entries, given all their links.
pub(super) struct Entries<'a> {
    model: &'a ContentModel,
    access: &'a Access,
    /// By row, component and attribute path.
    links: HashMap<(i64, i64, String), Vec<Value>>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(model: &'a ContentModel, access: &'a Access, links: Vec<Link>) -> Self {
        let mut by_slot: HashMap<_, Vec<Value>> = HashMap::new();
        for link in links {
            let slot = (link.source_id, link.component_id, link.path);
            by_slot.entry(slot).or_default().push(link.target_document_id.into());
        }
        Self { model, access, links: by_slot }
    }

    pub(super) fn item(&self, row: Row) -> Result<SyncItem, StoreError> {
        let (uid, version) = (row.uid.clone(), row.version);
        let locale = Some(row.locale.clone()).filter(|locale| !locale.is_empty());
        let published_at = row.published_at.map(clock::iso);
        let mut holder = Holder::document(row)?;
        let document_id = holder.document_id.clone();
        let data = self.model.get(&uid).map(|ty| {
            self.fill(&ty.attributes, &mut holder, "");
            shape::document(ty, holder, None)
        });
        let op = Op::Upsert;
        Ok(SyncItem { seq: version, op, uid, document_id, locale, version, published_at, data })
    }

    fn fill(&self, attributes: &IndexMap<String, Attribute>, holder: &mut Holder, path: &str) {
        for (name, attribute) in attributes.iter().filter(|(_, a)| !a.is_hidden()) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let value = match &attribute.kind {
                AttributeKind::Media { multiple, .. } => self.targets(holder, path, *multiple),
                AttributeKind::Relation(relation)
                    if relation.owns_links() && self.access.may_find(&relation.target) =>
                {
                    self.targets(holder, path, relation.kind.is_to_many())
                }
                AttributeKind::Component { component, repeatable } => {
                    let parts = self.parts(holder, name, &path, Some(component));
                    one_or_all(parts, *repeatable)
                }
                AttributeKind::DynamicZone { .. } => {
                    Value::Array(self.parts(holder, name, &path, None))
                }
                _ => continue,
            };
            holder.filled.insert(name.clone(), value);
        }
    }

    fn targets(&self, holder: &Holder, path: String, many: bool) -> Value {
        let slot = (holder.row, holder.component, path);
        one_or_all(self.links.get(&slot).cloned().unwrap_or_default(), many)
    }

    /// The components an attribute holds; without a uid they are a zone's and name their own.
    fn parts(&self, holder: &Holder, name: &str, path: &str, uid: Option<&str>) -> Vec<Value> {
        let items = match holder.data.get(name) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        let parts = items.iter().filter_map(Value::as_object).filter_map(|item| {
            let own = || item.get("__component").and_then(Value::as_str);
            let part = self.model.component(uid.or_else(own)?)?;
            let mut inner = Holder::component(holder.row, item.clone());
            self.fill(&part.attributes, &mut inner, path);
            Some(shape::component(part, inner, None, uid.is_none()))
        });
        parts.collect()
    }
}

fn one_or_all(mut values: Vec<Value>, many: bool) -> Value {
    match many {
        true => Value::Array(values),
        false if values.is_empty() => Value::Null,
        false => values.swap_remove(0),
    }
}

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
use crate::documents::populate::{Holder, component_uid, gather};
use crate::documents::{shape, stored};
use crate::store::StoreError;
use crate::store::find::Row;
use crate::store::sync::Link;

/// Turns rows into entries, given all their links.
pub(super) struct Entries<'a> {
    model: &'a ContentModel,
    access: &'a Access,
    /// DocumentIds as JSON text, by row, component and attribute path.
    links: HashMap<(i64, i64, String), Vec<String>>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(model: &'a ContentModel, access: &'a Access, links: Vec<Link>) -> Self {
        let mut by_slot: HashMap<_, Vec<String>> = HashMap::new();
        for link in links {
            let slot = (link.source_id, link.component_id, link.path);
            let target = Value::from(link.target_document_id).to_string();
            by_slot.entry(slot).or_default().push(target);
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
            self.fill(&ty.attributes, &mut holder, "")?;
            serde_json::from_str(&shape::document(ty, &holder, None))
                .map_err(StoreError::unreadable)
        });
        let data = data.transpose()?;
        let op = Op::Upsert;
        Ok(SyncItem { seq: version, op, uid, document_id, locale, version, published_at, data })
    }

    fn fill(
        &self,
        attributes: &IndexMap<String, Attribute>,
        holder: &mut Holder,
        path: &str,
    ) -> Result<(), StoreError> {
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
                    let parts = self.parts(holder, name, &path, Some(component))?;
                    gather(&parts, false, *repeatable)
                }
                AttributeKind::DynamicZone { .. } => {
                    gather(&self.parts(holder, name, &path, None)?, false, true)
                }
                _ => continue,
            };
            holder.fill(name, value);
        }
        Ok(())
    }

    fn targets(&self, holder: &Holder, path: String, many: bool) -> String {
        let slot = (holder.row, holder.component, path);
        gather(self.links.get(&slot).map_or(&[][..], Vec::as_slice), false, many)
    }

    /// The components an attribute holds; without a uid they are a zone's and name their own.
    fn parts(
        &self,
        holder: &Holder,
        name: &str,
        path: &str,
        uid: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let mut parts = Vec::new();
        for item in stored::objects(holder.data.get(name))? {
            let own = component_uid(&item);
            let Some(part) = self.model.component(uid.unwrap_or(own)) else { continue };
            let mut inner = Holder::component(holder, item);
            self.fill(&part.attributes, &mut inner, path)?;
            parts.push(shape::component(part, &inner, None, uid.is_none()));
        }
        Ok(parts)
    }
}

//! What has to be asked for so that an answer holds a whole entry: media with all they say,
//! relations as documentIds, components and zones with everything inside.

use std::collections::BTreeSet;

use cms_api::content_type::{Attribute, AttributeKind, Relation};
use cms_api::model::ContentModel;
use indexmap::IndexMap;

/// Components within components; schemas that go deeper lead into themselves.
const MAX_DEPTH: usize = 12;

/// A model as the caller may read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Readable<'a> {
    pub(super) model: &'a ContentModel,
    /// Types whose documents may be read; Strapi refuses a question that leads to others.
    pub(super) types: &'a BTreeSet<String>,
}

impl Readable<'_> {
    /// Whether the links are part of the document, and lead to something readable.
    pub(super) fn follows(&self, relation: &Relation) -> bool {
        relation.owns_links() && self.types.contains(&relation.target)
    }

    /// The query's `populate` for these attributes.
    pub(super) fn populate(
        &self,
        attributes: &IndexMap<String, Attribute>,
    ) -> Vec<(String, String)> {
        let mut query = Vec::new();
        self.add(attributes, "populate", 0, &mut query);
        query
    }

    fn add(
        &self,
        attributes: &IndexMap<String, Attribute>,
        prefix: &str,
        depth: usize,
        query: &mut Vec<(String, String)>,
    ) {
        for (name, attribute) in attributes.iter().filter(|(_, a)| !a.is_hidden()) {
            let key = format!("{prefix}[{name}]");
            match &attribute.kind {
                AttributeKind::Media { .. } => query.push((key, "true".to_owned())),
                AttributeKind::Relation(relation) if self.follows(relation) => {
                    query.push((format!("{key}[fields][0]"), "documentId".to_owned()));
                }
                AttributeKind::Component { component, .. } => {
                    self.part(component, key, depth, query);
                }
                AttributeKind::DynamicZone { components } => {
                    for component in components {
                        self.part(component, format!("{key}[on][{component}]"), depth, query);
                    }
                }
                _ => {}
            }
        }
    }

    fn part(&self, uid: &str, key: String, depth: usize, query: &mut Vec<(String, String)>) {
        let before = query.len();
        if let Some(part) = self.model.component(uid).filter(|_| depth < MAX_DEPTH) {
            self.add(&part.attributes, &format!("{key}[populate]"), depth + 1, query);
        }
        if query.len() == before {
            query.push((key, "true".to_owned()));
        }
    }
}

/// The types that relations of these attributes lead to, components included.
pub(super) fn targets(
    model: &ContentModel,
    attributes: &IndexMap<String, Attribute>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(model, attributes, 0, &mut found);
    found
}

fn collect(
    model: &ContentModel,
    attributes: &IndexMap<String, Attribute>,
    depth: usize,
    found: &mut BTreeSet<String>,
) {
    for attribute in attributes.values().filter(|attribute| !attribute.is_hidden()) {
        let parts = match &attribute.kind {
            AttributeKind::Relation(relation) if relation.owns_links() => {
                found.insert(relation.target.clone());
                continue;
            }
            AttributeKind::Component { component, .. } => std::slice::from_ref(component),
            AttributeKind::DynamicZone { components } => components.as_slice(),
            _ => continue,
        };
        for part in parts.iter().filter_map(|uid| model.component(uid)) {
            if depth < MAX_DEPTH {
                collect(model, &part.attributes, depth + 1, found);
            }
        }
    }
}

//! The order and kind of keys in answers, worked out once per content model.
//!
//! REST shows an object's keys in a fixed order; a projection walks a shape
//! instead of asking the schema about every key of every entry.

use std::collections::HashMap;

use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use cms_api::query::Link;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use tera::value::Key;

use super::value::key_of;

/// System fields that follow the attributes, in order.
pub(crate) const STAMPS: [&str; 3] = ["createdAt", "updatedAt", "publishedAt"];
/// The pseudo-attribute that leads to the other locales of a document.
pub(crate) const LOCALIZATIONS: &str = "localizations";

#[derive(Debug)]
pub(crate) struct Shape {
    /// Content types have a documentId and stamps, components only an id.
    pub(crate) is_type: bool,
    pub(crate) localized: bool,
    /// Visible scalar attributes in schema order.
    pub(crate) scalars: Vec<Key<'static>>,
    /// What `populate` can fill in, in the order REST shows it: attributes in schema order,
    /// then `localizations`, then dynamic zones.
    pub(crate) links: Vec<(Key<'static>, Link)>,
}

impl Shape {
    fn new(attributes: &IndexMap<String, Attribute>, is_type: bool, localized: bool) -> Self {
        let visible = || attributes.iter().filter(|(_, attribute)| !attribute.is_hidden());
        let scalars = visible()
            .filter(|(_, attribute)| attribute.kind.is_scalar())
            .map(|(name, _)| key_of(name));
        let links =
            visible().filter_map(|(name, attribute)| Some((name, link_of(&attribute.kind)?)));
        let (zones, mut ordered): (Vec<_>, Vec<_>) = links
            .map(|(name, link)| (key_of(name), link))
            .partition(|(_, link)| matches!(link, Link::DynamicZone { .. }));
        if is_type && localized {
            ordered.push((Key::Str(LOCALIZATIONS), Link::Localizations));
        }
        ordered.extend(zones);
        Self { is_type, localized, scalars: scalars.collect(), links: ordered }
    }
}

/// Shapes of all content types and components by uid.
#[derive(Debug, Default)]
pub(crate) struct Shapes(HashMap<String, Shape, RandomState>);

impl Shapes {
    pub(crate) fn new(model: &ContentModel) -> Self {
        let types = model
            .types()
            .map(|ty| (ty.uid.clone(), Shape::new(&ty.attributes, true, ty.localized)));
        let components = model
            .components()
            .map(|part| (part.uid.clone(), Shape::new(&part.attributes, false, false)));
        Self(types.chain(components).collect())
    }

    pub(crate) fn get(&self, uid: &str) -> Option<&Shape> {
        self.0.get(uid)
    }
}

/// How an attribute reaches other values; polymorphic relations are never shown.
pub(crate) fn link_of(kind: &AttributeKind) -> Option<Link> {
    Some(match kind {
        AttributeKind::Relation(relation) if relation.target.is_empty() => return None,
        AttributeKind::Relation(relation) => Link::Relation {
            target: relation.target.clone(),
            mapped_by: relation.mapped_by.clone(),
            many: relation.kind.is_to_many(),
        },
        AttributeKind::Media { multiple, .. } => Link::Media { many: *multiple },
        AttributeKind::Component { component, repeatable } => {
            Link::Component { component: component.clone(), repeatable: *repeatable }
        }
        AttributeKind::DynamicZone { components } => {
            Link::DynamicZone { components: components.clone() }
        }
        _ => return None,
    })
}

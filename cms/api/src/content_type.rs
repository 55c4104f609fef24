//! Content types and components as Strapi's `schema.json` files describe them.
//!
//! What is read from a file is all that rules are made of: an option that is not kept here
//! must not be accepted there.

mod attribute;
mod read;
mod relation;

use indexmap::IndexMap;
use serde_json::Value;

pub use attribute::{Attribute, AttributeKind};
pub use read::{SchemaError, parse_component, parse_content_type};
pub use relation::{Relation, RelationKind};

/// `collectionType` or `singleType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Collection,
    Single,
}

/// A content type: a named, versionable kind of document.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentType {
    /// `api::article.article`, `plugin::upload.file`
    pub uid: String,
    pub kind: Kind,
    pub singular_name: String,
    pub plural_name: String,
    pub display_name: String,
    pub draft_and_publish: bool,
    /// Whether documents exist once per locale.
    pub localized: bool,
    /// In schema order, which is the order of keys in answers.
    pub attributes: IndexMap<String, Attribute>,
    /// The schema as it was read, for the feed and for documentation.
    pub source: Value,
}

/// A reusable group of attributes embedded in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// `shared.seo`
    pub uid: String,
    pub display_name: String,
    pub attributes: IndexMap<String, Attribute>,
    pub source: Value,
}

impl ContentType {
    /// The name in URLs: the plural for collections, the singular for single types.
    #[must_use]
    pub fn route_name(&self) -> &str {
        match self.kind {
            Kind::Collection => &self.plural_name,
            Kind::Single => &self.singular_name,
        }
    }

    /// Whether the attribute has its own value per locale: when the schema says so, and
    /// relations and uids always, as in Strapi.
    #[must_use]
    pub fn is_localized_attribute(&self, attribute: &Attribute) -> bool {
        let always =
            matches!(attribute.kind, AttributeKind::Relation(_) | AttributeKind::Uid { .. });
        self.localized && (always || attribute.localized == Some(true))
    }
}

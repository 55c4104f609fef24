//! What a name in a query means: an attribute of a type or component, or a system field.

use crate::builtin;
use crate::content_type::{Attribute, AttributeKind, Component, ContentType, Relation};
use crate::model::ContentModel;
use crate::query::{FieldKind, Link};

use super::QueryParser;

/// What has attributes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'a> {
    Type(&'a ContentType),
    Component(&'a Component),
}

/// A name that was found.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) target: Target<'a>,
    pub(super) private: bool,
    pub(super) password: bool,
}

#[derive(Debug)]
pub(super) enum Target<'a> {
    Scalar(FieldKind),
    /// Leads to something with attributes of its own. `readable` is the caller's permission.
    Link {
        link: Link,
        shape: Shape<'a>,
        readable: bool,
    },
    Zone(&'a [String]),
    /// Polymorphic, or a relation to what is no content here: exists, leads nowhere.
    Beyond,
}

impl Found<'_> {
    fn scalar(kind: FieldKind) -> Self {
        Self { target: Target::Scalar(kind), private: false, password: false }
    }

    /// The kind of a scalar that may be shown.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.target, Target::Scalar(_))
    }
}

impl<'a> Shape<'a> {
    pub(super) fn uid(self) -> &'a str {
        match self {
            Self::Type(ty) => &ty.uid,
            Self::Component(part) => &part.uid,
        }
    }

    pub(super) fn is_type(self) -> bool {
        matches!(self, Self::Type(_))
    }

    pub(super) fn singular_name(self) -> &'a str {
        match self {
            Self::Type(ty) => &ty.singular_name,
            Self::Component(part) => part.uid.rsplit('.').next().unwrap_or(&part.uid),
        }
    }

    fn attribute(self, name: &str) -> Option<&'a Attribute> {
        match self {
            Self::Type(ty) => ty.attributes.get(name),
            Self::Component(part) => part.attributes.get(name),
        }
    }

    pub(super) fn attribute_names(self) -> impl Iterator<Item = &'a str> {
        let attributes = match self {
            Self::Type(ty) => &ty.attributes,
            Self::Component(part) => &part.attributes,
        };
        attributes.keys().map(String::as_str)
    }
}

impl<'a> QueryParser<'a> {
    /// Looks a name up. `id` and `documentId` are no attributes.
    pub(super) fn find(&self, shape: Shape<'a>, name: &str) -> Option<Found<'a>> {
        match (shape.attribute(name), shape) {
            (Some(attribute), _) => Some(self.found(attribute)),
            (None, Shape::Type(ty)) => self.find_system(ty, name),
            (None, Shape::Component(_)) => None,
        }
    }

    /// The key fields, which every document has and components have one of.
    pub(super) fn find_key(shape: Shape<'_>, name: &str) -> Option<FieldKind> {
        match name {
            "id" => Some(FieldKind::RowId),
            "documentId" if shape.is_type() => Some(FieldKind::Text),
            _ => None,
        }
    }

    fn find_system(&self, ty: &'a ContentType, name: &str) -> Option<Found<'a>> {
        let private = !ty.localized;
        match name {
            "createdAt" | "updatedAt" | "publishedAt" => Some(Found::scalar(FieldKind::DateTime)),
            "locale" => Some(Found { private, ..Found::scalar(FieldKind::Text) }),
            "localizations" => {
                let target = self.link(Link::Localizations, Shape::Type(ty));
                Some(Found { target, private, password: false })
            }
            "createdBy" | "updatedBy" => {
                let target = match builtin::administrator() {
                    Some(ty) => Target::Link {
                        link: Link::Relation {
                            target: ty.uid.clone(),
                            mapped_by: None,
                            many: false,
                        },
                        shape: Shape::Type(ty),
                        readable: true,
                    },
                    None => Target::Beyond,
                };
                Some(Found { target, private: true, password: false })
            }
            _ => None,
        }
    }

    fn found(&self, attribute: &'a Attribute) -> Found<'a> {
        let target = match &attribute.kind {
            AttributeKind::Relation(relation) => self.relation(relation),
            AttributeKind::Media { multiple, .. } => match self.model.get(builtin::FILE) {
                Some(file) => self.link(Link::Media { many: *multiple }, Shape::Type(file)),
                None => Target::Beyond,
            },
            AttributeKind::Component { component, repeatable } => {
                self.component(component, *repeatable)
            }
            AttributeKind::DynamicZone { components } => Target::Zone(components),
            scalar => Target::Scalar(kind_of(scalar)),
        };
        let password = attribute.kind == AttributeKind::Password;
        Found { target, private: attribute.private, password }
    }

    fn relation(&self, relation: &'a Relation) -> Target<'a> {
        let Some(target) = self.model.get(&relation.target) else { return Target::Beyond };
        let link = Link::Relation {
            target: target.uid.clone(),
            mapped_by: relation.mapped_by.clone(),
            many: relation.kind.is_to_many(),
        };
        self.link(link, Shape::Type(target))
    }

    fn component(&self, uid: &str, repeatable: bool) -> Target<'a> {
        match self.model.component(uid) {
            Some(part) => {
                let link = Link::Component { component: uid.to_owned(), repeatable };
                self.link(link, Shape::Component(part))
            }
            None => Target::Beyond,
        }
    }

    fn link(&self, link: Link, shape: Shape<'a>) -> Target<'a> {
        let readable = match &link {
            Link::Media { .. } | Link::Component { .. } | Link::DynamicZone { .. } => true,
            Link::Relation { .. } | Link::Localizations => (self.readable)(shape.uid()),
        };
        Target::Link { link, shape, readable }
    }
}

/// The component or type a populate fragment names.
pub(super) fn shape_of<'a>(model: &'a ContentModel, uid: &str) -> Option<Shape<'a>> {
    let part = model.component(uid).map(Shape::Component);
    part.or_else(|| model.get(uid).map(Shape::Type))
}

/// How values of a scalar attribute compare.
#[must_use]
pub fn kind_of(kind: &AttributeKind) -> FieldKind {
    match kind {
        AttributeKind::Integer => FieldKind::Integer,
        AttributeKind::BigInteger => FieldKind::BigInteger,
        AttributeKind::Float | AttributeKind::Decimal => FieldKind::Float,
        AttributeKind::Boolean => FieldKind::Boolean,
        AttributeKind::Date => FieldKind::Date,
        AttributeKind::Time => FieldKind::Time,
        AttributeKind::DateTime | AttributeKind::Timestamp => FieldKind::DateTime,
        AttributeKind::Json | AttributeKind::Blocks => FieldKind::Json,
        _ => FieldKind::Text,
    }
}

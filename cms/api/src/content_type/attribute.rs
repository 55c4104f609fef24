//! Attributes: what one holds, and the rules for it.

use serde_json::Value;

use super::Relation;

/// One attribute with every rule that applies to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub kind: AttributeKind,
    pub required: bool,
    pub unique: bool,
    /// Never shown and never usable in a query.
    pub private: bool,
    /// `writable: false` and `configurable`-style system attributes cannot be set by clients.
    pub writable: bool,
    pub default: Option<Value>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// ECMAScript regular expression a string must match.
    pub regex: Option<String>,
    /// `pluginOptions.i18n.localized`; `None` when the schema does not say.
    pub localized: Option<bool>,
    pub searchable: bool,
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeKind {
    String,
    Text,
    RichText,
    Blocks,
    Email,
    Password,
    Uid { target_field: Option<String> },
    Integer,
    BigInteger,
    Float,
    Decimal,
    Boolean,
    Date,
    Time,
    DateTime,
    Timestamp,
    Json,
    Enumeration { values: Vec<String> },
    Media { multiple: bool, allowed_types: Vec<String> },
    Relation(Relation),
    Component { component: String, repeatable: bool },
    DynamicZone { components: Vec<String> },
}

impl AttributeKind {
    /// Relations, media, components and zones: absent from answers unless populated.
    #[must_use]
    pub fn is_populatable(&self) -> bool {
        matches!(
            self,
            Self::Media { .. }
                | Self::Relation(_)
                | Self::Component { .. }
                | Self::DynamicZone { .. }
        )
    }

    /// Values stored in the document itself and usable in `fields`.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        !self.is_populatable()
    }

    /// The word used in schema files.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Text => "text",
            Self::RichText => "richtext",
            Self::Blocks => "blocks",
            Self::Email => "email",
            Self::Password => "password",
            Self::Uid { .. } => "uid",
            Self::Integer => "integer",
            Self::BigInteger => "biginteger",
            Self::Float => "float",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
            Self::Enumeration { .. } => "enumeration",
            Self::Media { .. } => "media",
            Self::Relation(_) => "relation",
            Self::Component { .. } => "component",
            Self::DynamicZone { .. } => "dynamiczone",
        }
    }
}

impl Attribute {
    /// A plain attribute of the given kind without any rule.
    #[must_use]
    pub fn new(kind: AttributeKind) -> Self {
        Self {
            kind,
            required: false,
            unique: false,
            private: false,
            writable: true,
            default: None,
            min: None,
            max: None,
            min_length: None,
            max_length: None,
            regex: None,
            localized: None,
            searchable: true,
        }
    }

    /// Never part of an answer: private attributes and passwords.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.private || self.kind == AttributeKind::Password
    }
}

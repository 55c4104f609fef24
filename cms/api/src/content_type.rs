//! Content types and components as Strapi's `schema.json` files describe them.
//!
//! Parsing keeps every attribute option a rule depends on and refuses what it
//! does not understand, naming the place: a silently ignored option would be a
//! rule silently not enforced.

use indexmap::IndexMap;
use serde_json::{Map, Value};

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

/// A relation, seen from the type that declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub kind: RelationKind,
    /// Target uid; empty for polymorphic relations.
    pub target: String,
    /// This side owns the links; the named attribute of the target mirrors them.
    pub inversed_by: Option<String>,
    /// The named attribute of the target owns the links; this side mirrors them.
    pub mapped_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    OneToOne,
    OneToMany,
    ManyToOne,
    ManyToMany,
    MorphToOne,
    MorphToMany,
    MorphOne,
    MorphMany,
}

impl RelationKind {
    /// Whether this side holds a list.
    #[must_use]
    pub fn is_to_many(self) -> bool {
        matches!(self, Self::OneToMany | Self::ManyToMany | Self::MorphToMany | Self::MorphMany)
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "oneToOne" | "oneWay" => Self::OneToOne,
            "oneToMany" | "manyWay" => Self::OneToMany,
            "manyToOne" => Self::ManyToOne,
            "manyToMany" => Self::ManyToMany,
            "morphToOne" => Self::MorphToOne,
            "morphToMany" => Self::MorphToMany,
            "morphOne" => Self::MorphOne,
            "morphMany" => Self::MorphMany,
            _ => return None,
        })
    }
}

impl Relation {
    /// Whether the links are stored on the documents of the declaring type.
    #[must_use]
    pub fn owns_links(&self) -> bool {
        self.mapped_by.is_none()
            && !matches!(self.kind, RelationKind::MorphOne | RelationKind::MorphMany)
    }
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

/// A schema that cannot be used: what is wrong and where in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at {})", .path.join("."))]
pub struct SchemaError {
    pub message: String,
    /// Keys from the root of the file.
    pub path: Vec<String>,
}

impl SchemaError {
    pub fn new(message: impl Into<String>, path: &[&str]) -> Self {
        Self { message: message.into(), path: path.iter().map(ToString::to_string).collect() }
    }
}

/// Reads a content type's schema.
///
/// # Errors
/// When a key is missing, has the wrong type or an unknown value.
pub fn parse_content_type(uid: &str, source: &Value) -> Result<ContentType, SchemaError> {
    let root = object(source, &[])?;
    let kind = match text_at(root, "kind", &["kind"])? {
        "collectionType" => Kind::Collection,
        "singleType" => Kind::Single,
        other => {
            let message =
                format!("unknown kind `{other}`; accepted are `collectionType` and `singleType`");
            return Err(SchemaError::new(message, &["kind"]));
        }
    };
    let info = match root.get("info") {
        Some(info) => object(info, &["info"])?,
        None => return Err(SchemaError::new("`info` is missing", &[])),
    };
    let singular_name = text_at(info, "singularName", &["info", "singularName"])?.to_owned();
    let plural_name = text_at(info, "pluralName", &["info", "pluralName"])?.to_owned();
    Ok(ContentType {
        uid: uid.to_owned(),
        kind,
        display_name: optional_text(info, "displayName").unwrap_or(&singular_name).to_owned(),
        singular_name,
        plural_name,
        draft_and_publish: flag(source, "/options/draftAndPublish"),
        localized: flag(source, "/pluginOptions/i18n/localized"),
        attributes: parse_attributes(root)?,
        source: source.clone(),
    })
}

/// Reads a component's schema.
///
/// # Errors
/// As [`parse_content_type`].
pub fn parse_component(uid: &str, source: &Value) -> Result<Component, SchemaError> {
    let root = object(source, &[])?;
    let display_name = source.pointer("/info/displayName").and_then(Value::as_str).unwrap_or(uid);
    Ok(Component {
        uid: uid.to_owned(),
        display_name: display_name.to_owned(),
        attributes: parse_attributes(root)?,
        source: source.clone(),
    })
}

fn parse_attributes(root: &Map<String, Value>) -> Result<IndexMap<String, Attribute>, SchemaError> {
    let attributes = match root.get("attributes") {
        Some(attributes) => object(attributes, &["attributes"])?,
        None => return Err(SchemaError::new("`attributes` is missing", &[])),
    };
    attributes
        .iter()
        .map(|(name, value)| Ok((name.clone(), parse_attribute(name, value)?)))
        .collect()
}

fn parse_attribute(name: &str, value: &Value) -> Result<Attribute, SchemaError> {
    let at = ["attributes", name];
    if !is_attribute_name(name) {
        let message = "attribute names are letters, digits and `_`, starting with a letter";
        return Err(SchemaError::new(message, &at));
    }
    let map = object(value, &at)?;
    let mut attribute = Attribute::new(parse_kind(name, map)?);
    attribute.required = truthy(map, "required");
    attribute.unique = truthy(map, "unique");
    attribute.private = truthy(map, "private");
    attribute.writable = map.get("writable") != Some(&Value::Bool(false));
    attribute.searchable = map.get("searchable") != Some(&Value::Bool(false));
    attribute.default = map.get("default").filter(|value| !value.is_null()).cloned();
    attribute.min = number(map, name, "min")?;
    attribute.max = number(map, name, "max")?;
    attribute.min_length = length(map, name, "minLength")?;
    attribute.max_length = length(map, name, "maxLength")?;
    attribute.regex = optional_text(map, "regex").map(str::to_owned);
    attribute.localized = value.pointer("/pluginOptions/i18n/localized").and_then(Value::as_bool);
    Ok(attribute)
}

fn parse_kind(name: &str, map: &Map<String, Value>) -> Result<AttributeKind, SchemaError> {
    let at = |key: &'static str| ["attributes", name, key];
    let required = |key: &'static str| text_at(map, key, &at(key));
    Ok(match required("type")? {
        "string" => AttributeKind::String,
        "text" => AttributeKind::Text,
        "richtext" => AttributeKind::RichText,
        "blocks" => AttributeKind::Blocks,
        "email" => AttributeKind::Email,
        "password" => AttributeKind::Password,
        "uid" => AttributeKind::Uid {
            target_field: optional_text(map, "targetField").map(str::to_owned),
        },
        "integer" => AttributeKind::Integer,
        "biginteger" => AttributeKind::BigInteger,
        "float" => AttributeKind::Float,
        "decimal" => AttributeKind::Decimal,
        "boolean" => AttributeKind::Boolean,
        "date" => AttributeKind::Date,
        "time" => AttributeKind::Time,
        "datetime" => AttributeKind::DateTime,
        "timestamp" => AttributeKind::Timestamp,
        "json" => AttributeKind::Json,
        // A custom field stores what its underlying type stores; Strapi resolves it through
        // a plugin, the schema alone only carries a name, so the value is kept as JSON.
        "customField" => AttributeKind::Json,
        "enumeration" => AttributeKind::Enumeration { values: texts(map, "enum", &at("enum"))? },
        "media" => AttributeKind::Media {
            multiple: truthy(map, "multiple"),
            allowed_types: texts_or_empty(map, "allowedTypes", &at("allowedTypes"))?,
        },
        "relation" => AttributeKind::Relation(parse_relation(name, map)?),
        "component" => AttributeKind::Component {
            component: required("component")?.to_owned(),
            repeatable: truthy(map, "repeatable"),
        },
        "dynamiczone" => {
            AttributeKind::DynamicZone { components: texts(map, "components", &at("components"))? }
        }
        other => {
            let message = format!("unknown attribute type `{other}`; accepted are {KNOWN_TYPES}");
            return Err(SchemaError::new(message, &at("type")));
        }
    })
}

const KNOWN_TYPES: &str = "string, text, richtext, blocks, email, password, uid, integer, \
    biginteger, float, decimal, boolean, date, time, datetime, timestamp, json, enumeration, \
    media, relation, component, dynamiczone, customField";

fn parse_relation(name: &str, map: &Map<String, Value>) -> Result<Relation, SchemaError> {
    let word = text_at(map, "relation", &["attributes", name, "relation"])?;
    let Some(kind) = RelationKind::parse(word) else {
        let message = format!(
            "unknown relation `{word}`; accepted are oneToOne, oneToMany, manyToOne, \
             manyToMany, morphToOne, morphToMany, morphOne, morphMany"
        );
        return Err(SchemaError::new(message, &["attributes", name, "relation"]));
    };
    let polymorphic = matches!(kind, RelationKind::MorphToOne | RelationKind::MorphToMany);
    let target = if polymorphic {
        optional_text(map, "target").unwrap_or_default()
    } else {
        text_at(map, "target", &["attributes", name, "target"])?
    };
    Ok(Relation {
        kind,
        target: target.to_owned(),
        inversed_by: optional_text(map, "inversedBy").map(str::to_owned),
        mapped_by: optional_text(map, "mappedBy").map(str::to_owned),
    })
}

/// Attribute names are inlined into SQL and file paths, so their alphabet is closed.
fn is_attribute_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn object<'a>(value: &'a Value, path: &[&str]) -> Result<&'a Map<String, Value>, SchemaError> {
    value.as_object().ok_or_else(|| SchemaError::new("an object is expected", path))
}

fn text_at<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    path: &[&str],
) -> Result<&'a str, SchemaError> {
    match map.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(SchemaError::new(format!("`{key}` must be a string"), path)),
        None => {
            let parent = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
            Err(SchemaError::new(format!("`{key}` is missing"), parent))
        }
    }
}

fn optional_text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

fn texts(map: &Map<String, Value>, key: &str, path: &[&str]) -> Result<Vec<String>, SchemaError> {
    let list = map.get(key).and_then(Value::as_array);
    let texts = list.and_then(|list| {
        list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    texts.ok_or_else(|| SchemaError::new(format!("`{key}` must be a list of strings"), path))
}

fn texts_or_empty(
    map: &Map<String, Value>,
    key: &str,
    path: &[&str],
) -> Result<Vec<String>, SchemaError> {
    if map.contains_key(key) { texts(map, key, path) } else { Ok(Vec::new()) }
}

fn truthy(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn flag(source: &Value, pointer: &str) -> bool {
    source.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

fn number(
    map: &Map<String, Value>,
    name: &str,
    key: &'static str,
) -> Result<Option<f64>, SchemaError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        // Strapi writes the bounds of big integers as strings.
        Some(Value::String(text)) if text.parse::<f64>().is_ok() => Ok(text.parse().ok()),
        Some(_) => {
            Err(SchemaError::new(format!("`{key}` must be a number"), &["attributes", name, key]))
        }
    }
}

fn length(
    map: &Map<String, Value>,
    name: &str,
    key: &'static str,
) -> Result<Option<u64>, SchemaError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(length) => Ok(Some(length)),
            None => Err(SchemaError::new(
                format!("`{key}` must be a non-negative integer"),
                &["attributes", name, key],
            )),
        },
    }
}

//! The content model of a folder: it follows from what the files say. Never guesses between
//! two readings: values that do not go together are a mistake in one of the files.

use std::collections::BTreeMap;

use cms_api::temporal;
use serde_json::{Map, Value, json};

use super::page::{Page, datetime};
use crate::site::folder::FolderTable;

/// What every page has, whether its file says it or not.
const ALWAYS: [(&str, Kind); 10] = [
    ("title", Kind::Text),
    ("slug", Kind::Text),
    ("path", Kind::Text),
    ("section", Kind::Text),
    ("index", Kind::Boolean),
    ("file", Kind::Text),
    ("description", Kind::Text),
    ("weight", Kind::Integer),
    ("date", Kind::Datetime),
    ("updated", Kind::Datetime),
];
/// What entries have beside their attributes.
const STAMPS: [&str; 3] = ["createdAt", "updatedAt", "publishedAt"];
/// Length of `2024-05-01`.
const DATE: usize = 10;

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Date,
    Datetime,
    Boolean,
    Integer,
    Decimal,
    /// Lists, tables, and what is mixed with them.
    Json,
}

pub(super) type Attributes = BTreeMap<String, Kind>;

impl Kind {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Decimal,
            Value::String(text) if temporal::parse_date(text) == Some(text) => Self::Date,
            Value::String(text) if is_time(text) => Self::Datetime,
            Value::String(_) => Self::Text,
            Value::Array(_) | Value::Object(_) => Self::Json,
        })
    }

    fn united(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (one, other) if one == other => one,
            (Self::Json, _) | (_, Self::Json) => Self::Json,
            (Self::Integer | Self::Decimal, Self::Integer | Self::Decimal) => Self::Decimal,
            (Self::Date | Self::Datetime, Self::Date | Self::Datetime) => Self::Datetime,
            (
                Self::Text | Self::Date | Self::Datetime,
                Self::Text | Self::Date | Self::Datetime,
            ) => Self::Text,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "a date",
            Self::Datetime => "a time",
            Self::Boolean => "`true` or `false`",
            Self::Integer | Self::Decimal => "a number",
            Self::Json => "a list or table",
        }
    }

    fn schema(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Boolean => "boolean",
            Self::Integer => "biginteger",
            Self::Decimal => "decimal",
            Self::Json => "json",
        }
    }

    /// A value as entries hold those of this kind.
    pub(super) fn shown(self, value: Value) -> Value {
        match (self, &value) {
            (Self::Datetime, Value::String(text)) => datetime(text).into(),
            _ => value,
        }
    }
}

/// A date with a time behind it.
fn is_time(text: &str) -> bool {
    let day = text.get(..DATE).is_some_and(|day| temporal::parse_date(day) == Some(day));
    let time = text.as_bytes().get(DATE).is_some_and(|char| matches!(char, b'T' | b' '));
    day && time && datetime(text).is_some()
}

/// The attributes of all pages of a type, those that list terms left out.
pub(super) fn attributes(table: &FolderTable, pages: &[Page]) -> Result<Attributes, Vec<String>> {
    let mut found: BTreeMap<&str, (Kind, &str)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for page in pages {
        for (name, value) in &page.values {
            let is_term = table.terms.iter().any(|(term, _)| term == name);
            let known = ALWAYS.iter().any(|(always, _)| always == name);
            let (false, Some(kind)) =
                (is_term || known || STAMPS.contains(&name.as_str()), Kind::of(value))
            else {
                continue;
            };
            let (before, file) = *found.entry(name).or_insert((kind, &page.file));
            match before.united(kind) {
                Some(kind) => drop(found.insert(name, (kind, file))),
                None => mistakes.push(format!(
                    "`{name}` is {} in {file} and {} in {}; put text in quotes",
                    before.name(),
                    kind.name(),
                    page.file
                )),
            }
        }
    }
    let found = found.into_iter().map(|(name, (kind, _))| (name.to_owned(), kind));
    let always = ALWAYS.into_iter().map(|(name, kind)| (name.to_owned(), kind));
    if mistakes.is_empty() { Ok(found.chain(always).collect()) } else { Err(mistakes) }
}

/// Adds a table's content types to a model's.
pub(super) fn describe(
    table: &FolderTable,
    attributes: &Attributes,
    localized: bool,
    types: &mut Map<String, Value>,
) {
    let plugin = json!({ "i18n": { "localized": localized } });
    let described = attributes.iter().map(|(name, kind)| {
        (name.clone(), json!({ "type": kind.schema(), "pluginOptions": plugin }))
    });
    let mut described: Map<String, Value> = described.collect();
    described.insert("body".to_owned(), json!({ "type": "richtext", "pluginOptions": plugin }));
    for (name, uid) in &table.terms {
        let relation = json!({ "type": "relation", "relation": "manyToMany", "target": uid });
        described.insert(name.clone(), relation);
        let term = json!({ "name": { "type": "string" }, "slug": { "type": "uid" } });
        types.insert(uid.clone(), collection(uid, false, term));
    }
    types.insert(
        table.content_type.clone(),
        collection(&table.content_type, localized, described.into()),
    );
}

fn collection(uid: &str, localized: bool, attributes: Value) -> Value {
    let name = uid.rsplit('.').next().unwrap_or(uid);
    json!({
        "kind": "collectionType",
        "collectionName": format!("{name}s").replace('-', "_"),
        "info": { "singularName": name, "pluralName": format!("{name}s"), "displayName": name },
        "options": { "draftAndPublish": true },
        "pluginOptions": { "i18n": { "localized": localized } },
        "attributes": attributes,
    })
}

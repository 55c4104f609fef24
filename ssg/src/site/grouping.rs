//! Lists that are split by a value: archives by year and month, terms without entries of
//! their own.

use std::sync::Arc;

use serde_json::{Value, json};

/// The place in a route's path that stands for the group.
pub const PLACE: &str = "group";
/// What begins the name of a group where documents are named otherwise; no id has the sign.
const NAME: &str = "group:";

/// By what a list is split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// The attribute, through relations and components: `tags.slug`.
    pub by: Arc<str>,
    /// Dates are cut to this.
    pub unit: Option<Unit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Year,
    Month,
    Day,
}

/// A part of a list whose entries have the same value.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// As it stands in paths: `2026/11`, `field-notes`.
    pub key: String,
    /// The value itself; of dates the part that counts, `2026-11`.
    pub value: Value,
    pub count: u64,
    /// The condition in the REST API's words that chooses its entries.
    pub filter: Value,
}

impl Unit {
    pub const WORDS: [(&'static str, Self); 3] =
        [("year", Self::Year), ("month", Self::Month), ("day", Self::Day)];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }

    /// The characters of an ISO date that name one.
    #[must_use]
    pub fn length(self) -> usize {
        match self {
            Self::Year => 4,
            Self::Month => 7,
            Self::Day => 10,
        }
    }
}

impl Grouping {
    /// The attributes to walk, the outermost first.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.by.split('.')
    }

    /// The question's arguments, as they are in a key.
    #[must_use]
    pub fn args(&self, filters: Option<&Value>) -> Value {
        json!({ "by": &*self.by, "unit": self.unit.map(Unit::as_str), "filters": filters })
    }

    /// The name of a group among documents, for questions about its address.
    #[must_use]
    pub fn name(&self, uid: &str, key: &str) -> String {
        let unit = self.unit.map(Unit::as_str).unwrap_or_default();
        format!("{NAME}{uid}:{}:{unit}:{key}", self.by)
    }
}

/// Whether a name among documents is a group's.
#[must_use]
pub fn is_group(name: &str) -> bool {
    name.starts_with(NAME)
}

//! How a type's entries fall into groups by a value: which there are and how many entries each
//! has.

use std::collections::BTreeMap;

use cms_api::content_type::{Attribute, AttributeKind};
use serde_json::{Value as Json, json};
use tera::Value;

use super::ask::{AskError, Reply};
use super::snapshot::Snapshot;
use super::value::{from_json, get, to_json};
use crate::engine::key::canonical;
use crate::engine::{Answer, Fingerprint, Key};
use crate::render::slug::slug;
use crate::site::grouping::{Group, Grouping, Unit};

/// How groups are ordered: numbers by value, everything else by its text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(i64, String),
    Text(String),
}

impl Snapshot {
    /// Answers [`Key::Groups`]: a list of `{key, value, count, filter}`.
    pub(super) fn reply_with_groups(
        &self,
        uid: &str,
        locale: &str,
        args: &str,
    ) -> Result<Reply, AskError> {
        let args: Json = serde_json::from_str(args).unwrap_or_default();
        let unit = Unit::WORDS.iter().find(|(word, _)| args["unit"].as_str() == Some(word));
        let by = args["by"].as_str().unwrap_or_default().into();
        let grouping = Grouping { by, unit: unit.map(|(_, unit)| *unit) };
        let filters = args.get("filters").filter(|filters| !filters.is_null());
        let attribute = self.grouped(uid, &grouping)?;
        let rows = self.ask(&Key::Query {
            uid: uid.into(),
            locale: locale.into(),
            args: canonical(&with_values(&grouping, filters)).into(),
            total: false,
        })?;
        let precise = !matches!(attribute.kind, AttributeKind::Date);
        let groups = groups_of(&rows.value, &grouping, precise);
        let value = from_json(&groups.iter().map(shown).collect());
        let fingerprint = Fingerprint::of_json(&groups.iter().map(shown).collect::<Vec<_>>());
        let footprint = rows.answer.footprint.clone();
        Ok(Reply { value, total: None, answer: Answer { fingerprint, footprint } })
    }

    /// The attribute a type is grouped by.
    ///
    /// # Errors
    /// When there is none, it is no plain value, or is to be cut as a date and is none.
    pub fn grouped(&self, uid: &str, grouping: &Grouping) -> Result<&Attribute, AskError> {
        let model = self.model();
        let fault = |message: String| AskError::Arguments(message);
        let mut here = uid;
        let mut found: Option<&Attribute> = None;
        for name in grouping.names() {
            if let Some(attribute) = found {
                here = match &attribute.kind {
                    AttributeKind::Relation(relation) => &relation.target,
                    AttributeKind::Component { component, .. } => component,
                    AttributeKind::Media { .. } => cms_api::builtin::FILE,
                    _ => {
                        let by = &grouping.by;
                        return Err(fault(format!(
                            "`{by}`: what stands before `{name}` leads nowhere"
                        )));
                    }
                };
            }
            let attributes = model.attributes(here);
            let attribute = attributes.and_then(|attributes| attributes.get(name));
            found =
                Some(attribute.filter(|attribute| !attribute.is_hidden()).ok_or_else(|| {
                    let known: Vec<_> =
                        attributes.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    fault(format!(
                        "`{here}` has no attribute `{name}`; it has `{}`",
                        known.join("`, `")
                    ))
                })?);
        }
        let by = &grouping.by;
        let attribute = found.ok_or_else(|| fault("`by` names no attribute".to_owned()))?;
        if !attribute.kind.is_scalar() {
            return Err(fault(format!(
                "`{by}` of `{uid}` is no plain value; name one of its attributes"
            )));
        }
        let is_date = matches!(
            attribute.kind,
            AttributeKind::Date | AttributeKind::DateTime | AttributeKind::Timestamp
        );
        if grouping.unit.is_some() && !is_date {
            return Err(fault(format!("`{by}` of `{uid}` is no date, so it has no `unit`")));
        }
        Ok(attribute)
    }
}

/// The question for all rows with nothing but the value.
fn with_values(grouping: &Grouping, filters: Option<&Json>) -> Json {
    let mut names = grouping.names().rev();
    let last = names.next().unwrap_or_default();
    let mut show = json!({ "fields": [last] });
    for name in names {
        show = json!({ "fields": ["documentId"], "populate": { name: show } });
    }
    show["filters"] = filters.cloned().unwrap_or_default();
    show
}

fn groups_of(rows: &Value, grouping: &Grouping, precise: bool) -> Vec<Group> {
    let mut found: BTreeMap<Rank, (Json, u64)> = BTreeMap::new();
    for row in rows.as_array().unwrap_or_default() {
        let mut own = BTreeMap::new();
        for value in values(row, grouping) {
            if let Some((rank, value)) = ranked(&to_json(value), grouping.unit) {
                own.insert(rank, value);
            }
        }
        for (rank, value) in own {
            found.entry(rank).or_insert((value, 0)).1 += 1;
        }
    }
    let groups = found.into_values().map(|(value, count)| Group {
        key: key(&value, grouping.unit),
        filter: filter(&value, grouping, precise),
        value,
        count,
    });
    let groups = groups.filter(|group| !group.key.is_empty());
    match grouping.unit {
        // The newest first.
        Some(_) => groups.rev().collect(),
        None => groups.collect(),
    }
}

fn values<'v>(row: &'v Value, grouping: &Grouping) -> Vec<&'v Value> {
    let mut values = vec![row];
    for name in grouping.names() {
        let each = values.into_iter().flat_map(|value| match value.as_array() {
            Some(items) => items.iter().collect::<Vec<_>>(),
            None => vec![value],
        });
        values = each.filter_map(|value| get(value.as_map()?, name)).collect();
    }
    values
}

fn ranked(value: &Json, unit: Option<Unit>) -> Option<(Rank, Json)> {
    match (value, unit) {
        (Json::String(text), Some(unit)) => {
            let text = text.get(..unit.length())?.to_owned();
            Some((Rank::Text(text.clone()), text.into()))
        }
        (Json::String(text), None) => Some((Rank::Text(text.clone()), value.clone())),
        (Json::Number(number), _) => {
            let whole = number.as_f64().map_or(0, |number| number.floor() as i64);
            Some((Rank::Number(whole, number.to_string()), value.clone()))
        }
        (Json::Bool(flag), _) => Some((Rank::Text(flag.to_string()), value.clone())),
        _ => None,
    }
}

fn key(value: &Json, unit: Option<Unit>) -> String {
    match (value, unit) {
        (Json::String(text), Some(_)) => text.replace('-', "/"),
        (Json::String(text), None) => slug(text),
        (other, _) => slug(&other.to_string()),
    }
}

/// `precise`: the attribute has a time of day.
fn filter(value: &Json, grouping: &Grouping, precise: bool) -> Json {
    let condition = match (grouping.unit, value.as_str()) {
        (Some(unit), Some(text)) => {
            let time = if precise { "T00:00:00.000Z" } else { "" };
            let (from, to) = bounds(text, unit);
            json!({ "$gte": format!("{from}{time}"), "$lt": format!("{to}{time}") })
        }
        _ => json!({ "$eq": value }),
    };
    grouping.names().rev().fold(condition, |inner, name| json!({ name: inner }))
}

/// The first day of a year, month or day, and the first one after it.
fn bounds(text: &str, unit: Unit) -> (String, String) {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok());
    let year: i32 = number(0, 4).unwrap_or(0);
    let month: i32 = number(5, 7).unwrap_or(1);
    match unit {
        Unit::Year => (format!("{year:04}-01-01"), format!("{:04}-01-01", year + 1)),
        Unit::Month => {
            let (next, of) = if month == 12 { (1, year + 1) } else { (month + 1, year) };
            (format!("{year:04}-{month:02}-01"), format!("{of:04}-{next:02}-01"))
        }
        Unit::Day => {
            let date = text.parse::<jiff::civil::Date>();
            let next = date.and_then(|date| date.tomorrow());
            (text.to_owned(), next.map_or_else(|_| text.to_owned(), |next| next.to_string()))
        }
    }
}

fn shown(group: &Group) -> Json {
    let Group { key, value, count, filter } = group;
    json!({ "key": key, "value": value, "count": count, "filter": filter })
}

/// The inverse of how groups are shown.
pub(crate) fn group_of(value: &Value) -> Option<Group> {
    let json = to_json(value);
    Some(Group {
        key: json["key"].as_str()?.to_owned(),
        value: json["value"].clone(),
        count: json["count"].as_u64()?,
        filter: json["filter"].clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_bounds() {
        for (text, unit, expected) in [
            ("2026", Unit::Year, ("2026-01-01", "2027-01-01")),
            ("2026-12", Unit::Month, ("2026-12-01", "2027-01-01")),
            ("2026-02", Unit::Month, ("2026-02-01", "2026-03-01")),
            ("2026-02-28", Unit::Day, ("2026-02-28", "2026-03-01")),
        ] {
            let (from, to) = bounds(text, unit);
            assert_eq!((from.as_str(), to.as_str()), expected);
        }
    }

    #[test]
    fn groups_are_counted_in_order() {
        let rows = from_json(&json!([
            { "tags": [{ "slug": "b" }, { "slug": "a" }, { "slug": "a" }] },
            { "tags": [{ "slug": "b" }] },
            { "tags": [] },
        ]));
        let grouping = Grouping { by: "tags.slug".into(), unit: None };
        let shown: Vec<_> = groups_of(&rows, &grouping, false)
            .into_iter()
            .map(|group| format!("{} {} {}", group.key, group.count, group.filter))
            .collect();
        assert_eq!(
            shown,
            [r#"a 1 {"tags":{"slug":{"$eq":"a"}}}"#, r#"b 2 {"tags":{"slug":{"$eq":"b"}}}"#]
        );
        let grouping = Grouping { by: "day".into(), unit: Some(Unit::Month) };
        let rows =
            from_json(&json!([{ "day": "2026-01-03" }, { "day": null }, { "day": "2026-02-01" }]));
        let keys: Vec<_> = groups_of(&rows, &grouping, false).into_iter().map(|g| g.key).collect();
        assert_eq!(keys, ["2026/02", "2026/01"]);
    }
}

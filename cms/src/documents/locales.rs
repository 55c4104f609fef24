//! Attributes that are the same in every locale.
//!
//! A new locale takes them from one that exists. A write carries them from the row it answers
//! with to the other locales of the same status, and to those alone: a plain write, which
//! answers with what it published, leaves the drafts of other locales as they are. A
//! published row that changes by that is a change of its own in the feed.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use serde_json::{Map, Value};

use super::work::Work;
use crate::error::AppResult;
use crate::store::builtin;
use crate::store::documents::{self, Identity, Row};
use crate::store::links::{self, Link, Slot, Target};

/// The attributes a type shares between its locales.
fn shared(ty: &ContentType) -> impl Iterator<Item = (&String, &Attribute)> {
    ty.attributes
        .iter()
        .filter(|(_, attribute)| ty.localized && !ty.is_localized_attribute(attribute))
}

/// The row a new locale takes shared values from: the one published last, else that of the
/// first locale.
pub(super) fn sibling(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().max_by(|a, b| {
        a.published_at.cmp(&b.published_at).then_with(|| b.identity.locale.cmp(&a.identity.locale))
    })
}

/// Whether a body says anything about the attribute; null leaves it to the other locales.
fn mentions(given: &Map<String, Value>, name: &str) -> bool {
    given.get(name).is_some_and(|value| !value.is_null())
}

/// The body for a new locale: what the client sent, and shared values it did not mention.
/// Messages that quote the body show all of them.
///
/// # Errors
/// Those of the database.
pub(super) fn fill(
    work: &mut Work<'_>,
    ty: &ContentType,
    given: &Map<String, Value>,
    sibling: &Row,
) -> AppResult<Map<String, Value>> {
    let mut filled = given.clone();
    filled.insert("documentId".into(), sibling.identity.document_id.clone().into());
    for (name, attribute) in shared(ty).filter(|(name, _)| !mentions(given, name)) {
        if let AttributeKind::Media { multiple, .. } = attribute.kind {
            filled.insert(name.clone(), files(work, sibling, name, multiple)?);
        } else if let Some(value) = sibling.data.get(name) {
            filled.insert(name.clone(), value.clone());
        }
    }
    Ok(filled)
}

/// The numbers of the files that a media attribute holds.
fn files(work: &mut Work<'_>, row: &Row, name: &str, multiple: bool) -> AppResult<Value> {
    let slot = Slot { source_id: row.id, path: name.to_owned(), component_id: 0 };
    let mut numbers = Vec::new();
    for link in links::at(work.conn, &slot)? {
        let file = builtin::identity(&link.target.uid, link.target.document_id);
        numbers.extend(documents::number_of(work.conn, &file)?);
    }
    Ok(if multiple { numbers.into() } else { numbers.first().copied().into() })
}

/// Takes shared attributes the client did not mention from `sibling` as they are stored,
/// so that every locale holds the same components and hashes. Returns their names.
pub(super) fn restore<'a>(
    ty: &'a ContentType,
    given: &Map<String, Value>,
    sibling: &Row,
    data: &mut Map<String, Value>,
) -> Vec<&'a str> {
    let mut restored = Vec::new();
    for (name, _) in shared(ty).filter(|(name, _)| !mentions(given, name)) {
        if let Some(value) = sibling.data.get(name) {
            data.insert(name.clone(), value.clone());
        }
        restored.push(name.as_str());
    }
    restored
}

/// Gives a new locale the links of restored attributes.
///
/// # Errors
/// Those of the database.
pub(super) fn copy_links(
    work: &mut Work<'_>,
    restored: &[&str],
    sibling: &Row,
    row_id: i64,
) -> AppResult<()> {
    if restored.is_empty() {
        return Ok(());
    }
    let held = links::of_source(work.conn, sibling.id)?;
    for name in restored {
        let wanted: Vec<Link> = below(&held, name).cloned().collect();
        links::copy(work.conn, &wanted, row_id)?;
    }
    Ok(())
}

/// What the locales of a document shared before a write.
#[derive(Debug, PartialEq)]
pub(crate) struct Shared {
    values: Vec<Value>,
    links: Vec<(String, Target)>,
}

impl Shared {
    /// As the draft of its first locale holds it; `None` for a document without rows, or a
    /// type whose locales share nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn before(
        work: &mut Work<'_>,
        ty: &ContentType,
        document_id: &str,
    ) -> AppResult<Option<Self>> {
        if shared(ty).next().is_none() {
            return Ok(None);
        }
        let rows = documents::of_document(work.conn, &ty.uid, document_id)?;
        let first = rows.into_iter().min_by(|a, b| {
            (&a.identity.locale, a.published_at).cmp(&(&b.identity.locale, b.published_at))
        });
        first.map(|row| Self::of(work, ty, &row)).transpose()
    }

    fn of(work: &mut Work<'_>, ty: &ContentType, row: &Row) -> AppResult<Self> {
        let held = links::of_source(work.conn, row.id)?;
        let links = shared(ty).flat_map(|(name, _)| below(&held, name));
        let value = |name: &String| row.data.get(name).map_or(Value::Null, without_ids);
        Ok(Self {
            values: shared(ty).map(|(name, _)| value(name)).collect(),
            links: links.map(|link| (link.slot.path.clone(), link.target.clone())).collect(),
        })
    }
}

/// A value without the numbers of components.
fn without_ids(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_ids).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| *key != "id");
            kept.map(|(key, value)| (key.clone(), without_ids(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Carries the shared attributes of this row to the rows of other locales in the same
/// status, when they are not what they were.
///
/// # Errors
/// Those of the database.
pub(crate) fn propagate(
    work: &mut Work<'_>,
    ty: &ContentType,
    source: &Identity,
    before: Option<&Shared>,
) -> AppResult<()> {
    if shared(ty).next().is_none() {
        return Ok(());
    }
    let rows = documents::of_document(work.conn, &source.uid, &source.document_id)?;
    let Some(origin) = rows.iter().find(|row| row.identity == *source) else { return Ok(()) };
    if before.is_some() && before == Some(&Shared::of(work, ty, origin)?) {
        return Ok(());
    }
    let held = links::of_source(work.conn, origin.id)?;
    let others = rows
        .iter()
        .filter(|row| row.identity.status == source.status && row.identity.locale != source.locale);
    for row in others {
        carry(work, ty, origin, &held, row)?;
    }
    Ok(())
}

fn carry(
    work: &mut Work<'_>,
    ty: &ContentType,
    origin: &Row,
    held: &[Link],
    row: &Row,
) -> AppResult<()> {
    let mut data = row.data.clone();
    let mut changed = Vec::new();
    let own = links::of_source(work.conn, row.id)?;
    for (name, attribute) in shared(ty) {
        let is_value = !matches!(attribute.kind, AttributeKind::Media { .. });
        let value = origin.data.get(name).cloned().unwrap_or(Value::Null);
        let before = data.get(name).cloned().unwrap_or(Value::Null);
        let (ours, theirs) = (shape(below(&own, name)), shape(below(held, name)));
        if (is_value && value != before) || ours != theirs {
            if is_value {
                data.insert(name.clone(), value);
            }
            let stale: Vec<i64> = below(&own, name).map(|link| link.id).collect();
            links::delete(work.conn, &stale)?;
            let wanted: Vec<Link> = below(held, name).cloned().collect();
            links::copy(work.conn, &wanted, row.id)?;
            changed.push(name.clone());
        }
    }
    if !changed.is_empty() {
        documents::update(work.conn, row.id, &data, work.now)?;
        work.written(&row.identity);
        work.notice("entry.update", &row.identity, changed);
    }
    Ok(())
}

/// Links held by the attribute or by components inside it.
fn below<'a>(links: &'a [Link], name: &'a str) -> impl Iterator<Item = &'a Link> {
    links.iter().filter(move |link| link.slot.path.split('.').next() == Some(name))
}

fn shape<'a>(links: impl Iterator<Item = &'a Link>) -> Vec<(&'a str, i64, &'a Target)> {
    links
        .map(|Link { slot: Slot { path, component_id, .. }, target, .. }| {
            (path.as_str(), *component_id, target)
        })
        .collect()
}

//! Links as archives write them: from row to row.
//!
//! Ours name a document. The row that is meant is the one of the holder's state and locale;
//! where there is none, the link goes to another row of the document rather than nowhere:
//! readers of published content see no drafts, and the link is there once it is published.

use std::collections::HashMap;

use cms_api::builtin;
use cms_api::content_type::{AttributeKind, ContentType, Relation, RelationKind};
use cms_api::model::ContentModel;
use serde_json::{Value, json};

use super::rows::Parts;
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::store::archive::{self, Outline};
use crate::store::documents::Row;
use crate::store::links::Link;
use crate::store::{Conn, StoreError};

/// Rows by type and documentId.
#[derive(Debug, Default)]
pub(super) struct Targets(HashMap<String, HashMap<String, Vec<Outline>>>);

impl Targets {
    fn of(&mut self, conn: &mut Conn, uid: &str, id: &str) -> Result<&[Outline], StoreError> {
        if !self.0.contains_key(uid) {
            let mut rows: HashMap<String, Vec<Outline>> = HashMap::new();
            for outline in archive::outlines(conn, uid)? {
                rows.entry(outline.document_id.clone()).or_default().push(outline);
            }
            self.0.insert(uid.to_owned(), rows);
        }
        Ok(self.0.get(uid).and_then(|rows| rows.get(id)).map_or(&[], Vec::as_slice))
    }
}

/// Writes the links of rows.
pub(super) struct Links<'a> {
    pub(super) model: &'a ContentModel,
    pub(super) default_locale: &'a str,
    pub(super) targets: &'a mut Targets,
}

/// The attribute that holds a link, in the archive's words.
struct Holder {
    /// A content type or component.
    uid: String,
    number: i64,
    field: String,
}

impl Links<'_> {
    /// The lines of one link: one for each row it means.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn lines(
        &mut self,
        conn: &mut Conn,
        ty: &ContentType,
        row: &Row,
        parts: &Parts,
        link: &Link,
    ) -> Result<Vec<Value>, StoreError> {
        let Some(holder) = holder(row, parts, link) else { return Ok(Vec::new()) };
        let model = self.model;
        let attribute =
            model.attributes(&holder.uid).and_then(|attributes| attributes.get(&holder.field));
        let Some(attribute) = attribute else { return Ok(Vec::new()) };
        let numbers = self.numbers(conn, ty, row, link)?;
        let lines = numbers.into_iter().filter_map(|number| match &attribute.kind {
            AttributeKind::Media { .. } => Some(media(&holder, link, number)),
            AttributeKind::Relation(relation) => Some(relate(&holder, relation, link, number)),
            _ => None,
        });
        Ok(lines.collect())
    }

    fn numbers(
        &mut self,
        conn: &mut Conn,
        ty: &ContentType,
        row: &Row,
        link: &Link,
    ) -> Result<Vec<i64>, StoreError> {
        let Some(target) = self.model.get(&link.target.uid) else { return Ok(Vec::new()) };
        let rows = self.targets.of(conn, &target.uid, &link.target.document_id)?;
        let states: &[&str] = match (target.draft_and_publish, ty.draft_and_publish) {
            (false, _) => &[PUBLISHED],
            _ if link.target.status == PUBLISHED => &[PUBLISHED],
            (true, true) if row.identity.status == DRAFT => &[DRAFT],
            (true, true) => &[PUBLISHED],
            (true, false) => &[DRAFT, PUBLISHED],
        };
        let locale = match (target.localized, ty.localized) {
            (false, _) => "",
            _ if !link.target.locale.is_empty() => link.target.locale.as_str(),
            (true, true) => row.identity.locale.as_str(),
            (true, false) => self.default_locale,
        };
        let mut numbers: Vec<i64> = rows
            .iter()
            .filter(|row| states.contains(&row.status.as_str()) && row.locale == locale)
            .map(|row| row.number)
            .collect();
        if numbers.is_empty() {
            let distance = |row: &Outline| {
                (!states.contains(&row.status.as_str()), row.locale != locale, row.number)
            };
            numbers.extend(rows.iter().min_by_key(|row| distance(row)).map(|row| row.number));
        }
        Ok(numbers)
    }
}

fn holder(row: &Row, parts: &Parts, link: &Link) -> Option<Holder> {
    let (above, field) = match link.slot.path.rsplit_once('.') {
        Some((above, field)) => (above, field.to_owned()),
        None => ("", link.slot.path.clone()),
    };
    if link.slot.component_id == 0 {
        return Some(Holder { uid: row.identity.uid.clone(), number: row.number, field });
    }
    let part = parts.get(&(above.to_owned(), link.slot.component_id))?;
    Some(Holder { uid: part.uid.clone(), number: part.number, field })
}

fn media(holder: &Holder, link: &Link, number: i64) -> Value {
    json!({
        "kind": "relation.morph",
        "relation": "morphToMany",
        "left": { "type": builtin::FILE, "field": "related", "ref": number },
        "right": {
            "ref": holder.number,
            "pos": position(link.position),
            "type": holder.uid,
            "field": holder.field,
        },
    })
}

fn relate(holder: &Holder, relation: &Relation, link: &Link, number: i64) -> Value {
    use RelationKind as Kind;
    let is_morph = matches!(relation.kind, Kind::MorphToOne | Kind::MorphToMany);
    let kind = match () {
        () if is_morph => "relation.morph",
        () if relation.target == holder.uid => "relation.circular",
        () => "relation.basic",
    };
    let mut left = json!({ "type": holder.uid, "field": holder.field, "ref": holder.number });
    if relation.kind.is_to_many() && !is_morph {
        left["pos"] = position(link.position);
    }
    let mut right = json!({ "type": link.target.uid });
    if let Some(inverse) = &relation.inversed_by {
        right["field"] = inverse.as_str().into();
    }
    right["ref"] = number.into();
    let counted = matches!(relation.kind, Kind::ManyToOne | Kind::ManyToMany);
    if is_morph {
        right["pos"] = position(link.position);
    } else if relation.inversed_by.is_some() && counted {
        right["pos"] = position(link.inverse_position);
    }
    json!({ "kind": kind, "relation": word(relation.kind), "left": left, "right": right })
}

fn word(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::OneToOne => "oneToOne",
        RelationKind::OneToMany => "oneToMany",
        RelationKind::ManyToOne => "manyToOne",
        RelationKind::ManyToMany => "manyToMany",
        RelationKind::MorphToOne => "morphToOne",
        RelationKind::MorphToMany => "morphToMany",
        RelationKind::MorphOne => "morphOne",
        RelationKind::MorphMany => "morphMany",
    }
}

/// Whole places are whole numbers.
fn position(place: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "it is compared with what it was")]
    let whole = place as i64;
    #[expect(clippy::cast_precision_loss, reason = "places are small")]
    let same = (whole as f64).total_cmp(&place).is_eq();
    if same { whole.into() } else { place.into() }
}

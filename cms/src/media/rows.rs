//! Rows of files: documents of a built-in type. Every change of one is a line of the feed
//! and an event in the same transaction.

use cms_api::builtin;
use cms_api::content_type::AttributeKind;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use crate::error::AppResult;
use crate::extract::row_number;
use crate::jobs::events::{self, Event};
use crate::store::documents::{self, Identity, Row};
use crate::store::feed::{self, NewChange};
use crate::store::links::{self, Slot, Target};
use crate::store::{self, Conn, StoreError};

/// Attributes in the order answers show them.
const SHOWN: &[&str] = &[
    "name",
    "alternativeText",
    "caption",
    "focalPoint",
    "width",
    "height",
    "formats",
    "hash",
    "ext",
    "mime",
    "size",
    "url",
    "previewUrl",
    "provider",
    "provider_metadata",
];

/// Where a file is used: an entry's attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) uid: String,
    /// Row id, as the client wrote it.
    pub(crate) id: String,
    pub(crate) field: String,
}

/// What clients see of a file.
pub(crate) fn to_json(row: &Row) -> Value {
    let mut shown = unsigned(row);
    shown["isUrlSigned"] = false.into();
    shown
}

/// As [`to_json`], for one who adds something before what comes last.
pub(crate) fn unsigned(row: &Row) -> Value {
    crate::auth::users::shown(row, SHOWN)
}

pub(crate) fn get(conn: &mut Conn, number: i64) -> Result<Option<Row>, StoreError> {
    documents::get_by_number(conn, builtin::FILE, number)
}

pub(crate) fn create(conn: &mut Conn, data: Map<String, Value>, now: i64) -> AppResult<Row> {
    feed::hold(conn)?;
    let identity = store::builtin::identity(builtin::FILE, cuid2::create_id());
    let row = store::builtin::insert(conn, identity, data, now)?;
    announce(conn, &row, "media.create", now)?;
    Ok(row)
}

pub(crate) fn update(
    conn: &mut Conn,
    mut row: Row,
    changes: Map<String, Value>,
    now: i64,
) -> AppResult<Row> {
    feed::hold(conn)?;
    row.data.extend(changes);
    row.updated_at = now;
    documents::update(conn, row.id, &row.data, now)?;
    announce(conn, &row, "media.update", now)?;
    Ok(row)
}

/// Deletes the row; entries that showed the file no longer do.
pub(crate) fn delete(conn: &mut Conn, row: &Row, now: i64) -> AppResult<()> {
    feed::hold(conn)?;
    documents::delete(conn, row.id)?;
    links::drop_target(conn, &target(row))?;
    announce(conn, row, "media.delete", now)
}

fn target(row: &Row) -> Target {
    Target::document(builtin::FILE, &row.identity.document_id)
}

/// Writes the feed and the event of one change.
fn announce(conn: &mut Conn, row: &Row, name: &'static str, now: i64) -> AppResult<()> {
    let op = if name == "media.delete" { "delete" } else { "upsert" };
    let seq = changed(conn, &row.identity, op, now)?;
    let event = Event {
        name,
        uid: builtin::FILE.into(),
        model: "file".into(),
        document_id: row.identity.document_id.clone(),
        locale: None,
        seq,
        entry: Some(to_json(row)),
        changed_fields: Vec::new(),
        at: now,
    };
    Ok(events::emit(conn, &event)?)
}

fn changed(conn: &mut Conn, identity: &Identity, op: &str, now: i64) -> Result<i64, StoreError> {
    let change = NewChange {
        op,
        uid: &identity.uid,
        document_id: &identity.document_id,
        locale: &identity.locale,
        status: &identity.status,
        at: now,
    };
    let seq = feed::append(conn, change)?;
    if op == "upsert" {
        documents::set_version(conn, identity, seq)?;
    }
    Ok(seq)
}

/// Puts files into an entry's media attribute, behind those that are there; a single-file
/// attribute shows the last one. A reference to a row that does not exist, or to an attribute
/// that holds no files, leads nowhere and is no error, as in Strapi.
pub(crate) fn attach(
    conn: &mut Conn,
    model: &ContentModel,
    reference: &Reference,
    files: &[Row],
    now: i64,
) -> AppResult<()> {
    let unknown = || ApiError::validation(format!("there is no content type `{}`", reference.uid));
    let ty = model.get(&reference.uid).ok_or_else(unknown)?;
    let attribute = ty.attributes.get(&reference.field).map(|attribute| &attribute.kind);
    let Some(AttributeKind::Media { multiple, .. }) = attribute else { return Ok(()) };
    let Some(number) = row_number::of(&reference.id) else {
        // A list of files leads nowhere then; for a single one Strapi fails.
        if *multiple {
            return Ok(());
        }
        let message = format!("refId is the id of a row, not `{}`", reference.id);
        return Err(ApiError::validation(message).into());
    };
    for row in rows_of(conn, &reference.uid, number)? {
        let slot = Slot { source_id: row.id, path: reference.field.clone(), component_id: 0 };
        let old = links::at(conn, &slot)?;
        let mut position = old.last().map_or(0.0, |link| link.position);
        if !multiple {
            links::delete(conn, &old.iter().map(|link| link.id).collect::<Vec<_>>())?;
        }
        let kept =
            if *multiple { files } else { files.last().map_or(&[][..], std::slice::from_ref) };
        for file in kept {
            position += 1.0;
            let target = target(file);
            let inverse = links::next_inverse_position(conn, &slot.path, &target)?;
            links::insert(conn, &slot, &target, position, inverse)?;
        }
        changed(conn, &row.identity, "upsert", now)?;
    }
    Ok(())
}

/// The row with this number, and the draft of a published one: publishing it again would
/// otherwise take the file away.
fn rows_of(conn: &mut Conn, uid: &str, number: i64) -> Result<Vec<Row>, StoreError> {
    let Some(row) = documents::get_by_number(conn, uid, number)? else { return Ok(Vec::new()) };
    let draft = Identity { status: "draft".into(), ..row.identity.clone() };
    let is_draft = row.identity == draft;
    let draft = if is_draft { None } else { documents::get(conn, &draft)? };
    Ok([Some(row), draft].into_iter().flatten().collect())
}

/// Every stored name of a file and its variants.
pub(crate) fn stored_names(row: &Row) -> Vec<String> {
    let text = |value: &Value, name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let name = |value: &Value| Some(format!("{}{}", text(value, "hash")?, text(value, "ext")?));
    let own = name(&json!({ "hash": row.data.get("hash"), "ext": row.data.get("ext") }));
    let formats = row.data.get("formats").and_then(Value::as_object);
    let variants = formats.into_iter().flatten().filter_map(|(_, format)| name(format));
    own.into_iter().chain(variants).collect()
}

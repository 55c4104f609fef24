//! Telling webhooks what was written.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use cms_api::query::{Locale, Status};
use cms_api::query_parse::{Limits, QueryParser};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::find::{self, Reading};
use super::work::{DRAFT, Notice, Work};
use crate::error::AppResult;
use crate::jobs::events::{self, Event};
use crate::store::documents::Identity;
use crate::store::find::Selector;

/// Components inside components that are shown; schemas may refer to themselves.
const MAX_DEPTH: usize = 8;

/// Queues the deliveries of one notice, in the transaction of its cause.
///
/// # Errors
/// Those of the database.
pub(super) fn emit(work: &mut Work<'_>, notice: Notice, seq: i64) -> AppResult<()> {
    if !events::is_wanted(work.conn, notice.name)? {
        return Ok(());
    }
    let model = work.model;
    let Some(ty) = model.get(&notice.identity.uid) else { return Ok(()) };
    let entry = match notice.name {
        "entry.delete" | "entry.unpublish" => None,
        _ => entry(work, ty, &notice.identity)?,
    };
    let Identity { uid, document_id, locale, .. } = notice.identity;
    let event = Event {
        name: notice.name,
        uid,
        model: ty.singular_name.clone(),
        document_id,
        locale: ty.localized.then_some(locale),
        seq,
        entry,
        changed_fields: notice.changed_fields,
        at: work.now,
    };
    Ok(events::emit(work.conn, &event)?)
}

/// The document with everything it holds and, one step away, what it leads to.
fn entry(work: &mut Work<'_>, ty: &ContentType, identity: &Identity) -> AppResult<Option<Value>> {
    let model = work.model;
    let populate = populate(model, &ty.attributes, 0);
    let tree = Map::from_iter([("populate".to_owned(), populate)]);
    let mut spec = QueryParser::unrestricted(model, Limits::default()).one(ty, &tree)?;
    spec.status = if identity.status == DRAFT { Status::Draft } else { Status::Published };
    spec.locale = Locale::Code(identity.locale.clone());
    let mut reading = Reading {
        conn: work.conn,
        model,
        default_locale: work.default_locale,
        drafts: false,
        cards: None,
    };
    let selector = Selector::Document(&identity.document_id);
    Ok(find::one(&mut reading, ty, selector, &spec)?)
}

/// A `populate` that names every attribute below.
fn populate(model: &ContentModel, attributes: &IndexMap<String, Attribute>, depth: usize) -> Value {
    let mut named = Map::new();
    for (name, attribute) in attributes.iter().filter(|(_, attribute)| !attribute.is_hidden()) {
        let below = |uid: &String| {
            let part = model.component(uid).filter(|_| depth < MAX_DEPTH);
            part.map_or(
                json!({}),
                |part| json!({ "populate": populate(model, &part.attributes, depth + 1) }),
            )
        };
        let value = match &attribute.kind {
            AttributeKind::Relation(_) | AttributeKind::Media { .. } => json!(true),
            AttributeKind::Component { component, .. } => below(component),
            AttributeKind::DynamicZone { components } => {
                let on = components.iter().map(|uid| (uid.clone(), below(uid)));
                json!({ "on": on.collect::<Map<_, _>>() })
            }
            _ => continue,
        };
        named.insert(name.clone(), value);
    }
    named.into()
}

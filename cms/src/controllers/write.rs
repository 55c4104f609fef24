//! Writes to content: create, update, delete, and the publishing actions.
//!
//! Each runs in one transaction: check, rows, links, feed, webhook jobs, and the answer as
//! a read within it sees it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use cms_api::content_type::{ContentType, Kind};
use cms_api::envelope::Envelope;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use cms_api::query::{Filter, Locale, QuerySpec, Status};
use cms_api::query_parse::QueryParser;
use serde_json::{Map, Value};

use crate::clock;
use crate::documents::access::Access;
use crate::documents::find::{self, Reading};
use crate::documents::work::{DRAFT, Work};
use crate::documents::{create, delete, discard, keys, publish, unpublish, update};
use crate::error::AppResult;
use crate::extract::{body, query};
use crate::response;
use crate::routes::{ContentCall, ContentVerb, Context};
use crate::store::Conn;
use crate::store::documents::{self, Identity};
use crate::store::find::Selector;

/// [`cms_api::change::SEQ_HEADER`] as the wire spells it.
const SEQ_HEADER_NAME: &str = "x-galley-seq";

/// A write, ready to run.
struct Write {
    call: ContentCall,
    spec: QuerySpec,
    /// The body's `data`; null where there is none.
    data: Value,
    default_locale: String,
}

/// What a write leaves behind: what to show, and its place in the feed.
struct Written {
    shown: Option<Value>,
    seq: i64,
}

/// Answers a call of one of the writing verbs; the caller is allowed to.
///
/// # Errors
/// Those of the verb.
pub(crate) async fn write(mut context: Context, call: ContentCall) -> AppResult<HttpResponse> {
    let model = Arc::clone(&context.model);
    let ty = content_type(&model, &call)?;
    let tree = query::tree(context.http.query_string())?;
    let access = query::access(&context.caller, &model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = query::limits(&context.app.settings);
    let parser = QueryParser { model: &model, limits, readable: &readable };
    let spec = parser.one(ty, &tree)?;
    let data = match call.verb {
        ContentVerb::Create | ContentVerb::Update => read_data(&mut context, ty, &access)?,
        _ => Value::Null,
    };
    refuse_parameters(call.verb, &spec, &tree)?;
    let status = match call.verb {
        ContentVerb::Create => StatusCode::CREATED,
        ContentVerb::Delete => StatusCode::NO_CONTENT,
        _ => StatusCode::OK,
    };
    let default_locale = context.registry.default_locale().to_owned();
    let write = Write { call, spec, data, default_locale };
    let written = context.app.write(move |conn| run(conn, &model, write)).await?;
    context.app.jobs.wake();
    let mut answer = match written.shown {
        Some(shown) => response::json(status, &Envelope::single(shown)),
        None => HttpResponse::build(status).finish(),
    };
    let headers = answer.headers_mut();
    headers.insert(HeaderName::from_static(SEQ_HEADER_NAME), written.seq.into());
    Ok(answer)
}

fn content_type<'m>(model: &'m ContentModel, call: &ContentCall) -> AppResult<&'m ContentType> {
    Ok(model.get(&call.uid).ok_or_else(ApiError::not_found)?)
}

fn read_data(context: &mut Context, ty: &ContentType, access: &Access) -> AppResult<Value> {
    let data = body::data(context.body.take())?;
    keys::check(&context.model, ty, &data, &|uid| access.may_find(uid))?;
    Ok(data)
}

/// Parameters that cannot be meant for a write.
fn refuse_parameters(
    verb: ContentVerb,
    spec: &QuerySpec,
    tree: &Map<String, Value>,
) -> Result<(), ApiError> {
    let saves = matches!(verb, ContentVerb::Create | ContentVerb::Update);
    if saves && spec.locale == Locale::All {
        let message = "Invalid locale param * provided. Document locales must be strings.";
        return Err(ApiError::validation(message));
    }
    if verb == ContentVerb::Delete && tree.get("status").is_some_and(|status| status == DRAFT) {
        return Err(ApiError::validation("Cannot delete a draft document"));
    }
    Ok(())
}

fn run(conn: &mut Conn, model: &ContentModel, write: Write) -> AppResult<Written> {
    let ty = content_type(model, &write.call)?;
    let mut work = Work::begin(conn, model, &write.default_locale, clock::now())?;
    let shown = verb(&mut work, ty, &write)?;
    let seq = work.finish()?;
    let shown = match shown {
        Some(identity) => Some(show(conn, model, ty, &identity, write)?),
        None => None,
    };
    Ok(Written { shown, seq })
}

/// Runs the verb; returns what the answer shows.
fn verb(work: &mut Work<'_>, ty: &ContentType, write: &Write) -> AppResult<Option<Identity>> {
    let publish = write.spec.status == Status::Published;
    let locale = work.locale_of(ty, asked(&write.spec.locale));
    match write.call.verb {
        ContentVerb::Create => create::create(work, ty, &locale, publish, &write.data).map(Some),
        ContentVerb::Update => {
            let Some(document_id) = document_id(work, ty, write)? else {
                return create::create(work, ty, &locale, publish, &write.data).map(Some);
            };
            update::update(work, ty, &document_id, &locale, publish, &write.data).map(Some)
        }
        ContentVerb::Delete => {
            let every = !ty.localized || write.spec.locale == Locale::All;
            let locale = (!every).then_some(locale.as_str());
            if let Some(document_id) = document_id(work, ty, write)? {
                delete::delete(work, ty, &document_id, locale)?;
            }
            Ok(None)
        }
        ContentVerb::Publish | ContentVerb::Unpublish | ContentVerb::DiscardDraft => {
            act(work, ty, write, &locale).map(Some)
        }
        ContentVerb::Find | ContentVerb::FindOne => Err(ApiError::not_found().into()),
    }
}

/// The document a call is about: named in the path, or the one of a single type.
fn document_id(work: &mut Work<'_>, ty: &ContentType, write: &Write) -> AppResult<Option<String>> {
    match ty.kind {
        Kind::Collection => Ok(write.call.document_id.clone()),
        Kind::Single => Ok(documents::first_of_type(work.conn, &ty.uid)?),
    }
}

/// A publishing action on one locale or all of them. Shows the default locale, or the first
/// one there is.
fn act(work: &mut Work<'_>, ty: &ContentType, write: &Write, locale: &str) -> AppResult<Identity> {
    let document_id = document_id(work, ty, write)?.ok_or_else(ApiError::not_found)?;
    if !ty.draft_and_publish {
        return Err(ApiError::not_found().into());
    }
    let draft = Identity {
        uid: ty.uid.clone(),
        document_id,
        locale: locale.to_owned(),
        status: DRAFT.to_owned(),
    };
    if write.spec.locale != Locale::All {
        return act_on(work, ty, write.call.verb, &draft);
    }
    let rows = documents::of_document(work.conn, &draft.uid, &draft.document_id)?;
    let mut drafts: Vec<Identity> = rows
        .into_iter()
        .map(|row| row.identity)
        .filter(|identity| identity.status == DRAFT)
        .collect();
    drafts.sort_by_key(|identity| identity.locale != locale);
    let mut first = None;
    for draft in drafts {
        let shown = act_on(work, ty, write.call.verb, &draft)?;
        first.get_or_insert(shown);
    }
    Ok(first.ok_or_else(ApiError::not_found)?)
}

fn act_on(
    work: &mut Work<'_>,
    ty: &ContentType,
    verb: ContentVerb,
    draft: &Identity,
) -> AppResult<Identity> {
    match verb {
        ContentVerb::Publish => publish::publish_changes(work, ty, draft),
        ContentVerb::Unpublish => unpublish::unpublish(work, draft),
        _ => discard::discard(work, ty, draft),
    }
}

fn asked(locale: &Locale) -> Option<&str> {
    match locale {
        Locale::Code(code) => Some(code),
        Locale::Default | Locale::All => None,
    }
}

/// The written document as a read of it answers.
fn show(
    conn: &mut Conn,
    model: &ContentModel,
    ty: &ContentType,
    identity: &Identity,
    write: Write,
) -> AppResult<Value> {
    let mut spec = write.spec;
    spec.status = if identity.status == DRAFT { Status::Draft } else { Status::Published };
    spec.locale = Locale::Code(identity.locale.clone());
    // What the answer shows was decided by the write; a filter cannot take it away.
    spec.filter = Filter::default();
    let default_locale = &write.default_locale;
    let mut reading = Reading { conn, model, default_locale, drafts: false };
    let selector = Selector::Document(&identity.document_id);
    Ok(find::one(&mut reading, ty, selector, &spec)?.unwrap_or_default())
}

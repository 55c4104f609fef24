//! Writes to content: create, update, delete, and the publishing actions.
//!
//! Each runs in one transaction: check, rows, links, feed, webhook jobs, and the answer as
//! a read within it sees it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use cms_api::content_type::{ContentType, Kind};
use cms_api::envelope;
use cms_api::error::{ApiError, ErrorName};
use cms_api::model::ContentModel;
use cms_api::query::{Filter, Locale, QuerySpec, Status};
use cms_api::query_parse::QueryParser;
use serde_json::{Map, Value};

use super::version_four;
use crate::clock;
use crate::documents::access::Access;
use crate::documents::act::{self, Action, Locales};
use crate::documents::find::{self, Reading};
use crate::documents::relations::is_truthy;
use crate::documents::tag::EntryTag;
use crate::documents::validate::joined;
use crate::documents::work::{DRAFT, Work};
use crate::documents::{create, delete, keys, update};
use crate::error::AppResult;
use crate::extract::condition::Tags;
use crate::extract::{body, query};
use crate::response;
use crate::routes::{ContentCall, ContentVerb, Context};
use crate::store::Conn;
use crate::store::documents::{self, Identity};
use crate::store::find::Selector;

/// [`cms_api::change::SEQ_HEADER`] as the wire spells it.
pub(super) const SEQ_HEADER_NAME: &str = "x-galley-seq";

/// A write, ready to run.
#[derive(Clone)]
struct Write {
    call: ContentCall,
    spec: QuerySpec,
    /// More than one, when the request lists them.
    locales: Vec<String>,
    /// The body's `data`; null where there is none.
    data: Value,
    default_locale: String,
    /// The editions the client is willing to write over.
    if_match: Option<Tags>,
    /// Whether the answer has the shape of Strapi 4.
    in_version_four: bool,
}

/// What a write leaves behind: what to show, and its place in the feed.
struct Written {
    /// JSON text.
    shown: Option<String>,
    /// The edition that is shown.
    tag: Option<String>,
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
    let spec = match saves(call.verb) {
        true => parser.save(ty, &question(&tree))?,
        false => parser.write(ty, &tree)?,
    };
    let data = match call.verb {
        ContentVerb::Create | ContentVerb::Update => read_data(&mut context, ty, &access)?,
        _ => Value::Null,
    };
    refuse_parameters(call.verb, ty, &tree)?;
    refuse_locales(call.verb, ty, &tree)?;
    let status = match call.verb {
        ContentVerb::Create => StatusCode::CREATED,
        ContentVerb::Delete => StatusCode::NO_CONTENT,
        _ => StatusCode::OK,
    };
    let default_locale = context.registry.default_locale().to_owned();
    let locales = several_locales(&tree);
    let if_match = Tags::if_match(&context.http).filter(|_| call.verb != ContentVerb::Create);
    let in_version_four = version_four::is_wanted(&context.http);
    let write = Write { call, spec, locales, data, default_locale, if_match, in_version_four };
    let written = context.app.write(move |conn| run(conn, &model, write.clone())).await?;
    context.app.stir();
    let mut answer = match written.shown {
        Some(shown) => response::json_text(status, envelope::single(&shown)),
        None => HttpResponse::build(status).finish(),
    };
    let headers = answer.headers_mut();
    headers.insert(HeaderName::from_static(SEQ_HEADER_NAME), written.seq.into());
    Ok(match written.tag {
        Some(tag) => response::tagged(answer, &tag),
        None => answer,
    })
}

/// Runs a write that was asked for in another way than REST's; the caller is allowed to. Answers
/// what it shows, and its place in the feed.
///
/// # Errors
/// Those of the verb.
pub(crate) async fn perform(
    context: &Context,
    call: ContentCall,
    spec: QuerySpec,
    data: Value,
) -> AppResult<(Option<String>, i64)> {
    let model = Arc::clone(&context.model);
    let ty = content_type(&model, &call)?;
    let access = query::access(&context.caller, &model);
    if saves(call.verb) {
        keys::check(&model, ty, &data, &|uid| access.may_find(uid))?;
    }
    let write = Write {
        call,
        spec,
        locales: Vec::new(),
        data,
        default_locale: context.registry.default_locale().to_owned(),
        if_match: None,
        in_version_four: false,
    };
    let written = context.app.write(move |conn| run(conn, &model, write.clone())).await?;
    context.app.stir();
    Ok((written.shown, written.seq))
}

fn content_type<'m>(model: &'m ContentModel, call: &ContentCall) -> AppResult<&'m ContentType> {
    Ok(model.get(&call.uid).ok_or_else(ApiError::not_found)?)
}

fn read_data(context: &mut Context, ty: &ContentType, access: &Access) -> AppResult<Value> {
    let data = body::data(context.body.take())?;
    keys::check(&context.model, ty, &data, &|uid| access.may_find(uid))?;
    Ok(body::entries(data))
}

fn saves(verb: ContentVerb) -> bool {
    matches!(verb, ContentVerb::Create | ContentVerb::Update)
}

/// What a save asks to see. That a locale is none is left to [`refuse_locales`], which looks
/// once everything else has been found good.
fn question(tree: &Map<String, Value>) -> Map<String, Value> {
    let mut question = tree.clone();
    if tree.get("locale").is_some_and(Value::is_object) {
        question.shift_remove("locale");
    }
    question
}

/// A document is saved in one locale.
fn refuse_locales(
    verb: ContentVerb,
    ty: &ContentType,
    tree: &Map<String, Value>,
) -> Result<(), ApiError> {
    match tree.get("locale").filter(|_| saves(verb) && ty.localized) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(code)) if code != "*" => Ok(()),
        Some(other) => {
            let locales = joined(other);
            let message = format!(
                "Invalid locale param {locales} provided. Document locales must be strings."
            );
            Err(ApiError::validation(message))
        }
    }
}

/// Parameters that cannot be meant for a write.
fn refuse_parameters(
    verb: ContentVerb,
    ty: &ContentType,
    tree: &Map<String, Value>,
) -> Result<(), ApiError> {
    if tree.get("lookup").is_some_and(is_truthy) {
        return Err(ApiError::validation("Invalid params: 'lookup'"));
    }
    if verb == ContentVerb::Delete
        && ty.draft_and_publish
        && tree.get("status").is_some_and(|status| status == DRAFT)
    {
        return Err(ApiError::validation("Cannot delete a draft document"));
    }
    Ok(())
}

fn run(conn: &mut Conn, model: &ContentModel, write: Write) -> AppResult<Written> {
    let ty = content_type(model, &write.call)?;
    let mut work = Work::begin(conn, model, &write.default_locale, clock::now())?;
    if let Some(tags) = &write.if_match {
        require(&mut work, ty, &write, tags)?;
    }
    let Some(identity) = verb(&mut work, ty, &write)? else {
        return Ok(Written { shown: None, tag: None, seq: work.finish()? });
    };
    let shown = show(work.conn, model, ty, &identity, &write)?;
    let seq = work.finish()?;
    let tag = EntryTag::of(conn, &identity.uid, &identity.document_id, &identity.locale)?;
    Ok(Written { shown: Some(shown), tag: Some(tag.written()), seq })
}

/// Refuses to write over an edition the client has not seen. What would be refused anyway,
/// since there is no such document, is left to the verb.
fn require(work: &mut Work<'_>, ty: &ContentType, write: &Write, tags: &Tags) -> AppResult<()> {
    let locale = work.locale_of(ty, asked(&write.spec.locale));
    let several = write.spec.locale == Locale::All || !write.locales.is_empty();
    let every_locale = ty.localized && several;
    let document_id = document_id(work, ty, write)?.unwrap_or_default();
    let tag = EntryTag::of(work.conn, &ty.uid, &document_id, &locale)?;
    let met = match tags {
        Tags::Any => tag.exists || (every_locale && tag.exists_anywhere),
        Tags::These(tags) => tags.iter().any(|known| tag.is_named(known, every_locale)),
    };
    let missing = !tag.exists_anywhere && ty.kind == Kind::Collection;
    if met || (missing && write.call.verb != ContentVerb::Delete) {
        return Ok(());
    }
    Err(ApiError::new(ErrorName::PreconditionFailedError, "Precondition Failed").into())
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
                let is_meant = |work: &mut Work<'_>, row: &Identity| matches(work, ty, row, write);
                delete::delete(work, ty, &document_id, locale, is_meant)?;
            }
            Ok(None)
        }
        ContentVerb::Publish => run_action(work, ty, write, Action::Publish).map(Some),
        ContentVerb::Unpublish => run_action(work, ty, write, Action::Unpublish).map(Some),
        ContentVerb::DiscardDraft => run_action(work, ty, write, Action::DiscardDraft).map(Some),
        ContentVerb::Find | ContentVerb::FindOne => Err(ApiError::not_found().into()),
    }
}

/// Whether a row passes the filters of the request.
fn matches(
    work: &mut Work<'_>,
    ty: &ContentType,
    row: &Identity,
    write: &Write,
) -> AppResult<bool> {
    if write.spec.filter == Filter::default() && write.spec.search.is_none() {
        return Ok(true);
    }
    let spec = QuerySpec { populate: Vec::new(), ..version(&write.spec, row) };
    let (model, default_locale) = (work.model, &write.default_locale);
    let mut reading =
        Reading { conn: work.conn, model, default_locale, drafts: false, cards: None };
    Ok(find::one(&mut reading, ty, Selector::Document(&row.document_id), &spec)?.is_some())
}

/// The same question about this row.
fn version(spec: &QuerySpec, row: &Identity) -> QuerySpec {
    let status = if row.status == DRAFT { Status::Draft } else { Status::Published };
    QuerySpec { status, locale: Locale::Code(row.locale.clone()), ..spec.clone() }
}

/// The document a call is about: named in the path, or the one of a single type.
fn document_id(work: &mut Work<'_>, ty: &ContentType, write: &Write) -> AppResult<Option<String>> {
    match ty.kind {
        Kind::Collection => Ok(write.call.document_id.clone()),
        Kind::Single => Ok(documents::first_of_type(work.conn, &ty.uid)?),
    }
}

/// A publishing action.
fn run_action(
    work: &mut Work<'_>,
    ty: &ContentType,
    write: &Write,
    action: Action,
) -> AppResult<Identity> {
    let document_id = document_id(work, ty, write)?.ok_or_else(ApiError::not_found)?;
    let locales = match &write.spec.locale {
        // A list of locales is asked for as all of them with a condition.
        _ if !write.locales.is_empty() => Locales::These(
            write.locales.iter().map(|code| work.locale_of(ty, Some(code))).collect(),
        ),
        Locale::All => Locales::All,
        locale => Locales::These(vec![work.locale_of(ty, asked(locale))]),
    };
    act::act(work, ty, &document_id, action, &locales)
}

/// The locales of a `locale` that names several.
fn several_locales(tree: &Map<String, Value>) -> Vec<String> {
    let codes = tree.get("locale").and_then(Value::as_array);
    codes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
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
    write: &Write,
) -> AppResult<String> {
    // What the answer shows was decided by the write; no condition can take it away.
    let QuerySpec { fields, populate, status, locale, .. } = version(&write.spec, identity);
    let spec = QuerySpec { fields, populate, status, locale, ..QuerySpec::default() };
    let default_locale = &write.default_locale;
    let mut reading = Reading { conn, model, default_locale, drafts: false, cards: None };
    let selector = Selector::Document(&identity.document_id);
    let shown = find::one_text(&mut reading, ty, selector, &spec)?;
    let shown = shown.unwrap_or_else(|| Value::Null.to_string());
    if !write.in_version_four {
        return Ok(shown);
    }
    Ok(version_four::entry(model, ty, &shown).map_err(anyhow::Error::from)?)
}

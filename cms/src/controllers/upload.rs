//! The media library: `/api/upload*`. Bare objects and lists, numeric ids, as Strapi's
//! upload plugin has them.

mod removal;
mod replacement;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::envelope::Envelope;
use cms_api::error::{ApiError, ErrorName};
use cms_api::query::QuerySpec;
use serde_json::{Map, Value};

use crate::app::App;
use crate::clock;
use crate::documents::find::{self, Listing, Reading};
use crate::error::{AppError, AppResult};
use crate::extract::query::{self, Asked};
use crate::extract::{multipart, row_number};
use crate::media::file_info::{self, FileInfo};
use crate::media::folder::Folder;
use crate::media::owed;
use crate::media::receive::{self, Parts, Received};
use crate::media::related::Related;
use crate::media::rows::{self, Reference};
use crate::media::storage::FileName;
use crate::media::upload::{self, Prepared};
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;

/// The routes of this file. Ids are as the client wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Find,
    FindPage,
    FindOne(String),
    Upload,
    Destroy(String),
}

impl Route {
    pub(crate) fn permission(&self) -> String {
        let action = match self {
            Self::Find => "find",
            Self::FindPage => "findPage",
            Self::FindOne(_) => "findOne",
            Self::Upload => "upload",
            Self::Destroy(_) => "destroy",
        };
        format!("plugin::upload.content-api.{action}")
    }
}

pub(crate) async fn run(context: Context, route: Route) -> AppResult<HttpResponse> {
    match route {
        Route::Find => all(context).await,
        Route::FindPage => page(context).await,
        Route::FindOne(id) => one(context, &id).await,
        Route::Upload => post(context).await,
        Route::Destroy(id) => removal::destroy(context, id).await,
    }
}

fn not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "file.notFound").into()
}

fn file_id(id: &str) -> AppResult<i64> {
    row_number::of(id).ok_or_else(not_found)
}

fn file_type(context: &Context) -> AppResult<&ContentType> {
    Ok(context.model.get(builtin::FILE).ok_or_else(ApiError::not_found)?)
}

async fn list(context: &Context, spec: QuerySpec) -> AppResult<Listing> {
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    let related = Related::asked(context)?;
    let drafts = query::may_read_drafts(context);
    let listing = context.app.read(move |conn| {
        let ty = model.get(builtin::FILE).ok_or_else(ApiError::not_found)?;
        let default_locale = registry.default_locale();
        let mut reading =
            Reading { conn, model: &model, default_locale, drafts: false, cards: None };
        let mut listing = find::list(&mut reading, ty, &spec)?;
        reading.drafts = drafts;
        for file in &mut listing.entries {
            if let Some(related) = &related {
                related.fill(&mut reading, file)?;
            }
            file["isUrlSigned"] = false.into();
        }
        Ok(listing)
    });
    listing.await
}

async fn one(context: Context, id: &str) -> AppResult<HttpResponse> {
    query::check_names(&context, file_type(&context)?)?;
    let id = file_id(id)?;
    let related = Related::asked(&context)?;
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    let drafts = query::may_read_drafts(&context);
    let found = context.app.read(move |conn| {
        let Some(row) = rows::get(conn, id)? else { return Ok(None) };
        let mut file = rows::unsigned(&row);
        if let Some(related) = &related {
            let default_locale = registry.default_locale();
            let mut reading = Reading { conn, model: &model, default_locale, drafts, cards: None };
            related.fill(&mut reading, &mut file)?;
        }
        file["isUrlSigned"] = false.into();
        Ok(Some(file))
    });
    Ok(json(StatusCode::OK, &found.await?.ok_or_else(not_found)?))
}

async fn all(context: Context) -> AppResult<HttpResponse> {
    let spec = query::unpaged(&context, file_type(&context)?, Asked::List)?;
    Ok(json(StatusCode::OK, &list(&context, spec).await?.entries))
}

async fn page(context: Context) -> AppResult<HttpResponse> {
    let spec = query::query(&context, file_type(&context)?, Asked::List)?;
    let page = spec.page;
    let listing = list(&context, spec).await?;
    Ok(json(StatusCode::OK, &Envelope::list(listing.entries, page, listing.total)))
}

/// `?id=` names a file to be changed instead of a new one; an empty one names none.
fn changed_id(context: &Context) -> AppResult<Option<Value>> {
    let id = query::tree(context.http.query_string())?.get("id").cloned();
    Ok(id.filter(|id| !id.is_null() && id != ""))
}

/// The file meant by an id.
fn meant(id: &Value) -> AppResult<i64> {
    let text = id
        .as_str()
        .ok_or_else(|| ApiError::validation("File id is required and must be a single value"))?;
    row_number::of(text).ok_or_else(entity_not_found)
}

async fn post(mut context: Context) -> AppResult<HttpResponse> {
    let id = changed_id(&context)?;
    let payload = std::mem::replace(&mut context.payload, actix_web::dev::Payload::None);
    let storage = &context.app.uploads;
    let limit = context.app.settings.serving.upload_limit.0;
    let mut parts = match multipart::has_parts(&context.http) {
        true => receive::receive(&context.http, payload, storage, limit).await?,
        false => Parts::default(),
    };
    let files = std::mem::take(&mut parts.files);
    let is_empty = matches!(files.as_slice(), [] | [Received { bytes: 0, .. }]);
    match id {
        Some(id) if is_empty => change_info(context, &parts, &id).await,
        Some(id) => replacement::replace(context, &parts, &id, files).await,
        None if is_empty => Err(ApiError::validation("Files are empty").into()),
        None => create(context, &parts, files).await,
    }
}

fn reference(parts: &Parts) -> Option<Reference> {
    let text = |name| parts.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Reference { uid: text("ref")?, id: text("refId")?, field: text("field")? })
}

async fn create(context: Context, parts: &Parts, files: Vec<Received>) -> AppResult<HttpResponse> {
    let accepted = accepted(&context, parts, files)?;
    let prepared = prepare_all(&context, accepted).await?;
    let names: Vec<FileName> = prepared.iter().flat_map(Prepared::names).collect();
    let described: Vec<_> = prepared.iter().map(|file| file.data.clone()).collect();
    let saved = match keep_all(&context.app, prepared, &names).await {
        Ok(()) => save(&context, described, reference(parts), &names).await,
        Err(error) => Err(error),
    };
    match saved.is_ok() {
        // What earlier ones left in a bucket that was away goes now that it is back.
        true => owed::settle(&context.app).await,
        false => removal::undo(&context.app, names).await,
    }
    context.app.stir();
    let shown: Vec<Value> = saved?.iter().map(rows::to_json).collect();
    Ok(json(StatusCode::CREATED, &shown))
}

async fn prepare_all(
    context: &Context,
    files: Vec<(Received, FileInfo)>,
) -> AppResult<Vec<Prepared>> {
    let storage = context.app.uploads.clone();
    let limit = context.app.settings.serving.upload_limit.0;
    actix_web::web::block(move || upload::prepare_all(files, limit, &storage)).await?
}

async fn keep_all(app: &App, files: Vec<Prepared>, names: &[FileName]) -> AppResult<()> {
    if app.uploads.bucket().is_some() {
        let names = names.to_vec();
        let noted = app.write(move |conn| Ok(owed::doom_later(conn, texts(&names))?));
        noted.await?;
    }
    let storage = app.uploads.clone();
    actix_web::web::block(move || upload::keep_all(files, &storage)).await?
}

/// Writes the rows of files that have their names.
async fn save(
    context: &Context,
    files: Vec<Map<String, Value>>,
    reference: Option<Reference>,
    names: &[FileName],
) -> AppResult<Vec<Row>> {
    let model = Arc::clone(&context.model);
    let names = context.app.uploads.bucket().map(|_| names.to_vec()).unwrap_or_default();
    let saved = context.app.write(move |conn| {
        let now = clock::now();
        let folder = Folder::of_uploads(conn, now)?;
        let mut saved = Vec::new();
        for file in &files {
            let mut file = file.clone();
            folder.note(&mut file);
            let row = rows::create(conn, file, now)?;
            folder.hold(conn, &row)?;
            saved.push(row);
        }
        if let Some(reference) = &reference {
            rows::attach(conn, &model, reference, &saved, now)?;
        }
        owed::spare(conn, texts(&names))?;
        Ok(saved)
    });
    saved.await
}

fn texts(names: &[FileName]) -> impl Iterator<Item = &str> {
    names.iter().map(FileName::as_str)
}

/// Files whose type is allowed, each with what is said about it. Others are left out; when
/// none remains the first refusal is the answer.
fn accepted(
    context: &Context,
    parts: &Parts,
    files: Vec<Received>,
) -> AppResult<Vec<(Received, FileInfo)>> {
    let denied = &context.app.settings.serving.upload_denied_types;
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    let mut refusal = None;
    for (at, file) in files.into_iter().enumerate() {
        match upload::check_type(&file, denied) {
            Ok(()) => accepted.push(file),
            Err(error) => {
                refused.push(at);
                refusal = refusal.or(Some(error));
            }
        }
    }
    if let Some(error) = refusal.filter(|_| accepted.is_empty()) {
        return Err(error.into());
    }
    let said = file_info::without(file_info::of_parts(parts.all("fileInfo"))?, &refused);
    let mut infos = file_info::for_files(said.as_ref(), accepted.len())?.into_iter();
    Ok(accepted.into_iter().map(|file| (file, infos.next().unwrap_or_default())).collect())
}

fn entity_not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "Entity not found").into()
}

/// The `fileInfo` of a form, or of a JSON body.
async fn change_info(mut context: Context, parts: &Parts, id: &Value) -> AppResult<HttpResponse> {
    let said = parts.text("fileInfo").map(Value::from);
    let said = said.or_else(|| context.body.get_mut("fileInfo").map(Value::take));
    change(&context, said.as_ref(), meant(id)?).await
}

/// Changes what is said about a file to what the body says.
///
/// # Errors
/// 404 when there is no such file.
pub(crate) async fn describe(context: Context, id: &str) -> AppResult<HttpResponse> {
    let id = row_number::of(id).ok_or_else(entity_not_found)?;
    change(&context, Some(&context.body), id).await
}

async fn change(context: &Context, said: Option<&Value>, id: i64) -> AppResult<HttpResponse> {
    let changes = file_info::for_file(said)?.changes();
    let changed = context.app.write(move |conn| {
        let row = rows::get(conn, id)?.ok_or_else(entity_not_found)?;
        rows::update(conn, row, changes.clone(), clock::now())
    });
    let changed = changed.await?;
    context.app.stir();
    Ok(json(StatusCode::OK, &rows::to_json(&changed)))
}

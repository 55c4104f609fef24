//! The media library: `/api/upload*`. Bare objects and lists, numeric ids, as Strapi's
//! upload plugin has them.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::envelope::Envelope;
use cms_api::error::{ApiError, ErrorName};
use cms_api::query::QuerySpec;
use cms_api::query_string;
use serde_json::{Map, Value};

use crate::clock;
use crate::documents::find::{self, Listing, Reading};
use crate::error::{AppError, AppResult};
use crate::extract::query::{self, Asked};
use crate::media::receive::{self, Parts, Received};
use crate::media::rows::{self, Reference};
use crate::media::storage::{FileName, Storage};
use crate::media::upload::{self, FileInfo, Stored};
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
        Route::FindOne(id) => {
            let id = file_id(&id)?;
            let row = context.app.read(move |conn| Ok(rows::get(conn, id)?)).await?;
            Ok(json(StatusCode::OK, &rows::to_json(&row.ok_or_else(not_found)?)))
        }
        Route::Upload => post(context).await,
        Route::Destroy(id) => destroy(context, id).await,
    }
}

fn not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "file.notFound").into()
}

fn file_id(id: &str) -> AppResult<i64> {
    id.parse().map_err(|_| not_found())
}

fn file_type(context: &Context) -> AppResult<&ContentType> {
    Ok(context.model.get(builtin::FILE).ok_or_else(ApiError::not_found)?)
}

async fn list(context: &Context, spec: QuerySpec) -> AppResult<Listing> {
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    let related = asks_for_related(&query::tree(context.http.query_string())?);
    let caller = context.caller.clone();
    let listing = context.app.read(move |conn| {
        let ty = model.get(builtin::FILE).ok_or_else(ApiError::not_found)?;
        let default_locale = registry.default_locale();
        let mut reading = Reading { conn, model: &model, default_locale, drafts: false };
        let mut listing = find::list(&mut reading, ty, &spec)?;
        for file in &mut listing.entries {
            if related {
                let may_see = |uid: &str| caller.may(&format!("{uid}.find"));
                file["related"] = rows::related(conn, &model, file, &may_see)?;
            }
            file["isUrlSigned"] = false.into();
        }
        Ok(listing)
    });
    listing.await
}

/// Whether `populate` names the entries a file is used by.
fn asks_for_related(tree: &Map<String, Value>) -> bool {
    const NAME: &str = "related";
    let named = |text: &str| text.split(',').any(|name| matches!(name.trim(), NAME | "*"));
    match tree.get("populate") {
        Some(Value::String(text)) => named(text),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(named),
        Some(Value::Object(map)) => map.contains_key(NAME),
        _ => false,
    }
}

async fn all(context: Context) -> AppResult<HttpResponse> {
    let mut spec = query::query(&context, file_type(&context)?, Asked::List)?;
    // Strapi ignores `pagination` here and returns every file.
    spec.page.start = 0;
    spec.page.limit = i64::MAX.unsigned_abs();
    spec.page.with_count = false;
    Ok(json(StatusCode::OK, &list(&context, spec).await?.entries))
}

async fn page(context: Context) -> AppResult<HttpResponse> {
    let spec = query::query(&context, file_type(&context)?, Asked::List)?;
    let page = spec.page;
    let listing = list(&context, spec).await?;
    Ok(json(StatusCode::OK, &Envelope::list(listing.entries, page, listing.total)))
}

/// `?id=` names a file to be changed instead of a new one.
fn changed_id(context: &Context) -> AppResult<Option<String>> {
    let query = query_string::parse(context.http.query_string())
        .map_err(|error| ApiError::validation(error.to_string()))?;
    Ok(query.get("id").and_then(Value::as_str).map(str::to_owned))
}

async fn post(mut context: Context) -> AppResult<HttpResponse> {
    let id = changed_id(&context)?;
    let payload = std::mem::replace(&mut context.payload, actix_web::dev::Payload::None);
    let storage = &context.app.uploads;
    let limit = context.app.settings.serving.upload_limit.0;
    let mut parts = match crate::extract::body::is_multipart(&context.http) {
        true => receive::receive(&context.http, payload, storage, limit).await?,
        false => Parts::default(),
    };
    let infos = parts.all("fileInfo").map(infos).collect::<Result<Vec<_>, _>>()?.concat();
    let files = std::mem::take(&mut parts.files);
    match id {
        Some(id) if files.is_empty() => change_info(context, &id, infos).await,
        Some(id) => replace(context, &id, files, infos).await,
        None => create(context, files, infos, reference(&parts)).await,
    }
}

/// One `fileInfo` part: an object, or a list of them.
fn infos(text: &str) -> Result<Vec<FileInfo>, ApiError> {
    if !text.trim_start().starts_with('[') {
        return Ok(vec![FileInfo::parse(text)?]);
    }
    let list: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|error| {
        ApiError::validation(format!("fileInfo is no list of objects: {error}"))
    })?;
    Ok(list.into_iter().map(FileInfo::of).collect())
}

fn reference(parts: &Parts) -> Option<Reference> {
    let text = |name| parts.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Reference { uid: text("ref")?, id: text("refId")?, field: text("field")? })
}

async fn create(
    context: Context,
    files: Vec<Received>,
    infos: Vec<FileInfo>,
    reference: Option<Reference>,
) -> AppResult<HttpResponse> {
    if files.is_empty() {
        return Err(ApiError::validation("Files are empty").into());
    }
    let accepted = accepted(&context, files, infos)?;
    let stored = store_all(&context, accepted).await?;
    let names: Vec<FileName> = stored.iter().flat_map(|file| file.names.clone()).collect();
    let model = Arc::clone(&context.model);
    let saved = context.app.write(move |conn| {
        let now = clock::now();
        let mut saved = Vec::new();
        for file in stored {
            saved.push(rows::create(conn, file.data, now)?);
        }
        if let Some(reference) = reference {
            rows::attach(conn, &model, &reference, &saved, now)?;
        }
        Ok(saved)
    });
    let saved = undo_unless(&context.app.uploads, names, saved.await)?;
    context.app.jobs.wake();
    let shown: Vec<Value> = saved.iter().map(rows::to_json).collect();
    Ok(json(StatusCode::CREATED, &shown))
}

/// Files whose type is allowed, each with what is said about it. Others are left out; when
/// none remains the first refusal is the answer.
fn accepted(
    context: &Context,
    files: Vec<Received>,
    infos: Vec<FileInfo>,
) -> AppResult<Vec<(Received, FileInfo)>> {
    let denied = &context.app.settings.serving.upload_denied_types;
    let mut accepted = Vec::new();
    let mut refusal = None;
    let mut infos = infos.into_iter();
    for file in files {
        let info = infos.next().unwrap_or_default();
        match upload::check_type(&file, denied) {
            Ok(()) => accepted.push((file, info)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    match refusal {
        Some(error) if accepted.is_empty() => Err(error.into()),
        _ => Ok(accepted),
    }
}

async fn store_all(context: &Context, files: Vec<(Received, FileInfo)>) -> AppResult<Vec<Stored>> {
    let storage = context.app.uploads.clone();
    actix_web::web::block(move || upload::store_all(files, &storage)).await?
}

/// Files whose rows were not committed are removed again.
fn undo_unless<T>(storage: &Storage, names: Vec<FileName>, result: AppResult<T>) -> AppResult<T> {
    if result.is_err() {
        names.iter().for_each(|name| storage.remove(name));
    }
    result
}

fn entity_not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "Entity not found").into()
}

async fn change_info(context: Context, id: &str, infos: Vec<FileInfo>) -> AppResult<HttpResponse> {
    let id = id.parse().map_err(|_| entity_not_found())?;
    let changes = infos.first().map(FileInfo::changes).unwrap_or_default();
    let changed = context.app.write(move |conn| {
        let row = rows::get(conn, id)?.ok_or_else(entity_not_found)?;
        rows::update(conn, row, changes, clock::now())
    });
    let changed = changed.await?;
    context.app.jobs.wake();
    Ok(json(StatusCode::OK, &rows::to_json(&changed)))
}

async fn replace(
    context: Context,
    id: &str,
    files: Vec<Received>,
    infos: Vec<FileInfo>,
) -> AppResult<HttpResponse> {
    if files.len() > 1 {
        let message = "Cannot replace a file with multiple ones";
        return Err(ApiError::validation(message).into());
    }
    let id: i64 = id.parse().map_err(|_| entity_not_found())?;
    let row = context.app.read(move |conn| Ok(rows::get(conn, id)?)).await?;
    let row = row.ok_or_else(entity_not_found)?;
    let Some((file, info)) = accepted(&context, files, infos)?.pop() else {
        return Err(ApiError::validation("Files are empty").into());
    };
    let before = rows::stored_names(&row);
    let storage = context.app.uploads.clone();
    let prepared = actix_web::web::block(move || {
        upload::prepare(file, &info, Some(name_of(&row)), &storage).map(|file| (file, info))
    });
    let (prepared, info) = prepared.await??;
    let kept = prepared.names();
    let described = prepared.data.clone();
    let changed = context.app.write(move |conn| {
        let row = rows::get(conn, id)?.ok_or_else(entity_not_found)?;
        let mut data = described;
        // What is said about the file outlives its content unless it is said anew.
        for name in ["alternativeText", "caption", "focalPoint"] {
            data.remove(name);
        }
        data.extend(info.changes());
        rows::update(conn, row, data, clock::now())
    });
    let changed = changed.await?;
    // Only now, so that the old bytes outlive a row that could not be changed.
    let storage = context.app.uploads.clone();
    let exchanged = actix_web::web::block(move || {
        prepared.keep(&storage)?;
        let gone = before.iter().filter_map(|name| FileName::parse(name));
        gone.filter(|name| !kept.contains(name)).for_each(|name| storage.remove(&name));
        AppResult::Ok(())
    });
    exchanged.await??;
    context.app.jobs.wake();
    Ok(json(StatusCode::OK, &rows::to_json(&changed)))
}

/// Hash and extension of a stored file.
fn name_of(row: &Row) -> (String, String) {
    let text = |name| row.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("hash"), text("ext"))
}

async fn destroy(context: Context, id: String) -> AppResult<HttpResponse> {
    let id = file_id(&id)?;
    let deleted = context.app.write(move |conn| {
        let row = rows::get(conn, id)?.ok_or_else(not_found)?;
        rows::delete(conn, &row, clock::now())?;
        Ok(row)
    });
    let row = deleted.await?;
    context.app.jobs.wake();
    let storage = context.app.uploads.clone();
    let names: Vec<FileName> =
        rows::stored_names(&row).iter().filter_map(|name| FileName::parse(name)).collect();
    actix_web::web::block(move || names.iter().for_each(|name| storage.remove(name))).await?;
    Ok(json(StatusCode::OK, &rows::to_json(&row)))
}

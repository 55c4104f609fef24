//! A file in place of another one, under its name.
//!
//! Old bytes outlive a row that could not be changed. On a disk the new ones then get their
//! name by a rename. Into a bucket they are sent before, under keys of their own, and the row's
//! transaction notes which names they are to get: from then on that is only a matter of time.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::ApiError;
use serde_json::{Map, Value};

use super::{accepted, entity_not_found, meant, removal, texts};
use crate::app::App;
use crate::clock;
use crate::error::AppResult;
use crate::media::receive::{Parts, Received};
use crate::media::storage::FileName;
use crate::media::storage::bucket::Bucket;
use crate::media::upload::{self, Prepared};
use crate::media::{owed, rows};
use crate::response::json;
use crate::routes::Context;
use crate::store::Conn;
use crate::store::documents::Row;

pub(super) async fn replace(
    context: Context,
    parts: &Parts,
    id: &Value,
    files: Vec<Received>,
) -> AppResult<HttpResponse> {
    if files.len() > 1 {
        let message = "Cannot replace a file with multiple ones";
        return Err(ApiError::validation(message).into());
    }
    let Some((file, info)) = accepted(&context, parts, files)?.pop() else {
        return Err(ApiError::validation("Files are empty").into());
    };
    let id = meant(id)?;
    let row = context.app.read(move |conn| Ok(rows::get(conn, id)?)).await?;
    let row = row.ok_or_else(entity_not_found)?;
    let before: Vec<FileName> =
        rows::stored_names(&row).iter().filter_map(|name| FileName::parse(name)).collect();
    let storage = context.app.uploads.clone();
    let limit = context.app.settings.serving.upload_limit.0;
    let prepared = actix_web::web::block(move || {
        upload::prepare(file, &info, Some(name_of(&row)), limit, &storage)
    });
    let prepared = prepared.await??;
    let kept = prepared.names();
    let gone = before.into_iter().filter(|name| !kept.contains(name)).collect();
    let change = Change { id, prepared, gone };
    let changed = match context.app.uploads.bucket().cloned() {
        Some(bucket) => change.in_bucket(&context.app, bucket).await?,
        None => change.on_disk(&context.app).await?,
    };
    context.app.stir();
    Ok(json(StatusCode::OK, &rows::to_json(&changed)))
}

/// Hash and extension of a stored file.
fn name_of(row: &Row) -> (String, String) {
    let text = |name| row.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("hash"), text("ext"))
}

/// New bytes for a file.
struct Change {
    id: i64,
    prepared: Prepared,
    /// What it no longer has.
    gone: Vec<FileName>,
}

impl Change {
    /// The attributes its row gets.
    fn described(&self) -> Map<String, Value> {
        let mut described = self.prepared.data.clone();
        // A file that had formats once is told apart from one that never had any.
        if described.get("formats").is_none_or(Value::is_null) {
            described.insert("formats".into(), Value::Object(Map::new()));
        }
        described
    }

    async fn on_disk(self, app: &App) -> AppResult<Row> {
        let (id, described) = (self.id, self.described());
        let changed = app.write(move |conn| update(conn, id, described.clone())).await?;
        // Only now, so that the old bytes outlive a row that could not be changed.
        let storage = app.uploads.clone();
        let exchanged = actix_web::web::block(move || {
            self.prepared.keep(&storage)?;
            self.gone.iter().for_each(|name| storage.remove(name));
            AppResult::Ok(())
        });
        exchanged.await??;
        Ok(changed)
    }

    async fn in_bucket(self, app: &App, bucket: Bucket) -> AppResult<Row> {
        let names = self.prepared.names();
        let keys = names.iter().map(owed::waiting_key).collect::<anyhow::Result<Vec<_>>>()?;
        let noted = keys.clone();
        let noted =
            app.write(move |conn| Ok(owed::doom_later(conn, noted.iter().map(String::as_str))?));
        noted.await?;
        let changed = self.send_and_place(app, bucket, keys.clone(), names).await;
        match changed.is_ok() {
            true => owed::settle(app).await,
            false => removal::withdraw(app, keys).await,
        }
        changed
    }

    async fn send_and_place(
        self,
        app: &App,
        bucket: Bucket,
        keys: Vec<String>,
        names: Vec<FileName>,
    ) -> AppResult<Row> {
        let (id, described) = (self.id, self.described());
        let (prepared, gone, to) = (self.prepared, self.gone, keys.clone());
        actix_web::web::block(move || prepared.keep_aside(&bucket, &to)).await??;
        let changed = app.write(move |conn| {
            let row = update(conn, id, described.clone())?;
            for (key, name) in keys.iter().zip(&names) {
                owed::place(conn, key, name)?;
            }
            owed::doom(conn, texts(&gone))?;
            Ok(row)
        });
        changed.await
    }
}

fn update(conn: &mut Conn, id: i64, described: Map<String, Value>) -> AppResult<Row> {
    let row = rows::get(conn, id)?.ok_or_else(entity_not_found)?;
    rows::update(conn, row, described, clock::now())
}

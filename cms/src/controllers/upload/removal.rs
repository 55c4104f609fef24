//! Files that go: the row first, so that nothing names a file that is not there.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::{file_id, not_found, texts};
use crate::app::App;
use crate::clock;
use crate::error::AppResult;
use crate::media::storage::FileName;
use crate::media::{owed, rows};
use crate::response::json;
use crate::routes::Context;

pub(super) async fn destroy(context: Context, id: String) -> AppResult<HttpResponse> {
    let id = file_id(&id)?;
    let in_bucket = context.app.uploads.bucket().is_some();
    let deleted = context.app.write(move |conn| {
        let row = rows::get(conn, id)?.ok_or_else(not_found)?;
        rows::delete(conn, &row, clock::now())?;
        let names: Vec<FileName> =
            rows::stored_names(&row).iter().filter_map(|name| FileName::parse(name)).collect();
        if in_bucket {
            owed::doom(conn, texts(&names))?;
        }
        Ok((row, names))
    });
    let (row, names) = deleted.await?;
    context.app.stir();
    if in_bucket {
        owed::settle(&context.app).await;
    } else {
        let storage = context.app.uploads.clone();
        actix_web::web::block(move || names.iter().for_each(|name| storage.remove(name))).await?;
    }
    Ok(json(StatusCode::OK, &rows::to_json(&row)))
}

/// Files whose rows were not committed are removed again.
pub(super) async fn undo(app: &App, names: Vec<FileName>) {
    if app.uploads.bucket().is_some() {
        return withdraw(app, texts(&names).map(str::to_owned).collect()).await;
    }
    let storage = app.uploads.clone();
    let removed = actix_web::web::block(move || names.iter().for_each(|name| storage.remove(name)));
    if let Err(error) = removed.await {
        tracing::warn!(%error, "files of a failed upload stay");
    }
}

/// Takes objects out of the bucket that nothing needs. What cannot be removed now goes later:
/// its removal was noted before it was sent.
pub(super) async fn withdraw(app: &App, keys: Vec<String>) {
    let noted = app.write(move |conn| Ok(owed::doom(conn, keys.iter().map(String::as_str))?));
    match noted.await {
        Ok(()) => owed::settle(app).await,
        Err(error) => tracing::warn!(%error, "objects of a failed upload stay for a day"),
    }
}

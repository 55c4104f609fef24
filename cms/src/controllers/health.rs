//! Is the server alive, and can it work?

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

use crate::app::App;
use crate::error::AppResult;
use crate::response::json;
use crate::store::feed;

/// Strapi's own: 204 as soon as the server answers.
pub(crate) fn health() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// The process is running.
pub(crate) fn alive() -> HttpResponse {
    json(StatusCode::OK, &json!({ "alive": true }))
}

/// The database answers; 503 when it does not.
pub(crate) async fn ready(app: &App) -> AppResult<HttpResponse> {
    match app.read(|conn| Ok(feed::newest(conn)?)).await {
        Ok(seq) => Ok(json(StatusCode::OK, &json!({ "ready": true, "seq": seq }))),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            Ok(json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "ready": false })))
        }
    }
}

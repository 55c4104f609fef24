//! `POST /-/pair`: a site redeems its code.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::ApiError;
use cms_api::pairing::PairRequest;

use crate::auth::pairing;
use crate::clock;
use crate::error::AppResult;
use crate::jobs::endpoint;
use crate::response;
use crate::routes::Context;

/// Answers with the site's credentials, which are not shown again.
///
/// # Errors
/// 400 for a body that is no request of this kind, and those of [`pairing::redeem`].
pub(crate) async fn pair(context: Context) -> AppResult<HttpResponse> {
    let request: PairRequest = serde_json::from_value(context.body).map_err(|error| {
        ApiError::validation(format!("the body is no pairing request: {error}"))
    })?;
    let hook = request.hook.as_deref().map(endpoint::address).transpose();
    let hook = hook.map_err(ApiError::validation)?;
    let redeemed =
        move |conn: &mut _| pairing::redeem(conn, &request.code, hook.as_deref(), clock::now());
    let reply = context.app.write(redeemed).await?;
    let mut response = response::json(StatusCode::CREATED, &reply);
    response.headers_mut().insert(
        actix_web::http::header::CACHE_CONTROL,
        actix_web::http::header::HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

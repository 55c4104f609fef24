//! Logins that stay: renewing, listing and ending them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Value, json};

use crate::auth::sessions::{self, Refreshed, Which};
use crate::auth::users;
use crate::clock;
use crate::error::AppResult;
use crate::response::json;
use crate::routes::Context;
use crate::store::sessions as store;

use super::cookie::{self, Delivery};
use super::{device_id, signed_in_user, with_tokens};

/// The refresh token of a request: that of its cookie goes first.
fn refresh_token(context: &Context, body: &Value) -> Option<String> {
    cookie::refresh_token(context.http.headers()).or_else(|| {
        let token = body.get("refreshToken").and_then(Value::as_str);
        token.filter(|token| !token.is_empty()).map(str::to_owned)
    })
}

pub(super) async fn refresh(context: Context, body: Value) -> AppResult<HttpResponse> {
    let token = refresh_token(&context, &body)
        .ok_or_else(|| ApiError::new(ErrorName::BadRequestError, "Missing refresh token"))?;
    let app = context.app.clone();
    let delivery = Delivery::asked(&context);
    let refreshed = context.app.write(move |conn| {
        let refreshed = sessions::refresh(&app, conn, &token, clock::now())?;
        if matches!(refreshed, Refreshed::Tokens(_)) {
            // An error takes the exchange back: the token stays good.
            delivery.possible()?;
        }
        if let Refreshed::Tokens(tokens) = &refreshed
            && users::by_id(conn, tokens.user_id)?.is_none_or(|user| users::is_blocked(&user))
        {
            sessions::end(conn, tokens.user_id, &Which::All)?;
            return Ok(Refreshed::Refused);
        }
        Ok(refreshed)
    });
    match refreshed.await? {
        Refreshed::Tokens(tokens) => with_tokens(&tokens, None, delivery),
        Refreshed::Refused | Refreshed::Reused => {
            Err(ApiError::new(ErrorName::UnauthorizedError, "Invalid refresh token").into())
        }
    }
}

/// Ends all logins of the caller, those of a device, the one of a refresh token, or the one
/// the request was made with.
pub(super) async fn logout(context: Context, body: Value) -> AppResult<HttpResponse> {
    let (user, session) = signed_in_user(&context)?;
    let device = device_id(&body);
    let token = refresh_token(&context, &body);
    let delivery = Delivery::asked(&context);
    delivery.possible()?;
    let all = body.get("scope").and_then(Value::as_str) == Some("all");
    let ended = context.app.write(move |conn| {
        let named = match &token {
            Some(token) => sessions::of_refresh_token(conn, token, clock::now())?,
            None => None,
        };
        let family = named.filter(|(owner, _)| *owner == user).map(|(_, family)| family);
        let which = match &device {
            _ if all => Which::All,
            Some(device) => Which::Device(device),
            None => Which::One(family.as_deref().unwrap_or(&session)),
        };
        Ok(sessions::end(conn, user, &which)?)
    });
    ended.await?;
    let mut answer = json(StatusCode::OK, &json!({ "ok": true }));
    delivery.send(&mut answer, None)?;
    Ok(answer)
}

pub(super) async fn list(context: Context) -> AppResult<HttpResponse> {
    let (user, current) = signed_in_user(&context)?;
    let listed =
        context.app.read(move |conn| Ok(sessions::list(conn, user, &current, clock::now())?));
    Ok(json(StatusCode::OK, &json!({ "data": listed.await? })))
}

pub(super) async fn revoke(context: Context, family: String) -> AppResult<HttpResponse> {
    let (user, _) = signed_in_user(&context)?;
    let found = context.app.write(move |conn| Ok(store::revoke_family(conn, user, &family)?));
    if found.await? {
        Ok(json(StatusCode::OK, &json!({ "data": {} })))
    } else {
        Err(ApiError::new(ErrorName::NotFoundError, "Session not found").into())
    }
}

//! Logging in with the account of another site. No such site is set up, so these routes only
//! say no, each in Strapi's words.

use actix_web::HttpResponse;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Value, json};

use crate::error::AppResult;
use crate::extract::form::{Form, REQUIRED};
use crate::extract::query;
use crate::routes::Context;

use super::application;

/// Passwords are a provider too, the only one that is on; `email` is its other name.
const PASSWORDS: &str = "local";
const PASSWORDS_BY_MAIL: &str = "email";
const DISABLED: &str = "This provider is disabled";

/// `/api/connect/:provider`
pub(super) fn begin(context: &Context, provider: &str) -> AppResult<HttpResponse> {
    if provider != PASSWORDS_BY_MAIL {
        return Err(application(DISABLED));
    }
    if let Some(callback) = query::tree(context.http.query_string())?.get("callback") {
        let error = ApiError::new(ErrorName::ValidationError, "Invalid callback URL provided");
        return Err(error.with_details(json!({ "callback": callback })).into());
    }
    Err(application("Unknown OAuth provider"))
}

/// `/api/auth/:provider/callback`
pub(super) fn finish(provider: &str) -> AppResult<HttpResponse> {
    match provider {
        PASSWORDS_BY_MAIL => {
            Err(application("OAuth authentication requires a completed provider session"))
        }
        PASSWORDS => {
            let mut form = Form::new(&Value::Null)?;
            form.text("identifier", REQUIRED);
            form.text("password", REQUIRED);
            form.finish()?;
            Err(application(DISABLED))
        }
        _ => Err(application(DISABLED)),
    }
}

//! The refresh token in a cookie that scripts cannot read, for clients that ask for it.
//!
//! Such a cookie travels over encrypted connections alone: where there is none, the request
//! is refused before it changes anything.

use actix_web::HttpResponse;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use cms_api::error::ApiError;

use crate::error::AppResult;
use crate::extract::client;
use crate::routes::Context;

const NAME: &str = "strapi_up_refresh";
/// The header by which a client asks for the cookie, and what it says.
const ASKED: (&str, &str) = ("x-strapi-refresh-cookie", "httpOnly");
const ATTRIBUTES: &str = "path=/; samesite=lax; secure; httponly";

/// Where the refresh token of an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Body,
    Cookie,
    /// To a cookie, but the connection is not encrypted.
    Impossible,
}

impl Delivery {
    pub(super) fn asked(context: &Context) -> Self {
        let http = &context.http;
        let asked = http.headers().get(ASKED.0).is_some_and(|value| value == ASKED.1);
        let trusted = &context.app.settings.serving.trusted_proxies;
        match asked {
            false => Self::Body,
            true if client::is_encrypted(http, trusted) => Self::Cookie,
            true => Self::Impossible,
        }
    }

    /// # Errors
    /// 400 when the token could not be handed out.
    pub(super) fn possible(self) -> Result<(), ApiError> {
        match self {
            Self::Impossible => {
                let message = "Cannot send secure cookie over unencrypted connection";
                Err(ApiError::validation(message))
            }
            Self::Body | Self::Cookie => Ok(()),
        }
    }

    /// Puts the token into the answer, or takes it from the client when there is none.
    pub(super) fn send(self, answer: &mut HttpResponse, token: Option<&str>) -> AppResult<()> {
        if self != Self::Cookie {
            return Ok(());
        }
        let cookie = match token {
            Some(token) => format!("{NAME}={token}; {ATTRIBUTES}"),
            None => format!("{NAME}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; {ATTRIBUTES}"),
        };
        let value = HeaderValue::from_str(&cookie).map_err(anyhow::Error::from)?;
        answer.headers_mut().append(SET_COOKIE, value);
        Ok(())
    }
}

/// The refresh token a client's cookie holds.
pub(super) fn refresh_token(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    let token = pairs.filter(|(name, _)| name.trim() == NAME).map(|(_, token)| token.trim()).next();
    let token = token.map(|token| token.trim_matches('"').to_owned());
    token.filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(value));
            refresh_token(&headers)
        };
        assert_eq!(read("a=b; strapi_up_refresh=x.y.z; c=d").unwrap(), "x.y.z");
        assert_eq!(read("strapi_up_refresh=\"x\"").unwrap(), "x");
        for none in ["", "a=strapi_up_refresh", "strapi_up_refresh=", "xstrapi_up_refresh=y"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}

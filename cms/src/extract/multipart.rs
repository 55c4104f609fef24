//! A multipart body as a tree of JSON values, for routes that take no files.
//!
//! Its texts are read with the grammar of query strings; files are passed over, as Strapi
//! does. Routes that keep files read the body themselves.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header;
use cms_api::error::{ApiError, ErrorName};
use cms_api::query_string;
use futures_util::StreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::body::{is_multipart, too_large};
use crate::error::AppResult;

/// Brackets of a name are those of the grammar.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'[').remove(b']');

/// # Errors
/// 400 when the body is not what its type says, 413 when its texts are longer than `limit`.
pub(crate) async fn tree(
    http: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> AppResult<Value> {
    if !has_parts(http) {
        return Ok(Value::Object(Map::new()));
    }
    let mut body = Multipart::new(http.headers(), payload.take());
    let mut pairs: Vec<String> = Vec::new();
    let mut left = limit;
    while let Some(field) = body.next().await {
        let field = field.map_err(malformed)?;
        // A part without a type is text whatever else it says.
        if field.content_type().is_some() {
            pass_over(field).await?;
            continue;
        }
        let name = field.name().unwrap_or_default().to_owned();
        let text = text(field, &mut left).await?;
        let name = utf8_percent_encode(&name, NAME);
        pairs.push(format!("{name}={}", utf8_percent_encode(&text, NON_ALPHANUMERIC)));
    }
    query_string::parse_form(&pairs.join("&")).map(Value::Object).map_err(|_| too_large().into())
}

/// Whether there is anything to read: without a boundary, or without a body, there is not.
pub(crate) fn has_parts(http: &HttpRequest) -> bool {
    const BOUNDARY: &str = "boundary=";
    let is_empty = http.headers().get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    let kind = http.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase());
    let boundary = kind.as_deref().and_then(|kind| kind.split_once(BOUNDARY)).map(|(_, it)| it);
    is_multipart(http) && !is_empty && boundary.is_some_and(|it| !it.is_empty())
}

async fn pass_over(mut field: Field) -> Result<(), ApiError> {
    while let Some(chunk) = field.next().await {
        chunk.map_err(malformed)?;
    }
    Ok(())
}

async fn text(mut field: Field, left: &mut usize) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(malformed)?;
        *left = left.checked_sub(chunk.len()).ok_or_else(too_large)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn malformed(error: MultipartError) -> ApiError {
    let message = format!("the multipart body cannot be read: {error}");
    ApiError::new(ErrorName::BadRequestError, message)
}

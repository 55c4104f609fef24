//! What a form sends: as browsers encode it, in parts, or as JSON. Texts only, no files.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, http::header, web};
use cms_api::error::{ApiError, ErrorName};
use futures_util::StreamExt;
use serde_json::{Map, Value};

/// Fields of one post; more is an attempt at something else.
const MOST_FIELDS: usize = 200;

pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limit: u64,
) -> Result<Map<String, Value>, ApiError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let pairs = match kind.as_str() {
        "application/x-www-form-urlencoded" => {
            let body = whole(payload, limit).await?;
            url::form_urlencoded::parse(&body).into_owned().collect()
        }
        "multipart/form-data" => parts(request, payload, limit).await?,
        "application/json" => return json(&whole(payload, limit).await?),
        _ => {
            let accepted =
                "application/x-www-form-urlencoded, multipart/form-data or application/json";
            let name = ErrorName::Other("UnsupportedMediaTypeError", 415);
            return Err(ApiError::new(name, format!("a form is sent as {accepted}")));
        }
    };
    if pairs.len() > MOST_FIELDS {
        return Err(too_large());
    }
    Ok(collected(pairs))
}

/// A name that comes several times is a list: boxes that are ticked.
fn collected(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, text) in pairs {
        match fields.get_mut(&name) {
            None => drop(fields.insert(name, text.into())),
            Some(Value::Array(items)) => items.push(text.into()),
            Some(first) => *first = Value::Array(vec![first.take(), text.into()]),
        }
    }
    fields
}

fn json(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let plain = |value: &Value| match value {
        Value::Array(items) => items.iter().all(|item| !item.is_array() && !item.is_object()),
        value => !value.is_object(),
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) if fields.len() <= MOST_FIELDS && fields.values().all(plain) => {
            Ok(fields)
        }
        Ok(_) => Err(bad("an object of texts, numbers and lists of them is expected")),
        Err(error) => Err(bad(&format!("the body is not JSON: {error}"))),
    }
}

async fn whole(mut payload: web::Payload, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| bad("the body was cut short"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn parts(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<Vec<(String, String)>, ApiError> {
    let malformed =
        |error: actix_multipart::MultipartError| bad(&format!("the body cannot be read: {error}"));
    let mut body = Multipart::new(request.headers(), payload);
    let (mut pairs, mut left) = (Vec::new(), limit);
    while let Some(field) = body.next().await {
        let mut field = field.map_err(malformed)?;
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.content_disposition().is_some_and(|part| part.get_filename().is_some());
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            let chunk = chunk.map_err(malformed)?;
            left = left.checked_sub(chunk.len() + name.len()).ok_or_else(too_large)?;
            bytes.extend_from_slice(&chunk);
        }
        // An empty field for a file is sent by browsers when none was chosen.
        match (is_file, bytes.is_empty()) {
            (true, true) => {}
            (true, false) => return Err(bad("this form takes no files")),
            (false, _) if pairs.len() >= MOST_FIELDS => return Err(too_large()),
            (false, _) => pairs.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok(pairs)
}

fn bad(message: &str) -> ApiError {
    ApiError::new(ErrorName::BadRequestError, message)
}

fn too_large() -> ApiError {
    ApiError::new(ErrorName::PayloadTooLargeError, "Payload Too Large")
}

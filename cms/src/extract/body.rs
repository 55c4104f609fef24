//! A request's body as a tree of JSON values, whatever its content type.
//!
//! JSON must be an object or a list; forms are read with the grammar of query strings. Other
//! types are no body at all: the handler then says what is missing.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use cms_api::error::{ApiError, ErrorName};
use cms_api::query_string;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::{decompress, halves};
use crate::error::{AppError, AppResult};

/// An over-long body is read on to this length before it is refused: a client that is still
/// sending would otherwise see a broken connection instead of the answer.
const DRAIN_LIMIT: usize = 16 * 1024 * 1024;

/// The longest form, and the longest body of a text type, which no route reads.
const FORM_LIMIT: usize = 56 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The whole body.
///
/// # Errors
/// 413 beyond `limit` bytes, 400 when it cannot be read.
pub(crate) async fn bytes(payload: &mut Payload, limit: usize) -> AppResult<Bytes> {
    let mut body = BytesMut::new();
    let mut seen = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(unreadable)?;
        seen += chunk.len();
        if seen <= limit {
            body.extend_from_slice(&chunk);
        } else if seen > DRAIN_LIMIT {
            break;
        }
    }
    if seen > limit { Err(too_large().into()) } else { Ok(body.freeze()) }
}

/// The body as JSON values; null when its type is none we read.
///
/// # Errors
/// As [`bytes`], and 400 `SyntaxError` when it is not what its content type says.
pub(crate) async fn tree(
    http: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> AppResult<Value> {
    let kind = content_type(http);
    let is_short = kind == FORM || kind.starts_with("text/");
    let limit = if is_short { limit.min(FORM_LIMIT) } else { limit };
    let body = decompress::body(http, bytes(payload, limit).await?, limit)?;
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    match kind.as_str() {
        FORM => form(body),
        "application/json" | "application/csp-report" => parse_json(body),
        json if json.ends_with("+json") => parse_json(body),
        text if text.starts_with("text/") => Ok(String::from_utf8_lossy(body).into()),
        _ => Ok(Value::Null),
    }
}

/// The `data` of a write.
///
/// # Errors
/// 400 when there is none.
pub(crate) fn data(mut body: Value) -> Result<Value, ApiError> {
    match body.get_mut("data").map(Value::take) {
        Some(data @ (Value::Object(_) | Value::Array(_))) => Ok(data),
        _ => Err(ApiError::validation("Missing \"data\" payload in the request body")),
    }
}

/// Checked data as it is written: a list is no entry, but its items become objects.
pub(crate) fn entries(data: Value) -> Value {
    match data {
        Value::Array(items) => items.into_iter().map(entry).collect(),
        data => data,
    }
}

fn entry(item: Value) -> Value {
    match item {
        Value::Object(_) | Value::Array(_) => item,
        Value::String(text) => {
            let parts = text.chars().enumerate();
            parts
                .map(|(at, part)| (at.to_string(), part.to_string().into()))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Value::Object(Map::new()),
    }
}

/// Whether the body holds files, which are read as they come and not as a whole.
pub(crate) fn is_multipart(http: &HttpRequest) -> bool {
    content_type(http) == "multipart/form-data"
}

fn content_type(http: &HttpRequest) -> String {
    let value = http.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
}

fn parse_json(body: &[u8]) -> AppResult<Value> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Ok(Value::Object(Map::new())),
        Some(b'{' | b'[') => {
            let tree = read_json(body)?;
            if names_prototype(&tree) {
                return Err(syntax("Object contains forbidden prototype property").into());
            }
            Ok(tree)
        }
        Some(_) => Err(syntax("invalid JSON, only supports object and array").into()),
    }
}

fn read_json(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).or_else(|error| match halves::mended(body) {
        Some(text) => serde_json::from_str(&text).map_err(syntax),
        None => Err(syntax(error)),
    })
}

/// A key that would change every object of a server written in JavaScript.
fn names_prototype(tree: &Value) -> bool {
    match tree {
        Value::Object(map) => {
            map.iter().any(|(key, value)| key == "__proto__" || names_prototype(value))
        }
        Value::Array(items) => items.iter().any(names_prototype),
        _ => false,
    }
}

fn form(body: &[u8]) -> AppResult<Value> {
    let text = String::from_utf8_lossy(body);
    let pairs: Vec<String> = text.split('&').map(form_pair).collect();
    query_string::parse_form(&pairs.join("&")).map(Value::Object).map_err(|_| too_large().into())
}

/// A pair in the grammar of query strings: in forms dots are brackets too, and a name
/// without a value has the empty one.
fn form_pair(pair: &str) -> String {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    if key.is_empty() {
        return pair.to_owned();
    }
    let (head, tail) = key.split_at(key.find('[').unwrap_or(key.len()));
    let mut parts = head.split('.');
    let mut name = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| name.push_str(&format!("[{part}]")));
    format!("{name}{tail}={value}")
}

fn syntax(reason: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorName::SyntaxError, reason.to_string())
}

pub(super) fn too_large() -> ApiError {
    ApiError::new(ErrorName::PayloadTooLargeError, "request entity too large")
}

fn unreadable(error: impl std::fmt::Display) -> AppError {
    let message = format!("the body could not be read: {error}");
    ApiError::new(ErrorName::BadRequestError, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_an_object_or_a_list() {
        assert_eq!(parse_json(b" {\"a\":1} ").unwrap(), json!({"a": 1}));
        assert_eq!(parse_json(b"").unwrap(), json!({}));
        for wrong in [
            &b"12"[..],
            b"null",
            b"{\"data\": {",
            b"{} x",
            b"\"{}\"",
            b"{\"a\":\"\xff\"}",
            b"[{\"__proto__\":{}}]",
        ] {
            let AppError::Api(error) = parse_json(wrong).unwrap_err() else { panic!() };
            assert_eq!(error.name, ErrorName::SyntaxError);
            assert_eq!(error.details, None);
        }
    }

    #[test]
    fn texts_are_read_as_javascript_reads_them() {
        let read = |body: &str| parse_json(body.as_bytes()).unwrap();
        assert_eq!(read(r#"{"a":"\ud83d\ude00"}"#), json!({"a": "😀"}));
        assert_eq!(
            read(r#"{"a":"\\ud83d \ud83d"}"#),
            json!({"a": "\\ud83d \u{fffd}\u{fffd}\u{fffd}"})
        );
        for wrong in [r#"{"a":{"__proto__":1}}"#, r#"{"\u005f_proto__":1}"#] {
            assert!(parse_json(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forms_use_brackets() {
        assert_eq!(
            form(b"data.title=x&data[tag]").unwrap(),
            json!({"data": {"title": "x", "tag": ""}})
        );
        assert_eq!(
            form(b"data[title]=a+b&data[tags][]=x").unwrap(),
            json!({"data": {"title": "a b", "tags": ["x"]}})
        );
    }

    #[test]
    fn data_is_an_object_or_a_list() {
        assert_eq!(data(json!({"data": {"a": 1}})).unwrap(), json!({"a": 1}));
        for none in
            [json!(null), json!([1]), json!({}), json!({"data": null}), json!({"data": "x"})]
        {
            assert!(data(none).is_err());
        }
    }
}

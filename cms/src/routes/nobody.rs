//! Paths and methods that nobody answers.
//!
//! Strapi looks such a path up below its public folder before it gives up. A path that cannot
//! be a file's is refused for that, in the words of the library that would have opened it.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use cms_api::error::{ApiError, ErrorName};
use percent_encoding::percent_decode_str;

use super::table::Endpoint;
use crate::error::AppError;

/// The methods that exist at all; any other is 501.
const METHODS: [&str; 7] = ["HEAD", "OPTIONS", "GET", "PUT", "PATCH", "POST", "DELETE"];
/// The icon is looked up before any route, by a library with methods of its own.
const ICON: &str = "/favicon.ico";
const OF_ICON: &str = "GET, HEAD, OPTIONS";
/// Below this, parts of what is found may be asked for.
const UPLOADS: &str = "/uploads/";

fn reads(http: &HttpRequest) -> bool {
    matches!(*http.method(), Method::GET | Method::HEAD)
}

/// A path that does not know the method.
pub(super) fn answers(http: &HttpRequest, known: &[(Method, Endpoint)]) -> HttpResponse {
    let mut allow = vec!["HEAD", "GET"];
    allow.extend(known.iter().map(|(method, _)| method.as_str()).filter(|name| *name != "GET"));
    let is_icon = http.path() == ICON;
    let allow = (header::ALLOW, if is_icon { OF_ICON.to_owned() } else { allow.join(", ") });
    let plain = |status, text: &'static str| {
        let mut response = HttpResponse::build(status);
        response.insert_header(allow.clone()).content_type("text/plain; charset=utf-8").body(text)
    };
    match http.method() {
        &Method::GET | &Method::HEAD => has_it(http),
        &Method::OPTIONS => plain(StatusCode::OK, if is_icon { "OK" } else { "" }),
        method if is_icon || METHODS.contains(&method.as_str()) => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
        _ => plain(StatusCode::NOT_IMPLEMENTED, "Not Implemented"),
    }
}

/// Nothing was found where a request looked.
pub(super) fn has_it(http: &HttpRequest) -> HttpResponse {
    let path = http.uri().path();
    let error = reads(http).then(|| no_file(path)).flatten();
    let mut response = AppError::from(error.unwrap_or_else(ApiError::not_found)).error_response();
    let start = path.get(..UPLOADS.len());
    if reads(http) && start.is_some_and(|start| start.eq_ignore_ascii_case(UPLOADS)) {
        let bytes = header::HeaderValue::from_static("bytes");
        response.headers_mut().insert(header::ACCEPT_RANGES, bytes);
    }
    response
}

/// Why a path is no file's, when that can be told from the path.
fn no_file(path: &str) -> Option<ApiError> {
    let refused =
        |message| Some(ApiError::new(ErrorName::BadRequestError, message).without_details());
    let path = path.strip_prefix('/').unwrap_or(path);
    let Some(path) = decoded(path) else { return refused("failed to decode") };
    if path.contains('\0') || is_absolute(&path) {
        return refused("Malicious Path");
    }
    leaves(&path).then(ApiError::forbidden)
}

/// As JavaScript decodes: every `%` begins an escape, and the bytes are UTF-8.
fn decoded(path: &str) -> Option<String> {
    let is_escape =
        |rest: &str| rest.get(..2).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if !path.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(path).decode_utf8().ok().map(Into::into)
}

/// On any system: at the root, or at that of a drive.
fn is_absolute(path: &str) -> bool {
    let root = |path: &str| path.starts_with(['/', '\\']);
    let drive = path.split_once(':').filter(|(letter, _)| letter.len() == 1);
    root(path)
        || drive.is_some_and(|(letter, rest)| {
            letter.bytes().all(|byte| byte.is_ascii_alphabetic()) && root(rest)
        })
}

/// Whether a path leads out of the folder it begins in.
fn leaves(path: &str) -> bool {
    let mut depth = 0_usize;
    path.split('/').any(|part| match part {
        "" | "." => false,
        ".." if depth == 0 => true,
        ".." => {
            depth -= 1;
            false
        }
        _ => {
            depth += 1;
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_files_is_refused_for_its_own_reason() {
        let message = |path| no_file(path).map(|error| error.message);
        for broken in ["/api/%FF", "/%E0%A4%A", "/a%", "/a%zz"] {
            assert_eq!(message(broken).as_deref(), Some("failed to decode"), "{broken}");
        }
        for malicious in ["//api", "/%2Fapi", "/a%00", "/%5Cx", "/c:/x", "/c%3a%5cx"] {
            assert_eq!(message(malicious).as_deref(), Some("Malicious Path"), "{malicious}");
        }
        assert_eq!(message("/a/../../x").as_deref(), Some("Forbidden"));
        for plain in ["/", "/api/x", "/uploads/../x", "/a%20b", "/cd:/x", "/%C3%A4"] {
            assert_eq!(message(plain), None, "{plain}");
        }
    }
}

//! Uploaded files on their way to visitors. Anyone may have uploaded them, so nothing in
//! them may ever run on this origin.

mod remote;

use actix_files::NamedFile;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use cms_api::error::ApiError;

use crate::error::AppResult;

use super::extension;
use super::storage::{FileName, Storage};

/// Types a browser would run or style a page with.
const ACTIVE: &[&str] = &[
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "text/javascript",
    "application/javascript",
    "text/css",
];
/// Of those, what has a use when it is shown.
const SHOWN: &[&str] = &["image/svg+xml"];

/// Text by another name.
const TEXT: &[&str] = &["application/json", "application/javascript"];

/// Scripts, plugins, forms and anything loaded are off, also when the file is opened alone.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// Of files whose names say nothing.
pub(crate) const UNKNOWN_KIND: &str = "application/octet-stream";
/// Replaced files keep their URL, so browsers ask each time.
pub(crate) const CACHE_CONTROL: &str = "max-age=0";

/// Whether a browser would run or style a page with it.
fn is_active(kind: &str) -> bool {
    ACTIVE.contains(&kind)
}

/// Whether it is only ever saved, never shown.
pub(crate) fn is_attachment(kind: &str) -> bool {
    is_active(kind) && !SHOWN.contains(&kind)
}

/// The header of that name.
pub(crate) fn content_type(kind: &str) -> String {
    match kind.starts_with("text/") || TEXT.contains(&kind) {
        true => format!("{kind}; charset=utf-8"),
        false => kind.to_owned(),
    }
}

/// Answers with a stored file; ranges and conditions are honoured.
///
/// # Errors
/// 404 when there is no such file.
pub(crate) async fn serve(
    http: &HttpRequest,
    storage: &Storage,
    name: &str,
) -> AppResult<HttpResponse> {
    let name = FileName::parse(name).ok_or_else(ApiError::not_found)?;
    match storage.bucket() {
        Some(bucket) => remote::serve(http, bucket, &name).await,
        None => local(http, storage, &name).await,
    }
}

async fn local(http: &HttpRequest, storage: &Storage, name: &FileName) -> AppResult<HttpResponse> {
    let path = storage.path(name);
    let file = actix_web::web::block(move || NamedFile::open(path)).await?;
    let file = file.map_err(|_| ApiError::not_found())?;
    if file.metadata().is_dir() {
        return Err(ApiError::not_found().into());
    }
    let kind = extension::kind_of(name.as_str()).and_then(|kind| kind.parse().ok());
    let file = match kind {
        Some(kind) => file.set_content_type(kind),
        None => file,
    };
    let kind = file.content_type().essence_str().to_owned();
    let file = file.disable_content_disposition().prefer_utf8(true);
    let mut response = file.into_response(http);
    dress(response.headers_mut(), name, &kind)?;
    Ok(response)
}

/// What answers with a file say about it, wherever it lies.
fn dress(headers: &mut HeaderMap, name: &FileName, kind: &str) -> anyhow::Result<()> {
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(content_type(kind))?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    if is_attachment(kind) {
        let disposition = format!("attachment; filename=\"{}\"", name.as_str());
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition)?);
    }
    if is_active(kind) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    }
    Ok(())
}

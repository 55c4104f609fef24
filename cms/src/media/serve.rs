//! Uploaded files on their way to visitors. Anyone may have uploaded them, so nothing in
//! them may ever run on this origin.

use actix_files::NamedFile;
use actix_web::http::header::{
    self, ContentDisposition, DispositionParam, DispositionType, HeaderValue,
};
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
    let path = storage.path(&name);
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
    let essence = file.content_type().essence_str().to_owned();
    let (active, shown) = (ACTIVE.contains(&essence.as_str()), SHOWN.contains(&essence.as_str()));
    let file = if active && !shown {
        let name = DispositionParam::Filename(name.as_str().to_owned());
        let attachment = DispositionType::Attachment;
        file.set_content_disposition(ContentDisposition {
            disposition: attachment,
            parameters: vec![name],
        })
    } else {
        file.disable_content_disposition()
    };
    let mut response = file.prefer_utf8(true).into_response(http);
    let headers = response.headers_mut();
    if essence.starts_with("text/") || TEXT.contains(&essence.as_str()) {
        let kind = format!("{essence}; charset=utf-8");
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::try_from(kind).map_err(anyhow::Error::from)?,
        );
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=0"));
    if active {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    }
    Ok(response)
}

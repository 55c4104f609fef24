//! Reads a multipart body: files go straight to the disk, everything else is short text.

use std::io::Write as _;

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use cms_api::error::{ApiError, ErrorName};
use futures_util::StreamExt as _;
use tempfile::NamedTempFile;

use crate::error::AppResult;

use super::kind;
use super::storage::Storage;

/// Most files and texts of one request.
const MAX_PARTS: usize = 100;
/// Longest text part, such as `fileInfo`.
const MAX_TEXT_BYTES: usize = 64 << 10;
const FILES: &str = "files";

/// A file on the disk that has no name yet.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) name: String,
    /// What the client says it is.
    pub(crate) declared: String,
    /// What it is.
    pub(crate) kind: String,
    pub(crate) bytes: u64,
    pub(crate) file: NamedTempFile,
}

/// Everything a request brought.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) files: Vec<Received>,
    texts: Vec<(String, String)>,
}

impl Parts {
    /// The first text of that name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.texts.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

/// Reads the body to its end.
///
/// # Errors
/// 413 when a file is larger than `limit`, 400 when the body is no multipart body.
pub(crate) async fn receive(
    http: &HttpRequest,
    payload: Payload,
    storage: &Storage,
    limit: u64,
) -> AppResult<Parts> {
    let mut body = Multipart::new(http.headers(), payload);
    let mut parts = Parts::default();
    let mut too_large = None;
    while let Some(field) = body.next().await {
        let field = field.map_err(malformed)?;
        if parts.files.len() + parts.texts.len() >= MAX_PARTS {
            let message = format!("at most {MAX_PARTS} parts are accepted");
            return Err(ApiError::validation(message).into());
        }
        let name = field.name().unwrap_or_default().to_owned();
        let disposition = field.content_disposition();
        match disposition.and_then(|it| it.get_filename().map(base_name)) {
            Some(file_name) if name == FILES => {
                match file(field, file_name, storage, limit).await? {
                    Ok(received) => parts.files.push(received),
                    // The rest is still read, so that the client hears the answer.
                    Err(error) => too_large = Some(error),
                }
            }
            _ => parts.texts.push((name, text(field).await?)),
        }
    }
    match too_large {
        Some(error) => Err(error.into()),
        None => Ok(parts),
    }
}

/// The last part of a path: some clients send where the file was on their side.
fn base_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

fn malformed(error: actix_multipart::MultipartError) -> ApiError {
    ApiError::validation(format!("the multipart body cannot be read: {error}"))
}

async fn file(
    mut field: actix_multipart::Field,
    name: String,
    storage: &Storage,
    limit: u64,
) -> AppResult<Result<Received, ApiError>> {
    let declared = field.content_type().map(ToString::to_string).unwrap_or_default();
    let mut file = storage.unfinished().map_err(anyhow::Error::from)?;
    let mut head = Vec::new();
    let mut bytes = 0u64;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(malformed)?;
        bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if bytes > limit {
            continue;
        }
        let missing = kind::HEAD_BYTES.saturating_sub(head.len());
        head.extend_from_slice(chunk.get(..missing.min(chunk.len())).unwrap_or_default());
        file = write(file, chunk).await?;
    }
    if bytes > limit {
        let message = format!("{name} exceeds size limit of {}.", human(limit));
        return Ok(Err(ApiError::new(ErrorName::PayloadTooLargeError, message)));
    }
    let kind = kind::of(&head, &declared, &name);
    Ok(Ok(Received { name, declared, kind, bytes, file }))
}

async fn write(
    mut file: NamedTempFile,
    chunk: actix_web::web::Bytes,
) -> anyhow::Result<NamedTempFile> {
    let written = actix_web::web::block(move || file.write_all(&chunk).map(|()| file)).await?;
    Ok(written?)
}

async fn text(mut field: actix_multipart::Field) -> AppResult<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(malformed)?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_TEXT_BYTES {
            let message = format!("a text part has more than {MAX_TEXT_BYTES} bytes");
            return Err(ApiError::validation(message).into());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `2 MB`
fn human(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KB", bytes / 1_024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

//! Reads a multipart body: files go straight to the disk, everything else is short text.

use std::io::Write as _;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header;
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
/// The unit sizes are compared in: a hundredth of the thousand bytes they are shown in.
const SIZE_UNIT: u64 = 10;

/// A file on the disk that has no name yet.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: String,
    /// All it could be taken for.
    pub(crate) suspects: Vec<String>,
    /// Its length; the file holds less when it is too long.
    pub(crate) bytes: u64,
    pub(crate) file: NamedTempFile,
}

impl Received {
    /// # Errors
    /// 413 when the file, which answers call `name`, is longer than `limit` bytes.
    pub(crate) fn check_size(&self, name: &str, limit: u64) -> Result<(), ApiError> {
        if !is_too_long(self.bytes, limit) {
            return Ok(());
        }
        let message = format!("{name} exceeds size limit of {}.", human(limit));
        let error = ApiError::new(ErrorName::PayloadTooLargeError, message);
        Err(error.with_details(serde_json::json!({})))
    }
}

/// Sizes are rounded before they are compared.
fn is_too_long(bytes: u64, limit: u64) -> bool {
    bytes.saturating_add(SIZE_UNIT / 2) / SIZE_UNIT * SIZE_UNIT > limit
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
/// 400 when the body is no multipart body.
pub(crate) async fn receive(
    http: &HttpRequest,
    payload: Payload,
    storage: &Storage,
    limit: u64,
) -> AppResult<Parts> {
    let mut body = Multipart::new(http.headers(), payload);
    let mut parts = Parts::default();
    while let Some(field) = body.next().await {
        let field = field.map_err(malformed)?;
        if parts.files.len() + parts.texts.len() >= MAX_PARTS {
            let message = format!("at most {MAX_PARTS} parts are accepted");
            return Err(ApiError::validation(message).into());
        }
        let name = field.name().unwrap_or_default().to_owned();
        match file_name(&field) {
            Some(file_name) if name == FILES => {
                parts.files.push(file(field, file_name, storage, limit).await?);
            }
            _ => parts.texts.push((name, text(field).await?)),
        }
    }
    Ok(parts)
}

/// The name of a part that is a file: one without a type is text whatever its name.
fn file_name(field: &Field) -> Option<String> {
    field.headers().get(header::CONTENT_TYPE).filter(|kind| !kind.is_empty())?;
    let said = field.headers().get(header::CONTENT_DISPOSITION)?;
    let name = named(&String::from_utf8_lossy(said.as_bytes()))?;
    (!name.is_empty()).then_some(name)
}

/// The file name in a `Content-Disposition`, taken as it stands: what looks like an escape is
/// a folder of the client's, since some send where the file was on their side.
fn named(disposition: &str) -> Option<String> {
    const NAME: &str = "filename=";
    let (_, rest) = disposition.split_once(NAME)?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.find("\"; ").or_else(|| quoted.trim_end().rfind('"'));
            quoted.get(..end?)?
        }
        None => rest.split(';').next().unwrap_or_default().trim(),
    };
    let name = name.rsplit('\\').next().unwrap_or_default();
    Some(name.replace("%22", "\""))
}

fn malformed(error: actix_multipart::MultipartError) -> ApiError {
    ApiError::validation(format!("the multipart body cannot be read: {error}"))
}

async fn file(
    mut field: Field,
    name: String,
    storage: &Storage,
    limit: u64,
) -> AppResult<Received> {
    let declared = field.headers().get(header::CONTENT_TYPE);
    let declared = declared.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
    let declared = declared.unwrap_or_default();
    let mut file = storage.unfinished().map_err(anyhow::Error::from)?;
    let mut head = Vec::new();
    let mut bytes = 0u64;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(malformed)?;
        bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        // The rest is still read, so that the client hears the answer.
        if is_too_long(bytes, limit) {
            continue;
        }
        let missing = kind::HEAD_BYTES.saturating_sub(head.len());
        head.extend_from_slice(chunk.get(..missing.min(chunk.len())).unwrap_or_default());
        file = write(file, chunk).await?;
    }
    let kind = kind::of(&head, &declared, &name);
    let suspects = kind::suspects(&head, &kind, &declared, &name);
    Ok(Received { name, kind, suspects, bytes, file })
}

async fn write(
    mut file: NamedTempFile,
    chunk: actix_web::web::Bytes,
) -> anyhow::Result<NamedTempFile> {
    let written = actix_web::web::block(move || file.write_all(&chunk).map(|()| file)).await?;
    Ok(written?)
}

async fn text(mut field: Field) -> AppResult<String> {
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
    const UNITS: [&str; 5] = ["Bytes", "KB", "MB", "GB", "TB"];
    let power = bytes.checked_ilog10().unwrap_or(0) / 3;
    let power = power.min(4);
    let unit = 1_000u64.pow(power);
    let name = usize::try_from(power).ok().and_then(|at| UNITS.get(at)).unwrap_or(&"");
    format!("{} {name}", (bytes + unit / 2) / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_before_they_are_compared() {
        assert!(!is_too_long(2_097_154, 2 << 20));
        assert!(is_too_long(2_097_155, 2 << 20));
    }

    #[test]
    fn file_names_are_taken_as_they_stand() {
        for (said, name) in [
            (r#"form-data; name="files"; filename="a b.txt""#, Some("a b.txt")),
            (r#"form-data; filename="..\b.txt"; name="files""#, Some("b.txt")),
            (r#"form-data; name="files"; filename="a;b.txt""#, Some("a;b.txt")),
            (r#"form-data; name="files"; filename="a%22b.txt""#, Some("a\"b.txt")),
            ("form-data; name=files; filename=a.txt", Some("a.txt")),
            (r#"form-data; name="files"; filename="""#, Some("")),
            ("form-data; name=files; filename*=UTF-8''a.txt", None),
        ] {
            assert_eq!(named(said).as_deref(), name, "{said}");
        }
    }

    #[test]
    fn limits_are_told_in_round_numbers() {
        assert_eq!(human(2 << 20), "2 MB");
        assert_eq!(human(1 << 10), "1 KB");
        assert_eq!(human(500), "500 Bytes");
        assert_eq!(human(0), "0 Bytes");
    }
}

//! Bodies that were compressed on their way, as `Content-Encoding` says.
//!
//! A short body may become a long one: what comes out is counted, and never longer than what
//! could have been sent plainly.

use std::io::Read;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Bytes;
use cms_api::error::{ApiError, ErrorName};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use super::body::too_large;

/// The body as it was before it was compressed.
///
/// # Errors
/// 415 for an encoding we do not read, 413 beyond `limit` bytes, 400 when it is broken.
pub(super) fn body(http: &HttpRequest, bytes: Bytes, limit: usize) -> Result<Bytes, ApiError> {
    let encoding = http.headers().get(header::CONTENT_ENCODING);
    let encoding = encoding.map(|value| String::from_utf8_lossy(value.as_bytes()));
    match encoding.as_deref() {
        None | Some("" | "identity") => Ok(bytes),
        Some("gzip") => read(MultiGzDecoder::new(&bytes[..]), limit),
        Some("deflate") => read(ZlibDecoder::new(&bytes[..]), limit),
        Some(other) => {
            let message = format!("Unsupported Content-Encoding: {other}");
            Err(ApiError::new(ErrorName::Other("Error", 415), message).without_details())
        }
    }
}

fn read(source: impl Read, limit: usize) -> Result<Bytes, ApiError> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    source.take(most).read_to_end(&mut plain).map_err(|error| {
        let message = format!("the body cannot be decompressed: {error}");
        ApiError::new(ErrorName::BadRequestError, message)
    })?;
    if plain.len() > limit { Err(too_large()) } else { Ok(plain.into()) }
}

//! Uploaded files out of a bucket: passed on, or by a signed URL.
//!
//! What a browser would run is always passed on: only answers of this server carry the headers
//! that keep it from running. Conditions are judged here, since not every S3 server does.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_files::HttpRange;
use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, EntityTag, HttpDate, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use cms_api::error::ApiError;

use super::{UNKNOWN_KIND, dress, is_active};
use crate::config::Reads;
use crate::error::AppResult;
use crate::media::extension;
use crate::media::storage::FileName;
use crate::media::storage::bucket::{About, Bucket, Pieces};

pub(super) async fn serve(
    http: &HttpRequest,
    bucket: &Bucket,
    name: &FileName,
) -> AppResult<HttpResponse> {
    let kind = extension::kind_of(name.as_str()).unwrap_or_else(|| UNKNOWN_KIND.to_owned());
    let is_head = http.method() == Method::HEAD;
    if bucket.reads() == Reads::Redirect && !is_active(&kind) && !is_head {
        return Ok(redirect(bucket, name).await?);
    }
    let mut response = match is_head || asks_for_less(http) {
        true => answer(http, bucket, name).await?,
        false => whole(bucket, name).await?,
    };
    dress(response.headers_mut(), name, &kind)?;
    Ok(response)
}

async fn redirect(bucket: &Bucket, name: &FileName) -> anyhow::Result<HttpResponse> {
    let link = bucket.link(name).await?;
    let mut response = HttpResponse::Found();
    response.insert_header((header::LOCATION, link.as_str()));
    response.insert_header((header::CACHE_CONTROL, super::CACHE_CONTROL));
    Ok(response.finish())
}

/// Whether the answer may be anything but the whole file.
fn asks_for_less(http: &HttpRequest) -> bool {
    [
        header::RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ]
    .iter()
    .any(|name| http.headers().contains_key(name))
}

async fn whole(bucket: &Bucket, name: &FileName) -> AppResult<HttpResponse> {
    let found = bucket.stream(name, None).await?;
    let (about, range, pieces) = found.ok_or_else(ApiError::not_found)?;
    Ok(body(described(StatusCode::OK, &about), range, pieces))
}

async fn answer(http: &HttpRequest, bucket: &Bucket, name: &FileName) -> AppResult<HttpResponse> {
    let about = bucket.about(name).await?.ok_or_else(ApiError::not_found)?;
    if let Some(status) = judge(http, &about) {
        return Ok(described(status, &about).finish());
    }
    let range = match asked_range(http, &about) {
        Ok(range) => range,
        Err(()) => {
            let mut response = described(StatusCode::RANGE_NOT_SATISFIABLE, &about);
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{}", about.bytes)));
            return Ok(response.finish());
        }
    };
    if http.method() == Method::HEAD {
        let nothing = futures_util::stream::empty::<Result<_, std::io::Error>>();
        let mut response = described(StatusCode::OK, &about);
        return Ok(response.body(SizedStream::new(about.bytes, nothing)));
    }
    let partial = range.is_some();
    let found = bucket.stream(name, range).await?;
    let (about, range, pieces) = found.ok_or_else(ApiError::not_found)?;
    let status = if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = described(status, &about);
    if partial {
        let last = range.end.saturating_sub(1);
        let said = format!("bytes {}-{last}/{}", range.start, about.bytes);
        response.insert_header((header::CONTENT_RANGE, said));
    }
    Ok(body(response, range, pieces))
}

fn described(status: StatusCode, about: &About) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    response.insert_header((header::LAST_MODIFIED, HttpDate::from(about.modified)));
    if let Some(tag) = &about.tag {
        response.insert_header((header::ETAG, tag.as_str()));
    }
    response
}

fn body(mut response: HttpResponseBuilder, range: Range<u64>, pieces: Pieces) -> HttpResponse {
    response.body(SizedStream::new(range.end - range.start, pieces.into_stream()))
}

/// The status of an answer without the file, when the conditions ask for one.
fn judge(http: &HttpRequest, about: &About) -> Option<StatusCode> {
    let tag = tag(about);
    match http.get_header::<IfMatch>() {
        Some(IfMatch::Any) => {}
        Some(IfMatch::Items(tags)) => {
            let matches = tag.as_ref().is_some_and(|tag| tags.iter().any(|it| it.strong_eq(tag)));
            if !matches {
                return Some(StatusCode::PRECONDITION_FAILED);
            }
        }
        None => {
            let since = http.get_header::<IfUnmodifiedSince>();
            if since.is_some_and(|since| seconds(about.modified) > seconds(since.0.into())) {
                return Some(StatusCode::PRECONDITION_FAILED);
            }
        }
    }
    let unchanged = match http.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => {
            tag.as_ref().is_some_and(|tag| tags.iter().any(|it| it.weak_eq(tag)))
        }
        None => {
            let since = http.get_header::<IfModifiedSince>();
            since.is_some_and(|since| seconds(about.modified) <= seconds(since.0.into()))
        }
    };
    unchanged.then_some(StatusCode::NOT_MODIFIED)
}

fn tag(about: &About) -> Option<EntityTag> {
    about.tag.as_ref().and_then(|tag| tag.parse().ok())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// The part that is asked for: of several the first one, as for files on the disk.
fn asked_range(http: &HttpRequest, about: &About) -> Result<Option<Range<u64>>, ()> {
    let Some(asked) = http.headers().get(header::RANGE) else { return Ok(None) };
    let still = match http.get_header::<IfRange>() {
        Some(IfRange::EntityTag(known)) => tag(about).is_some_and(|tag| tag.strong_eq(&known)),
        Some(IfRange::Date(date)) => seconds(about.modified) == seconds(date.into()),
        None => true,
    };
    if !still {
        return Ok(None);
    }
    let ranges = asked.to_str().ok().and_then(|asked| HttpRange::parse(asked, about.bytes).ok());
    let range = ranges.and_then(|ranges| ranges.into_iter().next()).ok_or(())?;
    Ok(Some(range.start..range.start + range.length))
}

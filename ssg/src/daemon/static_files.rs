//! `--static`: the live tree over HTTP, where no nginx does it.
//!
//! It answers as the configuration of `ssg nginx` does: pages at `/x/`, `/x`
//! sent there, hashed assets for ever, everything else revalidated by the same
//! ETag, the nearest 404 page. Names are checked before the disk is asked, so
//! nothing outside the tree can be reached.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use actix_files::NamedFile;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
};
use percent_encoding::percent_decode_str;

use super::body;
use crate::release::Store;

const REVALIDATE: &str = "public, no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A shorter run of hexadecimal digits may be a word.
const SHORTEST_HASH: usize = 8;

struct Found {
    file: PathBuf,
    meta: Metadata,
    cache: &'static str,
    status: StatusCode,
}

enum Reply {
    File(Box<Found>),
    Folder,
    Nothing,
}

pub(super) async fn serve(request: HttpRequest, store: &Store) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return body::method_not_allowed("GET, HEAD");
    }
    let (root, retired) = (store.current_dir(), store.retired_dir());
    let path = percent_decode_str(request.path()).decode_utf8().map(String::from);
    let reply = actix_web::web::block(move || match path {
        Ok(path) if is_clean(&path) => find(&root, &retired, &path),
        _ => missing(&root, ""),
    })
    .await;
    let response = match reply {
        Ok(Reply::File(found)) => send(&found, &request),
        Ok(Reply::Folder) => to_folder(&request),
        Ok(Reply::Nothing) | Err(_) => not_found(),
    };
    with_security_headers(response, request.path())
}

/// No traversal, no doubled slashes: every other name is looked up literally.
fn is_clean(path: &str) -> bool {
    let inner = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
    let odd = |segment: &str| matches!(segment, "" | "." | "..") || segment.contains(['\0', '\\']);
    path == "/" || inner.is_some_and(|inner| !inner.split('/').any(odd))
}

fn find(root: &Path, retired: &Path, path: &str) -> Reply {
    let below = path.trim_start_matches('/');
    if below.is_empty() || below.ends_with('/') {
        return page(root, below);
    }
    let cache = if is_hashed(below) { FOR_EVER } else { REVALIDATE };
    if let Some(reply) = plain_file(&root.join(below), cache) {
        return reply;
    }
    if root.join(below).join("index.html").is_file() {
        return Reply::Folder;
    }
    let kept = is_hashed(below).then(|| plain_file(&retired.join(below), FOR_EVER)).flatten();
    kept.unwrap_or_else(|| missing(root, below))
}

fn page(root: &Path, below: &str) -> Reply {
    let file = root.join(below).join("index.html");
    plain_file(&file, REVALIDATE).unwrap_or_else(|| missing(root, below))
}

fn plain_file(file: &Path, cache: &'static str) -> Option<Reply> {
    let meta = file.metadata().ok().filter(Metadata::is_file)?;
    let file = file.to_owned();
    Some(Reply::File(Box::new(Found { file, meta, cache, status: StatusCode::OK })))
}

/// `/de/…` has its own page for what is not there.
fn missing(root: &Path, below: &str) -> Reply {
    let locale = below.split_once('/').map(|(locale, _)| root.join(locale));
    let pages = locale.into_iter().chain([root.to_owned()]).map(|folder| folder.join("404.html"));
    for file in pages {
        if let Ok(meta) = file.metadata() {
            let status = StatusCode::NOT_FOUND;
            return Reply::File(Box::new(Found { file, meta, cache: REVALIDATE, status }));
        }
    }
    Reply::Nothing
}

/// `assets/site.0123abcd….css`
fn is_hashed(below: &str) -> bool {
    let name = below.strip_prefix("assets/").and_then(|path| path.rsplit('/').next());
    let parts: Vec<_> = name.unwrap_or_default().rsplitn(3, '.').collect();
    let is_hash = |part: &&str| {
        part.len() >= SHORTEST_HASH
            && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    parts.len() == 3 && parts.get(1).is_some_and(is_hash)
}

fn send(found: &Found, request: &HttpRequest) -> HttpResponse {
    let etag = format!("\"{:x}-{:x}\"", found.meta.mtime(), found.meta.len());
    let unchanged = found.status == StatusCode::OK && names(request, &etag);
    let response =
        if unchanged { Ok(HttpResponse::NotModified().finish()) } else { open(found, request) };
    let Ok(mut response) = response else { return not_found() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(found.cache));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn open(found: &Found, request: &HttpRequest) -> io::Result<HttpResponse> {
    let file = NamedFile::open(&found.file)?
        .use_etag(false)
        // A 404 page is no document of its own: it has no age and no ranges.
        .use_last_modified(found.status == StatusCode::OK)
        .disable_content_disposition();
    let mut response = file.into_response(request);
    if found.status != StatusCode::OK {
        *response.status_mut() = found.status;
    }
    if let Ok(kind) = HeaderValue::from_str(&content_type(&found.file)) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(response)
}

/// Text says that it is UTF-8: everything a build writes is.
fn content_type(file: &Path) -> String {
    let kind = mime_guess::from_path(file).first_or_octet_stream();
    let textual = kind.type_() == "text"
        || kind.suffix().is_some_and(|suffix| suffix == "xml" && kind.type_() != "image")
        || matches!(kind.subtype().as_str(), "json" | "javascript" | "manifest+json" | "xml");
    if textual { format!("{}; charset=utf-8", kind.essence_str()) } else { kind.to_string() }
}

fn names(request: &HttpRequest, etag: &str) -> bool {
    let given = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag;
    given.is_some_and(|given| given.split(',').map(str::trim).any(same))
}

/// Relative to the host, as it was asked for: right behind any proxy.
fn to_folder(request: &HttpRequest) -> HttpResponse {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}/{query}", request.path());
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .finish()
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .body("Not Found\n")
}

/// The same as `ssg nginx` gives. Files that editors upload never run as pages
/// of this site.
fn with_security_headers(mut response: HttpResponse, path: &str) -> HttpResponse {
    let policy = if path.starts_with("/uploads/") {
        "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    } else {
        "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_looked_up() {
        for good in ["/", "/x", "/x/", "/blog/über/", "/a.b/c"] {
            assert!(is_clean(good), "{good}");
        }
        for bad in ["", "x", "//", "/../x", "/a//b", "/a/./b", "/a\\b", "/a\0"] {
            assert!(!is_clean(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_hashed_assets_live_for_ever() {
        assert!(is_hashed("assets/site.0123abcd.css"));
        assert!(is_hashed("assets/deep/site.0123456789abcdef.js"));
        for path in [
            "assets/site.css",
            "assets/site.readable.css",
            "x/site.0123abcd.css",
            "assets/site.abc.css",
        ] {
            assert!(!is_hashed(path), "{path}");
        }
    }
}

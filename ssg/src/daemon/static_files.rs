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
    sync::Arc,
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

use super::{
    body,
    live_rules::LiveRules,
    response_headers::{self, FOR_EVER, REVALIDATE},
};
use crate::{
    pictures::is_variant,
    release::Store,
    rules::{Action, Asked, Rules},
    site::public_url::is_hashed_asset,
};

struct Found {
    file: PathBuf,
    meta: Metadata,
    cache: &'static str,
    status: StatusCode,
}

enum Reply {
    File(Box<Found>),
    Folder,
    /// As a rule of `_redirects` says.
    Elsewhere(StatusCode, String),
    Nothing,
}

/// What is answered to whom.
struct Answer {
    reply: Reply,
    /// The path that was asked for, decoded.
    path: String,
    /// The path of what answers.
    place: String,
    rules: Arc<Rules>,
}

pub(super) async fn serve(
    request: HttpRequest,
    store: &Store,
    rules: Arc<LiveRules>,
) -> HttpResponse {
    let site = Site { root: store.current_dir(), retired: store.retired_dir() };
    let raw = request.path().to_owned();
    let query = request.uri().query().map(str::to_owned);
    let answer =
        actix_web::web::block(move || site.answer(&raw, query.as_deref(), rules.current())).await;
    let Ok(answer) = answer else { return not_found() };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = match answer.reply {
        Reply::Elsewhere(status, location) => {
            HttpResponse::build(status).insert_header((header::LOCATION, location)).finish()
        }
        _ if !reads => body::method_not_allowed("GET, HEAD"),
        Reply::File(found) => send(&found, &request),
        Reply::Folder => to_folder(&request),
        Reply::Nothing => not_found(),
    };
    response_headers::finish(response, &answer.rules, &answer.path, &answer.place)
}

/// Where a page went that nginx did not find: it knows the rules there were when its
/// configuration was printed.
pub(super) fn moved(request: &HttpRequest, rules: &Rules) -> HttpResponse {
    let nothing = || body::error(cms_api::error::ErrorName::NotFoundError, "Not Found");
    let raw = request.path();
    let decoded = percent_decode_str(raw).decode_utf8();
    let Some(path) = decoded.ok().filter(|path| is_clean(path)) else { return nothing() };
    match rules.decide(Asked { raw, path: &path, query: request.uri().query() }, || false) {
        Some(Action::Redirect { status, location }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
            HttpResponse::build(status).insert_header((header::LOCATION, location)).finish()
        }
        Some(Action::Show { status: 410, .. }) => HttpResponse::Gone().finish(),
        _ => nothing(),
    }
}

/// The trees that visitors see.
struct Site {
    root: PathBuf,
    retired: PathBuf,
}

impl Site {
    fn answer(&self, raw: &str, query: Option<&str>, rules: Arc<Rules>) -> Answer {
        let decoded = percent_decode_str(raw).decode_utf8();
        let Some(path) = decoded.ok().filter(|path| is_clean(path)).map(String::from) else {
            let reply = missing(&self.root, "", StatusCode::NOT_FOUND);
            return Answer { reply, path: raw.to_owned(), place: raw.to_owned(), rules };
        };
        let asked = Asked { raw, path: &path, query };
        let (reply, place) = match rules.decide(asked, || self.stands(&path)) {
            Some(action) => self.follow(action, &path),
            None => (find(&self.root, &self.retired, &path, &path), path.clone()),
        };
        Answer { reply, path, place, rules }
    }

    fn stands(&self, path: &str) -> bool {
        let below = path.trim_start_matches('/');
        let file = self.root.join(below);
        file.is_file() && !below.ends_with('/')
            || file.join("index.html").is_file()
            || self.retired.join(below).is_file()
    }

    fn follow(&self, action: Action, asked: &str) -> (Reply, String) {
        match action {
            Action::Redirect { status, location } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
                (Reply::Elsewhere(status, location), String::new())
            }
            Action::Show { status: 200, file: Some(file) } => (self.rewritten(&file, asked), file),
            Action::Show { status, file } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
                (self.lost(file.as_deref(), asked, status), String::new())
            }
        }
    }

    /// As if `file` had been asked for; a folder shows its page at once.
    fn rewritten(&self, file: &str, asked: &str) -> Reply {
        if !is_clean(file) {
            return missing(&self.root, below(asked), StatusCode::NOT_FOUND);
        }
        match find(&self.root, &self.retired, file, asked) {
            Reply::Folder => {
                let page = self.root.join(below(file)).join("index.html");
                plain_file(&page, REVALIDATE).unwrap_or(Reply::Nothing)
            }
            reply => reply,
        }
    }

    /// A page of the owner's choice that says what is not there.
    fn lost(&self, file: Option<&str>, asked: &str, status: StatusCode) -> Reply {
        let Some(file) = file else { return missing(&self.root, below(asked), status) };
        let page = self.root.join(below(file));
        let places = [page.clone(), page.join("index.html")];
        let found =
            places.iter().filter(|_| is_clean(file)).find_map(|file| error_page(file, status));
        found.unwrap_or_else(|| missing(&self.root, "", status))
    }
}

fn below(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// No traversal, no doubled slashes: every other name is looked up literally.
fn is_clean(path: &str) -> bool {
    let inner = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
    let odd = |segment: &str| matches!(segment, "" | "." | "..") || segment.contains(['\0', '\\']);
    path == "/" || inner.is_some_and(|inner| !inner.split('/').any(odd))
}

/// `asked`: whose page for what is not there is shown.
fn find(root: &Path, retired: &Path, path: &str, asked: &str) -> Reply {
    let lost = || missing(root, asked.trim_start_matches('/'), StatusCode::NOT_FOUND);
    let below = below(path);
    if below.is_empty() || below.ends_with('/') {
        let file = root.join(below).join("index.html");
        return plain_file(&file, REVALIDATE).unwrap_or_else(lost);
    }
    let cache = if is_hashed_asset(below) || is_variant(below) { FOR_EVER } else { REVALIDATE };
    if let Some(reply) = plain_file(&root.join(below), cache) {
        return reply;
    }
    if root.join(below).join("index.html").is_file() {
        return Reply::Folder;
    }
    let kept = is_hashed_asset(below).then(|| plain_file(&retired.join(below), FOR_EVER)).flatten();
    kept.unwrap_or_else(lost)
}

fn plain_file(file: &Path, cache: &'static str) -> Option<Reply> {
    let meta = file.metadata().ok().filter(Metadata::is_file)?;
    let file = file.to_owned();
    Some(Reply::File(Box::new(Found { file, meta, cache, status: StatusCode::OK })))
}

/// `/de/…` has its own page for what is not there.
fn missing(root: &Path, below: &str, status: StatusCode) -> Reply {
    let locale = below.split_once('/').map(|(locale, _)| root.join(locale));
    let mut pages =
        locale.into_iter().chain([root.to_owned()]).map(|folder| folder.join("404.html"));
    pages.find_map(|file| error_page(&file, status)).unwrap_or(Reply::Nothing)
}

fn error_page(file: &Path, status: StatusCode) -> Option<Reply> {
    let meta = file.metadata().ok().filter(Metadata::is_file)?;
    let file = file.to_owned();
    Some(Reply::File(Box::new(Found { file, meta, cache: REVALIDATE, status })))
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
pub(crate) fn content_type(file: &Path) -> String {
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
        assert!(is_hashed_asset("assets/site.0123abcd.css"));
        assert!(is_hashed_asset("assets/deep/site.0123456789abcdef.js"));
        for path in [
            "assets/site.css",
            "assets/site.readable.css",
            "x/site.0123abcd.css",
            "assets/site.abc.css",
        ] {
            assert!(!is_hashed_asset(path), "{path}");
        }
    }
}

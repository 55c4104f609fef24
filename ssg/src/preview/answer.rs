//! `/preview/<link>/…` and `POST /-/preview`.
//!
//! What a page answers is byte for byte what a build would publish. Only a browser that
//! opens it in a window of its own gets a frame around it, which says that this is a preview
//! and keeps links inside of it; the page in the frame is the same bytes again.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use cms_api::error::ErrorName;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::{Link, NoPreview, Previews, Unusable, frame};
use crate::build::{Failure, Shown, View, problem};
use crate::config::parse_life;
use crate::daemon::{content_type, error_answer};

/// Where previews stand.
pub(crate) const PREFIX: &str = "/preview/";
/// How long a link lives when nobody says.
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_secs(60 * 60);

/// `GET /preview/<link>/<path>`.
pub(crate) async fn show(request: &HttpRequest, previews: Option<&Arc<Previews>>) -> HttpResponse {
    let Some(previews) = previews else { return not_here() };
    let below = request.path().strip_prefix(PREFIX).unwrap_or_default();
    let (token, path) =
        below.split_once('/').map_or((below, None), |(token, path)| (token, Some(path)));
    let link = match previews.keys().check(token, previews.now()) {
        Ok(link) => link,
        Err(why) => return refused(why),
    };
    let Ok(path) = path.map(|path| percent_decode_str(path).decode_utf8()).transpose() else {
        return not_here();
    };
    let path = path.map(|path| format!("/{path}"));
    let opened = request.headers().get("Sec-Fetch-Dest").is_some_and(|dest| dest == "document");
    let asked = Asked { base: format!("{PREFIX}{token}"), link, path, opened };
    let previews = Arc::clone(previews);
    let looked = web::block(move || {
        let looked = asked.look(&previews);
        (asked, looked)
    });
    match looked.await {
        Ok((asked, looked)) => asked.answer(looked),
        Err(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "the preview failed"),
    }
}

struct Asked {
    /// The preview's own path, without a slash at its end.
    base: String,
    link: Link,
    /// Decoded; none for the link alone.
    path: Option<String>,
    /// In a window of its own.
    opened: bool,
}

impl Asked {
    /// The site with the drafts, and what stands at the path in it.
    fn look(&self, previews: &Previews) -> Result<(View, Option<Shown>), NoPreview> {
        let view = previews.site(&self.link)?;
        let shown = self.path.as_ref().map(|path| previews.show(&view, path));
        Ok((view, shown))
    }

    fn answer(&self, looked: Result<(View, Option<Shown>), NoPreview>) -> HttpResponse {
        match looked {
            Ok((view, None)) => self.to_first_page(&view),
            Ok((_, Some(shown))) => self.page(shown),
            Err(NoPreview::NotYet) => {
                let why = "the site is not loaded yet; try again in a moment";
                told(StatusCode::SERVICE_UNAVAILABLE, why)
            }
            Err(NoPreview::Source(why)) => {
                told(StatusCode::BAD_GATEWAY, &format!("the drafts cannot be read: {why}"))
            }
            Err(NoPreview::Site(failures)) => failed(&failures),
        }
    }

    /// A link to drafts leads to the page of the first one.
    fn to_first_page(&self, view: &View) -> HttpResponse {
        let locale = self.link.locale.as_deref();
        let urls = self.link.documents.iter().filter_map(|id| view.url_of(id, locale));
        let url = urls.into_iter().next();
        if url.is_none() {
            let named = |failure: &Failure| {
                failure.entry.as_ref().is_some_and(|id| self.link.documents.contains(id))
            };
            let why: Vec<Failure> = view.problems().into_iter().filter(named).collect();
            if !why.is_empty() {
                return failed(&why);
            }
        }
        self.redirect(url.as_deref().unwrap_or("/"))
    }

    fn page(&self, shown: Shown) -> HttpResponse {
        let path = self.path.as_deref().unwrap_or_default();
        match shown {
            Shown::Page { file, .. } if self.opened && file.ends_with(".html") => {
                html(StatusCode::OK).body(frame::around(&self.base, &self.link))
            }
            Shown::Page { file, bytes } => whole(StatusCode::OK, &file, bytes),
            Shown::File { file, bytes } => {
                let mut response = whole(StatusCode::OK, &file, bytes);
                if path.starts_with("/uploads/") {
                    let policy = header::HeaderValue::from_static(
                        "sandbox; default-src 'none'; style-src 'unsafe-inline'",
                    );
                    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
                }
                response
            }
            Shown::Folder => self.redirect(&format!("{}/", crate::site::public_url::encode(path))),
            Shown::Failed(failure) => failed(&[*failure]),
            Shown::Nothing(Some(page)) => whole(StatusCode::NOT_FOUND, "404.html", page),
            Shown::Nothing(None) => told(StatusCode::NOT_FOUND, "there is no such page"),
        }
    }

    fn redirect(&self, path: &str) -> HttpResponse {
        let location = format!("{}{path}", self.base);
        private(StatusCode::TEMPORARY_REDIRECT).insert_header((header::LOCATION, location)).finish()
    }
}

/// What a content server asks for: a link to drafts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// All drafts when left out.
    #[serde(default)]
    documents: Vec<String>,
    locale: Option<String>,
    /// How long the link lives.
    expires: Option<String>,
    /// The site at this time.
    at: Option<String>,
}

/// `POST /-/preview`, whose sender is known already: a new link.
pub(crate) fn make(previews: Option<&Arc<Previews>>, body: &[u8]) -> HttpResponse {
    let Some(previews) = previews else { return not_here() };
    let bad = |why: &str| error_answer(ErrorName::BadRequestError, why);
    let wanted: Wanted = match serde_json::from_slice(body) {
        Ok(wanted) => wanted,
        Err(error) => {
            return bad(&format!(
                "the body cannot be used: {error}; expected is {{\"documents\": […], \
                 \"locale\": \"en\", \"expires\": \"1h\", \"at\": \"2030-01-01T00:00:00Z\"}}"
            ));
        }
    };
    let life = match wanted.expires.as_deref().map(parse_life) {
        None => DEFAULT_LIFE,
        Some(Some(life)) => life,
        Some(None) => return bad("`expires` is no duration, such as 30m, 1h or 7d"),
    };
    let Ok(at) = wanted.at.map(|at| at.parse().map(jiff::Timestamp::as_second)).transpose() else {
        return bad("`at` is no time, such as 2030-01-01T00:00:00Z");
    };
    match Link::new(wanted.documents, wanted.locale, at, previews.now(), life) {
        Ok(link) => match previews.keys().sign(&link) {
            Ok(token) => HttpResponse::Created()
                .json(json!({ "path": format!("{PREFIX}{token}"), "expires": link.expires })),
            Err(error) => {
                tracing::error!(%error, "a preview link cannot be signed");
                error_answer(ErrorName::ServiceUnavailableError, "the link cannot be signed")
            }
        },
        Err(why) => bad(&why),
    }
}

fn whole(status: StatusCode, file: &str, bytes: Vec<u8>) -> HttpResponse {
    private(status).content_type(content_type(std::path::Path::new(file))).body(bytes)
}

/// Never kept, never found by search engines, its address told to nobody.
fn private(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::VARY, "Sec-Fetch-Dest"))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "frame-ancestors 'self'"));
    response
}

fn html(status: StatusCode) -> HttpResponseBuilder {
    let mut response = private(status);
    response.content_type("text/html; charset=utf-8");
    response
}

fn told(status: StatusCode, why: &str) -> HttpResponse {
    html(status).body(frame::note(why, &[]))
}

fn failed(failures: &[Failure]) -> HttpResponse {
    let lines: Vec<String> = failures.iter().map(problem::line).collect();
    let why = "published like this, the page would fail";
    html(StatusCode::UNPROCESSABLE_ENTITY).body(frame::note(why, &lines))
}

fn refused(why: Unusable) -> HttpResponse {
    match why {
        Unusable::Unknown => told(StatusCode::FORBIDDEN, "this is no preview link of this site"),
        Unusable::Expired => told(StatusCode::GONE, "this preview link has expired"),
        Unusable::Revoked => told(StatusCode::GONE, "this preview link was revoked"),
    }
}

fn not_here() -> HttpResponse {
    told(StatusCode::NOT_FOUND, "there are no previews here")
}

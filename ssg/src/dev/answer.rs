//! What a browser gets: pages with the script that keeps them current, files as they are,
//! and that script's questions.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{Dev, Now, State, excerpt, page, told};
use crate::build::{Failure, Shown, problem};
use crate::daemon::content_type;
use crate::render::html;
use crate::rules::{Action, Asked, Rules};
use crate::site::public_url;

/// Where the script and its questions stand.
const OWN: &str = "/-/dev/";
const SCRIPT: &str = include_str!("client.js");
const ERROR: &str = include_str!("error.html");

/// Anything a browser asks for.
pub(crate) async fn answer(
    request: &HttpRequest,
    dev: &Arc<Dev>,
    rules: Arc<Rules>,
) -> HttpResponse {
    match request.path().strip_prefix(OWN) {
        Some("client.js") => sent(StatusCode::OK, "client.js", SCRIPT.into()),
        Some("events") => told::events(dev.now.subscribe()),
        Some("page") => about(request, dev).await,
        Some(_) => sent(StatusCode::NOT_FOUND, "x.txt", "Not Found\n".into()),
        None => site(request, dev, rules).await,
    }
}

async fn site(request: &HttpRequest, dev: &Arc<Dev>, rules: Arc<Rules>) -> HttpResponse {
    let raw = request.path().to_owned();
    let Ok(path) = percent_decode_str(&raw).decode_utf8().map(String::from) else {
        return sent(StatusCode::BAD_REQUEST, "x.txt", "the path is no text\n".into());
    };
    let query = request.uri().query().map(str::to_owned);
    let now = known(dev).await;
    let looker = Arc::clone(dev);
    let looked = web::block(move || {
        let asked = Asked { raw: &raw, path: &path, query: query.as_deref() };
        let stands = || !matches!(looker.show(&now, &path), Shown::Nothing(_));
        match rules.decide(asked, stands) {
            Some(Action::Redirect { status, location }) => Looked::Elsewhere(status, location),
            Some(Action::Show { status, file }) => {
                let file = file.unwrap_or_default();
                Looked::Here(status, file.clone(), looker.show(&now, &file))
            }
            None => {
                let shown = looker.show(&now, &path);
                Looked::Here(200, path, shown)
            }
        }
    });
    match looked.await {
        Ok(Looked::Elsewhere(status, location)) => redirect(status, &location),
        Ok(Looked::Here(status, path, shown)) => dev.told(status, &path, shown),
        Err(_) => sent(StatusCode::INTERNAL_SERVER_ERROR, "x.txt", "the page panicked\n".into()),
    }
}

enum Looked {
    Elsewhere(u16, String),
    /// With the status a rule wants, and the path that was looked at.
    Here(u16, String, Shown),
}

/// What there is to show, as soon as there is anything.
async fn known(dev: &Dev) -> Now {
    let mut now = dev.now.subscribe();
    let found = now.wait_for(|now| now.number > 0 || now.closed).await;
    found.map(|now| now.clone()).unwrap_or_default()
}

/// Whether the page at a path is still what a browser has: its fingerprint without
/// stylesheets, its stylesheets, or what is wrong with it.
async fn about(request: &HttpRequest, dev: &Arc<Dev>) -> HttpResponse {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let pairs = query.map(web::Query::into_inner).unwrap_or_default();
    let raw = pairs.into_iter().find(|(name, _)| name == "path").map(|(_, path)| path);
    let raw = raw.unwrap_or_else(|| "/".to_owned());
    let path = percent_decode_str(&raw).decode_utf8_lossy().into_owned();
    let now = known(dev).await;
    let looker = Arc::clone(dev);
    let body = web::block(move || match looker.show(&now, &path) {
        Shown::Page { bytes, .. } | Shown::Nothing(Some(bytes)) => {
            let seen = page::Seen::of(&String::from_utf8_lossy(&bytes));
            json!({ "page": seen.fingerprint, "styles": seen.styles })
        }
        Shown::Failed(failure) => json!({ "failures": looker.described(&[*failure]) }),
        Shown::Nothing(None) => match &*now.site {
            State::Broken(failures) => json!({ "failures": looker.described(failures) }),
            State::Site(_) => json!({ "page": "" }),
        },
        Shown::File { .. } | Shown::Folder => json!({ "page": "" }),
    });
    let body = body.await.map_or_else(|_| json!({}).to_string(), |body| body.to_string());
    sent(StatusCode::OK, "page.json", body.into_bytes())
}

impl Dev {
    fn show(&self, now: &Now, path: &str) -> Shown {
        match &*now.site {
            State::Site(view) => view.show(path, Some(&*self.source), &self.cache),
            State::Broken(_) => Shown::Nothing(None),
        }
    }

    fn told(&self, status: u16, path: &str, shown: Shown) -> HttpResponse {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        match shown {
            Shown::Page { file, bytes } if file.ends_with(".html") => {
                sent(status, &file, page::with_script(bytes))
            }
            Shown::Page { file, bytes } | Shown::File { file, bytes } => sent(status, &file, bytes),
            Shown::Folder => redirect(301, &format!("{}/", public_url::encode(path))),
            Shown::Failed(failure) => self.error(&[*failure]),
            Shown::Nothing(Some(bytes)) => {
                sent(StatusCode::NOT_FOUND, "404.html", page::with_script(bytes))
            }
            Shown::Nothing(None) => match &*self.now.borrow().site {
                State::Broken(failures) => self.error(failures),
                State::Site(_) => {
                    let text =
                        page::with_script(b"<!doctype html><title>404</title><p>Not Found".into());
                    sent(StatusCode::NOT_FOUND, "404.html", text)
                }
            },
        }
    }

    /// A page with nothing but mistakes, for whoever opens it in their place.
    fn error(&self, failures: &[Failure]) -> HttpResponse {
        let mut list = String::new();
        for (failure, described) in failures.iter().zip(self.described(failures)) {
            list.push_str("<pre>");
            html::escape(&problem::line(failure), &mut list);
            for line in described["excerpt"].as_array().into_iter().flatten() {
                list.push('\n');
                html::escape(line["text"].as_str().unwrap_or_default(), &mut list);
            }
            list.push_str("</pre>");
        }
        let text = page::with_script(ERROR.replace("{{failures}}", &list).into_bytes());
        sent(StatusCode::INTERNAL_SERVER_ERROR, "error.html", text)
    }

    /// Mistakes as the overlay shows them: where, what, and the lines around it.
    fn described(&self, failures: &[Failure]) -> Vec<serde_json::Value> {
        let entry = |id: &String| match &*self.now.borrow().site {
            State::Site(view) => excerpt::entry(view, id),
            State::Broken(_) => id.clone(),
        };
        let describe = |failure: &Failure| {
            json!({
                "message": failure.message,
                "template": failure.template,
                "line": failure.line,
                "url": failure.url,
                "entry": failure.entry.as_ref().map(entry),
                "field": failure.field,
                "excerpt": excerpt::around(&self.site, failure),
            })
        };
        failures.iter().map(describe).collect()
    }
}

fn redirect(status: u16, location: &str) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    HttpResponse::build(status)
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

fn sent(status: StatusCode, file: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(content_type(std::path::Path::new(file)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes)
}

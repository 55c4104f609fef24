//! `/api/`: visitors' requests to the CMS, through the daemon.
//!
//! Browsers talk to one origin, and the CMS can stay on a private network. By default only
//! reading content and posting new entries passes; who may do which is the CMS's to decide,
//! by the public role or the visitor's own token. What anybody may read is kept for a while,
//! asked for once however many want it, and forgotten when the content changes. What somebody
//! asks for with credentials or cookies is passed on and never kept.
//!
//! ```text
//! request ─► route (rule) ─┬► keep ─► cache ─► coalesce ─► fetch (breaker) ─► CMS
//!                          └► pass ─────────────────────► fetch (breaker) ─► CMS
//! change feed, webhooks ─► purge ─► cache
//! ```

use std::{path::Path, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use arc_swap::ArcSwapOption;
use cms_api::{error::ErrorName, model::ContentModel};

use self::{
    cache::Cache,
    coalesce::Flights,
    counters::Counters,
    freshness::Lifetime,
    keep::Question,
    key::{Asked, Class, Key},
    live::{Live, Loaded},
    purge::Sources,
};
pub use self::{documents::Documents, purge::Changed};
use crate::{
    client::{Breaker, Limits, Upstream},
    clock::Clock,
    daemon::Shared,
    site::proxy::{Endpoint, Form, Rule},
};

mod answer;
mod cache;
mod coalesce;
mod counters;
mod documents;
mod endpoint;
mod failure;
mod fetch;
mod form;
mod fragment;
mod freshness;
mod headers;
mod keep;
mod key;
mod live;
mod pass;
mod purge;
mod request_body;
mod request_id;
mod route;
mod transform;

/// Everything that requests to the API share.
#[derive(Debug)]
pub(crate) struct Proxy {
    upstream: Upstream,
    clock: Clock,
    live: Live,
    cache: Cache,
    flights: Arc<Flights>,
    breaker: Breaker,
    counters: Counters,
    tokens: form::Tokens,
    limiter: form::Limiter,
    model: ArcSwapOption<ContentModel>,
}

impl Proxy {
    pub(crate) fn new(upstream: Upstream, clock: Clock, site: &Path, cache: &Path) -> Self {
        let proxy = Self {
            upstream,
            clock,
            live: Live::new(site),
            cache: Cache::default(),
            flights: Arc::default(),
            breaker: Breaker::default(),
            counters: Counters::default(),
            tokens: form::Tokens::new(cache),
            limiter: form::Limiter::default(),
            model: ArcSwapOption::empty(),
        };
        proxy.refresh();
        proxy
    }

    /// Reads what changed on disk. Blocks.
    pub(crate) fn refresh(&self) {
        if self.live.refresh() {
            let limit = self.live.current().map_or(0, |loaded| loaded.proxy.max_memory);
            self.cache.purge(&Changed::Everything);
            self.cache.set_limit(limit);
        }
    }

    /// The content model as of now: with it fewer answers have to be forgotten.
    pub(crate) fn know(&self, model: Option<Arc<ContentModel>>) {
        self.model.store(model);
    }

    /// Content changed: no answer from before is given any more.
    pub(crate) fn purge(&self, changed: &Changed) {
        if *changed == Changed::Everything {
            // The model may be another one; until it is known, nobody relies on it.
            self.model.store(None);
        }
        self.cache.purge(changed);
    }

    /// Whoever writes wants to read what was written. `types`: what the rule names besides.
    fn written(&self, path: &str, types: &[String]) {
        self.cache.purge(&match purge::sources(self.model().as_deref(), path, "", types) {
            Sources::Known(documents) => Changed::Only(documents),
            Sources::Unknown => Changed::Everything,
        });
    }

    pub(crate) fn metrics(&self) -> String {
        self.counters.render(self.cache.size(), self.flights.waiting())
    }

    fn model(&self) -> Option<Arc<ContentModel>> {
        self.model.load_full()
    }

    /// What visitors' own caches are told where the CMS tells nothing.
    fn cache_control(&self, status: u16, lifetime: Lifetime) -> String {
        let [fresh, wait, error] = [lifetime.fresh, lifetime.while_revalidate, lifetime.if_error]
            .map(|span| span.as_secs());
        if status >= 400 && fresh == 0 {
            return "no-store".to_owned();
        }
        let mut text = format!("public, max-age={fresh}");
        for (name, seconds) in [("stale-while-revalidate", wait), ("stale-if-error", error)] {
            if seconds > 0 {
                text.push_str(&format!(", {name}={seconds}"));
            }
        }
        text
    }
}

impl Loaded {
    fn limits(&self) -> Limits {
        Limits { failures: self.proxy.failures, pause: self.proxy.pause }
    }
}

/// Any request below `/api/`.
pub(crate) async fn pass(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let (proxy, id) = (&shared.proxy, request_id::of(&request));
    let Some(loaded) = proxy.live.current() else {
        let why = "the site's configuration has mistakes";
        return failure::refusal(ErrorName::ServiceUnavailableError, why, &id);
    };
    if let Some(place) = declared(&loaded, request.path()) {
        return place.answer(proxy, &request, payload, &loaded).await;
    }
    let rule = match route::check(&loaded.proxy, request.method(), request.path()) {
        route::Verdict::Pass(rule) => rule.clone(),
        route::Verdict::NotFound => {
            return failure::refusal(ErrorName::NotFoundError, "Not Found", &id);
        }
        route::Verdict::NotAllowed(allowed) => return failure::not_allowed(&allowed, &id),
    };
    let query = key::normalised(request.query_string(), rule.query.as_deref());
    let path = request.path().to_owned();
    let question = question(&request, rule, Arc::clone(&loaded), path, query, id);
    follow(proxy, &request, payload, question).await
}

/// Any other request, if `site.toml` declares its path; else the body comes back.
pub(crate) async fn declared_elsewhere(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<HttpResponse, web::Payload> {
    let Some(loaded) = shared.proxy.live.current() else { return Err(payload) };
    match declared(&loaded, request.path()) {
        Some(place) => Ok(place.answer(&shared.proxy, request, payload, &loaded).await),
        None => Err(payload),
    }
}

enum Declared<'a> {
    Endpoint(&'a Endpoint),
    Form(&'a Form),
}

fn declared<'a>(loaded: &'a Loaded, path: &str) -> Option<Declared<'a>> {
    let endpoint = loaded.proxy.endpoints.iter().find(|endpoint| endpoint.path == path);
    let form = || loaded.proxy.forms.iter().find(|form| form.path == path);
    endpoint.map(Declared::Endpoint).or_else(|| form().map(Declared::Form))
}

impl Declared<'_> {
    async fn answer(
        self,
        proxy: &Arc<Proxy>,
        request: &HttpRequest,
        payload: web::Payload,
        loaded: &Arc<Loaded>,
    ) -> HttpResponse {
        match self {
            Self::Endpoint(one) => endpoint::answer(proxy, request, payload, loaded, one).await,
            Self::Form(one) => form::answer(proxy, request, payload, loaded, one).await,
        }
    }
}

/// `path` and `query` are the CMS's.
fn question(
    request: &HttpRequest,
    rule: Rule,
    loaded: Arc<Loaded>,
    path: String,
    query: String,
    id: String,
) -> Question {
    let info = request.connection_info();
    let key = Key {
        class: if rule.as_site { Class::Site } else { Class::Public },
        rule: rule.line.to_string(),
        host: format!("{}://{}", info.scheme(), info.host()),
        path,
        query,
    };
    Question {
        asked: Asked::new(request, key),
        policy: rule.cache.unwrap_or_default(),
        headers: headers::to_cms_for_all(request, &id),
        rule,
        loaded,
        id,
    }
}

async fn follow(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    payload: web::Payload,
    question: Question,
) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return pass::write(proxy, request, payload, &question).await;
    }
    if is_for_all(request, &question) {
        return keep::answer(proxy, request, question).await;
    }
    let outgoing = crate::client::Outgoing {
        method: request.method().to_string(),
        path_and_query: question.asked.path_and_query(),
        headers: headers::to_cms(request, &question.id),
        deadline: question.rule.deadline,
    };
    pass::read(proxy, request, &question, outgoing, "bypass").await
}

/// Who shows credentials or a cookie may be somebody, and a part is not the whole. Drafts
/// change without the feed telling.
fn is_for_all(request: &HttpRequest, question: &Question) -> bool {
    let shows = |name: header::HeaderName| request.headers().contains_key(name);
    let drafts = question.asked.key.query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        name.starts_with("status") && value != "published" || name.starts_with("publicationState")
    });
    question.rule.cache.is_some()
        && !shows(header::AUTHORIZATION)
        && !shows(header::COOKIE)
        && !shows(header::RANGE)
        && !drafts
}

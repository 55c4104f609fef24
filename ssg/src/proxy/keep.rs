//! A request whose answer everybody may share: from memory, or asked once for all.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::oneshot;

use super::{
    Proxy,
    answer::{self, Origin},
    cache::{Entry, Found},
    coalesce::{Joined, Leader, Outcome},
    failure::Failure,
    fetch::{self, Fetched, Head},
    freshness::{self, Verdict},
    headers,
    key::{Asked, NEGOTIATED},
    live::Loaded,
    purge::{self, Sources},
    transform,
};
use crate::{
    client::{Chunks, Headers, Limits, Outgoing},
    site::proxy::{CachePolicy, Rule},
};

/// Everything there is to know about a request, to whomever its answer goes.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) rule: Rule,
    pub(super) policy: CachePolicy,
    pub(super) loaded: Arc<Loaded>,
    /// What the CMS is sent; without a validator.
    pub(super) headers: Headers,
    pub(super) id: String,
}

/// An answer for the one who asked alone.
struct Own {
    head: Head,
    length: Option<u64>,
    body: Chunks,
}

impl Question {
    pub(super) fn limits(&self) -> Limits {
        self.loaded.limits()
    }

    fn outgoing(&self, validator: Option<&str>) -> Outgoing {
        let mut headers = self.headers.clone();
        if let Some(validator) = validator {
            headers.push(("if-none-match".to_owned(), validator.as_bytes().to_vec()));
        }
        Outgoing {
            method: "GET".to_owned(),
            path_and_query: self.asked.path_and_query(),
            headers,
            deadline: self.rule.deadline,
        }
    }

    fn sources(&self, proxy: &Proxy) -> Sources {
        let key = &self.asked.key;
        purge::sources(proxy.model().as_deref(), &key.path, &key.query, &self.rule.types)
    }
}

pub(super) async fn answer(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    question: Question,
) -> HttpResponse {
    let now = proxy.clock.now();
    let id = question.id.clone();
    let (old, why) = match proxy.cache.find(&question.asked, now) {
        Found::Fresh(entry) => {
            proxy.counters.hit();
            return answer::kept(request, &entry, Origin::Hit, now, &id);
        }
        Found::Stale(entry) if entry.may_wait(now) => {
            proxy.counters.stale();
            drop(asking(proxy, &question, Some(&entry)));
            return answer::kept(request, &entry, Origin::Revalidating, now, &id);
        }
        Found::Stale(entry) => (Some(entry), "stale"),
        Found::NotShared => return alone(proxy, request, &question).await,
        Found::OtherVariant => (None, "vary-miss"),
        Found::Nothing => (None, "uri-miss"),
    };
    let (waiting, own, collapsed) = asking(proxy, &question, old.as_ref());
    let outcome = waiting.outcome().await;
    let now = proxy.clock.now();
    match outcome {
        Outcome::Answer { entry, stored, status } => {
            proxy.counters.miss();
            let origin = Origin::Fetched { why, status, stored, collapsed };
            answer::kept(request, &entry, origin, now, &id)
        }
        Outcome::Own => match own.await {
            Ok(own) => {
                proxy.counters.miss();
                answer::streamed(request, &own.head, own.length, own.body, why, &id)
            }
            Err(_) => alone(proxy, request, &question).await,
        },
        Outcome::Failed(failure) => failed(proxy, request, &question, old.as_ref(), &failure, now),
    }
}

/// The old answer if it may excuse the failure, else the failure.
fn failed(
    proxy: &Proxy,
    request: &HttpRequest,
    question: &Question,
    old: Option<&Arc<Entry>>,
    failure: &Failure,
    now: Duration,
) -> HttpResponse {
    // A purge meanwhile may have taken it away.
    let still = match proxy.cache.find(&question.asked, now) {
        Found::Fresh(entry) | Found::Stale(entry) => Some(entry),
        _ => None,
    };
    let old = old.and(still).filter(|entry| failure.excuses_stale() && entry.may_excuse(now));
    if let Some(entry) = old {
        proxy.counters.stale();
        return answer::kept(request, &entry, Origin::Excused(failure.status()), now, &question.id);
    }
    proxy.counters.failed();
    failure.answer(&question.id)
}

type Asking = (super::coalesce::Waiting, oneshot::Receiver<Own>, bool);

/// Joins whoever is asking already, or has the CMS asked by a task of its own.
fn asking(proxy: &Arc<Proxy>, question: &Question, old: Option<&Arc<Entry>>) -> Asking {
    let (mark, sources) = (proxy.cache.mark(), question.sources(proxy));
    let outdated = |mark, sources: &Sources| proxy.cache.is_outdated(mark, sources);
    let (sender, own) = oneshot::channel();
    match proxy.flights.join(&question.asked, mark, &sources, outdated) {
        Joined::Follower(waiting) => (waiting, own, true),
        Joined::Leader(leader) => {
            let waiting = leader.follow();
            let (proxy, question, old) = (Arc::clone(proxy), question.clone(), old.cloned());
            tokio::spawn(async move {
                lead(&proxy, &question, old, mark, sources, leader, sender).await;
            });
            (waiting, own, false)
        }
    }
}

async fn lead(
    proxy: &Proxy,
    question: &Question,
    old: Option<Arc<Entry>>,
    mark: u64,
    sources: Sources,
    leader: Leader,
    own: oneshot::Sender<Own>,
) {
    // Somebody may have brought it while this one was on its way here.
    if let Found::Fresh(entry) = proxy.cache.find(&question.asked, proxy.clock.now()) {
        let status = entry.status;
        leader.done(Outcome::Answer { entry, stored: true, status });
        return;
    }
    let validator = old.as_ref().and_then(|entry| entry.validator.as_deref());
    let (outgoing, limit) = (question.outgoing(validator), question.policy.max_entry);
    let asked_at = proxy.clock.now();
    let fetched =
        fetch::read(proxy, question.limits(), &outgoing, question.rule.as_site, limit).await;
    let outcome = match fetched {
        Ok(Fetched::Large(head, length, body)) => {
            proxy.cache.pass(&question.asked, proxy.clock.now());
            // Whoever asked may be gone.
            drop(own.send(Own { head, length, body }));
            Outcome::Own
        }
        Ok(Fetched::Whole(head, body)) => {
            let made = Made { proxy, question, old, sources, asked_at };
            match made.entry(head, body) {
                Ok((entry, status, true)) => {
                    let stored = proxy.cache.keep(&question.asked, &entry, mark);
                    Outcome::Answer { entry, stored, status }
                }
                Ok((entry, status, false)) => {
                    // What was kept is no longer what the CMS says.
                    proxy.cache.forget(&question.asked);
                    Outcome::Answer { entry, stored: false, status }
                }
                Err(NotShared::Own(head, body)) => {
                    proxy.cache.pass(&question.asked, proxy.clock.now());
                    let length = Some(body.len() as u64);
                    let body: Chunks =
                        Box::pin(futures_util::stream::once(async move { Ok(body) }));
                    drop(own.send(Own { head, length, body }));
                    Outcome::Own
                }
                Err(NotShared::Failed(failure)) => fail(question, failure),
            }
        }
        Err(failure) => fail(question, failure),
    };
    leader.done(outcome);
}

fn fail(question: &Question, failure: Failure) -> Outcome {
    failure.log(&question.id, &question.asked.key.path);
    Outcome::Failed(Arc::new(failure))
}

enum NotShared {
    Own(Head, actix_web::web::Bytes),
    Failed(Failure),
}

/// Makes an entry of what the CMS said.
struct Made<'a> {
    proxy: &'a Proxy,
    question: &'a Question,
    old: Option<Arc<Entry>>,
    sources: Sources,
    asked_at: Duration,
}

impl Made<'_> {
    /// The entry, the CMS's status, and whether it may be kept.
    fn entry(
        mut self,
        head: Head,
        body: actix_web::web::Bytes,
    ) -> Result<(Arc<Entry>, u16, bool), NotShared> {
        if let (304, Some(old)) = (head.status, &self.old) {
            return self.renewed(&head, old).ok_or_else(|| {
                NotShared::Failed(Failure::Unusable("a 304 that may not be shared".into()))
            });
        }
        let verdict = freshness::judge(head.status, &head.headers, &self.question.policy);
        let (lifetime, keep) = match verdict {
            Verdict::Keep(lifetime) => (lifetime, true),
            Verdict::Share => (freshness::Lifetime::default(), false),
            Verdict::Own => return self.own(head, body),
        };
        let status = head.status;
        let validator = freshness::values(&head.headers, "etag").next().map(str::to_owned);
        self.sources = self.sources.answered_with(&body);
        let (headers, body) = self.shaped(head, body).map_err(NotShared::Failed)?;
        Ok((Arc::new(self.finish(status, headers, body, validator, lifetime)), status, keep))
    }

    fn own(
        self,
        head: Head,
        body: actix_web::web::Bytes,
    ) -> Result<(Arc<Entry>, u16, bool), NotShared> {
        let status = head.status;
        let (headers, body) = self.shaped(head, body).map_err(NotShared::Failed)?;
        Err(NotShared::Own(Head { status, headers }, body))
    }

    /// The old answer, young again.
    fn renewed(&self, head: &Head, old: &Arc<Entry>) -> Option<(Arc<Entry>, u16, bool)> {
        let mut headers = old.headers.clone();
        let told: Headers = head
            .headers
            .iter()
            .filter(|(name, _)| {
                ["cache-control", "date", "expires", "age"].contains(&name.as_str())
            })
            .cloned()
            .collect();
        headers.retain(|(name, _)| !told.iter().any(|(known, _)| known == name));
        headers.extend(told);
        let verdict = freshness::judge(old.status, &headers, &self.question.policy);
        let Verdict::Keep(lifetime) = verdict else { return None };
        let born = self.asked_at.saturating_sub(freshness::age(&head.headers));
        let entry = Entry {
            status: old.status,
            headers,
            body: old.body.clone(),
            etag: old.etag.clone(),
            validator: old.validator.clone(),
            born,
            lifetime,
            sources: old.sources.clone(),
            vary: old.vary.clone(),
        };
        Some((Arc::new(entry), 304, true))
    }

    /// As visitors get it.
    fn shaped(
        &self,
        head: Head,
        body: actix_web::web::Bytes,
    ) -> Result<(Headers, actix_web::web::Bytes), Failure> {
        let Head { status, headers } = head;
        if (200..300).contains(&status) {
            return transform::apply(
                &self.question.rule.transform,
                &self.question.loaded,
                headers,
                body,
            );
        }
        Ok((headers, body))
    }

    fn finish(
        self,
        status: u16,
        mut headers: Headers,
        body: actix_web::web::Bytes,
        validator: Option<String>,
        lifetime: freshness::Lifetime,
    ) -> Entry {
        let born = self.asked_at.saturating_sub(freshness::age(&headers));
        let varies: Vec<_> = freshness::vary(&headers).collect();
        let negotiated = &self.question.asked.negotiated;
        let vary = std::array::from_fn(|at| {
            let named = NEGOTIATED.get(at).is_some_and(|name| varies.iter().any(|own| own == name));
            named.then(|| negotiated.get(at).cloned().flatten())
        });
        let own = self.question.rule.transform.is_empty();
        let etag = validator.clone().filter(|_| own).unwrap_or_else(|| etag_of(&body));
        headers.retain(|(name, _)| !["age", "etag", "connection"].contains(&name.as_str()));
        if !headers.iter().any(|(name, _)| name == "cache-control") {
            let value = self.proxy.cache_control(status, lifetime);
            headers.push(("cache-control".to_owned(), value.into_bytes()));
        }
        Entry {
            status,
            headers,
            body,
            etag,
            validator,
            born,
            lifetime,
            sources: self.sources,
            vary,
        }
    }
}

fn etag_of(body: &[u8]) -> String {
    let hash = blake3::hash(body).to_hex();
    format!("\"{}\"", hash.get(..32).unwrap_or_default())
}

/// For this visitor, past everybody else.
async fn alone(proxy: &Proxy, request: &HttpRequest, question: &Question) -> HttpResponse {
    let mut outgoing = question.outgoing(None);
    outgoing.headers = headers::to_cms(request, &question.id);
    super::pass::read(proxy, request, question, outgoing, "bypass").await
}

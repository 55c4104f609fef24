//! `POST /-/revalidate`: pages to render again, by path or by tag.
//!
//! The counterpart of Next.js's `revalidatePath` and `revalidateTag`, with two
//! differences: the pages are rendered now, not at somebody's next visit, and every page
//! that shows the same is found by itself. Signed like a webhook, so that only those who
//! may tell of changes can cause work.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use cms_api::error::ErrorName;
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::oneshot, time::timeout};

use super::{
    body,
    event::Event,
    order::{Done, Marked, Order},
    shared::Shared,
    webhook,
};
use crate::build::Revalidation;

/// Far more than anybody writes by hand.
const BODY_LIMIT: usize = 256 * 1024;
/// Next.js's limits for a path and a tag, in characters.
const PATH_LIMIT: usize = 1024;
const TAG_LIMIT: usize = 256;
/// A build may be under way when the request comes; afterwards finding the pages takes
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    scope: Scope,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    #[default]
    Page,
    Subtree,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    wait: Option<Live>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Live {
    Live,
}

pub(super) async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let text = match body::read(payload, BODY_LIMIT).await {
        Ok(text) => text,
        Err(refusal) => return refusal,
    };
    let now = jiff::Timestamp::now().as_second();
    if let Err(why) = webhook::authenticate(&request, &text, &shared, now) {
        return why.answer();
    }
    let wait = match web::Query::<Wait>::from_query(request.query_string()) {
        Ok(query) => query.into_inner().wait.is_some(),
        Err(error) => return bad(&format!("{error}; accepted is `wait=live`")),
    };
    match wanted(&text) {
        Ok(targets) => answer(&shared, targets, wait).await,
        Err(why) => bad(&why),
    }
}

fn bad(why: &str) -> HttpResponse {
    body::error(ErrorName::BadRequestError, why)
}

fn wanted(text: &[u8]) -> Result<Vec<Revalidation>, String> {
    let Wanted { paths, tags, scope } = serde_json::from_slice(text).map_err(|error| {
        format!(
            "the body cannot be used: {error}; expected is \
             {{\"paths\": […], \"tags\": […], \"scope\": \"page\" or \"subtree\"}}"
        )
    })?;
    if paths.is_empty() && tags.is_empty() {
        return Err("neither `paths` nor `tags` names anything".to_owned());
    }
    let long = |text: &&String, limit: usize| text.chars().count() > limit;
    if let Some(path) = paths.iter().find(|path| long(path, PATH_LIMIT) || !path.starts_with('/')) {
        let start: String = path.chars().take(80).collect();
        return Err(format!(
            "`{start}` is no path: it must start with `/` and have at most {PATH_LIMIT} characters"
        ));
    }
    if tags.iter().any(|tag| long(&tag, TAG_LIMIT) || tag.is_empty()) {
        return Err(format!("a tag must have 1 to {TAG_LIMIT} characters"));
    }
    let below = scope == Scope::Subtree;
    let paths = paths.into_iter().map(|path| Revalidation::Path { path, below });
    Ok(paths.chain(tags.into_iter().map(Revalidation::Tag)).collect())
}

async fn answer(shared: &Shared, targets: Vec<Revalidation>, wait: bool) -> HttpResponse {
    let (tell_marked, marked) = oneshot::channel();
    let (tell_done, done) = oneshot::channel();
    shared.send(Event::Revalidate(Order::new(targets, tell_marked, tell_done)));
    let Ok(Ok(Marked { build, urls })) = timeout(PATIENCE, marked).await else {
        return not_now("the pages could not be found; the log says why");
    };
    if !wait {
        return HttpResponse::Accepted().json(json!({ "build_id": build, "pages": urls }));
    }
    match timeout(PATIENCE, done).await {
        Ok(Ok(Done { release })) => HttpResponse::Ok()
            .json(json!({ "build_id": build, "pages": urls, "release": release, "live": true })),
        _ => not_now("the build failed or takes long; the site stays as it was until then"),
    }
}

fn not_now(why: &str) -> HttpResponse {
    body::error(ErrorName::ServiceUnavailableError, why)
}

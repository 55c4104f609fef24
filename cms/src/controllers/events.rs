//! `GET /events`: the change feed as server-sent events.
//!
//! An event's id is its place in the feed, so that a reader who lost the connection goes on
//! behind the last one it saw. A page of the feed is read when the one before it is on its
//! way: a slow reader holds two of them at most, and is let go when it takes none for too
//! long. Rights are asked again with every page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt};
use cms_api::change::{Op, SyncItem, TOKEN_EXPIRED};
use cms_api::error::{ApiError, ErrorName};
use futures_util::{Stream, stream};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, watch};

use super::sync::Parameters;
use crate::app::App;
use crate::documents::sync::Feed;
use crate::documents::sync::token::Token;
use crate::error::AppResult;
use crate::extract::{auth, query};
use crate::feed_pulse::Beat;
use crate::routes::Context;

/// Changes read at a time for one reader.
const PAGE: u32 = 20;
/// Most readers of one server.
const MAX_READERS: usize = 256;
/// The name clients and logs know that limit by.
const READERS: &str = "events_readers";
const PATIENCE: &str = "CMS_EVENTS_PATIENCE";
/// Milliseconds after which a client that lost the connection comes back.
const RETRY_MS: u32 = 3000;
const LAST_EVENT_ID: &str = "last-event-id";

/// Begins to tell a reader what changes.
///
/// # Errors
/// 401 without a bearer token, 400 for parameters that make no sense, 403 for types the
/// caller may not find, 410 for an id of a future that was undone, 503 with too many readers.
pub(crate) async fn events(context: Context) -> AppResult<HttpResponse> {
    if context.caller.is_public() {
        return Err(ApiError::unauthorized().into());
    }
    let tree = query::tree(context.http.query_string())?;
    let asked = Parameters::read(&tree)?;
    let locales = locales(&tree)?;
    let seen = last_event_id(&context.http, &tree)?;
    let beat = context.app.pulse.join(MAX_READERS).ok_or_else(too_many)?;
    let access = query::access(&context.caller, &context.model);
    let model = Arc::clone(&context.model);
    let begun = context.app.read(move |conn| {
        let mut feed = Feed { conn, model: &model, access: &access };
        let place = feed.place(asked.request(&feed, PAGE)?, seen)?;
        if feed.is_ahead(&place)? { Err(expired().into()) } else { Ok(place) }
    });
    let place = begun.await?;
    let (sender, receiver) = mpsc::channel(1);
    let slow = Arc::new(AtomicBool::new(false));
    let patience = context.app.settings.serving.events_patience;
    let reader = Reader {
        bearer: auth::bearer(&context.http),
        app: context.app,
        place,
        locales,
        sender,
        beat,
        slow: Arc::clone(&slow),
    };
    rt::spawn(reader.run());
    let last = format!(
        "event: dropped\ndata: {{\"limit\":\"{PATIENCE}\",\"value\":\"{}ms\"}}\n\n",
        patience.millis()
    );
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would keep events until it has enough of them.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body(receiver, slow, last)))
}

/// The pages; and for a reader that was too slow, why there are no more.
fn body(
    receiver: mpsc::Receiver<Bytes>,
    slow: Arc<AtomicBool>,
    last: String,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold((receiver, Some(last)), move |(mut receiver, last)| {
        let slow = Arc::clone(&slow);
        async move {
            match receiver.recv().await {
                Some(page) => Some((Ok(page), (receiver, last))),
                None => {
                    let last = last.filter(|_| slow.load(Ordering::Acquire))?;
                    Some((Ok(last.into()), (receiver, None)))
                }
            }
        }
    })
}

/// One reader's place in the feed, and the way to it.
struct Reader {
    app: App,
    bearer: Option<String>,
    place: Token,
    /// Locales that are told; all when empty.
    locales: Vec<String>,
    sender: mpsc::Sender<Bytes>,
    beat: watch::Receiver<Beat>,
    slow: Arc<AtomicBool>,
}

impl Reader {
    /// Until the reader goes, is too slow, may no more, or the server stops.
    async fn run(mut self) {
        let mut page = format!("retry: {RETRY_MS}\n{}", self.mark());
        while self.send(std::mem::take(&mut page)).await {
            let more = match self.read(&mut page).await {
                Ok(more) => more,
                Err(error) => {
                    tracing::info!(%error, "a reader of events was let go");
                    return;
                }
            };
            if page.is_empty() && !more && !self.waited(&mut page).await {
                return;
            }
        }
    }

    /// Hands a page over. False when nobody takes it.
    async fn send(&self, page: String) -> bool {
        if page.is_empty() {
            return true;
        }
        let patience = self.app.settings.serving.events_patience.0;
        match rt::time::timeout(patience, self.sender.send(page.into())).await {
            Ok(sent) => sent.is_ok(),
            Err(_) => {
                self.slow.store(true, Ordering::Release);
                tracing::info!(limit = PATIENCE, "a slow reader of events was let go");
                false
            }
        }
    }

    /// Waits for a change, with a sign of life now and then. False when there is nobody to
    /// wait for, or no time.
    async fn waited(&mut self, page: &mut String) -> bool {
        let heartbeat: Duration = self.app.settings.serving.events_heartbeat.0;
        tokio::select! {
            () = self.sender.closed() => false,
            changed = self.beat.changed() => changed.is_ok() && !self.beat.borrow().ended,
            () = rt::time::sleep(heartbeat) => {
                page.push_str(&self.mark());
                true
            }
        }
    }

    /// A comment that moves the reader's last id, which other types' changes do not.
    fn mark(&self) -> String {
        format!(": {}\nid: {}\n\n", crate::clock::iso(crate::clock::now()), self.place.position)
    }

    /// Adds what changed since, and says whether there is more at once.
    async fn read(&mut self, page: &mut String) -> AppResult<bool> {
        if self.beat.borrow_and_update().ended {
            return Err(ApiError::new(ErrorName::ServiceUnavailableError, "stopping").into());
        }
        let (caller, _) = auth::identify(&self.app, self.bearer.clone()).await?;
        let model = self.app.model();
        let access = query::access(&caller, &model);
        let place = self.place.clone();
        let found = self
            .app
            .read(move |conn| Feed { conn, model: &model, access: &access }.go_on(place.clone()));
        let found = found.await?;
        self.place = found.next;
        for item in found.items.iter().filter(|item| self.is_told(item)) {
            let data = serde_json::to_string(item).map_err(anyhow::Error::from)?;
            page.push_str(&format!("id: {}\nevent: {}\ndata: {data}\n\n", item.seq, word(item.op)));
        }
        Ok(found.more)
    }

    fn is_told(&self, item: &SyncItem) -> bool {
        let named = |locale: &String| self.locales.contains(locale);
        self.locales.is_empty() || item.locale.as_ref().is_none_or(named)
    }
}

fn word(op: Op) -> &'static str {
    match op {
        Op::Upsert => "upsert",
        Op::Delete => "delete",
        Op::Schema => "schema",
    }
}

/// Where the reader was: in the header browsers send, or in a parameter for a first request.
fn last_event_id(http: &HttpRequest, tree: &Map<String, Value>) -> Result<Option<i64>, ApiError> {
    let invalid = || ApiError::validation("Last-Event-ID must be the id of an event, a number");
    let given = match (http.headers().get(LAST_EVENT_ID), tree.get("lastEventId")) {
        (Some(value), _) => value.to_str().map_err(|_| invalid())?,
        (None, Some(value)) => value.as_str().ok_or_else(invalid)?,
        (None, None) => return Ok(None),
    };
    let number = given.trim().parse().ok().filter(|number: &i64| *number >= 0);
    number.ok_or_else(invalid).map(Some)
}

/// `locale=de,fr`; all without.
fn locales(tree: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    match tree.get("locale") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) if text == "*" => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.split(',').map(|code| code.trim().into()).collect()),
        Some(_) => Err(ApiError::validation("locale must be a list of locale codes")),
    }
}

fn too_many() -> ApiError {
    let message = format!("{READERS}: {MAX_READERS} readers are connected, which is the most");
    ApiError::new(ErrorName::ServiceUnavailableError, message)
}

fn expired() -> ApiError {
    let message = "The id is of a change that was undone: read `/sync?initial=true` first";
    ApiError::new(ErrorName::Other(TOKEN_EXPIRED, 410), message)
}

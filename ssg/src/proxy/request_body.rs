//! A visitor's body on its way to the CMS: a few chunks at a time, and no more
//! than the limit.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::{
    HttpRequest,
    http::{Method, header},
    web::{self, Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use crate::client::Chunks;

/// Chunks under way between the two connections.
const CHUNKS_AHEAD: usize = 4;

#[derive(Debug)]
pub(super) struct TooLarge;

/// Tells, once sending failed, whether the body was why.
#[derive(Debug, Clone, Default)]
pub(super) struct Overflow(Arc<AtomicBool>);

impl Overflow {
    pub(super) fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

type Chunk = io::Result<Bytes>;

/// The body as a stream; none for methods that have none.
pub(super) fn stream(
    request: &HttpRequest,
    payload: web::Payload,
    limit: u64,
) -> Result<(Option<impl Stream<Item = Chunk> + Send + use<>>, Overflow), TooLarge> {
    let overflow = Overflow::default();
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE) {
        return Ok((None, overflow));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(TooLarge);
    }
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    // The payload belongs to this thread, the connection to the CMS to any.
    actix_web::rt::spawn(pump(payload, sender, limit, overflow.clone()));
    let chunks = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    Ok((Some(chunks), overflow))
}

/// All of it, for who may have to send it twice. It is within its limit already.
pub(super) async fn collect(body: Chunks) -> io::Result<Bytes> {
    collect_within(body, usize::MAX).await
}

pub(super) async fn collect_within(mut body: Chunks, limit: usize) -> io::Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        whole.extend_from_slice(&chunk?);
        if whole.len() > limit {
            return Err(io::Error::other("the body is too large"));
        }
    }
    Ok(whole.freeze())
}

async fn pump(
    mut payload: web::Payload,
    sender: mpsc::Sender<Chunk>,
    limit: u64,
    overflow: Overflow,
) {
    let mut passed = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(io::Error::other);
        passed += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        let ended = chunk.is_err() || passed > limit;
        let chunk = if passed > limit {
            overflow.0.store(true, Ordering::Release);
            Err(io::Error::other("the body is too large"))
        } else {
            chunk
        };
        // A closed channel means that the CMS has answered already.
        if sender.send(chunk).await.is_err() || ended {
            return;
        }
    }
}

//! Asking the CMS, with its credentials where the rule says so, and reading what it says.
//!
//! An answer that may be kept is read whole and looked at: what claims to be JSON and is
//! not, or ends too early, is a failure and never an answer. A body beyond the limit is
//! handed on as it comes.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde::de::IgnoredAny;
use tokio::time::timeout;

use super::{Proxy, failure::Failure, freshness};
use crate::client::{Answer, Chunks, Headers, Limits, Outgoing};

/// What came back, without a body.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Headers,
}

pub(super) enum Fetched {
    Whole(Head, Bytes),
    /// With its length, if it is known.
    Large(Head, Option<u64>, Chunks),
}

/// A body on its way to the CMS.
pub(super) enum Sent {
    Nothing,
    Whole(Bytes),
    Stream(Chunks),
}

/// The head of the answer; its body is still to come. Answers of 500 and above are failures.
pub(super) async fn ask(
    proxy: &Proxy,
    limits: Limits,
    outgoing: &Outgoing,
    body: Sent,
    as_site: bool,
) -> Result<Answer, Failure> {
    let permit = proxy.breaker.permit(limits, proxy.clock.now()).map_err(Failure::Resting)?;
    // A visitor who stops sending looks like a CMS that stops listening.
    let doubtful = matches!(body, Sent::Stream(_));
    let answer = send(proxy, outgoing, body, as_site).await;
    match &answer {
        Err(failure) if failure.is_absence() && doubtful => drop(permit),
        Err(failure) if failure.is_absence() => permit.absent(proxy.clock.now()),
        _ => permit.answered(),
    }
    answer
}

/// The whole answer, if it is within `limit`.
pub(super) async fn read(
    proxy: &Proxy,
    limits: Limits,
    outgoing: &Outgoing,
    as_site: bool,
    limit: u64,
) -> Result<Fetched, Failure> {
    let permit = proxy.breaker.permit(limits, proxy.clock.now()).map_err(Failure::Resting)?;
    let answer = send(proxy, outgoing, Sent::Nothing, as_site).await;
    let fetched = match answer {
        Ok(answer) => whole(answer, limit, outgoing.deadline).await,
        Err(failure) => Err(failure),
    };
    match &fetched {
        Err(failure) if failure.is_absence() => permit.absent(proxy.clock.now()),
        _ => permit.answered(),
    }
    fetched
}

async fn send(
    proxy: &Proxy,
    outgoing: &Outgoing,
    body: Sent,
    as_site: bool,
) -> Result<Answer, Failure> {
    let answer = match (as_site, body) {
        (true, Sent::Whole(body)) => proxy.upstream.forward_as_site(outgoing, Some(body)).await,
        (true, _) => proxy.upstream.forward_as_site(outgoing, None).await,
        (false, Sent::Nothing) => proxy.upstream.forward(outgoing, None::<Chunks>).await,
        (false, Sent::Whole(body)) => {
            let once = stream::once(async move { Ok(body) });
            proxy.upstream.forward(outgoing, Some(once)).await
        }
        (false, Sent::Stream(body)) => proxy.upstream.forward(outgoing, Some(body)).await,
    }?;
    if answer.status >= 500 {
        let wait = freshness::values(&answer.headers, "retry-after").next();
        return Err(Failure::Status(answer.status, wait.map(str::to_owned)));
    }
    Ok(answer)
}

async fn whole(answer: Answer, limit: u64, deadline: Duration) -> Result<Fetched, Failure> {
    let head = Head { status: answer.status, headers: answer.headers.clone() };
    let length = answer.length;
    let mut chunks = answer.into_body();
    let mut body = BytesMut::new();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| Failure::Cut(error.to_string()))?);
            if body.len() as u64 > limit {
                return Ok::<_, Failure>(false);
            }
        }
        Ok(true)
    };
    let complete = timeout(deadline, reading).await.map_err(|_| Failure::TimedOut)??;
    let body = body.freeze();
    if !complete {
        let first = stream::once(async move { Ok(body) });
        return Ok(Fetched::Large(head, length, Box::pin(first.chain(chunks))));
    }
    check_json(&head, &body)?;
    Ok(Fetched::Whole(head, body))
}

fn check_json(head: &Head, body: &[u8]) -> Result<(), Failure> {
    let has_body = !matches!(head.status, 204 | 304);
    if has_body && is_json(&head.headers) {
        serde_json::from_slice::<IgnoredAny>(body)
            .map_err(|error| Failure::Garbled(error.to_string()))?;
    }
    Ok(())
}

/// Whether it claims to be JSON that can be read as it is.
pub(super) fn is_json(headers: &Headers) -> bool {
    let kind = freshness::values(headers, "content-type").next().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let coded = freshness::values(headers, "content-encoding").any(|value| value != "identity");
    (kind == "application/json" || kind.ends_with("+json")) && !coded
}

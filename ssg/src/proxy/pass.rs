//! A request that goes to the CMS as it is, and its answer back: nothing is kept, both bodies
//! stream.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    Proxy, answer,
    failure::Failure,
    fetch::{self, Fetched, Head, Sent},
    headers,
    keep::Question,
    request_body, transform,
};
use crate::client::{Chunks, Outgoing};

/// Reads for one visitor.
pub(super) async fn read(
    proxy: &Proxy,
    request: &HttpRequest,
    question: &Question,
    mut outgoing: Outgoing,
    why: &str,
) -> HttpResponse {
    let (rule, id) = (&question.rule, question.id.as_str());
    if rule.transform.is_empty() {
        let answer = fetch::ask(
            proxy,
            question.limits(),
            &outgoing,
            Sent::Nothing,
            as_site(request, question),
        )
        .await;
        return match answer {
            Ok(answer) => {
                proxy.counters.passed();
                answer::passed(request, answer, why, id)
            }
            Err(failure) => failed(proxy, question, &failure),
        };
    }
    // What is to be changed must be read whole, and asked for whole.
    outgoing.method = "GET".to_owned();
    outgoing.headers.retain(|(name, _)| {
        !matches!(
            name.as_str(),
            "accept-encoding" | "range" | "if-none-match" | "if-modified-since"
        )
    });
    outgoing.headers.push(("accept-encoding".to_owned(), b"identity".to_vec()));
    let limit = question.policy.max_entry;
    let fetched =
        fetch::read(proxy, question.limits(), &outgoing, as_site(request, question), limit).await;
    let shaped = fetched.and_then(|fetched| match fetched {
        Fetched::Whole(head, body) if head.status < 300 => {
            let Head { status, headers } = head;
            let (headers, body) =
                transform::apply(&rule.transform, &question.loaded, headers, body)?;
            Ok((Head { status, headers }, body))
        }
        Fetched::Whole(head, body) => Ok((head, body)),
        Fetched::Large(..) => Err(Failure::Unusable(format!("it has more than {limit} bytes"))),
    });
    match shaped {
        Ok((mut head, body)) => {
            proxy.counters.passed();
            head.headers.retain(|(name, _)| name != "etag");
            let length = Some(body.len() as u64);
            let body: Chunks = Box::pin(futures_util::stream::once(async move { Ok(body) }));
            answer::streamed(request, &head, length, body, why, id)
        }
        Err(failure) => failed(proxy, question, &failure),
    }
}

/// Writes: a visitor's body on its way, and what was kept of what it changes forgotten.
pub(super) async fn write(
    proxy: &Proxy,
    request: &HttpRequest,
    payload: web::Payload,
    question: &Question,
) -> HttpResponse {
    let id = question.id.as_str();
    let body = request_body::stream(request, payload, question.rule.body_limit);
    let Ok((body, overflow)) = body else { return Failure::TooLarge.answer(id) };
    let as_site = as_site(request, question);
    let body = match (body, as_site) {
        (None, _) => Sent::Nothing,
        (Some(body), false) => Sent::Stream(Box::pin(body)),
        // It may have to be sent a second time, with a new token.
        (Some(body), true) => match request_body::collect(Box::pin(body)).await {
            Ok(body) => Sent::Whole(body),
            Err(_) => return Failure::TooLarge.answer(id),
        },
    };
    let outgoing = Outgoing {
        method: request.method().to_string(),
        path_and_query: question.asked.path_and_query(),
        headers: headers::to_cms(request, id),
        deadline: question.rule.deadline,
    };
    let answer = fetch::ask(proxy, question.limits(), &outgoing, body, as_site).await;
    match answer {
        Ok(answer) => {
            if answer.status < 400 {
                proxy.written(&question.asked.key.path, &question.rule.types);
            }
            proxy.counters.passed();
            answer::passed(request, answer, "method", id)
        }
        Err(_) if overflow.happened() => Failure::TooLarge.answer(id),
        Err(failure) => {
            // It may have been written all the same.
            proxy.written(&question.asked.key.path, &question.rule.types);
            failed(proxy, question, &failure)
        }
    }
}

/// A visitor who has credentials is that visitor.
pub(super) fn as_site(request: &HttpRequest, question: &Question) -> bool {
    question.rule.as_site && !request.headers().contains_key("authorization")
}

fn failed(proxy: &Proxy, question: &Question, failure: &Failure) -> HttpResponse {
    failure.log(&question.id, &question.asked.key.path);
    proxy.counters.failed();
    failure.answer(&question.id)
}

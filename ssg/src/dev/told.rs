//! The line to the browsers: a number that grows whenever they should look again.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Now;

/// A line without a word in this time is taken for dead by proxies.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Server-sent events until the browser goes or the server ends.
pub(super) fn events(now: watch::Receiver<Now>) -> HttpResponse {
    let numbers = stream::unfold((now, false), |(mut now, begun)| async move {
        if begun {
            match timeout(HEARTBEAT, now.changed()).await {
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {}
                Err(_) => {
                    let beat = actix_web::web::Bytes::from_static(b": still here\n\n");
                    return Some((Ok::<_, std::convert::Infallible>(beat), (now, true)));
                }
            }
        }
        let (number, closed) = {
            let now = now.borrow_and_update();
            (now.number, now.closed)
        };
        (!closed).then(|| (Ok(format!("data: {number}\n\n").into()), (now, true)))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(numbers)
}

//! Reads whose answer the client may have already.
//!
//! The tag and the answer are read from one snapshot. What would be refused is refused before
//! this: a client that may not ask is not told that nothing changed.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};

use crate::documents::tag::Touched;
use crate::error::AppResult;
use crate::extract::auth::Who;
use crate::extract::condition::Tags;
use crate::extract::query;
use crate::response;
use crate::routes::Context;
use crate::store::Conn;

/// What a read finds.
enum Found<T> {
    /// The client has it.
    Known(String),
    New(String, T),
}

/// Answers 304 when the client names the tag, else with what `work` reads, and its tag. What
/// is `light` may be read on this thread.
///
/// # Errors
/// Those of `tag` and `work`.
pub(crate) async fn unless_known<T: Send + 'static>(
    context: &Context,
    light: bool,
    mut tag: impl FnMut(&mut Conn) -> AppResult<String> + Send + 'static,
    mut work: impl FnMut(&mut Conn) -> AppResult<T> + Send + 'static,
    answer: impl FnOnce(T) -> HttpResponse,
) -> AppResult<HttpResponse> {
    let known = Tags::if_none_match(&context.http);
    let find = move |conn: &mut Conn| {
        let tag = tag(conn)?;
        if known.as_ref().is_some_and(|known| known.name(&tag)) {
            return Ok(Found::Known(tag));
        }
        let value = work(conn)?;
        Ok(if known == Some(Tags::Any) { Found::Known(tag) } else { Found::New(tag, value) })
    };
    let found = match light {
        true => context.app.glance(find).await,
        false => context.app.read(find).await,
    };
    Ok(match found? {
        Found::Known(tag) => response::not_modified(&tag),
        Found::New(tag, value) => response::tagged(answer(value), &tag),
    })
}

/// For reads that may show anything: answers 304 when the client names the tag of its question
/// and no row of any type has changed since. Requests other than reads pass through.
///
/// The tag is older than the answer it goes with, which is safe: what changed in between made
/// another tag, so this one is never current again.
///
/// # Errors
/// Those of `run`.
pub(crate) async fn unless_nothing_changed(
    context: Context,
    run: impl AsyncFnOnce(Context) -> AppResult<HttpResponse>,
) -> AppResult<HttpResponse> {
    if ![Method::GET, Method::HEAD].contains(context.http.method()) {
        return run(context).await;
    }
    let mut question = query::question(&context);
    if let Who::User { document_id, .. } = &context.caller.who {
        question = question.part(document_id.as_bytes());
    }
    let known = Tags::if_none_match(&context.http);
    let tag = context.app.read(move |conn| Ok(question.answer(conn, &Touched::everything())?));
    let tag = tag.await?;
    if known.is_some_and(|known| known.name(&tag)) {
        // Only a good answer ever had this tag.
        return Ok(response::not_modified(&tag));
    }
    let answer = run(context).await?;
    Ok(if answer.status() == StatusCode::OK { response::tagged(answer, &tag) } else { answer })
}

//! Mutations of content: the writes that REST runs.

use std::sync::Arc;

use cms_api::error::{ApiError, ErrorName};
use cms_api::query::QuerySpec;
use serde_json::{Value, json};

use super::failure::Failure;
use super::syntax::Position;
use crate::controllers::write;
use crate::error::{AppError, AppResult};
use crate::routes::{ContentCall, ContentVerb, Context};

/// A create, an update or a removal.
pub(super) struct Write {
    pub(super) uid: String,
    pub(super) verb: ContentVerb,
    /// Absent for single types.
    pub(super) document_id: Option<String>,
    pub(super) spec: QuerySpec,
    pub(super) data: Value,
    pub(super) at: Position,
}

/// Runs it; answers what it shows, and its place in the feed.
///
/// # Errors
/// Those that have nothing to do with the question.
pub(super) async fn write(
    context: &Context,
    asked: &Write,
) -> AppResult<(Result<Value, Failure>, Option<i64>)> {
    let call = ContentCall {
        uid: asked.uid.clone(),
        verb: asked.verb,
        document_id: asked.document_id.clone(),
    };
    let removed = match (asked.verb, &asked.document_id) {
        (ContentVerb::Delete, None) => match only_document(context, &asked.uid).await? {
            None => {
                let error = ApiError::new(ErrorName::NotFoundError, "Document not found");
                return Ok((Err(Failure::of(&error, asked.at)), None));
            }
            some => some,
        },
        (ContentVerb::Delete, some) => some.clone(),
        _ => None,
    };
    let done = write::perform(context, call, asked.spec.clone(), asked.data.clone()).await;
    match done {
        Ok((_, seq)) if asked.verb == ContentVerb::Delete => {
            Ok((Ok(json!({ "documentId": removed })), Some(seq)))
        }
        Ok((shown, seq)) => {
            let shown = shown.as_deref().map_or(Ok(Value::Null), serde_json::from_str);
            Ok((Ok(shown.map_err(anyhow::Error::from)?), Some(seq)))
        }
        // There is no such document, or not in that locale.
        Err(error) if error.is_not_found() => Ok((Ok(Value::Null), None)),
        Err(AppError::Api(error)) => Ok((Err(Failure::of(&error, asked.at)), None)),
        Err(error) => Err(error),
    }
}

async fn only_document(context: &Context, uid: &str) -> AppResult<Option<String>> {
    let (uid, app) = (uid.to_owned(), Arc::new(context.app.clone()));
    let found = app.read(move |conn| Ok(crate::store::documents::first_of_type(conn, &uid)?));
    found.await
}

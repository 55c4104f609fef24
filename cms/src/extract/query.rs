//! The query string of a request, read with the rights of its caller.

use cms_api::content_type::ContentType;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use cms_api::query::{QuerySpec, Status};
use cms_api::query_parse::{Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Map, Value};

use super::auth::Caller;
use crate::config::Settings;
use crate::documents::access::Access;
use crate::routes::Context;

/// The parameters of a request as a tree.
///
/// # Errors
/// 400 when there are too many.
pub(crate) fn tree(query: &str) -> Result<Map<String, Value>, ApiError> {
    query_string::parse(query).map_err(|error| ApiError::validation(error.to_string()))
}

/// The types whose documents a caller may see: those it may `find`.
pub(crate) fn access(caller: &Caller, model: &ContentModel) -> Access {
    let uids = model.types().map(|ty| ty.uid.clone());
    Access::to_types(uids.filter(|uid| caller.may(&format!("{uid}.find"))))
}

/// How many rows a list may have.
pub(crate) fn limits(settings: &Settings) -> Limits {
    Limits { default: settings.serving.rest_default_limit, max: settings.serving.rest_max_limit }
}

/// Whether a list or a single document is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    List,
    One,
}

/// What a reading request asks for.
///
/// # Errors
/// 400 for a query that breaks a rule, 403 for drafts the public may not read.
pub(crate) fn query(
    context: &Context,
    ty: &ContentType,
    asked: Asked,
) -> Result<QuerySpec, ApiError> {
    let tree = tree(context.http.query_string())?;
    let access = access(&context.caller, &context.model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = limits(&context.app.settings);
    let parser = QueryParser { model: &context.model, limits, readable: &readable };
    let mut spec = match asked {
        Asked::List => parser.list(ty, &tree)?,
        Asked::One => parser.one(ty, &tree)?,
    };
    if spec.status == Status::Draft && !may_read_drafts(context) {
        if ty.draft_and_publish {
            return Err(ApiError::forbidden());
        }
        spec.status = Status::Published;
    }
    Ok(spec)
}

/// Everybody who may read a type may read its drafts, but for the public.
pub(crate) fn may_read_drafts(context: &Context) -> bool {
    !context.caller.is_public() || context.app.settings.serving.public_drafts
}

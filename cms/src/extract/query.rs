//! The query string of a request, read with the rights of its caller.

use cms_api::content_type::ContentType;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use cms_api::query::{Populate, QuerySpec, Status};
use cms_api::query_parse::{self, Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Map, Value};

use super::auth::Caller;
use crate::config::Settings;
use crate::documents::access::Access;
use crate::documents::tag::Question;
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
    of_tree(context, ty, asked, &tree(context.http.query_string())?)
}

/// Checks the names in the query of a request that reads nothing else of it.
///
/// # Errors
/// 400 for a name that may not stand where it does.
pub(crate) fn check_names(context: &Context, ty: &ContentType) -> Result<(), ApiError> {
    let access = access(&context.caller, &context.model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = limits(&context.app.settings);
    let parser = QueryParser { model: &context.model, limits, readable: &readable };
    parser.names(ty, &tree(context.http.query_string())?)
}

/// Keys that page through lists of content, and say nothing to the lists of files and users.
const PAGING: [&str; 5] = ["pagination", "page", "pageSize", "start", "limit"];

/// What a request of a list without pages asks for: every row, unless `start` and `limit`
/// stand at the top.
///
/// # Errors
/// As [`query`].
pub(crate) fn unpaged(
    context: &Context,
    ty: &ContentType,
    asked: Asked,
) -> Result<QuerySpec, ApiError> {
    let mut tree = tree(context.http.query_string())?;
    let start = window(&tree, "start", "Start")?.unwrap_or(0);
    let limit = window(&tree, "limit", "Limit")?.filter(|limit| *limit > 0);
    PAGING.iter().for_each(|key| drop(tree.shift_remove(*key)));
    let mut spec = of_tree(context, ty, asked, &tree)?;
    spec.page.start = start;
    spec.page.limit = limit.unwrap_or(i64::MAX.unsigned_abs());
    spec.page.with_count = false;
    Ok(spec)
}

/// A bound of such a list; a limit of -1 is none.
fn window(tree: &Map<String, Value>, key: &str, word: &str) -> Result<Option<u64>, ApiError> {
    let Some(value) = tree.get(key) else { return Ok(None) };
    let number = query_parse::number(value);
    if key == "limit" && number == -1.0 {
        return Ok(None);
    }
    if number.fract() != 0.0 || number < 0.0 || !number.is_finite() {
        let given = query_parse::print_number(number);
        let message = format!("convert{word}QueryParams expected a positive integer got {given}");
        return Err(ApiError::validation(message));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative"
    )]
    let bound = number as u64;
    Ok(Some(bound))
}

/// What a request asks for whose parameters were read already.
///
/// # Errors
/// As [`query`].
pub(crate) fn of_tree(
    context: &Context,
    ty: &ContentType,
    asked: Asked,
    tree: &Map<String, Value>,
) -> Result<QuerySpec, ApiError> {
    let access = access(&context.caller, &context.model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = limits(&context.app.settings);
    let parser = QueryParser { model: &context.model, limits, readable: &readable };
    let mut spec = match asked {
        Asked::List => parser.list(ty, tree)?,
        Asked::One => parser.one(ty, tree)?,
    };
    if spec.status == Status::Draft && !may_read_drafts(context) {
        if ty.draft_and_publish {
            return Err(ApiError::forbidden());
        }
        spec.status = Status::Published;
    }
    Ok(spec)
}

/// How entries of each type are shown that an attribute of no particular type leads to.
///
/// # Errors
/// As [`query`].
pub(crate) fn fragments(
    context: &Context,
    attribute: &str,
    on: &Map<String, Value>,
) -> Result<Vec<(String, Populate)>, ApiError> {
    let access = access(&context.caller, &context.model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = limits(&context.app.settings);
    let parser = QueryParser { model: &context.model, limits, readable: &readable };
    parser.fragments_of(attribute, on)
}

/// What an answer to this request depends on beside stored rows, for its entity tag.
pub(crate) fn question(context: &Context) -> Question {
    let limits = limits(&context.app.settings);
    let mut question = Question::default()
        .part(env!("CARGO_PKG_VERSION").as_bytes())
        .part(context.model.fingerprint())
        .part(context.registry.default_locale().as_bytes())
        .part(&[u8::from(may_read_drafts(context))])
        .part(&limits.default.to_le_bytes())
        .part(&limits.max.to_le_bytes())
        .part(context.http.path().as_bytes())
        .part(context.http.query_string().as_bytes());
    for uid in access(&context.caller, &context.model).uids().into_iter().flatten() {
        question = question.part(uid.as_bytes());
    }
    question
}

/// Everybody who may read a type may read its drafts, but for the public.
pub(crate) fn may_read_drafts(context: &Context) -> bool {
    !context.caller.is_public() || context.app.settings.serving.public_drafts
}

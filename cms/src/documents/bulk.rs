//! Many new documents in one transaction, as a loader wants them.
//!
//! The same rules, feed and events as one request each: only the commit is shared.

use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use serde_json::Value;

use super::create;
use super::work::Work;
use crate::clock;
use crate::error::AppResult;
use crate::store::Conn;

/// Creates and publishes one document of the type per value, in the default locale.
///
/// # Errors
/// 404 for an unknown type; every rule the first bad value breaks.
pub fn create(
    conn: &mut Conn,
    model: &ContentModel,
    default_locale: &str,
    uid: &str,
    values: &[Value],
) -> AppResult<()> {
    let ty = model.get(uid).ok_or_else(ApiError::not_found)?;
    let mut work = Work::begin(conn, model, default_locale, clock::now())?;
    let locale = work.locale_of(ty, None);
    for value in values {
        create::create(&mut work, ty, &locale, true, value)?;
    }
    work.finish().map(drop)
}

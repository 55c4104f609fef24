//! Checking what a client sends against the content model.
//!
//! Types with drafts are checked twice: what any draft must satisfy when it is saved, and
//! everything when it is published. Types without are checked once. All errors of a stage
//! are reported together, in the words Strapi's clients know.

mod attribute;
mod blocks;
mod cast;
mod email;
mod place;
mod print;
mod rule;
mod spot;
mod test;

use cms_api::content_type::ContentType;
use cms_api::error::{ApiError, FieldError};
use cms_api::model::ContentModel;
use serde_json::{Map, Value};

pub(crate) use attribute::is_polymorphic;
pub(crate) use email::is_email;
pub(crate) use print::{big_integer, joined, number, plain, print, rounded};
pub(crate) use spot::Spot;

use attribute::Rules;
use place::Place;
use rule::Check;
use spot::Above;

/// What a check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// A new row: required values must be there and defaults apply. Else only what is
    /// given is checked.
    pub(crate) creation: bool,
    /// Only what every draft must satisfy.
    pub(crate) draft: bool,
    /// The values come from the database, not from a client.
    pub(crate) stored: bool,
}

/// Checks `data` and returns it converted, defaults filled in.
///
/// `is_taken` says whether the value at a spot, which must be unique, is held a second time.
/// `about_relations` is the last test, over the converted data.
///
/// # Errors
/// Every broken rule.
pub(crate) fn check(
    model: &ContentModel,
    ty: &ContentType,
    mode: Mode,
    data: &Value,
    is_taken: &mut dyn FnMut(&Spot, &Value) -> bool,
    about_relations: impl FnOnce(&Map<String, Value>) -> Result<(), String>,
) -> Result<Map<String, Value>, ApiError> {
    let rules = Rules { model, mode };
    let rule = rules.object(&ty.attributes, Some(data), &Above::Path(Vec::new()));
    let mut check = Check { is_taken };
    let mut errors = Vec::new();
    let kept = rule.check(Some(data), &Place::default(), &mut check, &mut errors).kept;
    let Some(Value::Object(kept)) = kept else {
        return Err(ApiError::invalid_fields(&errors));
    };
    if let Err(message) = about_relations(&kept) {
        errors.push(FieldError::new(Vec::new(), message, Value::Object(kept.clone())));
    }
    if errors.is_empty() { Ok(kept) } else { Err(ApiError::invalid_fields(&errors)) }
}

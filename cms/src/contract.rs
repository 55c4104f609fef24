//! The content server's contract, made of the content model it serves: OpenAPI, TypeScript,
//! reference pages, and what has become incompatible between two editions of it.
//!
//! Everything here is text made of a [`ContentModel`](cms_api::model::ContentModel) and nothing
//! else: no database, no clock, so that the same model gives the same bytes everywhere.

pub mod breaking;
pub mod names;
pub mod openapi;
pub mod page;
pub mod reference;
pub mod typescript;

//! Documents: one verb per file. Rules live here; HTTP above, SQL below.
//!
//! Everything here runs inside the caller's transaction.

pub mod access;
pub(crate) mod act;
mod announce;
mod arrival;
pub mod bulk;
pub mod cards;
pub(crate) mod coerce;
pub(crate) mod components;
pub(crate) mod create;
pub(crate) mod delete;
mod discard;
pub mod find;
pub(crate) mod keys;
pub(crate) mod locales;
pub(crate) mod moment;
mod populate;
mod publish;
pub(crate) mod relations;
mod shape;
mod stored;
pub(crate) mod sync;
pub(crate) mod tag;
mod unique;
mod unpublish;
pub(crate) mod update;
pub(crate) mod validate;
pub(crate) mod work;

#[cfg(test)]
mod tests;

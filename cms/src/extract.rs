//! What a request brings with it, checked once at the edge.

pub mod auth;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod condition;
mod decompress;
pub(crate) mod form;
mod halves;
pub(crate) mod multipart;
pub(crate) mod query;
pub(crate) mod row_number;

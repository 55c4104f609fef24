//! The published content: a local replica of what the CMS serves, and the
//! questions that can be asked about it without any network.
//!
//! Answers mirror the REST API of the CMS exactly: same rows, same order, same
//! keys. Everything here is pure; where the bytes come from and go to is the
//! business of `client` and `state`.

pub mod ask;
mod cards;
pub mod edit;
pub mod entry;
mod fields_read;
mod filter;
mod follow;
pub(crate) mod groups;
pub mod media;
mod narrow;
mod operator;
mod ordered;
mod projection;
pub mod query;
#[cfg(test)]
mod random;
pub(crate) mod recent;
#[cfg(test)]
mod recorded;
mod remembered;
pub mod replica;
mod rows;
mod search;
mod shape;
pub mod snapshot;
mod sort;
pub(crate) mod value;
mod view;
pub mod watch;

pub use ask::{AskError, EVERY_LOCALE, Parsed, Reply};
pub use edit::Edits;
pub use entry::{BadEntry, Entry, EntryRef};
pub use query::Found;
pub use snapshot::{Applied, ApplyError, Change, Snapshot};

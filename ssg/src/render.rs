//! From an editor's text to HTML: markdown, Strapi's blocks, code, dates, slugs.
//!
//! Everything here is a pure function of its arguments: nothing outside is
//! read, and the same input gives the same bytes. What a text refers to is
//! asked of whoever shows it.

pub mod blocks;
pub mod date;
pub mod feed;
pub mod heading;
pub mod highlight;
pub mod html;
mod language;
pub mod markdown;
mod month_names;
pub mod number;
pub mod plain;
pub mod slug;

pub(crate) use language::plural;

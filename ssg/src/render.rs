//! From an editor's text to HTML: markdown, Strapi's blocks, dates, slugs.
//!
//! Everything here is a pure function of its arguments: no content is looked
//! up, nothing outside is read, and the same input gives the same bytes.

pub mod blocks;
pub mod date;
pub mod heading;
pub mod html;
pub mod markdown;
mod month_names;
pub mod slug;

//! What the site is: site.toml, its routes, and the pages they make of the content.

pub mod config;
mod error;
pub mod path_pattern;
pub mod public_url;
mod toml_reader;

pub use config::{Paginate, Route, Site};
pub use error::{SiteError, SiteErrors};
pub use path_pattern::PathPattern;

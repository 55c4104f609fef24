//! The site's templates: loaded and checked as a set, then rendered with
//! functions that note every question a page asks.
//!
//! A template sees what the engine puts into its context and what tracked
//! functions answer; nothing in here reads a clock, a network, a file or the
//! environment while a page is rendered.

mod arguments;
mod builtin;
mod check;
pub mod deps;
pub mod fault;
mod filters;
mod functions;
mod host;
pub mod loader;
mod scan;
pub mod scope;
#[cfg(test)]
mod tests;
mod types;
mod uses;

pub use fault::{Faults, TemplateFault};
pub use loader::Templates;
pub use scan::ValuePath;
pub use scope::{Assets, Pictures, Scope, Settings, UrlResolver};
pub use types::{Lookup, Names, Relations, Type};
pub use uses::ConfigUse;

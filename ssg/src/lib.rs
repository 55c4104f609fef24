//! Static site generator: see ARCHITECTURE.md for the four strata.

pub mod content;
pub mod engine;
pub mod site;
pub mod state;

//! Static site generator: see ARCHITECTURE.md for the four strata.

pub mod engine;
pub mod state;

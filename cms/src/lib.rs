//! The content server: see ARCHITECTURE.md for a walk through a request.

pub mod app;
pub mod error;
pub mod store;

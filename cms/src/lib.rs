//! The content server: see ARCHITECTURE.md for a walk through a request.

pub mod app;
pub mod auth;
pub mod background;
pub mod bootstrap;
pub mod cli;
mod client;
pub mod clock;
mod commands;
pub mod config;
pub mod content_types;
pub mod contract;
mod controllers;
#[cfg(test)]
#[path = "../tests/integration/databases.rs"]
mod databases;
mod derived_id;
pub mod documents;
pub mod error;
pub mod extract;
pub mod feed_pulse;
pub mod graphql;
pub mod jobs;
pub mod locales;
mod logging;
pub mod media;
mod middleware;
pub mod registry;
mod response;
mod routes;
pub mod server;
mod service_manager;
pub mod store;
mod transfer;

//! Static site generator: see ARCHITECTURE.md for the four strata.

pub mod build;
pub mod cdn;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod content;
pub mod daemon;
pub mod deploy;
pub mod doctor;
pub mod engine;
pub mod exit;
pub mod file_lock;
pub mod gate;
pub mod guard;
pub mod nginx;
pub mod preview;
mod proxy;
pub mod release;
pub mod render;
pub mod rules;
pub mod site;
pub mod state;
mod strings;
pub mod templates;

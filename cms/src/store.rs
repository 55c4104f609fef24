//! The database. The only folder that imports diesel.
//!
//! One code path serves SQLite and PostgreSQL through [`pool::Conn`]; where SQL differs
//! (JSON paths, upserts) the dialect decides. Nothing here knows HTTP.

pub(crate) mod advisory;
pub mod archive;
pub mod backup;
pub(crate) mod builtin;
pub mod documents;
pub mod error;
pub mod feed;
pub mod find;
pub mod indexes;
pub mod jobs;
pub mod json;
pub mod links;
pub mod migrate;
pub mod pool;
pub mod registry;
pub mod schema;
pub mod sessions;
pub mod settings;
pub mod soundness;
pub mod statement;
pub mod sync;
pub(crate) mod tables;
pub mod tallies;
pub mod throttle;
pub mod users;
pub mod webhooks;

pub use error::{StoreError, Transient};
pub use pool::{Conn, Database, Dialect};

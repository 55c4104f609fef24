//! HTTP in, HTTP out: each handler reads the request, calls one function, writes the answer.

pub(crate) mod auth;
pub(crate) mod contract;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod graphql;
pub(crate) mod health;
pub(crate) mod known;
pub(crate) mod locales;
pub(crate) mod pair;
pub(crate) mod roles;
pub(crate) mod sync;
pub(crate) mod upload;
pub(crate) mod users;
mod version_four;
pub(crate) mod write;

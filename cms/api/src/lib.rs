//! The wire contract both programs share: plain data.
//!
//! `cms` serves it and `ssg` consumes it, so everything on which the two must
//! agree byte for byte lives here once: content-type schemas, the query
//! grammar, the error body, the change feed, webhooks and the token exchange.
//! Nothing in this crate may open a socket or a clock, and only `installation`
//! opens files: those that it writes for an administrator.

pub mod auth;
pub mod builtin;
pub mod change;
pub mod content_type;
pub mod dotenv_order;
pub mod envelope;
pub mod error;
pub mod installation;
pub mod model;
pub mod pairing;
pub mod query;
pub mod query_parse;
pub mod query_string;
pub mod temporal;
pub mod webhook;

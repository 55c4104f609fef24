//! Work that outlives the request which caused it: a durable queue and its worker.
//!
//! A job is a row written in the transaction of its cause, so it exists exactly when the
//! cause does. It may run more than once (a server can die between the work and its note),
//! never zero times: receivers tell repetitions apart by the event's id.

mod deliver_webhook;
pub mod endpoint;
pub mod events;
mod schedule;
pub mod waker;
pub(crate) mod worker;

pub use waker::Waker;

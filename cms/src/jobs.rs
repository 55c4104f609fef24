//! Work that outlives the request which caused it: a durable queue and its worker.

pub mod events;
pub mod waker;

pub use waker::Waker;

//! Outgoing HTTP. The only folder that imports reqwest.

mod guard;
pub(crate) mod webhook;

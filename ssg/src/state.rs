//! What must survive a restart: the replica, the feed cursor and the traces, in one
//! crash-safe database in the cache directory.
//!
//! They change in one transaction, after the release was switched: a crash in between
//! repeats the same change set, which then finds nothing to write. Everything here can be
//! rebuilt from the CMS, so a file that cannot be read is discarded with a warning.
//! This module knows rows, not their meaning.

mod error;
mod open;
mod rows;
mod seal;
mod store;

pub use error::StateError;
pub use rows::{
    Commit, Head, ReplicaChange, ReplicaRow, RowId, Touched, TouchedChange, TraceChange, TraceRows,
};
pub use store::Store;

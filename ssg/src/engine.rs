//! The dependency-tracking engine: which pages a change reaches, and why.
//!
//! Everything a page shows comes from *questions* ([`Key`]) asked while it is rendered.
//! The engine keeps, per question, the fingerprint of the last answer and its footprint
//! (the documents and types the answer was made from), and, per page, the questions it
//! asked. A change marks the questions whose footprint it touches; marked questions are
//! answered again once; pages that asked a question whose answer differs are rendered.
//! Absence is an answer like any other, so nothing is special about creating or removing.
//!
//! This module is pure: no files, no network, no clock, no environment.

pub mod change_set;
mod codec;
pub mod fingerprint;
pub mod graph;
mod ids;
pub mod key;
pub mod mark;
pub mod names;
pub mod read;
pub mod reason;
pub mod recorder;
pub mod trace;
pub mod verify;

pub use change_set::{ChangeSet, RouteChange};
pub use fingerprint::Fingerprint;
pub use graph::{Graph, GraphChange};
pub use key::{Direction, Key};
pub use mark::mark;
pub use names::Names;
pub use read::{Answer, Footprint, Oracle, Read};
pub use reason::Reason;
pub use trace::{About, Kind, QuestionId, Trace};
pub use verify::{Dirty, Verified, add_reasons, verify};

//! The site on other machines: all of them show a release, or none does.
//!
//! A target keeps two trees, as `dist` does, and a link between them that nginx
//! follows. A release is prepared in the tree that nobody sees, on every target,
//! before any of them switches. Canaries switch first and are looked at; when they
//! are no good, or any other target cannot switch, those that have are switched
//! back.
//!
//! ```text
//! rollout ─► prepare (all) ─► flip canaries ─► judge ─► flip the others ─► judge ─► done
//!    │            │                              └────────── no ──────────┴─► flip back
//!    └ journal    └ transport: sh and rsync, here or through ssh; or a bucket
//! ```
//!
//! The journal is written before each step, so whoever comes next after a crash
//! goes on, or takes back. Only [`crate::release`] touches `dist`; the layout of a
//! target is known to the scripts in this folder alone.

use std::path::PathBuf;

pub use self::{
    bucket::{Access, BucketPlace},
    fault::{DeployPoint, Faults},
    journal::{Journal, Phase, State, Step},
    rollout::{Rollout, Settled},
    target::{Showing, Standing},
};

mod bucket;
mod fault;
mod journal;
mod judge;
mod prepare;
mod rollout;
mod target;
mod transport;

/// One static node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    pub place: Place,
    /// Shown first, and to a share of the visitors only.
    pub canary: bool,
    /// Where its nginx answers; without it nobody looks.
    pub url: Option<String>,
    /// Its nginx's log for the guard, where this machine can read it.
    pub log: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Local {
        path: String,
    },
    /// Whatever the system's ssh makes of the host's name.
    Ssh {
        host: String,
        path: String,
        port: Option<u16>,
        config: Option<PathBuf>,
    },
    Bucket(BucketPlace),
}

impl Place {
    /// The folder on its machine. Its characters need no quoting anywhere.
    fn path(&self) -> &str {
        match self {
            Self::Local { path } | Self::Ssh { path, .. } => path,
            Self::Bucket(bucket) => &bucket.prefix,
        }
    }
}

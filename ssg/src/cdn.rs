//! Caches in front of the site: told what changed, right after it changed.
//!
//! nginx revalidates, a CDN need not: it may keep a page for a year when
//! somebody tells it the moment the page changes. That is what happens here,
//! by exact URLs taken from what a release changed, never by guess. The list
//! of switches in the release history is the queue ([`crate::release::Outdated`]),
//! so a purge that was cut short, refused or never begun is made up for by
//! whoever looks next, be it the daemon, a build or `ssg purge`.
//!
//! ```text
//! switch ─► Outdated ─► urls ─► adapter (calls) ─► bucket ─► client
//!              ▲                                      │
//!              └───────── place, noted when done ◄────┘
//! ```

use std::{fmt, time::Duration};

use url::Url;

pub use self::{
    bucket::Rate,
    purger::{Purger, Standing},
};

mod bucket;
mod bunny;
mod calls;
mod cloudflare;
mod fastly;
mod fault;
mod line;
mod purge_method;
mod purger;
mod record;
mod urls;

pub use self::{
    fault::{Faults, PurgePoint},
    record::{Outcome, Record},
};

/// Read from the environment, and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// One cache, or one set of caches behind one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cdn {
    /// Its place in the list of switches is kept under this name.
    pub name: String,
    pub provider: Provider,
    /// Scheme and host as visitors write them, without a slash at the end.
    pub site: String,
    pub rate: Rate,
    /// Beyond this many URLs everything is forgotten, or what carries the tag.
    pub most: usize,
    /// A cache may be fetching the old page while it is told of the new one; so
    /// it is told once more after this time. Zero: it is not.
    pub again: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    Cloudflare {
        api: Url,
        zone: String,
        token: Secret,
        tag: Option<String>,
    },
    Fastly {
        api: Url,
        service: String,
        token: Secret,
        tag: Option<String>,
        soft: bool,
    },
    Bunny {
        api: Url,
        pull_zone: String,
        token: Secret,
        tag: Option<String>,
    },
    /// `PURGE /path`, as Varnish and many others take it.
    Purge {
        endpoints: Vec<Url>,
    },
}

impl Cdn {
    /// Whether no call needs TLS.
    fn is_plain(&self) -> bool {
        let plain = |url: &Url| url.scheme() == "http";
        let interface = match &self.provider {
            Provider::Cloudflare { api, .. }
            | Provider::Fastly { api, .. }
            | Provider::Bunny { api, .. } => plain(api),
            Provider::Purge { endpoints } => endpoints.iter().all(plain),
        };
        let pages = !matches!(self.provider, Provider::Fastly { .. });
        interface && (pages || self.site.starts_with("http://"))
    }
}

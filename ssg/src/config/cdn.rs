//! The site's CDNs with their tokens, and each provider's own limits.

use std::time::Duration;

use url::Url;

use super::{ConfigError, Environment};
use crate::{
    cdn::{Cdn, Provider, Rate, Secret},
    site::{
        Site,
        config::{CdnTable, ProviderTable},
    },
};

const CLOUDFLARE: &str = "https://api.cloudflare.com";
const FASTLY: &str = "https://api.fastly.com";
const BUNNY: &str = "https://api.bunny.net";
/// How long `ssg build` and other commands wait for purges to be accepted.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// More than any answer of nginx takes that began before a switch.
const DEFAULT_AGAIN: Duration = Duration::from_millis(500);

/// What a provider takes when site.toml does not say: calls in a period, at
/// once, and URLs before everything is cheaper.
struct Limits {
    calls: u32,
    period: Duration,
    burst: u32,
    most: usize,
}

impl Limits {
    fn of(provider: &ProviderTable) -> Self {
        let (calls, seconds, burst, most) = match provider {
            // The plan that costs nothing; others take 5 to 50 a second.
            ProviderTable::Cloudflare { .. } => (5, 60, 25, 1000),
            ProviderTable::Fastly { .. } => (50, 1, 500, 1000),
            ProviderTable::Bunny { .. } => (10, 1, 100, 200),
            ProviderTable::Purge { .. } => (2000, 1, 10_000, 10_000),
        };
        Self { calls, period: Duration::from_secs(seconds), burst, most }
    }
}

/// How long a command may wait for the caches.
pub fn purge_wait(env: &Environment) -> Result<Duration, ConfigError> {
    Ok(env.duration("SSG_PURGE_WAIT")?.unwrap_or(DEFAULT_WAIT))
}

/// Every cache of the site, ready to be told.
pub fn cdns(site: &Site, env: &Environment) -> Result<Vec<Cdn>, ConfigError> {
    site.cdns.iter().map(|table| cdn(site, table, env)).collect()
}

fn cdn(site: &Site, table: &CdnTable, env: &Environment) -> Result<Cdn, ConfigError> {
    let limits = Limits::of(&table.provider);
    let (calls, period) = table.rate.unwrap_or((limits.calls, limits.period));
    let burst = table.burst.unwrap_or(limits.burst);
    Ok(Cdn {
        name: table.name.clone(),
        provider: provider(site, table, env)?,
        site: table.site.clone().unwrap_or_else(|| site.base_url.clone()),
        rate: Rate { burst, calls, period },
        most: table.most.unwrap_or(limits.most),
        again: table.again.unwrap_or(DEFAULT_AGAIN),
    })
}

fn provider(site: &Site, table: &CdnTable, env: &Environment) -> Result<Provider, ConfigError> {
    let token = |name: &String| {
        let found = env.text(name).map(Secret::new);
        found.ok_or_else(|| ConfigError::Unset {
            name: name.clone(),
            why: format!("{}:{} names it as a token", site.file, table.line),
        })
    };
    let api = |given: &Option<Url>, default: &'static str| match given {
        Some(url) => Ok(url.clone()),
        None => Url::parse(default).map_err(|_| ConfigError::Flag {
            flag: "api",
            value: default.to_owned(),
            expected: "an address",
        }),
    };
    Ok(match table.provider.clone() {
        ProviderTable::Cloudflare { api: url, zone, token: name, tag } => {
            Provider::Cloudflare { api: api(&url, CLOUDFLARE)?, zone, token: token(&name)?, tag }
        }
        ProviderTable::Fastly { api: url, service, token: name, tag, soft } => {
            Provider::Fastly { api: api(&url, FASTLY)?, service, token: token(&name)?, tag, soft }
        }
        ProviderTable::Bunny { api: url, pull_zone, token: name, tag } => {
            Provider::Bunny { api: api(&url, BUNNY)?, pull_zone, token: token(&name)?, tag }
        }
        ProviderTable::Purge { endpoints } => Provider::Purge { endpoints },
    })
}

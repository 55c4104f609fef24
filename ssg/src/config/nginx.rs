//! What goes into the nginx configuration besides the folders.

use std::path::PathBuf;

use super::{ConfigError, DEFAULT_LISTEN, Environment};
use crate::{cli::NginxArgs, site::proxy::DEFAULT_BODY_LIMIT};

const DEFAULT_NGINX_LISTEN: &str = "8080";
const DEFAULT_TLS_LISTEN: &str = "443";
const DEFAULT_PLAIN_LISTEN: &str = "80";
/// nginx's idiom for a name that matches nothing: the only server takes all.
const ANY_SERVER_NAME: &str = "_";
const DEFAULT_CANARY_SHARE: &str = "5%";
/// Requests a second from one address: more than a page's scripts make, less
/// than a crawler that does not stop.
const DEFAULT_API_RATE: u32 = 20;

/// Where and what nginx serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxConfig {
    pub listen: String,
    pub server_name: String,
    pub upstream: String,
    /// A whole file, not a server block.
    pub full: bool,
    pub tls: Option<Tls>,
    /// Static nodes to stand in front of; none: this machine serves the site.
    pub nodes: Vec<String>,
    /// Nodes that only a share of the visitors sees.
    pub canaries: Vec<String>,
    pub canary_share: String,
    /// Fronts whose word for who is asking is believed.
    pub behind: Vec<String>,
    /// Paths of the site that the daemon answers, as site.toml declares them.
    pub declared: Vec<String>,
    /// Bytes that a visitor may send: the longest body that site.toml lets pass.
    pub body_limit: u64,
    /// Requests a second to the API from one address; 0 is no limit.
    pub api_rate: u32,
    /// This nginx has the module that sends `.br` files.
    pub brotli: bool,
    /// A CDN stands in front and is told of changes.
    pub cdn: bool,
    /// What the guard reads, if the site has one.
    pub guard_log: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Who comes here is sent on to the other port.
    pub plain_listen: String,
}

impl Default for NginxConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_NGINX_LISTEN.into(),
            server_name: ANY_SERVER_NAME.into(),
            upstream: DEFAULT_LISTEN.into(),
            full: false,
            tls: None,
            nodes: Vec::new(),
            canaries: Vec::new(),
            canary_share: DEFAULT_CANARY_SHARE.into(),
            behind: Vec::new(),
            declared: Vec::new(),
            body_limit: DEFAULT_BODY_LIMIT,
            api_rate: DEFAULT_API_RATE,
            brotli: false,
            cdn: false,
            guard_log: None,
        }
    }
}

impl NginxConfig {
    pub fn resolve(args: &NginxArgs, env: &Environment) -> Result<Self, ConfigError> {
        let text = |given: &Option<String>, name: &str, default: &str| {
            given.as_deref().or(env.text(name)).unwrap_or(default).to_owned()
        };
        let list = |given: &[String], name: &str| {
            let texts: Vec<_> = match given {
                [] => env.text(name).into_iter().collect(),
                given => given.iter().map(String::as_str).collect(),
            };
            let words = texts.iter().flat_map(|text| text.split([',', ' ']));
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let tls = Tls::resolve(args, env)?;
        let listen = if tls.is_some() { DEFAULT_TLS_LISTEN } else { DEFAULT_NGINX_LISTEN };
        let api_rate = match args.api_rate {
            Some(rate) => Some(rate),
            None => env.parse("SSG_NGINX_API_RATE", "a number", |text| text.parse().ok())?,
        };
        let config = Self {
            listen: text(&args.listen, "SSG_NGINX_LISTEN", listen),
            server_name: text(&args.server_name, "SSG_NGINX_SERVER_NAME", ANY_SERVER_NAME),
            upstream: text(&args.upstream, "SSG_NGINX_UPSTREAM", DEFAULT_LISTEN),
            full: args.full || env.flag("SSG_NGINX_FULL")?,
            tls,
            nodes: list(&args.nodes, "SSG_NGINX_NODES"),
            canaries: list(&args.canaries, "SSG_NGINX_CANARIES"),
            canary_share: text(&args.canary_share, "SSG_NGINX_CANARY_SHARE", DEFAULT_CANARY_SHARE),
            behind: list(&args.behind, "SSG_NGINX_BEHIND"),
            declared: Vec::new(),
            body_limit: DEFAULT_BODY_LIMIT,
            api_rate: api_rate.unwrap_or(DEFAULT_API_RATE),
            brotli: args.brotli || env.flag("SSG_NGINX_BROTLI")?,
            // Known from the site, not from here.
            cdn: false,
            guard_log: None,
        };
        if !config.canaries.is_empty() && config.nodes.is_empty() {
            return Err(ConfigError::Missing {
                name: "SSG_NGINX_NODES (--node)",
                why: "a canary stands beside nodes",
            });
        }
        Ok(config)
    }
}

impl NginxConfig {
    /// The same in front of a daemon that listens there.
    #[must_use]
    pub fn with_upstream(self, listen: &str) -> Self {
        Self { upstream: listen.to_owned(), ..self }
    }
}

impl Tls {
    fn resolve(args: &NginxArgs, env: &Environment) -> Result<Option<Self>, ConfigError> {
        let path = |given: &Option<PathBuf>, name: &str| {
            given.clone().or_else(|| env.text(name).map(PathBuf::from))
        };
        let certificate = path(&args.tls_certificate, "SSG_NGINX_TLS_CERTIFICATE");
        let key = path(&args.tls_key, "SSG_NGINX_TLS_KEY");
        let missing =
            |name| Err(ConfigError::Missing { name, why: "certificate and key belong together" });
        match (certificate, key) {
            (None, None) => Ok(None),
            (None, Some(_)) => missing("SSG_NGINX_TLS_CERTIFICATE (--tls-certificate)"),
            (Some(_), None) => missing("SSG_NGINX_TLS_KEY (--tls-key)"),
            (Some(certificate), Some(key)) => {
                let plain = args.plain_listen.as_deref().or(env.text("SSG_NGINX_PLAIN_LISTEN"));
                let plain_listen = plain.unwrap_or(DEFAULT_PLAIN_LISTEN).to_owned();
                Ok(Some(Self { certificate, key, plain_listen }))
            }
        }
    }
}

//! Every setting of the server, read once at the start.
//!
//! A flag beats the process environment, which beats the `.env` files, which beat the
//! default. The only place that reads the environment: everything else gets values.

use std::path::PathBuf;

use crate::store::pool::DatabaseUrl;

mod duration;
pub(crate) mod environment;
mod rate;
mod size;
mod uploads;

pub use duration::Span;
pub use rate::Rate;
pub use size::Size;
pub use uploads::{Place, Reads, Uploads};

/// Where the data is: what every command needs.
#[derive(Debug, Clone, clap::Args)]
pub struct Storage {
    /// `sqlite:PATH` or `postgres://…`
    #[arg(
        long,
        env = "CMS_DATABASE_URL",
        value_name = "URL",
        default_value = "sqlite:cms/data/cms.db",
        hide_env_values = true
    )]
    pub database_url: DatabaseUrl,
    /// Folder of what the server itself must remember, such as its signing key [default: the
    /// SQLite file's folder, else cms/data]
    #[arg(long, env = "CMS_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Folder that holds `api/` and `components/`
    #[arg(long, env = "CMS_SCHEMA_DIR", value_name = "DIR", default_value = "cms/schema")]
    pub schema: PathBuf,
    /// Locale codes, the default one first; missing ones are created at the start
    #[arg(
        long,
        env = "CMS_LOCALES",
        value_name = "CODES",
        value_delimiter = ',',
        value_parser = crate::locales::parse_code,
        default_value = "en"
    )]
    pub locales: Vec<String>,
}

const DEFAULT_DATA_DIR: &str = "cms/data";

impl Storage {
    /// The folder for the server's own files.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        if let Some(dir) = &self.data_dir {
            return dir.clone();
        }
        match &self.database_url {
            DatabaseUrl::Sqlite(path) => match PathBuf::from(path).parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
                _ => PathBuf::from("."),
            },
            DatabaseUrl::Postgres(_) => PathBuf::from(DEFAULT_DATA_DIR),
        }
    }
}

/// What only the running server needs.
#[derive(Clone, clap::Args)]
pub struct Serving {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, env = "CMS_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:1337")]
    pub listen: String,
    #[command(flatten)]
    pub uploads: Uploads,
    /// Key that signs access tokens, at least 32 bytes [default: generated into the data folder]
    #[arg(long, env = "CMS_JWT_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Rows of a list when the request does not say
    #[arg(long, env = "CMS_REST_DEFAULT_LIMIT", value_name = "N", default_value_t = 25)]
    pub rest_default_limit: u64,
    /// Most rows a request may ask for
    #[arg(long, env = "CMS_REST_MAX_LIMIT", value_name = "N", default_value_t = 100)]
    pub rest_max_limit: u64,
    /// Largest request body that is not an upload
    #[arg(long, env = "CMS_BODY_LIMIT", value_name = "SIZE", default_value = "1MB")]
    pub body_limit: Size,
    /// Memory for related entries that answers to reads show again, or `0B`
    #[arg(long, env = "CMS_CARD_MEMORY", value_name = "SIZE", default_value = "4MB")]
    pub card_memory: Size,
    /// Largest uploaded file
    #[arg(long, env = "CMS_UPLOAD_LIMIT", value_name = "SIZE", default_value = "200MB")]
    pub upload_limit: Size,
    /// MIME types that are refused, as `text/html` or `video/*`
    #[arg(long, env = "CMS_UPLOAD_DENIED_TYPES", value_name = "TYPES", value_delimiter = ',')]
    pub upload_denied_types: Vec<String>,
    /// Attempts per client and time on the login routes, or `off`
    #[arg(long, env = "CMS_AUTH_RATE_LIMIT", value_name = "N/TIME", default_value = "5/5m")]
    pub auth_rate_limit: Rate,
    /// Life of an access token
    #[arg(long, env = "CMS_ACCESS_TOKEN_TTL", value_name = "TIME", default_value = "30m")]
    pub access_token_ttl: Span,
    /// How long a refresh token that was already used still answers with its successor
    #[arg(long, env = "CMS_REFRESH_GRACE", value_name = "TIME", default_value = "0s")]
    pub refresh_grace: Span,
    /// A session ends when it is not used for this long
    #[arg(long, env = "CMS_REFRESH_IDLE_TTL", value_name = "TIME", default_value = "7d")]
    pub refresh_idle_ttl: Span,
    /// A session ends this long after the login, whatever its use
    #[arg(long, env = "CMS_REFRESH_MAX_TTL", value_name = "TIME", default_value = "30d")]
    pub refresh_max_ttl: Span,
    /// A reader of `/events` that takes nothing for this long is let go
    #[arg(long, env = "CMS_EVENTS_PATIENCE", value_name = "TIME", default_value = "30s")]
    pub events_patience: Span,
    /// How often a quiet `/events` shows that it is there
    #[arg(long, env = "CMS_EVENTS_HEARTBEAT", value_name = "TIME", default_value = "15s")]
    pub events_heartbeat: Span,
    /// Deepest GraphQL selection
    #[arg(long, env = "CMS_GRAPHQL_DEPTH_LIMIT", value_name = "N", default_value_t = 10)]
    pub graphql_depth_limit: u32,
    /// Dearest GraphQL operation: 1 for a field, 10 for one with fields of its own
    #[arg(long, env = "CMS_GRAPHQL_COST_LIMIT", value_name = "N", default_value_t = 1000)]
    pub graphql_cost_limit: u64,
    /// Let clients ask GraphQL for its schema
    #[arg(
        long,
        env = "CMS_GRAPHQL_INTROSPECTION",
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub graphql_introspection: bool,
    /// Show browsers a page at `/graphql` to try queries on
    #[arg(
        long,
        env = "CMS_GRAPHQL_PLAYGROUND",
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub graphql_playground: bool,
    /// Let requests without credentials read drafts, as Strapi does
    #[arg(
        long,
        env = "CMS_PUBLIC_DRAFTS",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub public_drafts: bool,
    /// Offer the routes `…/actions/publish`, `unpublish` and `discard-draft`, which Strapi's
    /// REST API does not have
    #[arg(
        long,
        env = "CMS_ACTIONS",
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub actions: bool,
    /// Tell the shapes of content to anybody, at `/openapi.json` and `/docs`
    #[arg(
        long,
        env = "CMS_OPENAPI",
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub openapi: bool,
    /// Origins that browsers may call from, or `*`
    #[arg(
        long,
        env = "CMS_CORS_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ',',
        default_value = "*"
    )]
    pub cors_origins: Vec<String>,
    /// Private networks that webhooks may reach, as `10.0.0.0/8`
    #[arg(long, env = "CMS_WEBHOOK_ALLOW", value_name = "CIDRS", value_delimiter = ',')]
    pub webhook_allow: Vec<ipnet::IpNet>,
    /// Proxies whose `X-Forwarded-For` is believed
    #[arg(
        long,
        env = "CMS_TRUSTED_PROXIES",
        value_name = "CIDRS",
        value_delimiter = ',',
        default_value = "127.0.0.0/8,::1/128"
    )]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Threads that serve requests [default: one per core]
    #[arg(long, env = "CMS_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
}

// The signing key must not reach a log through `{:?}`.
impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("listen", &self.listen)
            .field("uploads", &self.uploads)
            .field("auth_rate_limit", &self.auth_rate_limit)
            .finish_non_exhaustive()
    }
}

/// Everything together.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    #[command(flatten)]
    pub storage: Storage,
    #[command(flatten)]
    pub serving: Serving,
}

/// What to log, as the environment says.
pub(crate) fn log_filter() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    std::env::var("CMS_LOG").ok()
}

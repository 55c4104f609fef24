//! Settings: flags over process environment over `.env` files over defaults.
//!
//! This module (with `config/environment.rs`) is the only one that reads the
//! environment. What it hands out is plain data, checked: a wrong value is
//! named here together with the place it comes from, not where it is used.

use std::{fmt, path::PathBuf, time::Duration};

use cms_api::webhook::Secret;
use url::Url;

pub use self::{
    cdn::{cdns, purge_wait},
    environment::{ConfigError, Environment},
    init::InitConfig,
    nginx::{NginxConfig, Tls},
    target::targets,
};
use crate::{
    cli::{BuildArgs, CommonArgs, DevArgs, ServeArgs},
    daemon::Batching,
    release::KEPT_RELEASES,
};

pub(crate) use self::environment::parse_size;

mod cdn;
mod environment;
mod init;
mod nginx;
mod target;

const DEFAULT_SITE: &str = "templates";
const DEFAULT_OUT: &str = "dist";
const DEFAULT_CACHE: &str = "content-cache";
const DEFAULT_CMS: &str = "http://127.0.0.1:1337";
const DEFAULT_DEV_LISTEN: &str = "127.0.0.1:4000";
const DEFAULT_DEV_POLL_INTERVAL: &str = "1s";
const DEFAULT_LISTEN: &str = "127.0.0.1:8787";
/// For what changes in a plain Strapi without a mark: a file's caption, a link's far side.
const DEFAULT_RECONCILE_INTERVAL: Duration = Duration::from_secs(300);
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);
/// From the first byte sent to the last byte read of one answer.
const DEFAULT_CMS_TIMEOUT: Duration = Duration::from_secs(30);

/// Enough for a first listing of a very large site over a slow line; it can be gone on with.
const DEFAULT_PHASE_DEADLINE: Duration = Duration::from_secs(600);

/// What every command needs.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: String,
    /// Templates and site.toml.
    pub site: PathBuf,
    /// Releases.
    pub out: PathBuf,
    /// What may be lost and rebuilt.
    pub cache: PathBuf,
    pub cms: CmsConfig,
    /// The `src` folder of a plain Strapi's project: what its content is made of.
    pub schemas: Option<PathBuf>,
    /// How often a plain Strapi is read as a whole.
    pub reconcile_interval: Duration,
    /// Signs preview links in the place of a key of this machine's own.
    pub preview_secret: Option<String>,
    pub keep_releases: usize,
    /// Room for the files that only earlier releases show.
    pub keep_bytes: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct CmsConfig {
    pub url: Url,
    pub credentials: Credentials,
    pub timeout: Duration,
    /// For a whole pull, and for each file of the media library.
    pub phase_deadline: Duration,
}

/// How this program introduces itself to the CMS.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Public content only.
    Anonymous,
    ApiToken(String),
    Login {
        identifier: String,
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => out.write_str("Anonymous"),
            Self::ApiToken(_) => out.write_str("ApiToken(…)"),
            Self::Login { identifier, .. } => write!(out, "Login({identifier})"),
        }
    }
}

/// How much a build does, and how it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildFlags {
    pub offline: bool,
    pub clean: bool,
    pub strict: bool,
    pub accept: bool,
    pub json: bool,
}

/// What the daemon needs besides.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    pub listen: String,
    pub serve_static: bool,
    pub poll_interval: Duration,
    /// How long to wait for more before a build.
    pub batching: Batching,
    /// Several during a rotation; without any, no signed webhook is accepted.
    pub webhook_secrets: Vec<Secret>,
    /// A plain Strapi cannot sign: its webhooks carry this header instead.
    pub webhook_authorization: Option<String>,
}

impl Config {
    pub fn resolve(args: &CommonArgs, env: &Environment) -> Result<Self, ConfigError> {
        let path = |given: &Option<PathBuf>, name: &str, default: &str| {
            let given = given.clone().filter(|path| !path.as_os_str().is_empty());
            given.unwrap_or_else(|| env.text(name).unwrap_or(default).into())
        };
        Ok(Self {
            environment: env.name().to_owned(),
            site: path(&args.site, "SSG_SITE", DEFAULT_SITE),
            out: path(&args.out, "SSG_OUT", DEFAULT_OUT),
            cache: path(&args.cache, "SSG_CACHE", DEFAULT_CACHE),
            cms: CmsConfig::resolve(args, env)?,
            schemas: env.text("SSG_SCHEMA_DIR").map(PathBuf::from),
            reconcile_interval: env
                .duration("SSG_RECONCILE_INTERVAL")?
                .unwrap_or(DEFAULT_RECONCILE_INTERVAL),
            preview_secret: env.secret("SSG_PREVIEW_SECRET", A_PREVIEW_SECRET, |text| {
                (text.chars().count() >= SHORTEST_SECRET).then(|| text.to_owned())
            })?,
            keep_releases: env
                .parse("SSG_KEEP_RELEASES", "a number", |text| {
                    text.parse().ok().filter(|keep| *keep >= 2)
                })?
                .unwrap_or(KEPT_RELEASES),
            keep_bytes: env.parse("SSG_KEEP_BYTES", A_SIZE, environment::parse_size)?,
        })
    }
}

/// How long something lives: a duration, or days (`7d`).
pub(crate) fn parse_life(text: &str) -> Option<Duration> {
    const DAY: u64 = 24 * 60 * 60;
    match text.trim().strip_suffix('d') {
        Some(days) => Some(Duration::from_secs(days.trim().parse::<u64>().ok()?.checked_mul(DAY)?)),
        None => environment::parse_duration(text.trim()),
    }
}

impl CmsConfig {
    fn resolve(args: &CommonArgs, env: &Environment) -> Result<Self, ConfigError> {
        let url = match &args.cms_url {
            Some(url) => Some(parse_base_url(url).ok_or_else(|| ConfigError::Flag {
                flag: "--cms-url",
                value: url.clone(),
                expected: A_BASE_URL,
            })?),
            None => env.parse("SSG_CMS_URL", A_BASE_URL, parse_base_url)?,
        };
        let url = match url {
            Some(url) => url,
            None => parse_base_url(DEFAULT_CMS).ok_or(ConfigError::Flag {
                flag: "--cms-url",
                value: DEFAULT_CMS.into(),
                expected: A_BASE_URL,
            })?,
        };
        Ok(Self {
            url,
            credentials: Credentials::resolve(env)?,
            timeout: env.duration("SSG_CMS_TIMEOUT")?.unwrap_or(DEFAULT_CMS_TIMEOUT),
            phase_deadline: env.duration("SSG_PHASE_DEADLINE")?.unwrap_or(DEFAULT_PHASE_DEADLINE),
        })
    }
}

const SHORTEST_SECRET: usize = 32;
const A_PREVIEW_SECRET: &str = "at least 32 characters";
const A_LOGIN: &str = "identifier and password belong together";
const A_SIZE: &str = "a size, such as 500MB or 2GB";

const A_BASE_URL: &str = "an http or https address, such as https://cms.example.org";

fn parse_base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    fits.then_some(url)
}

impl Credentials {
    /// An API token is the more particular wish, so it wins over a login.
    fn resolve(env: &Environment) -> Result<Self, ConfigError> {
        let pair = (env.text("SSG_CMS_IDENTIFIER"), env.text("SSG_CMS_PASSWORD"));
        match (env.text("SSG_CMS_TOKEN"), pair) {
            (Some(token), _) => Ok(Self::ApiToken(token.to_owned())),
            (None, (Some(identifier), Some(password))) => {
                Ok(Self::Login { identifier: identifier.to_owned(), password: password.to_owned() })
            }
            (None, (None, None)) => Ok(Self::Anonymous),
            (None, (Some(_), None)) => {
                Err(ConfigError::Missing { name: "SSG_CMS_PASSWORD", why: A_LOGIN })
            }
            (None, (None, Some(_))) => {
                Err(ConfigError::Missing { name: "SSG_CMS_IDENTIFIER", why: A_LOGIN })
            }
        }
    }
}

impl BuildFlags {
    pub fn resolve(args: &BuildArgs, env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            offline: args.offline || env.flag("SSG_OFFLINE")?,
            clean: args.clean || env.flag("SSG_CLEAN")?,
            strict: args.strict || env.flag("SSG_STRICT")?,
            accept: args.accept || env.flag("SSG_ACCEPT")?,
            json: args.json || env.flag("SSG_JSON")?,
        })
    }
}

impl ServeConfig {
    /// Those of `ssg dev`, which publishes nothing.
    pub fn for_dev(args: &DevArgs, env: &Environment) -> Result<Self, ConfigError> {
        let listen = args.listen.as_deref().or(env.text("SSG_DEV_LISTEN"));
        let poll = args.poll_interval.as_deref().or(env.text("SSG_DEV_POLL_INTERVAL"));
        let serve = ServeArgs {
            listen: Some(listen.unwrap_or(DEFAULT_DEV_LISTEN).to_owned()),
            serve_static: false,
            poll_interval: Some(poll.unwrap_or(DEFAULT_DEV_POLL_INTERVAL).to_owned()),
        };
        Ok(Self { serve_static: false, ..Self::resolve(&serve, env)? })
    }

    pub fn resolve(args: &ServeArgs, env: &Environment) -> Result<Self, ConfigError> {
        let listen = args.listen.as_deref().or(env.text("SSG_LISTEN")).unwrap_or(DEFAULT_LISTEN);
        Ok(Self {
            listen: listen.to_owned(),
            serve_static: args.serve_static || env.flag("SSG_STATIC")?,
            poll_interval: match &args.poll_interval {
                Some(text) => {
                    environment::parse_duration(text).ok_or_else(|| ConfigError::Flag {
                        flag: "--poll-interval",
                        value: text.clone(),
                        expected: environment::A_DURATION,
                    })?
                }
                None => env.duration("SSG_POLL_INTERVAL")?.unwrap_or(DEFAULT_POLL_INTERVAL),
            },
            batching: Batching {
                quiet: env.duration("SSG_BATCH_QUIET")?.unwrap_or(Batching::default().quiet),
                longest: env.duration("SSG_BATCH_LONGEST")?.unwrap_or(Batching::default().longest),
            },
            webhook_secrets: env
                .secret("SSG_WEBHOOK_SECRET", "secrets of the form whsec_…", |text| {
                    text.split_ascii_whitespace().map(|one| Secret::parse(one).ok()).collect()
                })?
                .unwrap_or_default(),
            webhook_authorization: env.text("SSG_WEBHOOK_AUTHORIZATION").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(settings: &[(&str, &str)]) -> Environment {
        let settings = settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Environment::read(std::path::Path::new("/nonexistent"), settings.collect(), "production")
            .unwrap()
    }

    fn config(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::resolve(&CommonArgs::default(), &env(settings))
    }

    #[test]
    fn defaults_stand_where_nothing_is_said() {
        let config = config(&[]).unwrap();
        assert_eq!(config.site, PathBuf::from("templates"));
        assert_eq!(config.out, PathBuf::from("dist"));
        assert_eq!(config.cms.credentials, Credentials::Anonymous);
        let serve = ServeConfig::resolve(&ServeArgs::default(), &env(&[])).unwrap();
        assert_eq!((serve.listen.as_str(), serve.poll_interval.as_secs()), ("127.0.0.1:8787", 5));
    }

    #[test]
    fn flags_win_over_the_environment() {
        let args = CommonArgs { out: Some("flag".into()), ..CommonArgs::default() };
        let env = env(&[("SSG_OUT", "env"), ("SSG_SITE", "env")]);
        let config = Config::resolve(&args, &env).unwrap();
        assert_eq!((config.out, config.site), (PathBuf::from("flag"), PathBuf::from("env")));
    }

    #[test]
    fn half_a_login_and_odd_values_are_refused_with_their_name() {
        let message = |settings: &[(&str, &str)]| config(settings).unwrap_err().to_string();
        assert!(message(&[("SSG_CMS_IDENTIFIER", "me")]).contains("SSG_CMS_PASSWORD"));
        assert!(message(&[("SSG_CMS_URL", "ftp://x")]).contains("SSG_CMS_URL"));
        assert!(message(&[("SSG_KEEP_RELEASES", "1")]).contains("SSG_KEEP_RELEASES"));
        assert!(message(&[("SSG_CMS_TIMEOUT", "soon")]).contains("5s"));
        assert!(message(&[("SSG_KEEP_BYTES", "much")]).contains("500MB"));
        assert_eq!(config(&[("SSG_KEEP_BYTES", "2GB")]).unwrap().keep_bytes, Some(2 << 30));
    }

    #[test]
    fn secrets_are_never_shown() {
        let wrong = env(&[("SSG_WEBHOOK_SECRET", "whsec_geheim")]);
        let error = ServeConfig::resolve(&ServeArgs::default(), &wrong).unwrap_err();
        assert!(!error.to_string().contains("geheim"), "{error}");
        let token = config(&[("SSG_CMS_TOKEN", "geheim")]).unwrap();
        assert!(!format!("{token:?}").contains("geheim"));
    }
}

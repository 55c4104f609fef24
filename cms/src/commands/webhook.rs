//! `cms webhook add|list|enable|disable|rotate|remove`; what became of deliveries is in
//! `deliveries`.

mod deliveries;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use cms_api::webhook::Secret;
use serde_json::{Map, Value, json};

use crate::auth::secret;
use crate::config::{Span, Storage};
use crate::jobs::endpoint;
use crate::jobs::events::NAMES;
use crate::store::webhooks::{self, WebhookRow};
use crate::store::{Conn, StoreError, jobs};
use crate::{bootstrap, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add an endpoint and print the secret that signs its deliveries; it is not shown again
    Add(Box<Add>),
    /// List endpoints, without their secrets
    List {
        #[command(flatten)]
        storage: Storage,
    },
    /// Send to an endpoint again
    Enable(Named),
    /// Send nothing to an endpoint; what happens meanwhile is not kept for it
    Disable(Named),
    /// Make a new secret and print it; the old one signs as well for a while
    Rotate(Rotate),
    /// List deliveries to an endpoint, newest first
    Log(deliveries::Log),
    /// Show one delivery, with its attempts and its body
    Show(deliveries::Show),
    /// Send deliveries once more, under the ids they had
    Redeliver(deliveries::Redeliver),
    /// Remove an endpoint; what it has not received is dropped
    Remove {
        /// Name of the endpoint
        #[arg(long, env = "CMS_WEBHOOK_NAME")]
        name: String,
        #[command(flatten)]
        storage: Storage,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Name of the endpoint
    #[arg(long, env = "CMS_WEBHOOK_NAME")]
    name: String,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    /// Name of the endpoint
    #[arg(long, env = "CMS_WEBHOOK_NAME")]
    name: String,
    /// How long the old secret signs as well
    #[arg(long, env = "CMS_WEBHOOK_OVERLAP", value_name = "TIME", default_value = "1d")]
    overlap: Span,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// Name of the endpoint
    #[arg(long, env = "CMS_WEBHOOK_NAME")]
    name: String,
    /// Complete URL, as `https://example.org/hooks/cms`
    #[arg(long, env = "CMS_WEBHOOK_URL", value_parser = endpoint::address)]
    url: String,
    /// Events to send; `*` stands for any text
    #[arg(
        long,
        env = "CMS_WEBHOOK_EVENTS",
        value_delimiter = ',',
        default_value = "entry.*,media.*",
        value_parser = parse_event
    )]
    events: Vec<String>,
    /// Content types to tell of, as `api::article.article`; `*` stands for any text [default:
    /// all]
    #[arg(long, env = "CMS_WEBHOOK_TYPES", value_delimiter = ',', value_parser = parse_type)]
    types: Vec<String>,
    /// Locales to tell of; what has none is always told [default: all]
    #[arg(
        long = "only-locales",
        env = "CMS_WEBHOOK_LOCALES",
        value_delimiter = ',',
        value_parser = crate::locales::parse_code
    )]
    only_locales: Vec<String>,
    /// Of deliveries that wait and tell the same about a document, send only the newest
    #[arg(long, env = "CMS_WEBHOOK_COALESCE")]
    coalesce: bool,
    /// A header to send along, as `Authorization: Bearer x`; may be repeated
    #[arg(long = "header", env = "CMS_WEBHOOK_HEADER", hide_env_values = true, value_parser = parse_header)]
    headers: Vec<(String, String)>,
    /// Shape of the body
    #[arg(long, env = "CMS_WEBHOOK_DIALECT", value_enum, default_value = "strapi")]
    dialect: Dialect,
    /// Let the URL lead to private and loopback addresses
    #[arg(long, env = "CMS_WEBHOOK_ALLOW_PRIVATE")]
    allow_private: bool,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dialect {
    /// Strapi's body, and our additions
    Strapi,
    /// Standard Webhooks: `{type, timestamp, data}`
    Standard,
    /// As `standard`, with ids only
    Thin,
}

impl Dialect {
    fn as_str(self) -> &'static str {
        match self {
            Self::Strapi => "strapi",
            Self::Standard => "standard",
            Self::Thin => "thin",
        }
    }
}

fn parse_event(text: &str) -> Result<String, String> {
    if NAMES.iter().any(|event| crate::auth::permission::matches(text, event)) {
        Ok(text.to_owned())
    } else {
        Err(format!("there is no event `{text}`; known are {}", NAMES.join(", ")))
    }
}

fn parse_type(text: &str) -> Result<String, String> {
    if text.contains("::") || text.contains('*') {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no content type; they look like `api::article.article`"))
    }
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header looks like `Name: value`")?;
    let (name, value) = (name.trim(), value.trim());
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(format!("`{name}` is no header name"));
    }
    if value.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(format!("the value of `{name}` has control characters"));
    }
    Ok((name.to_ascii_lowercase(), value.to_owned()))
}

pub(crate) fn run(command: WebhookCommand) -> anyhow::Result<ExitCode> {
    match command {
        WebhookCommand::Add(args) => add(&args),
        WebhookCommand::List { storage } => list(&storage),
        WebhookCommand::Enable(named) => enable(&named, true),
        WebhookCommand::Disable(named) => enable(&named, false),
        WebhookCommand::Rotate(args) => rotate(&args),
        WebhookCommand::Log(args) => deliveries::log(&args),
        WebhookCommand::Show(args) => deliveries::show(&args),
        WebhookCommand::Redeliver(args) => deliveries::redeliver(&args),
        WebhookCommand::Remove { name, storage } => remove(&name, &storage),
    }
}

fn add(args: &Add) -> anyhow::Result<ExitCode> {
    let headers: Map<String, Value> =
        args.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let row = WebhookRow {
        types: json!(args.types).to_string(),
        locales: json!(args.only_locales).to_string(),
        headers: Value::Object(headers).to_string(),
        allow_private: args.allow_private,
        coalesce: args.coalesce,
        ..endpoint::fresh(&args.name, &args.url, &args.events, args.dialect.as_str())?
    };
    let db = bootstrap::open_database(&args.storage)?;
    match db.write::<_, StoreError>(|conn| webhooks::add(conn, &row)) {
        Ok(()) => println!("{}", row.secret),
        Err(StoreError::Conflict(_)) => {
            anyhow::bail!("a webhook named `{}` exists already", args.name)
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let (rows, counts) =
        db.read::<_, StoreError>(|conn| Ok((webhooks::all(conn)?, jobs::counts(conn)?)))?;
    for row in rows {
        let state = if row.enabled { "enabled" } else { "disabled" };
        println!("{}\t{}\t{state}\t{}\t{}", row.name, row.url, row.dialect, row.events);
    }
    for (state, count) in counts {
        eprintln!("{count} deliveries {state}");
    }
    Ok(ExitCode::SUCCESS)
}

/// # Errors
/// When there is no endpoint of that name.
fn existing(conn: &mut Conn, name: &str) -> anyhow::Result<WebhookRow> {
    let hook = webhooks::by_name(conn, name)?;
    hook.with_context(|| format!("there is no webhook named `{name}`"))
}

fn enable(named: &Named, enabled: bool) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(&named.storage)?;
    db.write::<_, anyhow::Error>(|conn| {
        let hook = existing(conn, &named.name)?;
        Ok(webhooks::enable(conn, hook.id, enabled)?)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn rotate(args: &Rotate) -> anyhow::Result<ExitCode> {
    let secret = Secret::from_bytes(secret::random_bytes()?).reveal();
    let db = bootstrap::open_database(&args.storage)?;
    db.write::<_, anyhow::Error>(|conn| {
        let hook = existing(conn, &args.name)?;
        let until = clock::now().saturating_add(args.overlap.millis());
        Ok(webhooks::rotate(conn, &hook, &secret, until)?)
    })?;
    println!("{secret}");
    Ok(ExitCode::SUCCESS)
}

fn remove(name: &str, storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    if !db.write::<_, StoreError>(|conn| webhooks::remove(conn, name))? {
        anyhow::bail!("there is no webhook named `{name}`");
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_patterns_must_mean_something() {
        assert!(parse_event("entry.publish").is_ok() && parse_event("media.*").is_ok());
        assert!(parse_event("entry.published").is_err());
    }

    #[test]
    fn types_are_named_in_full() {
        assert!(parse_type("api::article.article").is_ok() && parse_type("*.article").is_ok());
        assert!(parse_type("article").is_err());
    }

    #[test]
    fn headers_have_a_name_and_a_value() {
        assert_eq!(parse_header("X-Key: a:b"), Ok(("x-key".into(), "a:b".into())));
        for bad in ["X-Key", ": x", "X Key: a", "X-Key: a\nb"] {
            assert!(parse_header(bad).is_err(), "{bad}");
        }
    }
}

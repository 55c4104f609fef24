//! `cms token create|list|inspect|rotate|revoke`

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::auth::api_token::{self, TokenKind};
use crate::auth::inspect;
use crate::auth::keys::Keys;
use crate::config::{Span, Storage};
use crate::error::AppError;
use crate::store::StoreError;
use crate::store::registry::{self, TokenRow};
use crate::{bootstrap, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it; it is not shown again
    Create(Create),
    /// List tokens, without their secrets
    List {
        /// Print a JSON list
        #[arg(long, env = "CMS_JSON")]
        json: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// Tell why a token is accepted or refused: an API token (or its name), an access token or
    /// a refresh token; exits with 1 when it is refused
    Inspect(Box<Inspect>),
    /// Replace a token by a new one and print it
    Rotate {
        /// Name of the token
        #[arg(env = "CMS_TOKEN_NAME")]
        name: String,
        /// How long the old token still works
        #[arg(long, env = "CMS_TOKEN_OVERLAP", value_name = "TIME", default_value = "0s")]
        overlap: Span,
        #[command(flatten)]
        storage: Storage,
    },
    /// Make a token unusable
    Revoke {
        /// Name of the token
        #[arg(long, env = "CMS_TOKEN_NAME")]
        name: String,
        #[command(flatten)]
        storage: Storage,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Name of the token
    #[arg(long, env = "CMS_TOKEN_NAME")]
    name: String,
    /// What it may do
    #[arg(long = "type", env = "CMS_TOKEN_TYPE", value_enum, default_value = "read-only")]
    kind: TokenKind,
    /// Actions of a custom token, as `api::article.article.find`; `*` stands for any text
    #[arg(long, env = "CMS_TOKEN_PERMISSIONS", value_delimiter = ',', num_args = 1..)]
    permissions: Vec<String>,
    /// Life of the token, as `30d` [default: without end]
    #[arg(long, env = "CMS_TOKEN_EXPIRES", value_name = "TIME")]
    expires: Option<Span>,
    #[command(flatten)]
    storage: Storage,
}

#[derive(clap::Args)]
pub(crate) struct Inspect {
    /// The token, a token's name, or `-` to read it from stdin
    #[arg(env = "CMS_TOKEN", value_name = "TOKEN|NAME", hide_env_values = true)]
    token: String,
    /// Print one JSON object
    #[arg(long, env = "CMS_JSON")]
    json: bool,
    /// Key that signs access tokens [default: the one in the data folder]
    #[arg(long, env = "CMS_JWT_SECRET", value_name = "SECRET", hide_env_values = true)]
    jwt_secret: Option<String>,
    #[command(flatten)]
    storage: Storage,
}

// Neither token nor key may reach a log through `{:?}`.
impl std::fmt::Debug for Inspect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspect").field("json", &self.json).finish_non_exhaustive()
    }
}

/// Exit code for a token that is refused.
const REFUSED: u8 = 1;

pub(crate) fn run(command: TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Create(create) => run_create(&create),
        TokenCommand::List { json, storage } => list(json, &storage),
        TokenCommand::Inspect(args) => run_inspect(&args),
        TokenCommand::Rotate { name, overlap, storage } => rotate(&name, overlap, &storage),
        TokenCommand::Revoke { name, storage } => revoke(&name, &storage),
    }
}

fn run_create(args: &Create) -> anyhow::Result<ExitCode> {
    if args.kind == TokenKind::Custom && args.permissions.is_empty() {
        anyhow::bail!("a custom token needs `--permissions`, as `api::article.article.find`");
    }
    if args.kind != TokenKind::Custom && !args.permissions.is_empty() {
        anyhow::bail!("`--permissions` belongs to `--type custom`");
    }
    let db = bootstrap::open_database(&args.storage)?;
    let expires_at = args.expires.map(|span| clock::now().saturating_add(span.millis()));
    let created = db.write::<_, AppError>(|conn| {
        api_token::create(conn, &args.name, args.kind, &args.permissions, expires_at)
    });
    match created {
        Ok(token) => println!("{token}"),
        Err(AppError::Store(StoreError::Conflict(_))) => {
            anyhow::bail!("a token named `{}` exists already", args.name)
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(json: bool, storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let (rows, now) = (db.read::<_, StoreError>(registry::tokens)?, clock::now());
    if json {
        let list: Vec<Value> = rows.iter().map(|row| described(row, now)).collect();
        println!("{}", Value::from(list));
        return Ok(ExitCode::SUCCESS);
    }
    let when = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), clock::iso);
    for row in rows {
        println!(
            "{}\t{}\t{}\tcreated {}\texpires {}\tlast used {}",
            row.name,
            row.kind,
            api_token::state(&row, now),
            clock::iso(row.created_at),
            when(row.expires_at),
            when(row.last_used_at),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn described(row: &TokenRow, now: i64) -> Value {
    json!({
        "name": row.name,
        "type": row.kind,
        "state": api_token::state(row, now),
        "created": clock::iso(row.created_at),
        "expires": row.expires_at.map(clock::iso),
        "lastUsed": row.last_used_at.map(clock::iso),
    })
}

fn run_inspect(args: &Inspect) -> anyhow::Result<ExitCode> {
    let given = match args.token.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())?,
        token => token.to_owned(),
    };
    let db = bootstrap::open_database(&args.storage)?;
    let keys = Keys::find(args.jwt_secret.as_deref(), &args.storage.data_dir())?;
    let report = db.read::<_, StoreError>(|conn| {
        inspect::inspect(conn, keys.as_ref(), given.trim(), clock::now())
    })?;
    if args.json {
        println!("{}", report.to_json());
    } else {
        println!("{}", report.reason.as_str());
        for (name, fact) in &report.facts {
            let text = fact.as_str().map_or_else(|| fact.to_string(), str::to_owned);
            println!("{name}: {text}");
        }
    }
    Ok(match report.reason.is_accepted() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(REFUSED),
    })
}

fn rotate(name: &str, overlap: Span, storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let rotated = db.write::<_, AppError>(|conn| {
        api_token::rotate(conn, name, overlap.millis(), clock::now())
    })?;
    match rotated {
        Some(token) => println!("{token}"),
        None => anyhow::bail!("there is no live token named `{name}`"),
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(name: &str, storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let found =
        db.write::<_, StoreError>(|conn| registry::revoke_token(conn, name, clock::now()))?;
    if !found {
        anyhow::bail!("there is no live token named `{name}`");
    }
    Ok(ExitCode::SUCCESS)
}

//! `cms token create|list|revoke`

use std::process::ExitCode;

use clap::Subcommand;

use crate::auth::api_token::{self, TokenKind};
use crate::config::{Span, Storage};
use crate::error::AppError;
use crate::store::{StoreError, registry};
use crate::{bootstrap, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it; it is not shown again
    Create(Create),
    /// List tokens, without their secrets
    List {
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

pub(crate) fn run(command: TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Create(create) => run_create(&create),
        TokenCommand::List { storage } => list(&storage),
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

fn list(storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let when = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), clock::iso);
    for row in db.read::<_, StoreError>(registry::tokens)? {
        let state = match row.revoked_at {
            Some(_) => "revoked",
            None if !api_token::is_live(&row, clock::now()) => "expired",
            None => "live",
        };
        println!(
            "{}\t{}\t{state}\tcreated {}\texpires {}\tlast used {}",
            row.name,
            row.kind,
            clock::iso(row.created_at),
            when(row.expires_at),
            when(row.last_used_at),
        );
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

//! `cms locale add|list`

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Storage;
use crate::store::{StoreError, registry};
use crate::{bootstrap, clock, locales};

#[derive(Debug, Subcommand)]
pub(crate) enum LocaleCommand {
    /// Add a locale
    Add {
        /// Its code, as `de` or `de-AT`
        #[arg(value_parser = locales::parse_code)]
        code: String,
        /// Its name [default: the language's English name]
        #[arg(long, env = "CMS_LOCALE_NAME")]
        name: Option<String>,
        /// Make it the locale of requests that name none
        #[arg(long, env = "CMS_LOCALE_DEFAULT")]
        default: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// List locales, the default one first
    List {
        #[command(flatten)]
        storage: Storage,
    },
}

pub(crate) fn run(command: LocaleCommand) -> anyhow::Result<ExitCode> {
    match command {
        LocaleCommand::Add { code, name, default, storage } => add(&storage, &code, name, default),
        LocaleCommand::List { storage } => list(&storage),
    }
}

fn add(
    storage: &Storage,
    code: &str,
    name: Option<String>,
    default: bool,
) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    let name = name.unwrap_or_else(|| locales::display_name(code));
    let exists = db.write::<_, StoreError>(|conn| {
        if !registry::locales(conn)?.iter().any(|locale| locale.code == code) {
            registry::add_locale(conn, code, &name, default, clock::now())?;
            return Ok(false);
        }
        if default {
            registry::set_default_locale(conn, code)?;
        }
        Ok(!default)
    })?;
    if exists {
        anyhow::bail!("the locale `{code}` exists already");
    }
    Ok(ExitCode::SUCCESS)
}

fn list(storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    for locale in db.read::<_, StoreError>(registry::locales)? {
        let default = if locale.is_default { "\tdefault" } else { "" };
        println!("{}\t{}{default}", locale.code, locale.name);
    }
    Ok(ExitCode::SUCCESS)
}

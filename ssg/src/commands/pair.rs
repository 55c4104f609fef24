//! `ssg pair`: fetches this site's credentials from the content server and keeps them.

use std::{io, path::Path};

use anyhow::{Context, Result, bail};
use cms_api::{
    installation::{self, SETTINGS_FILE},
    pairing::PairRequest,
};
use tokio::runtime::Handle;
use url::Url;

use crate::{
    cli::PairArgs,
    client::{Cms, SyncRequest, redeem},
    config::{CmsConfig, Config, Credentials, Environment},
    exit::Exit,
};

const TOKEN: &str = "SSG_CMS_TOKEN";

pub(super) fn run(config: &Config, args: &PairArgs) -> Result<Exit> {
    let hook = args.hook_url.as_deref().map(hook_url).transpose()?;
    let request = PairRequest { code: code(&args.code)?, hook };
    let reply = Handle::current()
        .block_on(redeem(&config.cms, &request))
        .with_context(|| format!("{} did not take the code", config.cms.url))?;
    let mut settings = vec![("SSG_CMS_URL", config.cms.url.as_str()), (TOKEN, &*reply.token)];
    settings.extend(reply.secret.as_deref().map(|secret| ("SSG_WEBHOOK_SECRET", secret)));
    installation::set(Path::new("."), &settings, false).with_context(|| {
        format!("cannot write `{SETTINGS_FILE}`; make a new code, this one is used")
    })?;
    warn_where_another_place_wins(&reply.token)?;
    try_token(config, reply.token)?;
    if reply.secret.is_none() {
        eprintln!("no --hook-url: changes are found by polling");
    }
    eprintln!("{SETTINGS_FILE} has what the site needs; start `ssg serve` again if it runs");
    super::print(&reply.name)
}

/// On a command line everybody on the machine can read it.
fn code(given: &str) -> Result<String> {
    let code = match given {
        "-" => io::read_to_string(io::stdin()).context("cannot read the code from stdin")?,
        given => given.to_owned(),
    };
    match code.trim() {
        "" => bail!("the code is empty; `cms pair` on the content server prints one"),
        code => Ok(code.to_owned()),
    }
}

fn hook_url(text: &str) -> Result<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url {
        Some(url) if url.path() == "/hooks/cms" => Ok(text.to_owned()),
        _ => bail!(
            "--hook-url is `{text}`; expected where the content server reaches this site's \
             webhooks, such as https://example.org/hooks/cms"
        ),
    }
}

/// What was written is worth nothing when a stronger place says something else.
fn warn_where_another_place_wins(token: &str) -> Result<()> {
    let env = Environment::load("production")?;
    if env.text(TOKEN) != Some(token) {
        eprintln!(
            "warning: {TOKEN} is also set {}, which is stronger than {SETTINGS_FILE}; remove it there",
            env.origin(TOKEN)
        );
    }
    Ok(())
}

fn try_token(config: &Config, token: String) -> Result<()> {
    let cms = CmsConfig { credentials: Credentials::ApiToken(token), ..config.cms.clone() };
    let cms = Cms::new(&cms, &config.cache)?;
    let answer = Handle::current().block_on(cms.sync(SyncRequest::Initial));
    answer.context("the new token is stored, but the content server does not let it read")?;
    Ok(())
}

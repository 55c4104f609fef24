//! `ssg preview`: links to drafts, and the end of links.

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{
    cli::PreviewArgs,
    clock::Clock,
    config::{Config, Environment, parse_life},
    exit::Exit,
    preview::{Keys, Link, Unusable, answer},
    site::Site,
};

pub(super) fn run(config: &Config, env: &Environment, args: &PreviewArgs) -> Result<Exit> {
    let keys = Keys::new(&config.cache, config.preview_secret.as_deref());
    let now = i64::try_from(Clock::default().now().as_secs()).unwrap_or(i64::MAX);
    if args.revoke_all {
        keys.revoke_all().context("the links cannot be revoked")?;
        eprintln!("every preview link has ended");
        return Ok(Exit::Done);
    }
    if let Some(link) = &args.revoke {
        return revoke(&keys, link, now);
    }
    let expires = args.expires.as_deref().or(env.text("SSG_PREVIEW_EXPIRES"));
    let life = match expires {
        None => answer::DEFAULT_LIFE,
        Some(text) => parse_life(text)
            .with_context(|| format!("--expires is `{text}`; expected 30m, 1h, 7d and the like"))?,
    };
    let at = args.at.as_deref().or(env.text("SSG_PREVIEW_AT")).map(moment).transpose()?;
    let locale = args.locale.clone().or_else(|| env.text("SSG_PREVIEW_LOCALE").map(str::to_owned));
    let link = Link::new(args.documents.clone(), locale, at, now, life);
    let link = link.map_err(anyhow::Error::msg)?;
    let token = keys.sign(&link).context("the link cannot be signed")?;
    let url = format!("{}{}{token}", base(config, env, args)?, answer::PREFIX);
    if args.json || env.flag("SSG_JSON")? {
        return super::print(&super::to_json(&json!({ "url": url, "expires": link.expires }))?);
    }
    super::print(&url)
}

fn moment(text: &str) -> Result<i64> {
    let time: jiff::Timestamp = text.parse().with_context(|| {
        format!("--at is `{text}`; expected a time, such as 2027-01-31T09:00:00Z")
    })?;
    Ok(time.as_second())
}

/// Without a slash at its end.
fn base(config: &Config, env: &Environment, args: &PreviewArgs) -> Result<String> {
    let given = args.url.clone().or_else(|| env.text("SSG_PREVIEW_URL").map(str::to_owned));
    let base = match given {
        Some(url) => url,
        None => Site::load(&config.site).map_err(|errors| anyhow::anyhow!("{errors}"))?.base_url,
    };
    Ok(base.trim_end_matches('/').to_owned())
}

/// `link`: the whole address, or what follows `/preview/`.
fn revoke(keys: &Keys, link: &str, now: i64) -> Result<Exit> {
    let token = link.split_once(answer::PREFIX).map_or(link, |(_, rest)| rest);
    let token = token.split(['/', '?', '#']).next().unwrap_or_default();
    match keys.check(token, now) {
        Ok(link) => {
            keys.revoke(&link, now).context("the link cannot be revoked")?;
            eprintln!("the link has ended");
        }
        Err(Unusable::Unknown) => bail!("that is no preview link of this installation"),
        Err(Unusable::Expired | Unusable::Revoked) => eprintln!("the link had ended already"),
    }
    Ok(Exit::Done)
}

//! `cms pair`: a code with which a site fetches its own credentials.

use std::process::ExitCode;

use crate::auth::pairing::{self, Invitation};
use crate::config::{Span, Storage};
use crate::{bootstrap, clock};

#[derive(Debug, clap::Args)]
pub(crate) struct Pair {
    /// Name of the site's token and webhook; a site paired before under it is replaced
    #[arg(long, env = "CMS_PAIR_NAME", default_value = "site")]
    name: String,
    /// How long the code may wait
    #[arg(long, env = "CMS_PAIR_EXPIRES", value_name = "TIME", default_value = "15m")]
    expires: Span,
    /// Let webhooks go to private and loopback addresses
    #[arg(long, env = "CMS_WEBHOOK_ALLOW_PRIVATE")]
    allow_private: bool,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Pair) -> anyhow::Result<ExitCode> {
    let now = clock::now();
    let invitation = Invitation {
        name: args.name.clone(),
        allow_private: args.allow_private,
        expires_at: now.saturating_add(args.expires.millis()),
    };
    let db = bootstrap::open_database(&args.storage)?;
    println!("{}", db.write(|conn| pairing::invite(conn, &invitation, now))?);
    eprintln!("on the site's server: ssg pair --cms-url … --hook-url …/hooks/cms, and this code");
    Ok(ExitCode::SUCCESS)
}

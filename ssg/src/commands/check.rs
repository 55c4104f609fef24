//! `ssg check`: what is wrong with the site, told in the form somebody wants.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::runtime::Handle;

use super::annotations;
use crate::{
    build::{self, BuildError, Failure, View, Viewer},
    check::{self, Ask, Diagnostic, Findings, Severity, output},
    cli::CheckArgs,
    client,
    config::{Config, Environment},
    exit::Exit,
};

/// For one answer of another site.
const PATIENCE: Duration = Duration::from_secs(15);

enum Format {
    Human,
    Json,
    Sarif,
    Github,
    Html,
}

pub(super) fn run(config: &Config, env: &Environment, args: &CheckArgs) -> Result<Exit> {
    let format = format(env, args)?;
    let strict = args.strict || env.flag("SSG_STRICT")?;
    let external = args.external || env.flag("SSG_CHECK_EXTERNAL")?;
    let findings = match view(config, args.offline || env.flag("SSG_OFFLINE")?)? {
        Ok(view) => {
            let ask: &Ask<'_> =
                &|urls| Handle::current().block_on(client::answering(urls, PATIENCE));
            check::check(&view, external.then_some(ask))
        }
        Err(failures) => Findings::of(failures.iter().map(Diagnostic::of).collect()),
    };
    annotations::tell(env, args.report.as_ref(), "Check of the site", &findings)?;
    super::print(&match format {
        Format::Human => output::human(&findings),
        Format::Json => super::to_json(&output::json(&findings))?,
        Format::Sarif => super::to_json(&output::sarif(&findings))?,
        Format::Github => output::github(&findings),
        Format::Html => output::report(&findings, "Check of the site"),
    })?;
    let failed =
        findings.count(Severity::Error) > 0 || strict && findings.count(Severity::Warning) > 0;
    Ok(if failed { Exit::SiteErrors } else { Exit::Done })
}

fn format(env: &Environment, args: &CheckArgs) -> Result<Format> {
    if args.json || env.flag("SSG_JSON")? {
        return Ok(Format::Json);
    }
    Ok(match args.format.as_deref().or(env.text("SSG_CHECK_FORMAT")).unwrap_or("human") {
        "human" => Format::Human,
        "json" => Format::Json,
        "sarif" => Format::Sarif,
        "github" => Format::Github,
        "html" => Format::Html,
        other => {
            bail!("--format is `{other}`; expected human, json, sarif, github or html")
        }
    })
}

/// The site with its content as it is now; mistakes of the templates alone where there is no
/// content to hold them against.
fn view(config: &Config, offline: bool) -> Result<Result<View, Vec<Failure>>> {
    let mut viewer = Viewer::new(super::paths(config), super::source(config)?);
    let pulled = if offline { Ok(false) } else { viewer.pull() };
    let now = jiff::Timestamp::now().as_second();
    match pulled.and_then(|_| viewer.view(now)) {
        Err(error @ (BuildError::NoContent(_) | BuildError::Refused(_))) => {
            let mistakes = build::failures(&config.site)?;
            if mistakes.is_empty() { Err(error.into()) } else { Ok(Err(mistakes)) }
        }
        other => Ok(other?),
    }
}

//! `cms doctor`: tries everything the server will need and says what fails, and why.

use std::os::unix::fs::PermissionsExt as _;
use std::process::ExitCode;

use cms_api::webhook::Secret;
use serde_json::{Value, json};

use crate::auth::{api_token, keys};
use crate::clock;
use crate::config::Settings;
use crate::content_types;
use crate::media::storage::Storage as Uploads;
use crate::store::webhooks::WebhookRow;
use crate::store::{Database, StoreError, feed, jobs, registry, soundness, webhooks};

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Print one JSON object
    #[arg(long, env = "CMS_JSON")]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Something is wrong.
const UNHEALTHY: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// Works, but somebody should look.
    Doubtful,
    Bad,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warning",
            Self::Bad => "error",
        }
    }
}

#[derive(Debug)]
struct Finding {
    what: &'static str,
    state: State,
    detail: String,
}

fn good(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding { what, state: State::Good, detail: detail.into() }
}

fn doubtful(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding { what, state: State::Doubtful, detail: detail.into() }
}

fn bad(what: &'static str, detail: impl std::fmt::Display) -> Finding {
    Finding { what, state: State::Bad, detail: format!("{detail:#}") }
}

pub(crate) fn run(doctor: &Doctor) -> anyhow::Result<ExitCode> {
    let settings = &doctor.settings;
    let mut findings = vec![schema(settings), uploads(settings), signing_key(settings)];
    findings.extend(room(settings));
    let url = &settings.storage.database_url;
    match soundness::check(url).and_then(|()| Database::open(url)) {
        Ok(db) => findings.extend(database(&db)),
        Err(error) => findings.push(bad("database", error)),
    }
    if doctor.json {
        let list: Vec<Value> = findings
            .iter()
            .map(|it| json!({ "what": it.what, "state": it.state.as_str(), "detail": it.detail }))
            .collect();
        println!("{}", json!({ "findings": list }));
    } else {
        for finding in &findings {
            println!("{:8} {}: {}", finding.state.as_str(), finding.what, finding.detail);
        }
    }
    let sick = findings.iter().any(|finding| finding.state == State::Bad);
    Ok(if sick { ExitCode::from(UNHEALTHY) } else { ExitCode::SUCCESS })
}

fn schema(settings: &Settings) -> Finding {
    match content_types::load(&settings.storage.schema) {
        Ok(model) => good("content model", format!("{} types", model.api_types().count())),
        Err(error) => bad("content model", error),
    }
}

/// Writes a file there and removes it.
fn uploads(settings: &Settings) -> Finding {
    let (place, data_dir) = (&settings.serving.uploads.place, settings.storage.data_dir());
    let opened = Uploads::open(&settings.serving.uploads, &data_dir);
    match opened.and_then(|uploads| uploads.try_out()) {
        Ok(()) => good("uploads", format!("`{place}` can be written")),
        Err(error) => bad("uploads", error),
    }
}

fn signing_key(settings: &Settings) -> Finding {
    const WHAT: &str = "signing key";
    let configured = settings.serving.jwt_secret.as_deref();
    let folder = settings.storage.data_dir();
    if configured.is_none() && !folder.join(keys::FILE_NAME).exists() {
        return good(WHAT, "will be generated at the first start");
    }
    if let Err(error) = keys::Keys::load(configured, &folder) {
        return bad(WHAT, error);
    }
    let mode = folder.join(keys::FILE_NAME).metadata().map(|file| file.permissions().mode());
    match mode {
        Ok(mode) if configured.is_none() && mode & 0o077 != 0 => {
            doubtful(WHAT, format!("others can read it (mode {:o})", mode & 0o777))
        }
        _ => good(WHAT, "usable"),
    }
}

/// With less than this a write may fail at any moment.
const FULL_BYTES: u64 = 50 << 20;
/// With less than this somebody should look soon.
const NEARLY_FULL_BYTES: u64 = 500 << 20;

/// Space for the database and what is kept beside it.
fn room(settings: &Settings) -> Option<Finding> {
    const WHAT: &str = "disk";
    let folder = settings.storage.data_dir();
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let free = match rustix::fs::statvfs(there) {
        Ok(volume) => volume.f_bavail.saturating_mul(volume.f_frsize),
        Err(error) => return Some(bad(WHAT, format!("`{}`: {error}", there.display()))),
    };
    let detail = format!("{} MB are free for `{}`", free >> 20, folder.display());
    Some(match free {
        free if free < FULL_BYTES => bad(WHAT, format!("{detail}; make room")),
        free if free < NEARLY_FULL_BYTES => doubtful(WHAT, detail),
        _ => good(WHAT, detail),
    })
}

/// Content from the future was written by a clock that was wrong, unless this one is.
fn time(newest: Option<i64>, now: i64) -> Finding {
    const WHAT: &str = "clock";
    let ahead = newest.map_or(0, |newest| (newest - now) / 1_000);
    if ahead > cms_api::webhook::TOLERANCE_SECONDS {
        let detail = format!(
            "content was changed {ahead} s from now: receivers refuse webhooks that old or new; \
             set the clock by NTP"
        );
        return bad(WHAT, detail);
    }
    good(WHAT, "nothing was written in the future")
}

/// Endpoints that cannot be told anything: off, or without a secret that signs.
fn endpoints(hooks: &[WebhookRow]) -> Finding {
    const WHAT: &str = "webhooks";
    let named = |hooks: Vec<&WebhookRow>| {
        hooks.iter().map(|hook| hook.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let unsigned: Vec<_> =
        hooks.iter().filter(|hook| Secret::parse(&hook.secret).is_err()).collect();
    let off: Vec<_> = hooks.iter().filter(|hook| !hook.enabled).collect();
    match (unsigned.is_empty(), off.is_empty()) {
        (false, _) => bad(
            WHAT,
            format!("no usable secret: {}; `cms webhook rotate` makes one", named(unsigned)),
        ),
        (true, false) => doubtful(WHAT, format!("disabled: {}", named(off))),
        (true, true) => good(WHAT, format!("{} endpoints", hooks.len())),
    }
}

fn deliveries(dead: i64, error: Option<&String>) -> Finding {
    const WHAT: &str = "deliveries";
    match (dead, error) {
        (0, None) => good(WHAT, "all were taken"),
        (0, Some(error)) => doubtful(WHAT, format!("some wait for another attempt: {error}")),
        (dead, error) => {
            let why = error.map_or("", String::as_str);
            doubtful(WHAT, format!("{dead} were given up: {why}; `cms webhook log` lists them"))
        }
    }
}

fn database(db: &Database) -> Vec<Finding> {
    match db.pending_migrations() {
        Ok(0) => {}
        Ok(pending) => {
            let detail = format!("{pending} migrations have not run; `cms migrate` runs them");
            return vec![doubtful("database", detail)];
        }
        Err(error) => return vec![bad("database", error)],
    }
    let findings = db.read::<_, StoreError>(|conn| {
        let now = clock::now();
        let tokens = registry::tokens(conn)?;
        let live = tokens.iter().filter(|token| api_token::is_live(token, now)).count();
        let hooks = webhooks::all(conn)?;
        let counts = jobs::counts(conn)?;
        let dead = counts.iter().find(|(state, _)| state == "dead").map_or(0, |(_, n)| *n);
        Ok(vec![
            good("database", format!("open and up to date, {:?}", db.dialect())),
            good("API tokens", format!("{live} of {} can be used", tokens.len())),
            time(feed::newest_time(conn)?, now),
            endpoints(&hooks),
            deliveries(dead, jobs::errors(conn)?.first()),
        ])
    });
    findings.unwrap_or_else(|error| vec![bad("database", error)])
}

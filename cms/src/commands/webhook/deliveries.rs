//! `cms webhook log|show|redeliver`: what became of deliveries, and sending them once more.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use super::existing;
use crate::config::{Span, Storage};
use crate::jobs::events::lane_of;
use crate::store::jobs::{self, Record, Selection};
use crate::store::{Conn, StoreError};
use crate::{bootstrap, clock};

/// A range is cut off here; the next call goes on.
const MOST_AT_ONCE: i64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum State {
    /// Waits for its first or next attempt
    Pending,
    Done,
    /// Given up: refused, or failed for about three days
    Dead,
    /// A newer delivery took its place
    Superseded,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Superseded => "superseded",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// Name of the endpoint
    #[arg(long, env = "CMS_WEBHOOK_NAME")]
    name: String,
    /// Only deliveries in this state
    #[arg(long, env = "CMS_WEBHOOK_STATE", value_enum)]
    state: Option<State>,
    /// Most lines to print
    #[arg(long, env = "CMS_WEBHOOK_LIMIT", value_name = "N", default_value_t = 50)]
    limit: i64,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Number of a delivery, as `log` prints it
    #[arg(env = "CMS_WEBHOOK_DELIVERY", value_name = "NUMBER")]
    delivery: i64,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct Redeliver {
    /// Name of the endpoint
    #[arg(long, env = "CMS_WEBHOOK_NAME")]
    name: String,
    /// The only delivery to send again
    #[arg(long, env = "CMS_WEBHOOK_DELIVERY", value_name = "NUMBER", group = "which", conflicts_with_all = ["from", "to", "since"])]
    delivery: Option<i64>,
    /// The first of a range
    #[arg(long, env = "CMS_WEBHOOK_FROM", value_name = "NUMBER", group = "which")]
    from: Option<i64>,
    /// The last of a range
    #[arg(long, env = "CMS_WEBHOOK_TO", value_name = "NUMBER", group = "which")]
    to: Option<i64>,
    /// Those of the last time, as `2h`
    #[arg(long, env = "CMS_WEBHOOK_SINCE", value_name = "TIME", group = "which")]
    since: Option<Span>,
    /// Only deliveries in this state
    #[arg(long, env = "CMS_WEBHOOK_STATE", value_enum, group = "which")]
    state: Option<State>,
    #[command(flatten)]
    storage: Storage,
}

pub(super) fn log(args: &Log) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(&args.storage)?;
    let selection = Selection { state: args.state.map(State::as_str), ..Selection::default() };
    let records = db.read::<_, anyhow::Error>(|conn| {
        let hook = existing(conn, &args.name)?;
        Ok(jobs::records(conn, &lane_of(hook.id), selection, args.limit)?)
    })?;
    for record in &records {
        println!("{}", line(record));
    }
    Ok(ExitCode::SUCCESS)
}

/// Number, time, state, event, document, locale, failures, the last reason.
fn line(record: &Record) -> String {
    let payload: Value = serde_json::from_str(&record.payload).unwrap_or_default();
    let said = |name: &str| payload["body"][name].as_str().unwrap_or("-").to_owned();
    let reason = record.last_error.as_deref().filter(|_| record.state != "done").unwrap_or("-");
    let fields = [
        record.id.to_string(),
        clock::iso(record.created_at),
        record.state.clone(),
        said("event"),
        said("uid"),
        said("documentId"),
        said("locale"),
        record.attempts.to_string(),
        reason.replace(['\t', '\n'], " "),
    ];
    fields.join("\t")
}

pub(super) fn show(args: &Show) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(&args.storage)?;
    let number = args.delivery;
    let (record, attempts) = db.read::<_, StoreError>(|conn| {
        Ok((jobs::record(conn, number)?, jobs::attempts(conn, number)?))
    })?;
    let record = record.with_context(|| format!("there is no delivery {number}"))?;
    println!("{}", line(&record));
    if record.state == "pending" {
        println!("next attempt\t{}", clock::iso(record.run_at));
    }
    for attempt in attempts {
        println!("{}\t{} ms\t{}", clock::iso(attempt.at), attempt.took, attempt.result);
    }
    let payload: Value = serde_json::from_str(&record.payload)?;
    println!("{}\t{}", payload["id"].as_str().unwrap_or("-"), payload["body"]);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn redeliver(args: &Redeliver) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(&args.storage)?;
    let count = db.write::<_, anyhow::Error>(|conn| send_again(conn, args))?;
    println!("{count} deliveries are due again");
    Ok(ExitCode::SUCCESS)
}

fn send_again(conn: &mut Conn, args: &Redeliver) -> anyhow::Result<usize> {
    let hook = existing(conn, &args.name)?;
    if !hook.enabled {
        anyhow::bail!("the webhook `{0}` is disabled; `cms webhook enable --name {0}`", hook.name);
    }
    let now = clock::now();
    let selection = Selection {
        state: args.state.map(State::as_str),
        from: args.delivery.or(args.from),
        to: args.delivery.or(args.to),
        since: args.since.map(|span| now - span.millis()),
    };
    let found = jobs::records(conn, &lane_of(hook.id), selection, MOST_AT_ONCE)?;
    if let Some(number) = args.delivery.filter(|_| found.is_empty()) {
        anyhow::bail!("the webhook `{}` has no delivery {number}", hook.name);
    }
    let ids: Vec<i64> = found.iter().map(|record| record.id).collect();
    Ok(jobs::again(conn, &ids, now)?)
}

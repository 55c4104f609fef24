//! `ssg serve`: the daemon, with the real build behind it.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use cms_api::model::ContentModel;
use tokio::sync::watch;

use super::{auto_deploy, purge};
use crate::{
    build::{Builder, Failure, Report, Request, View, problem},
    cdn::{Faults, Purger},
    cli::ServeArgs,
    clock::Clock,
    config::{Config, Environment, ServeConfig},
    daemon::{self, Built, Cause, Listener, Options, Orders, Pipeline, Told},
    exit::Exit,
    preview::{Keys, Previews, Public},
};

pub(super) async fn run(config: &Config, env: &Environment, args: &ServeArgs) -> Result<Exit> {
    let options = Options {
        serve: ServeConfig::resolve(args, env)?,
        cms: config.cms.clone(),
        site: config.site.clone(),
        folders: super::content_folders(config),
        cache: config.cache.clone(),
        clock: Clock::default(),
    };
    let releases = super::open_releases(config)?;
    let told = Arc::new(Told::new(super::source(config)?));
    let builder = Builder::with_releases(super::paths(config), told.clone(), releases.clone());
    let (news, followers) = watch::channel(0);
    auto_deploy::start(config, env, &releases, &news)?;
    let purger = Purger::new(purge::cdns_if_readable(config, env)?, &releases, &Faults::default())?;
    tokio::spawn(purger.follow(followers));
    let builder = Arc::new(Mutex::new(builder));
    let keys = Keys::new(&config.cache, config.preview_secret.as_deref());
    let public = Arc::new(InMemory { builder: Arc::clone(&builder) });
    let clock = options.clock.clone();
    let previews = Previews::new(keys, clock, &config.cache, told.clone(), public);
    let pipeline = Rebuild { builder, told, news, previews: Arc::new(previews) };
    daemon::serve(&options, releases, Arc::new(pipeline)).await?;
    Ok(Exit::Done)
}

/// What previews are laid over.
struct InMemory {
    builder: Arc<Mutex<Builder>>,
}

impl Public for InMemory {
    fn stamp(&self) -> Option<(i64, String)> {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner).stamp()
    }

    fn view(&self) -> Option<View> {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner).view()
    }
}

struct Rebuild {
    builder: Arc<Mutex<Builder>>,
    previews: Arc<Previews>,
    /// Told after every look, since another process may have switched, too.
    news: watch::Sender<u64>,
    told: Arc<Told>,
}

impl Pipeline for Rebuild {
    fn run(&self, cause: Cause, orders: &mut Orders) -> Result<Built> {
        let request = Request {
            reason: reason(cause).to_owned(),
            revalidate: orders.targets(),
            ..Request::default()
        };
        // A build that panicked forgot its memory first: the next one reads what is stored.
        let mut builder = self.builder.lock().unwrap_or_else(PoisonError::into_inner);
        let report = builder.rebuild_telling(&request, &mut |urls| orders.marked(urls));
        self.news.send_modify(|looks| *looks += 1);
        built(&report?)
    }

    fn listen(&self, told: Listener) {
        self.told.listen(told);
    }

    fn model(&self) -> Option<Arc<ContentModel>> {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner).model()
    }

    fn previews(&self) -> Option<Arc<Previews>> {
        Some(Arc::clone(&self.previews))
    }

    fn prepare(&self) -> Result<()> {
        self.previews.rest();
        let mut builder = self.builder.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(builder.prepare()?)
    }
}

fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause { start: true, .. } => "start",
        Cause { site_changed: true, .. } => "templates",
        Cause { hinted: true, .. } => "webhook",
        Cause { content_changed: true, .. } => "content",
        Cause { ordered: true, .. } => "revalidate",
        _ => "poll",
    }
}

/// Mistakes beside a release are told and live with; mistakes instead of one
/// are a failed build.
fn built(report: &Report) -> Result<Built> {
    if report.release.is_none() && report.refusal.is_none() && !report.failed.is_empty() {
        bail!("{}", listed(&report.failed));
    }
    for failure in &report.failed {
        tracing::error!("{}", problem::line(failure));
    }
    Ok(Built {
        seq: report.seq,
        release: report.release,
        rendered: report.rendered,
        failed: report.failed.len() as u64,
        stale: report.stale,
        due: report.due,
        refused: report.refusal,
    })
}

fn listed(failures: &[Failure]) -> String {
    failures.iter().map(problem::line).collect::<Vec<_>>().join("\n")
}

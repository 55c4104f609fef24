//! `[deploy] auto = true`: the daemon deploys what is live, each time that changes.

use std::time::Duration;

use anyhow::Result;
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    config::{Config, Environment},
    deploy::{Journal, Phase, Rollout, Settled, State},
    release::Store,
    site::Site,
};

/// After a target could not be reached. A release that was taken back is not tried
/// again: the next one is.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Starts deploying beside the daemon, if the site wants that. The purges of a
/// deployment are news themselves.
pub(super) fn start(
    config: &Config,
    env: &Environment,
    store: &Store,
    news: &watch::Sender<u64>,
) -> Result<()> {
    let wanted = Site::load(&config.site).is_ok_and(|site| site.deploy.auto);
    if !wanted {
        return Ok(());
    }
    let (followed, told) = (news.subscribe(), news.clone());
    let (config, env, store) = (config.clone(), env.clone(), store.clone());
    tokio::spawn(async move { follow((&config, &env), &store, followed, &told).await });
    Ok(())
}

async fn follow(
    (config, env): (&Config, &Environment),
    store: &Store,
    mut news: watch::Receiver<u64>,
    told: &watch::Sender<u64>,
) {
    let (mut settled, mut not_before) = (None, Instant::now());
    // The sender is ours, too, so this ends with the process.
    while news.changed().await.is_ok() {
        let live = store.live().ok().flatten().map(|live| live.id);
        let Some(release) = live.filter(|live| settled != Some(*live)) else { continue };
        sleep_until(not_before).await;
        match deploy(config, env, store, release).await {
            Ok(how) => {
                settled = Some(release);
                tracing::info!(release, waits = how == Settled::Waiting, "deployed");
            }
            Err(error) => {
                tracing::error!(release, error = %format!("{error:#}"), "not deployed");
                if was_shown(store) {
                    settled = Some(release);
                } else {
                    not_before = Instant::now() + TRY_AGAIN;
                }
            }
        }
        told.send_modify(|looks| *looks += 1);
    }
}

/// On a thread of its own: it runs other programs and waits for them.
async fn deploy(
    config: &Config,
    env: &Environment,
    store: &Store,
    release: u64,
) -> Result<Settled> {
    let rollout: Rollout = super::deploy::rollout(config, env, store.clone())?;
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(rollout.deploy(release))).await?
}

/// Whether the last deployment got as far as a target's visitors.
fn was_shown(store: &Store) -> bool {
    let journal = Journal::load(store).ok().flatten();
    journal.is_some_and(|journal| {
        let restored = journal.steps.iter().any(|step| step.state == State::Restored);
        journal.phase == Phase::Aborted && restored
    })
}

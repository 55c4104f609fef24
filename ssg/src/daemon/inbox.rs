//! Batching: a publish of one article tells of it several times, and an editor
//! saves a template in several steps. One build answers them all.

use std::time::Duration;

use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until, timeout_at},
};

use super::{Cause, event::Event, order::Orders};

/// When events that come together are one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// Events closer together than this belong together.
    pub quiet: Duration,
    /// A steady stream must not keep the site waiting longer than this.
    pub longest: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self { quiet: Duration::from_millis(5), longest: Duration::from_millis(50) }
    }
}

/// Waits for events, or for the time to look without one; `None` when asked to stop.
pub(super) async fn next(
    events: &mut UnboundedReceiver<Event>,
    batching: Batching,
    poll_at: Instant,
) -> Option<(Cause, Orders)> {
    let mut batch = (Cause::default(), Orders::default());
    tokio::select! {
        first = events.recv() => add(&mut batch, first)?,
        () = sleep_until(poll_at) => return Some(batch),
    }
    let deadline = Instant::now() + batching.longest;
    loop {
        let quiet_at = (Instant::now() + batching.quiet).min(deadline);
        match timeout_at(quiet_at, events.recv()).await {
            Ok(event) => add(&mut batch, event)?,
            Err(_) => return Some(batch),
        }
    }
}

fn add((cause, orders): &mut (Cause, Orders), event: Option<Event>) -> Option<()> {
    match event? {
        Event::Hint { seq } => {
            cause.hinted = true;
            cause.hint = cause.hint.max(seq);
        }
        Event::SiteChanged => cause.site_changed = true,
        Event::Revalidate(order) => {
            cause.ordered = true;
            orders.push(order);
        }
        Event::Stop => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    const LATER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn events_that_come_together_make_one_batch() {
        let (sender, mut events) = mpsc::unbounded_channel();
        for seq in [Some(3), None, Some(7), Some(5)] {
            sender.send(Event::Hint { seq }).unwrap();
        }
        sender.send(Event::SiteChanged).unwrap();
        let batching = Batching::default();
        let (cause, _) = next(&mut events, batching, Instant::now() + LATER).await.unwrap();
        let expected =
            Cause { hint: Some(7), hinted: true, site_changed: true, ..Cause::default() };
        assert_eq!(cause, expected);
    }

    #[tokio::test]
    async fn without_events_it_is_time_to_poll() {
        let (_sender, mut events) = mpsc::unbounded_channel();
        let (cause, _) = next(&mut events, Batching::default(), Instant::now()).await.unwrap();
        assert_eq!(cause, Cause::default());
    }

    #[tokio::test]
    async fn stopping_wins_over_a_batch() {
        let (sender, mut events) = mpsc::unbounded_channel();
        sender.send(Event::SiteChanged).unwrap();
        sender.send(Event::Stop).unwrap();
        assert!(next(&mut events, Batching::default(), Instant::now() + LATER).await.is_none());
    }
}

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
///
/// A hint that comes after silence, counted from `last`, is not kept waiting: what follows it
/// closely is the next batch. Whoever saves files is given time to save all of them.
pub(super) async fn next(
    events: &mut UnboundedReceiver<Event>,
    batching: Batching,
    last: Instant,
    poll_at: Instant,
) -> Option<(Cause, Orders)> {
    let mut batch = (Cause::default(), Orders::default());
    tokio::select! {
        first = events.recv() => add(&mut batch, first)?,
        () = sleep_until(poll_at) => return Some(batch),
    }
    while let Ok(event) = events.try_recv() {
        add(&mut batch, Some(event))?;
    }
    if starts_at_once(&batch.0, last.elapsed(), batching) {
        return Some(batch);
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

fn starts_at_once(cause: &Cause, silence: Duration, batching: Batching) -> bool {
    silence >= batching.longest && !cause.site_changed && !cause.content_changed
}

fn add((cause, orders): &mut (Cause, Orders), event: Option<Event>) -> Option<()> {
    match event? {
        Event::Hint { seq } => {
            cause.hinted = true;
            cause.hint = cause.hint.max(seq);
        }
        Event::SiteChanged => cause.site_changed = true,
        Event::ContentChanged => cause.content_changed = true,
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
        let (cause, _) =
            next(&mut events, batching, Instant::now(), Instant::now() + LATER).await.unwrap();
        let expected =
            Cause { hint: Some(7), hinted: true, site_changed: true, ..Cause::default() };
        assert_eq!(cause, expected);
    }

    #[tokio::test]
    async fn without_events_it_is_time_to_poll() {
        let (_sender, mut events) = mpsc::unbounded_channel();
        let (cause, _) =
            next(&mut events, Batching::default(), Instant::now(), Instant::now()).await.unwrap();
        assert_eq!(cause, Cause::default());
    }

    #[test]
    fn a_hint_after_silence_starts_at_once_and_a_saved_file_does_not() {
        let batching = Batching::default();
        let hint = Cause { hinted: true, ..Cause::default() };
        let saved = Cause { site_changed: true, ..hint };
        assert!(starts_at_once(&hint, batching.longest, batching));
        assert!(!starts_at_once(&hint, batching.quiet, batching));
        assert!(!starts_at_once(&saved, LATER, batching));
    }

    #[tokio::test]
    async fn stopping_wins_over_a_batch() {
        let (sender, mut events) = mpsc::unbounded_channel();
        sender.send(Event::SiteChanged).unwrap();
        sender.send(Event::Stop).unwrap();
        assert!(
            next(&mut events, Batching::default(), Instant::now(), Instant::now() + LATER)
                .await
                .is_none()
        );
    }
}

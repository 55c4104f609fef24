//! Batching: a publish of one article tells of it several times, and an editor
//! saves a template in several steps. One build answers them all.

use std::time::Duration;

use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until, timeout_at},
};

use super::{Cause, event::Event};

/// Events closer together than this belong together.
const QUIET: Duration = Duration::from_millis(5);
/// A steady stream must not keep the site waiting.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Waits for events, or for the time to poll; `None` when asked to stop.
pub(super) async fn next(events: &mut UnboundedReceiver<Event>, poll_at: Instant) -> Option<Cause> {
    let mut cause = Cause::default();
    tokio::select! {
        first = events.recv() => add(&mut cause, first)?,
        () = sleep_until(poll_at) => return Some(cause),
    }
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        let quiet_at = (Instant::now() + QUIET).min(deadline);
        match timeout_at(quiet_at, events.recv()).await {
            Ok(event) => add(&mut cause, event)?,
            Err(_) => return Some(cause),
        }
    }
}

fn add(cause: &mut Cause, event: Option<Event>) -> Option<()> {
    match event? {
        Event::Hint { seq } => {
            cause.hinted = true;
            cause.hint = cause.hint.max(seq);
        }
        Event::SiteChanged => cause.site_changed = true,
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
        let cause = next(&mut events, Instant::now() + LATER).await.unwrap();
        assert_eq!(cause, Cause { start: false, hint: Some(7), hinted: true, site_changed: true });
    }

    #[tokio::test]
    async fn without_events_it_is_time_to_poll() {
        let (_sender, mut events) = mpsc::unbounded_channel();
        assert_eq!(next(&mut events, Instant::now()).await, Some(Cause::default()));
    }

    #[tokio::test]
    async fn stopping_wins_over_a_batch() {
        let (sender, mut events) = mpsc::unbounded_channel();
        sender.send(Event::SiteChanged).unwrap();
        sender.send(Event::Stop).unwrap();
        assert_eq!(next(&mut events, Instant::now() + LATER).await, None);
    }
}

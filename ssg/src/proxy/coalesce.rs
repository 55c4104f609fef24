//! One question to the CMS for all who ask the same at the same time.
//!
//! The question is asked by a task of its own, so it does not matter who of those that wait
//! goes away. A purge parts those who asked before it from those who ask after it: they do
//! not share an answer.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::watch;

use super::{cache::Entry, failure::Failure, key::Asked, purge::Sources};

/// What those who wait get.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Answer {
        entry: Arc<Entry>,
        stored: bool,
        /// What the CMS said, perhaps only that nothing has changed.
        status: u16,
    },
    /// The answer is for the one who asked: everybody else has to ask.
    Own,
    Failed(Arc<Failure>),
}

type Receiver = watch::Receiver<Option<Outcome>>;

#[derive(Debug, Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<Asked, Flight>>,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Flight {
    receiver: Receiver,
    mark: u64,
    sources: Sources,
}

#[derive(Debug)]
pub(super) enum Joined {
    /// Nobody is asking: the caller has to.
    Leader(Leader),
    Follower(Waiting),
}

/// Who asks. Dropped without an outcome, those who wait hear of a failure.
#[derive(Debug)]
pub(super) struct Leader {
    flights: Arc<Flights>,
    asked: Asked,
    sender: watch::Sender<Option<Outcome>>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    flights: Arc<Flights>,
    receiver: Receiver,
}

impl Flights {
    /// `is_outdated` tells of a mark and sources whether a purge came after.
    pub(super) fn join(
        self: &Arc<Self>,
        asked: &Asked,
        mark: u64,
        sources: &Sources,
        is_outdated: impl Fn(u64, &Sources) -> bool,
    ) -> Joined {
        let mut under_way = self.under_way();
        if let Some(flight) = under_way.get(asked)
            && !is_outdated(flight.mark, &flight.sources)
        {
            return Joined::Follower(self.wait_for(flight.receiver.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        under_way.insert(asked.clone(), Flight { receiver, mark, sources: sources.clone() });
        Joined::Leader(Leader { flights: Arc::clone(self), asked: asked.clone(), sender })
    }

    fn wait_for(self: &Arc<Self>, receiver: Receiver) -> Waiting {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        Waiting { flights: Arc::clone(self), receiver }
    }

    /// How many requests wait for an answer of the CMS.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Asked, Flight>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// The leader's own request waits like all others.
    pub(super) fn follow(&self) -> Waiting {
        self.flights.wait_for(self.sender.subscribe())
    }

    pub(super) fn done(self, outcome: Outcome) {
        self.sender.send_replace(Some(outcome));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way();
        // After a purge another one may be asking in this one's place.
        let own = |flight: &Flight| flight.receiver.same_channel(&self.sender.subscribe());
        if under_way.get(&self.asked).is_some_and(own) {
            under_way.remove(&self.asked);
        }
    }
}

impl Waiting {
    pub(super) async fn outcome(mut self) -> Outcome {
        let outcome = self.receiver.wait_for(Option::is_some).await;
        let outcome = outcome.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| {
            let why = "whoever asked the CMS ended without an answer".to_owned();
            Outcome::Failed(Arc::new(Failure::Unreachable(why)))
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.flights.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::key::{Class, Key};

    fn asked() -> Asked {
        let (rule, host, path, query) = Default::default();
        Asked {
            key: Key { class: Class::Public, rule, host, path, query },
            negotiated: [None, None, None],
        }
    }

    fn leader(flights: &Arc<Flights>, outdated: bool) -> Leader {
        match flights.join(&asked(), 0, &Sources::Unknown, |_, _| outdated) {
            Joined::Leader(leader) => leader,
            Joined::Follower(_) => panic!("somebody is asking"),
        }
    }

    fn follower(flights: &Arc<Flights>) -> Waiting {
        match flights.join(&asked(), 0, &Sources::Unknown, |_, _| false) {
            Joined::Leader(_) => panic!("nobody is asking"),
            Joined::Follower(waiting) => waiting,
        }
    }

    #[tokio::test]
    async fn a_leader_that_is_lost_fails_its_followers_and_frees_the_place() {
        let flights = Arc::new(Flights::default());
        let first = leader(&flights, false);
        let waiting = follower(&flights);
        assert_eq!(flights.waiting(), 1);
        drop(first);
        assert!(matches!(waiting.outcome().await, Outcome::Failed(_)));
        assert_eq!(flights.waiting(), 0);
        leader(&flights, false).done(Outcome::Own);
        drop(leader(&flights, false));
    }

    #[tokio::test]
    async fn a_purge_parts_those_before_it_from_those_after_it() {
        let flights = Arc::new(Flights::default());
        let old = leader(&flights, false);
        let before = follower(&flights);
        let new = leader(&flights, true);
        let after = follower(&flights);
        old.done(Outcome::Own);
        assert!(matches!(before.outcome().await, Outcome::Own));
        let later = follower(&flights);
        new.done(Outcome::Failed(Arc::new(Failure::TimedOut)));
        for waiting in [after, later] {
            assert!(matches!(waiting.outcome().await, Outcome::Failed(_)));
        }
    }
}

//! A request for pages on its way to the build, and its answers on the way back.

use tokio::sync::oneshot;

use crate::build::Revalidation;

/// One request; whoever waits learns that it came to nothing when the order is dropped.
#[derive(Debug)]
pub(super) struct Order {
    targets: Vec<Revalidation>,
    marked: Option<oneshot::Sender<Marked>>,
    done: oneshot::Sender<Done>,
}

/// The pages an order meant, by URL, and the build that renders them.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) build: u64,
    pub(super) urls: Vec<String>,
}

/// The live release once an order was carried out.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) release: Option<u64>,
}

impl Order {
    pub(super) fn new(
        targets: Vec<Revalidation>,
        marked: oneshot::Sender<Marked>,
        done: oneshot::Sender<Done>,
    ) -> Self {
        Self { targets, marked: Some(marked), done }
    }
}

/// The orders that one build carries out.
#[derive(Debug, Default)]
pub struct Orders {
    orders: Vec<Order>,
    build: u64,
}

impl Orders {
    pub(super) fn push(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub(super) fn number(&mut self, build: u64) {
        self.build = build;
    }

    /// Everything that was asked for.
    #[must_use]
    pub fn targets(&self) -> Vec<Revalidation> {
        self.orders.iter().flat_map(|order| &order.targets).cloned().collect()
    }

    /// Tells everybody which pages they meant: URLs for each of [`Orders::targets`].
    pub fn marked(&mut self, urls: &[Vec<String>]) {
        let mut rest = urls.iter();
        for order in &mut self.orders {
            let mut mine: Vec<_> =
                rest.by_ref().take(order.targets.len()).flatten().cloned().collect();
            mine.sort();
            mine.dedup();
            if let Some(marked) = order.marked.take() {
                // Whoever asked may have gone.
                let _ = marked.send(Marked { build: self.build, urls: mine });
            }
        }
    }

    pub(super) fn done(self, release: Option<u64>) {
        for order in self.orders {
            let _ = order.done.send(Done { release });
        }
    }
}

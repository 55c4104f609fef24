//! Threads on which everything about a bucket happens.
//!
//! A connection lives on the threads that opened it. Requests come from workers and from
//! commands, which end at any time; a connection they share must not end with them.

use std::sync::mpsc;

use anyhow::Context as _;
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::{Builder, Runtime};

use super::pieces::{Piece, Pieces};
use super::trouble::Trouble;

/// They only pass bytes on.
const THREADS: usize = 2;
/// Pieces of a file that wait for a slow reader.
const PIECES_AHEAD: usize = 4;

#[derive(Debug)]
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("bucket")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<tokio::task::JoinHandle<T>> {
        Ok(self.0.as_ref().context("the threads of the bucket have ended")?.spawn(work))
    }

    /// Waits for `work` on whatever thread this is.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (done, result) = mpsc::sync_channel(1);
        self.spawn(async move { drop(done.send(work.await)) })?;
        result.recv().context("a request to the bucket ended abnormally")
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        Ok(self.spawn(work)?.await?)
    }

    /// Must be called on these threads. Whoever reads slowly makes the bucket wait.
    pub(super) fn pass_on(
        &self,
        mut bytes: impl Stream<Item = object_store::Result<Piece>> + Send + Unpin + 'static,
        place: String,
    ) -> Pieces {
        let (pass, pieces) = tokio::sync::mpsc::channel(PIECES_AHEAD);
        tokio::spawn(async move {
            while let Some(piece) = bytes.next().await {
                let piece = piece.map_err(|error| Trouble::of(&error, &place));
                let failed = piece.is_err();
                if pass.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Pieces::new(pieces)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Whoever drops it may be on a thread that must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

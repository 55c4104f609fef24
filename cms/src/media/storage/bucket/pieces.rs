//! A file on its way out of a bucket.

use std::io::{self, Read};

use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc::Receiver;

use super::trouble::Trouble;

pub(super) type Piece = Bytes;

/// The bytes of a file, in order. An error is the last piece.
#[derive(Debug)]
pub(crate) struct Pieces {
    coming: Receiver<Result<Piece, Trouble>>,
    /// What is left of the piece that is being read.
    left: Piece,
}

impl Pieces {
    pub(super) fn new(coming: Receiver<Result<Piece, Trouble>>) -> Self {
        Self { coming, left: Piece::new() }
    }

    /// For an async reader.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Piece, Trouble>> {
        futures_util::stream::unfold(self.coming, async |mut coming| {
            coming.recv().await.map(|piece| (piece, coming))
        })
    }
}

/// For a reader that may wait.
impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() {
            match self.coming.blocking_recv() {
                Some(piece) => self.left = piece.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let piece = self.left.split_to(self.left.len().min(out.len()));
        if let Some(out) = out.get_mut(..piece.len()) {
            out.copy_from_slice(&piece);
        }
        Ok(piece.len())
    }
}

//! The network between the site and its content server: it stalls, and it cuts answers off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::dice::Dice;

const CHUNK: usize = 4 * 1024;
/// Bytes of answers that a connection carries before something happens to it.
const LUCK: u64 = 6_000;
/// Of what happens: the rest is cut off.
const STALLS_PERCENT: u64 = 60;

/// Passes bytes on; while `raging`, not all of them.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) url: String,
    pub(super) faults: Arc<AtomicU64>,
}

impl Wire {
    /// In front of `target`, an address.
    pub(super) fn start(target: &str, seed: u64, raging: &Arc<AtomicBool>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(AtomicU64::new(0));
        let (target, raging, counted) = (target.to_owned(), Arc::clone(raging), faults.clone());
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().map_while(Result::ok).enumerate() {
                // The content server may be dead just now.
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let line = Line {
                    dice: Dice::new(seed ^ number as u64),
                    raging: Arc::clone(&raging),
                    faults: Arc::clone(&counted),
                };
                let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(up, down));
                std::thread::spawn(move || line.answer(server, client));
            }
        });
        Self { url, faults }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

/// One connection's way back.
struct Line {
    dice: Dice,
    raging: Arc<AtomicBool>,
    faults: Arc<AtomicU64>,
}

impl Line {
    fn answer(mut self, mut from: TcpStream, mut to: TcpStream) {
        let mut luck = self.dice.below(LUCK);
        let mut chunk = [0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            let mut whole = &chunk[..read];
            if self.raging.load(Ordering::Relaxed) && luck < read as u64 {
                self.faults.fetch_add(1, Ordering::Relaxed);
                let before = usize::try_from(luck).unwrap();
                if to.write_all(&whole[..before]).is_err() || !self.dice.percent(STALLS_PERCENT) {
                    break;
                }
                std::thread::park_timeout(self.dice.millis(50, 3_000));
                whole = &whole[before..];
                luck = self.dice.below(LUCK);
            } else {
                luck = luck.saturating_sub(read as u64);
            }
            if to.write_all(whole).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }
}

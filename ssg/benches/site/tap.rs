//! A wire between the content server and the daemon that notes when something comes in.
//!
//! It passes bytes on as they are. What it adds to a webhook's way counts as the daemon's.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A webhook's head and body come in one or two pieces.
const PIECE: usize = 64 * 1024;

#[derive(Default)]
struct Wire {
    target: Mutex<String>,
    arrivals: Mutex<Vec<Instant>>,
}

pub(crate) struct Tap {
    pub(crate) url: String,
    wire: Arc<Wire>,
}

impl Tap {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let wire = Arc::new(Wire::default());
        let shared = Arc::clone(&wire);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let wire = Arc::clone(&shared);
                std::thread::spawn(move || wire.join(client));
            }
        });
        Self { url, wire }
    }

    /// Where everything goes from now on.
    pub(crate) fn leads_to(&self, url: &str) {
        *self.wire.target.lock().unwrap() = url.trim_start_matches("http://").to_owned();
    }

    /// When the first byte after `since` came; earlier ones are forgotten.
    pub(crate) fn first_after(&self, since: Instant) -> Option<Instant> {
        let mut arrivals = self.wire.arrivals.lock().unwrap();
        arrivals.retain(|at| *at >= since);
        arrivals.iter().min().copied()
    }
}

impl Wire {
    fn join(&self, mut client: TcpStream) {
        let target = self.target.lock().unwrap().clone();
        // The client sees a closed connection and tries again.
        let Ok(mut server) = TcpStream::connect(target) else { return };
        let (mut back_from, mut back_to) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        std::thread::spawn(move || {
            drop(std::io::copy(&mut back_from, &mut back_to));
            drop(back_to.shutdown(Shutdown::Both));
        });
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = client.read(&mut piece) {
            self.arrivals.lock().unwrap().push(Instant::now());
            if server.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        drop(server.shutdown(Shutdown::Both));
    }
}

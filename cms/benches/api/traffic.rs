//! Clients: one thread and one kept connection each, the next request when the answer is in.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::scenario::Scenario;
use super::server::Server;

/// What one run showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) requests: usize,
    pub(crate) rate: f64,
    /// Processor time of the server per request, in milliseconds.
    pub(crate) cpu: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Bytes of one answer's body.
    pub(crate) bytes: u64,
}

pub(crate) fn run(server: &Server, scenario: &Scenario, connections: usize, time: Duration) -> Run {
    let (began, cpu, bytes) = (Instant::now(), server.cpu(), AtomicU64::new(0));
    let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| client(server, scenario, began + time, &bytes)))
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let elapsed = began.elapsed();
    let cpu = server.cpu() - cpu;
    latencies.sort_unstable();
    let requests = latencies.len();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    Run {
        requests,
        rate: requests as f64 / elapsed.as_secs_f64(),
        cpu: millis(cpu) / requests as f64,
        p50: millis(latencies[requests / 2]),
        p99: millis(latencies[requests * 99 / 100]),
        bytes: bytes.into_inner(),
    }
}

fn client(
    server: &Server,
    scenario: &Scenario,
    until: Instant,
    bytes: &AtomicU64,
) -> Vec<Duration> {
    let stream = TcpStream::connect(&server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let (mut latencies, mut body) = (Vec::new(), Vec::new());
    while latencies.is_empty() || Instant::now() < until {
        let request = scenario.request();
        let began = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        read(&mut answers, &mut body);
        latencies.push(began.elapsed());
    }
    bytes.store(body.len() as u64, Ordering::Relaxed);
    latencies
}

/// Reads one answer and insists that it is a good one.
fn read(answers: &mut BufReader<TcpStream>, body: &mut Vec<u8>) {
    let (mut line, mut length, mut good) = (String::new(), 0, None);
    loop {
        line.clear();
        assert_ne!(answers.read_line(&mut line).unwrap(), 0, "the server closed the connection");
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        good.get_or_insert_with(|| {
            [" 200 ", " 201 ", " 204 "].iter().any(|code| text.contains(code))
        });
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    body.resize(length, 0);
    answers.read_exact(body).unwrap();
    assert_eq!(good, Some(true), "{}", String::from_utf8_lossy(body));
}

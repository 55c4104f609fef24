//! Clients that do not wait for each other: requests fall due at a fixed rate, whatever became
//! of those before them, and their time counts from when they were due. A server that stops for
//! a moment is charged for everybody who came meanwhile.
//!
//! Shared by the benchmark and the test of the same name.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Connections that share the reads: more than are ever in flight.
const READERS: usize = 48;
const WRITERS: usize = 4;
/// An answer that takes longer is none.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is asked of the server.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// `host:port`
    pub(crate) address: String,
    pub(crate) token: String,
    /// Articles that are read and changed.
    pub(crate) articles: Vec<String>,
    pub(crate) reads_per_second: f64,
    pub(crate) writes_per_second: f64,
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reads: Latencies,
    pub(crate) writes: Latencies,
    pub(crate) elapsed: Duration,
    pub(crate) errors: Vec<String>,
}

/// Sorted.
#[derive(Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds within which this share of the answers came.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let at = (self.0.len() as f64 * share) as usize;
        let time = self.0.get(at.min(self.0.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

impl Load {
    /// 70 of 100 ask for one entry, 20 for a list of 25, 10 for a list of 5 with everything.
    fn read(&self, n: usize) -> String {
        let path = match n % 10 {
            0..7 => format!("/api/articles/{}", self.articles[n * 31 % self.articles.len()]),
            7 | 8 => "/api/articles".to_owned(),
            _ => "/api/articles?populate=*&pagination[pageSize]=5".to_owned(),
        };
        let Self { address, token, .. } = self;
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n")
    }

    fn write(&self, n: usize) -> String {
        let Self { address, token, .. } = self;
        let article = &self.articles[n * 17 % self.articles.len()];
        let body = format!("{{\"data\":{{\"views\":{n}}}}}");
        format!(
            "PUT /api/articles/{article} HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    pub(crate) fn run(&self) -> Outcome {
        let errors = Mutex::new(Vec::new());
        let began = Instant::now();
        let reads = Stream::new(self.reads_per_second, began, self.time, &errors);
        let writes = Stream::new(self.writes_per_second, began, self.time, &errors);
        let (reads, writes) = (&reads, &writes);
        let (reads, writes) = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..READERS)
                .map(|_| scope.spawn(move || reads.client(&self.address, |n| self.read(n))))
                .collect();
            let writers: Vec<_> = (0..WRITERS)
                .map(|_| scope.spawn(move || writes.client(&self.address, |n| self.write(n))))
                .collect();
            let all = |clients: Vec<std::thread::ScopedJoinHandle<'_, Vec<Duration>>>| {
                let times = clients.into_iter().flat_map(|client| client.join().unwrap());
                let mut times: Vec<_> = times.collect();
                times.sort_unstable();
                Latencies(times)
            };
            (all(readers), all(writers))
        });
        Outcome { reads, writes, elapsed: began.elapsed(), errors: errors.into_inner().unwrap() }
    }
}

/// Requests of one kind, each with its time.
struct Stream<'a> {
    every: Duration,
    began: Instant,
    count: usize,
    next: AtomicUsize,
    errors: &'a Mutex<Vec<String>>,
}

impl<'a> Stream<'a> {
    fn new(rate: f64, began: Instant, time: Duration, errors: &'a Mutex<Vec<String>>) -> Self {
        let every = Duration::from_secs_f64(1.0 / rate);
        let count = (time.as_secs_f64() * rate) as usize;
        Self { every, began, count, next: AtomicUsize::new(0), errors }
    }

    /// Takes one request after another until all have been taken.
    fn client(&self, address: &str, request: impl Fn(usize) -> String) -> Vec<Duration> {
        let mut times = Vec::new();
        let mut connection = None;
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            if n >= self.count {
                return times;
            }
            let due = self.began + self.every.mul_f64(n as f64);
            while let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::park_timeout(wait);
            }
            let asked = match connection.take() {
                Some(connection) => Ok(connection),
                None => Connection::open(address),
            };
            match asked.and_then(|connection| connection.ask(&request(n))) {
                Ok(kept) => {
                    connection = Some(kept);
                    times.push(due.elapsed());
                }
                Err(error) => self.errors.lock().unwrap().push(error.to_string()),
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { answers: BufReader::new(stream.try_clone()?), stream })
    }

    /// Reads the whole answer, which must be a success; the connection is good for another.
    fn ask(mut self, request: &str) -> std::io::Result<Self> {
        self.stream.write_all(request.as_bytes())?;
        let (mut line, mut status, mut length) = (String::new(), String::new(), 0);
        loop {
            line.clear();
            if self.answers.read_line(&mut line)? == 0 {
                return Err(std::io::Error::other("the server closed the connection"));
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status.is_empty() {
                text.clone_into(&mut status);
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.answers.read_exact(&mut body)?;
        match status.contains(" 200 ") {
            true => Ok(self),
            false => {
                Err(std::io::Error::other(format!("{status}: {}", String::from_utf8_lossy(&body))))
            }
        }
    }
}

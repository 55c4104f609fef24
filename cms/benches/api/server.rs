//! The server under test: the release program as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts are measured this often; the median counts.
const STARTS: usize = 7;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// `cms …` on a folder's database, with the model the reference was measured with.
pub(crate) fn cms(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cms"));
    command
        .current_dir(folder)
        .env("CMS_LISTEN", "127.0.0.1:0")
        .env("CMS_DATABASE_URL", "sqlite:cms.db")
        .env("CMS_UPLOADS", "uploads")
        .env("CMS_SCHEMA_DIR", repository().join("tests/conformance/schemas/src"))
        .env("CMS_LOCALES", "en,de,fr")
        .env("CMS_AUTH_RATE_LIMIT", "off")
        .env("CMS_ACCESS_TOKEN_TTL", "7d");
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to stop rather than killed: it folds its log into the database.
        let id = self.child.id().to_string();
        drop(Command::new("kill").arg(id).status());
        drop(self.child.wait());
    }
}

pub(crate) fn start(folder: &Path) -> Server {
    serve(cms(folder))
}

/// A server that makes every related entry anew for every answer.
pub(crate) fn start_without_cards(folder: &Path) -> Server {
    let mut command = cms(folder);
    command.env("CMS_CARD_MEMORY", "0B");
    serve(command)
}

fn serve(mut command: Command) -> Server {
    let mut child = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("listening on ")).expect("the server ended");
    let address = line.split("http://").nth(1).unwrap().trim_end_matches('/').to_owned();
    // The pipe must be read on, or the server would block on a full one.
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, address }
}

/// From the start of the process to its first answer that it is ready.
pub(crate) fn startup(folder: &Path) -> Duration {
    let mut times: Vec<_> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let server = start(folder);
            assert!(server.is_ready(), "the server answers but is not ready");
            began.elapsed()
        })
        .collect();
    times.sort();
    times[STARTS / 2]
}

/// The body of an answer.
pub(crate) fn get(address: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

impl Server {
    fn is_ready(&self) -> bool {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = "GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200")
    }

    /// Processor time of the process so far, user and system.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        let field = |at: usize| after_name.split_whitespace().nth(at).unwrap().parse::<u64>();
        // Clock ticks are hundredths of a second on every Linux.
        Duration::from_millis((field(11).unwrap() + field(12).unwrap()) * 10)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most memory that was ever resident, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

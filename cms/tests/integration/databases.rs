//! Where a test keeps its content: a SQLite file in its folder, or a database of its own on a
//! real PostgreSQL. `GALLEY_TEST_DATABASE=postgres` asks for the second; `scripts/test` runs
//! everything both ways.
//!
//! One PostgreSQL serves a whole run. A test has a database, not a schema: dumps, advisory
//! locks and the list of who is connected belong to a database. It is named after the folder,
//! so whoever starts again in a folder finds what was there, and goes when the folder is gone.

#![allow(dead_code, reason = "a toolbox: every test takes what it needs")]

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Chooses the database of a run.
const CHOICE: &str = "GALLEY_TEST_DATABASE";
/// The server refuses to run as root; Debian's package brings this user.
const SERVER_USER: &str = "postgres";
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Nothing here survives a power cut, nor has to. A connection for every server of every test.
const SETTINGS: [&str; 10] = [
    "listen_addresses=",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "deadlock_timeout=100ms",
    "autovacuum=off",
    "log_min_messages=panic",
];
/// Stops the server and removes its folder when the test run, which holds the other end of
/// the standard input, is gone, however it ended.
const KEEPER: &str = "\"$@\" </dev/null >/dev/null 2>&1 & server=$!; read -r _; \
    kill -INT $server; wait $server; rm -rf \"$FOLDER\"";

/// Whether this run is on PostgreSQL.
pub(crate) fn is_postgres() -> bool {
    static CHOSEN: LazyLock<bool> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "a switch of the run, not of the product")]
        let choice = std::env::var(CHOICE).unwrap_or_default();
        match choice.as_str() {
            "" | "sqlite" => false,
            "postgres" => true,
            other => panic!("{CHOICE}={other}: accepted are `sqlite` and `postgres`"),
        }
    });
    *CHOSEN
}

/// The database of whoever works in this folder.
pub(crate) fn database(folder: &Path) -> String {
    of(folder, &format!("sqlite:{}", folder.join("cms.db").display())).to_owned()
}

/// As [`database`]; with this file where the run is on SQLite.
pub(crate) fn of<'a>(folder: &Path, sqlite: &'a str) -> &'a str {
    if is_postgres() { on_postgres(folder) } else { sqlite }
}

/// A database on PostgreSQL, whatever the run is on.
pub(crate) fn on_postgres(folder: &Path) -> &'static str {
    static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    shared.database(folder)
}

/// The server of a run, and the databases of those at work.
#[derive(Default)]
struct Shared {
    server: Option<Server>,
    databases: HashMap<PathBuf, &'static str>,
}

impl Shared {
    fn database(&mut self, folder: &Path) -> &'static str {
        if let Some(url) = self.databases.get(folder) {
            return url;
        }
        let server = self.server.get_or_insert_with(Server::start);
        let mut commands = Vec::new();
        for (gone, _) in self.databases.extract_if(|folder, _| !folder.exists()) {
            commands.push(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_of(&gone)));
        }
        commands.push(format!("CREATE DATABASE {}", name_of(folder)));
        server.run(&commands);
        let url: &'static str = server.url(&name_of(folder)).leak();
        self.databases.insert(folder.to_owned(), url);
        url
    }
}

fn name_of(folder: &Path) -> String {
    let mut hash = DefaultHasher::new();
    folder.hash(&mut hash);
    format!("site_{:016x}", hash.finish())
}

/// A PostgreSQL server below a temporary folder.
pub(crate) struct Server {
    keeper: Child,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let data = folder.join("data");
        std::fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            let owner = format!("{SERVER_USER}:");
            let given = Command::new("chown").args(["-R", &owner]).arg(&folder).status();
            assert!(given.unwrap().success());
        }
        let initdb = as_server_user(Vec::new(), "initdb")
            .args(["-A", "trust", "-U", SERVER_USER, "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D"])
            .arg(&data)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let keeper = as_server_user(vec!["sh", "-c", KEEPER, "sh"], "postgres")
            .arg("-D")
            .arg(&data)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .arg("-k")
            .arg(&folder)
            .current_dir(&folder)
            .env("FOLDER", &folder)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Self { keeper, folder };
        let give_up = Instant::now() + START_TIMEOUT;
        while !server.command("SELECT 1").stderr(Stdio::null()).status().unwrap().success() {
            assert!(Instant::now() < give_up, "PostgreSQL does not start");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{SERVER_USER}@{host}/{database}")
    }

    fn command(&self, sql: &str) -> Command {
        let mut psql = Command::new(binary("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname"]);
        psql.arg(self.url("postgres")).args(["--set=ON_ERROR_STOP=1", "--command", sql]);
        psql.stdout(Stdio::null());
        psql
    }

    fn run(&self, commands: &[String]) {
        for sql in commands {
            let output = self.command(sql).output().unwrap();
            assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// What PostgreSQL answers to a question of one value a row.
pub(crate) fn ask(url: &str, sql: &str) -> Vec<String> {
    let output = Command::new(binary("psql"))
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", url])
        .args(["--set=ON_ERROR_STOP=1", "--command", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    BufReader::new(&*output.stdout).lines().map(Result::unwrap).collect()
}

/// Debian keeps the server's programs off the PATH, in a folder per version.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let versions = versions
        .unwrap_or_else(|_| panic!("PostgreSQL is missing; scripts/install test installs it"));
    let mut found: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("PostgreSQL has no program `{name}`"))
}

/// The program, by a user that may run the server.
fn as_server_user(mut starter: Vec<&str>, program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        starter.extend(["setpriv", "--reuid", SERVER_USER, "--regid", SERVER_USER]);
        starter.push("--init-groups");
    }
    let program = binary(program);
    let Some((first, others)) = starter.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(others).arg(program);
    command
}

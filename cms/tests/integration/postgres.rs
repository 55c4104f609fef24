//! PostgreSQL, the real server, started below a temporary folder: the same store, the same
//! answers.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cms::auth::users::{self, NewUser};
use cms::store::sessions::{self, SessionRow};
use cms::store::statement::Statement;
use cms::store::{Database, StoreError, feed};

/// The server refuses to run as root; Debian's package brings this user.
const SERVER_USER: &str = "postgres";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A PostgreSQL server of one test. Stopped when dropped.
pub(crate) struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            let owner = format!("{SERVER_USER}:");
            let given = Command::new("chown").args(["-R", &owner]).arg(folder.path()).status();
            assert!(given.unwrap().success());
        }
        let initdb = as_server_user(&binary("initdb"), folder.path())
            .args(["-A", "trust", "-U", SERVER_USER, "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let server = as_server_user(&binary("postgres"), folder.path())
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "unix_socket_directories="])
            .arg("-k")
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { server, folder }
    }

    pub(crate) fn url(&self) -> String {
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{SERVER_USER}@{host}/postgres")
    }

    /// Opens the database as soon as the server accepts connections.
    pub(crate) fn database(&self) -> Database {
        let url = self.url().parse().unwrap();
        let give_up = Instant::now() + START_TIMEOUT;
        loop {
            match Database::open(&url) {
                Ok(database) => return database,
                Err(error) => assert!(Instant::now() < give_up, "{error}"),
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.server);
        // Root may signal the server whoever runs it; SIGINT is its fast shutdown.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        let _ = self.server.wait();
    }
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

fn as_server_user(program: &Path, folder: &Path) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--init-groups"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder);
    command
}

fn count(database: &Database, sql: &str) -> usize {
    database
        .write::<_, StoreError>(|conn| {
            let mut statement = Statement::new(conn.dialect());
            statement.push(sql);
            statement.execute(conn)
        })
        .unwrap()
}

#[test]
fn the_tables_migrate_and_the_feed_counts_in_commit_order() {
    let postgres = Postgres::start();
    let database = postgres.database();
    assert!(!database.migrate().unwrap().is_empty());
    assert_eq!(database.migrate().unwrap(), Vec::<String>::new());

    let failed: Result<(), StoreError> = database.write(|conn| {
        feed::next(conn, "feed")?;
        Err(StoreError::Conflict("on purpose".into()))
    });
    assert!(failed.is_err());

    // Two writers at once: every number once, none missing, in the order of their commits.
    let writer = || {
        for _ in 0..50 {
            let append = |conn: &mut cms::store::Conn| {
                let change = feed::NewChange {
                    op: "upsert",
                    uid: "api::article.article",
                    document_id: "a",
                    locale: "en",
                    status: "published",
                    at: 0,
                };
                feed::append(conn, change)
            };
            database.write::<_, StoreError>(append).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(writer);
        scope.spawn(writer);
    });
    assert_eq!(database.read::<_, StoreError>(feed::newest).unwrap(), 100);
    assert_eq!(count(&database, "DELETE FROM changes WHERE seq BETWEEN 1 AND 100"), 100);
}

fn session(user_id: i64, generation: i64) -> SessionRow {
    SessionRow {
        id: 0,
        family: "login".into(),
        user_id,
        generation,
        token_hash: format!("hash {generation}"),
        status: sessions::ACTIVE.into(),
        created_at: 0,
        rotated_at: None,
        idle_expires_at: i64::MAX,
        absolute_expires_at: i64::MAX,
        device: None,
        device_name: None,
        login_at: None,
    }
}

#[test]
fn a_login_that_is_ended_while_it_is_refreshed_is_ended() {
    let postgres = Postgres::start();
    let database = postgres.database();
    database.migrate().unwrap();
    let new = NewUser {
        username: "ada",
        email: "ada@example.test",
        password_hash: "",
        confirmed: true,
        blocked: false,
        role: "role",
    };
    let user = database.write::<_, StoreError>(|conn| users::create(conn, new, 0)).unwrap().id;
    database.write::<_, StoreError>(|conn| sessions::insert(conn, &session(user, 1))).unwrap();

    std::thread::scope(|scope| {
        let refresh = |conn: &mut cms::store::Conn| {
            sessions::hold(conn, user)?;
            assert!(sessions::rotate(conn, "hash 1", 1)?);
            let end = move |conn: &mut cms::store::Conn| sessions::revoke_user(conn, user, None);
            let ending = scope.spawn(move || database.write::<_, StoreError>(end).unwrap());
            let give_up = Instant::now() + START_TIMEOUT;
            loop {
                let mut waiting = Statement::new(conn.dialect());
                waiting.push("SELECT 1 FROM pg_locks WHERE NOT granted");
                if ending.is_finished() || waiting.execute(conn)? > 0 {
                    break;
                }
                assert!(Instant::now() < give_up, "the other transaction does not come");
            }
            sessions::insert(conn, &session(user, 2))
        };
        postgres.database().write::<_, StoreError>(refresh).unwrap();
    });
    let active = |conn: &mut cms::store::Conn| sessions::active(conn, user, 1);
    assert_eq!(postgres.database().read::<_, StoreError>(active).unwrap(), Vec::new());
}

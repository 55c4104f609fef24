//! What only PostgreSQL can get wrong, or do: several writers at the same moment, transactions
//! in each other's way, connections that break.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cms::auth::users::{self, NewUser};
use cms::documents::bulk;
use cms::error::AppError;
use cms::store::sessions::{self, SessionRow};
use cms::store::statement::Statement;
use cms::store::{Conn, Database, Dialect, StoreError, feed, indexes};
use cms::{bootstrap, cli};
use serde_json::json;

use super::databases;
use super::harness::{CONFORMANCE_SCHEMA, TestApp};

const PATIENCE: Duration = Duration::from_secs(60);

fn database(folder: &Path) -> Database {
    let database = Database::open(&databases::on_postgres(folder).parse().unwrap()).unwrap();
    database.migrate().unwrap();
    database
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
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    assert_eq!(database.migrate().unwrap(), Vec::<String>::new());

    let failed: Result<(), StoreError> = database.write(|conn| {
        feed::next(conn, "feed")?;
        Err(StoreError::Conflict("on purpose".into()))
    });
    assert!(failed.is_err());

    // Two writers at once: every number once, none missing, in the order of their commits.
    let writer = || {
        for _ in 0..50 {
            let append = |conn: &mut Conn| {
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
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
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

    let database = &database;
    std::thread::scope(|scope| {
        let refresh = |conn: &mut Conn| {
            sessions::hold(conn, user)?;
            assert!(sessions::rotate(conn, "hash 1", 1)?);
            let end = move |conn: &mut Conn| sessions::revoke_user(conn, user, None);
            let ending = scope.spawn(move || database.write::<_, StoreError>(end).unwrap());
            let give_up = Instant::now() + PATIENCE;
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
        database.write_once::<_, StoreError>(refresh).unwrap();
    });
    let active = |conn: &mut Conn| sessions::active(conn, user, 1);
    assert_eq!(database.read::<_, StoreError>(active).unwrap(), Vec::new());
}

/// The number a connection has on the server.
fn backend(conn: &mut Conn) -> u64 {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT pg_backend_pid()::bigint AS total");
    query.number(conn).unwrap()
}

/// Cuts a connection as a server does that is shut down, and waits until it is cut.
fn cut(url: &str, backend: u64) {
    databases::ask(url, &format!("SELECT pg_terminate_backend({backend}, 10000)"));
}

fn value(database: &Database, counter: &str) -> String {
    let mut query = Statement::new(Dialect::Postgres);
    query.push("SELECT COALESCE(MAX(value), 0) AS total FROM counters WHERE name = ").bind(counter);
    let read = |conn: &mut Conn| query.clone().number(conn);
    database.read::<_, StoreError>(read).unwrap().to_string()
}

#[test]
fn writers_that_lock_each_other_out_both_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (meeting, runs) = (Barrier::new(2), AtomicUsize::new(0));
    let writer = |first: &str, second: &str| {
        let mut met = false;
        let written = database.write::<_, StoreError>(|conn| {
            runs.fetch_add(1, Ordering::SeqCst);
            feed::next(conn, first)?;
            if !met {
                met = true;
                meeting.wait();
            }
            feed::next(conn, second)
        });
        written.unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| writer("a", "b"));
        scope.spawn(|| writer("b", "a"));
    });
    assert_eq!(runs.into_inner(), 3, "one of them had to begin again");
    assert_eq!([value(&database, "a"), value(&database, "b")], ["2", "2"]);
}

#[test]
fn a_write_that_another_one_overtook_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    database.write::<_, StoreError>(|conn| feed::next(conn, "a")).unwrap();
    let mut runs = 0;
    let written = database.write::<_, StoreError>(|conn| {
        runs += 1;
        let mut strict = Statement::new(conn.dialect());
        strict.push("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        strict.execute(conn)?;
        feed::newest(conn)?;
        if runs == 1 {
            database.write::<_, StoreError>(|conn| feed::next(conn, "a"))?;
        }
        feed::next(conn, "a")
    });
    assert_eq!((written.unwrap(), runs), (3, 2));
}

#[test]
fn a_broken_connection_costs_no_write_and_no_read() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let url = databases::on_postgres(folder.path());
    let mut runs = 0;
    let written = database.write::<_, StoreError>(|conn| {
        runs += 1;
        let first = feed::next(conn, "a")?;
        if runs == 1 {
            cut(url, backend(conn));
        }
        feed::next(conn, "b")?;
        Ok(first)
    });
    assert_eq!((written.unwrap(), runs), (1, 2));
    let mut runs = 0;
    let read = database.read::<_, StoreError>(|conn| {
        runs += 1;
        if runs == 1 {
            cut(url, backend(conn));
        }
        feed::newest(conn)
    });
    assert_eq!((read.unwrap(), runs), (0, 2));
    assert_eq!([value(&database, "a"), value(&database, "b")], ["1", "1"]);
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let url = databases::on_postgres(folder.path());
    let mut runs = 0;
    let written = database.write::<_, StoreError>(|conn| {
        runs += 1;
        feed::next(conn, "a")?;
        cut(url, backend(conn));
        Ok(())
    });
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert_eq!((runs, value(&database, "a").as_str()), (1, "0"));
}

#[test]
fn servers_that_start_at_once_make_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::on_postgres(folder.path());
    let start = |number: usize| {
        let uploads = folder.path().join(format!("uploads-{number}")).display().to_string();
        let flags = ["--database-url", url, "--schema", CONFORMANCE_SCHEMA, "--uploads", &uploads];
        let data = folder.path().display().to_string();
        let more = ["--locales", "en,de,fr", "--data-dir", &data];
        let settings = cli::serve_settings(flags.into_iter().chain(more)).unwrap();
        bootstrap::open(settings).unwrap();
    };
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || start(number));
        }
    });
    let found = databases::ask(url, "SELECT code FROM locales ORDER BY code");
    assert_eq!(found, ["de", "en", "fr"]);
    let roles = "SELECT data ->> 'type' FROM documents WHERE uid = 'plugin::users-permissions.role' \
        ORDER BY 1";
    assert_eq!(databases::ask(url, roles), ["authenticated", "public"]);
    assert_eq!(databases::ask(url, "SELECT count(*) FROM changes WHERE op = 'schema'"), ["0"]);
}

#[actix_web::test]
async fn writers_go_on_while_indexes_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::on_postgres(folder.path());
    let app = TestApp::start_with(&["--database-url", url]).await;
    let (db, model) = (&app.app.db, app.app.model());
    let title = |number: usize| json!({"name": format!("tag {number}")});
    let fill = |numbers: std::ops::Range<usize>| {
        let tags: Vec<_> = numbers.map(title).collect();
        let create =
            |conn: &mut Conn| bulk::create(conn, &model, "en", "api::tag.tag", &tags).map(drop);
        db.write::<_, AppError>(create).unwrap();
    };
    fill(0..1_500);
    while !indexes::update(db, &model, || true).unwrap() {}
    let count = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'documents_value_%'";
    let all = databases::ask(url, count);
    let name = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'documents_value_name_%' \
        AND indexdef LIKE '%api::tag.tag%'";
    let name = databases::ask(url, name).remove(0);
    databases::ask(url, &format!("DROP INDEX {name}"));

    // A long transaction keeps the index waiting; others write past both.
    std::thread::scope(|scope| {
        let long = |conn: &mut Conn| {
            let mut touch = Statement::new(conn.dialect());
            touch.push("UPDATE documents SET updated_at = updated_at WHERE FALSE");
            touch.execute(conn)?;
            let making = scope.spawn(|| while !indexes::update(db, &model, || true).unwrap() {});
            let give_up = Instant::now() + PATIENCE;
            let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND \
                query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()";
            while databases::ask(url, waits).is_empty() {
                assert!(!making.is_finished() && Instant::now() < give_up, "nothing waits");
            }
            fill(1_500..1_510);
            Ok(())
        };
        db.write_once::<_, StoreError>(long).unwrap();
    });
    assert_eq!(databases::ask(url, count), all);
    let valid = format!("SELECT indisvalid FROM pg_index WHERE indexrelid = '{name}'::regclass");
    assert_eq!(databases::ask(url, &valid), ["t"]);
    assert_eq!(
        databases::ask(url, "SELECT count(*) FROM documents WHERE uid = 'api::tag.tag'"),
        ["1510"]
    );
}

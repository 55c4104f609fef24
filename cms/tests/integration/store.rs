//! The store alone: what must hold before any rule is built on it.

use cms::store::statement::Statement;
use cms::store::{Database, StoreError, feed};
use diesel_free::NewRow;

use super::databases;

mod diesel_free {
    use cms::store::statement::{Bind, Statement};
    use cms::store::{Conn, StoreError};

    pub(super) struct NewRow<'a>(pub &'a str);

    impl NewRow<'_> {
        pub(super) fn insert(&self, conn: &mut Conn) -> Result<usize, StoreError> {
            let mut insert = Statement::new(conn.dialect());
            insert.push("INSERT INTO settings (name, value) VALUES (");
            insert.bind(self.0).push(", ").bind(Bind::Text("x".into())).push(")");
            insert.execute(conn)
        }
    }
}

fn database() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::database(folder.path());
    let database = Database::open(&url.parse().unwrap()).unwrap();
    database.migrate().unwrap();
    (folder, database)
}

#[test]
fn a_second_migration_run_has_nothing_to_do() {
    let (_folder, database) = database();
    assert_eq!(database.migrate().unwrap(), Vec::<String>::new());
}

#[test]
fn a_failed_write_leaves_nothing_and_takes_no_number() {
    let (_folder, database) = database();
    let failed: Result<(), StoreError> = database.write(|conn| {
        NewRow("a").insert(conn)?;
        feed::next(conn, "feed")?;
        Err(StoreError::Conflict("on purpose".into()))
    });
    assert!(failed.is_err());
    let seq = database
        .write::<_, StoreError>(|conn| {
            NewRow("a").insert(conn)?;
            feed::next(conn, "feed")
        })
        .unwrap();
    assert_eq!(seq, 1);
}

#[test]
fn a_duplicate_is_a_conflict() {
    let (_folder, database) = database();
    let result = database.write::<_, StoreError>(|conn| {
        NewRow("a").insert(conn)?;
        NewRow("a").insert(conn)
    });
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

#[test]
fn an_empty_list_matches_nothing() {
    let (_folder, database) = database();
    let changed = database.write::<_, StoreError>(|conn| {
        NewRow("a").insert(conn)?;
        let mut delete = Statement::new(conn.dialect());
        delete.push("DELETE FROM settings WHERE name IN ").bind_list(Vec::<String>::new());
        delete.execute(conn)
    });
    assert_eq!(changed.unwrap(), 0);
}

//! Every table as it is, row by row: what moves a whole database into one of another kind.
//!
//! Nothing is understood here and nothing left out. Rows keep their numbers, and tables what
//! number they give out next.

use super::pool::{Conn, Dialect};
use super::statement::{Bind, Columns, Statement};
use super::{StoreError, feed};

/// What a column holds, the same on both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Text on SQLite.
    Json,
    Integer,
    Float,
    Bool,
}

use Kind::{Bool, Float, Integer, Json, Text};

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The first ones are the key.
    columns: &'static [(&'static str, Kind)],
    key: Key,
}

/// How rows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// By a number that the database gives them.
    Given,
    /// By the first column.
    First,
    /// By the first two columns or more: these tables are small.
    Several,
}

/// Rows read and written at a time.
const PAGE: usize = 500;

/// In an order in which rows find those they refer to. What triggers write comes last.
pub(crate) const TABLES: [Table; 14] = [
    Table {
        name: "documents",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("number", Integer),
            ("document_id", Text),
            ("uid", Text),
            ("locale", Text),
            ("status", Text),
            ("data", Json),
            ("version", Integer),
            ("created_at", Integer),
            ("updated_at", Integer),
            ("published_at", Integer),
        ],
    },
    Table {
        name: "links",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("source_id", Integer),
            ("path", Text),
            ("component_id", Integer),
            ("position", Float),
            ("inverse_position", Float),
            ("target_uid", Text),
            ("target_document_id", Text),
            ("target_locale", Text),
            ("target_status", Text),
        ],
    },
    Table {
        name: "changes",
        key: Key::First,
        columns: &[
            ("seq", Integer),
            ("op", Text),
            ("uid", Text),
            ("document_id", Text),
            ("locale", Text),
            ("status", Text),
            ("at", Integer),
        ],
    },
    Table { name: "counters", key: Key::First, columns: &[("name", Text), ("value", Integer)] },
    Table { name: "settings", key: Key::First, columns: &[("name", Text), ("value", Text)] },
    Table {
        name: "locales",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("code", Text),
            ("name", Text),
            ("is_default", Bool),
            ("created_at", Integer),
        ],
    },
    Table {
        name: "jobs",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("kind", Text),
            ("lane", Text),
            ("subject", Text),
            ("payload", Text),
            ("run_at", Integer),
            ("attempts", Integer),
            ("locked_until", Integer),
            ("last_error", Text),
            ("state", Text),
            ("created_at", Integer),
            ("finished_at", Integer),
        ],
    },
    Table {
        name: "attempts",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("job_id", Integer),
            ("at", Integer),
            ("took", Integer),
            ("result", Text),
        ],
    },
    Table {
        name: "webhooks",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("name", Text),
            ("url", Text),
            ("events", Text),
            ("types", Text),
            ("locales", Text),
            ("headers", Text),
            ("secret", Text),
            ("old_secret", Text),
            ("old_until", Integer),
            ("dialect", Text),
            ("allow_private", Bool),
            ("coalesce", Bool),
            ("enabled", Bool),
            ("created_at", Integer),
        ],
    },
    Table {
        name: "api_tokens",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("name", Text),
            ("kind", Text),
            ("permissions", Text),
            ("token_hash", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("last_used_at", Integer),
            ("revoked_at", Integer),
        ],
    },
    Table { name: "permissions", key: Key::Several, columns: &[("role", Text), ("action", Text)] },
    Table {
        name: "sessions",
        key: Key::Given,
        columns: &[
            ("id", Integer),
            ("family", Text),
            ("user_id", Integer),
            ("generation", Integer),
            ("token_hash", Text),
            ("status", Text),
            ("created_at", Integer),
            ("rotated_at", Integer),
            ("idle_expires_at", Integer),
            ("absolute_expires_at", Integer),
            ("device", Text),
            ("device_name", Text),
            ("login_at", Integer),
        ],
    },
    Table {
        name: "throttles",
        key: Key::First,
        columns: &[("subject", Text), ("full_at", Integer)],
    },
    Table {
        name: "tallies",
        key: Key::Several,
        columns: &[
            ("uid", Text),
            ("status", Text),
            ("locale", Text),
            ("total", Integer),
            ("state", Integer),
        ],
    },
];

/// The tables whose triggers keep the tallies, which are moved as they are.
const COUNTED: [&str; 2] = ["documents", "links"];

type Row = Vec<Bind>;

/// Whether nothing was ever stored: tables are empty, counters at their beginning.
///
/// # Errors
/// Those of the database.
pub(crate) fn are_empty(conn: &mut Conn) -> Result<bool, StoreError> {
    for table in TABLES.iter().filter(|table| table.name != "counters") {
        if table.rows(conn)? > 0 {
            return Ok(false);
        }
    }
    Ok(feed::newest(conn)? == 0)
}

/// Empties every table, and lets none of its triggers act until [`end`].
///
/// # Errors
/// Those of the database.
pub(crate) fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    feed::hold(conn)?;
    for table in TABLES.iter().rev() {
        run(conn, &format!("DELETE FROM {}", table.name))?;
    }
    triggers(conn, "DISABLE")
}

/// Lets triggers act again.
///
/// # Errors
/// Those of the database.
pub(crate) fn end(conn: &mut Conn) -> Result<(), StoreError> {
    triggers(conn, "ENABLE")?;
    run(conn, "ANALYZE")
}

/// SQLite's cannot be switched off; what they write is replaced in the end.
fn triggers(conn: &mut Conn, how: &str) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Postgres {
        for table in COUNTED {
            run(conn, &format!("ALTER TABLE {table} {how} TRIGGER {table}_tally"))?;
        }
    }
    Ok(())
}

fn run(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    let mut statement = Statement::new(conn.dialect());
    statement.push(sql);
    statement.execute(conn).map(drop)
}

impl Table {
    /// How many rows there are.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn rows(&self, conn: &mut Conn) -> Result<u64, StoreError> {
        let mut query = Statement::new(conn.dialect());
        query.push("SELECT COUNT(*) AS total FROM ").push(self.name);
        query.number(conn)
    }

    /// Copies every row, tells how many were copied so far, and returns their number.
    ///
    /// # Errors
    /// Those of the databases.
    pub(crate) fn copy(
        &self,
        from: &mut Conn,
        to: &mut Conn,
        mut told: impl FnMut(u64),
    ) -> Result<u64, StoreError> {
        let (mut copied, mut after) = (0, None);
        // Triggers of documents and links have written here.
        run(to, &format!("DELETE FROM {}", self.name))?;
        loop {
            let rows = self.page(from, after)?;
            for rows in rows.chunks(PAGE) {
                self.insert(to, rows)?;
                copied += rows.len() as u64;
                told(copied);
            }
            after = rows.last().and_then(|row| row.first().cloned());
            if self.key == Key::Several || rows.len() < PAGE {
                break;
            }
        }
        if self.key == Key::Given {
            let last = self.last_given(from)?;
            self.set_last_given(to, last)?;
        }
        Ok(copied)
    }

    fn page(&self, conn: &mut Conn, after: Option<Bind>) -> Result<Vec<Row>, StoreError> {
        let mut query = Statement::new(conn.dialect());
        query.push("SELECT ");
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            query.push(if at == 0 { "" } else { ", " });
            query.push(&match kind {
                Text | Float => (*name).to_owned(),
                Json => format!("CAST({name} AS TEXT)"),
                Integer => format!("CAST({name} AS BIGINT)"),
                Bool => format!("CAST(CAST({name} AS INTEGER) AS BIGINT)"),
            });
        }
        query.push(" FROM ").push(self.name);
        let first = self.columns.first().map_or("", |(name, _)| *name);
        if let Some(after) = after {
            query.push(" WHERE ").push(first).push(" > ").bind(after);
        }
        if self.key != Key::Several {
            query.push(&format!(" ORDER BY {first} LIMIT {PAGE}"));
        }
        let mut rows = Vec::new();
        query.each(conn, |row| {
            let values = self.columns.iter().enumerate();
            rows.push(
                values.map(|(at, (_, kind))| value(row, at, *kind)).collect::<Result<_, _>>()?,
            );
            Ok(())
        })?;
        Ok(rows)
    }

    fn insert(&self, conn: &mut Conn, rows: &[Row]) -> Result<(), StoreError> {
        let mut insert = Statement::new(conn.dialect());
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        insert.push(&format!("INSERT INTO {} ({}) VALUES ", self.name, names.join(", ")));
        for (at, row) in rows.iter().enumerate() {
            insert.push(if at == 0 { "(" } else { ", (" });
            for (at, (value, (_, kind))) in row.iter().zip(self.columns).enumerate() {
                insert.push(if at == 0 { "" } else { ", " });
                match (value, kind, conn.dialect()) {
                    (Bind::Null, _, _) => insert.push("NULL"),
                    (value, Json, Dialect::Postgres) => {
                        insert.push("CAST(").bind(value.clone()).push(" AS JSONB)")
                    }
                    (value, _, _) => insert.bind(value.clone()),
                };
            }
            insert.push(")");
        }
        insert.execute(conn).map(drop)
    }

    /// The highest number that was ever given to a row here, be it gone since.
    fn last_given(&self, conn: &mut Conn) -> Result<u64, StoreError> {
        let mut query = Statement::new(conn.dialect());
        match conn.dialect() {
            Dialect::Sqlite => query
                .push("SELECT COALESCE(MAX(seq), 0) AS total FROM sqlite_sequence WHERE name = ")
                .bind(self.name),
            Dialect::Postgres => query.push(&format!(
                "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS total \
                 FROM {}_id_seq",
                self.name
            )),
        };
        query.number(conn)
    }

    fn set_last_given(&self, conn: &mut Conn, last: u64) -> Result<(), StoreError> {
        if conn.dialect() == Dialect::Postgres {
            // Unlike setval() this is undone with its transaction.
            return run(
                conn,
                &format!("ALTER SEQUENCE {}_id_seq RESTART WITH {}", self.name, last + 1),
            );
        }
        run(conn, &format!("DELETE FROM sqlite_sequence WHERE name = '{}'", self.name))?;
        let values = format!("('{}', {last})", self.name);
        run(conn, &format!("INSERT INTO sqlite_sequence (name, seq) VALUES {values}"))
    }
}

fn value(row: &dyn Columns, at: usize, kind: Kind) -> diesel::QueryResult<Bind> {
    let value = match kind {
        Text | Json => row.optional_text(at)?.map(Bind::Text),
        Integer => row.optional_integer(at)?.map(Bind::Integer),
        Float => row.optional_float(at)?.map(Bind::Float),
        Bool => row.optional_integer(at)?.map(|flag| Bind::Bool(flag != 0)),
    };
    Ok(value.unwrap_or(Bind::Null))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::Database;

    #[test]
    fn every_column_of_every_table_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("cms.db").display());
        let db = Database::open(&url.parse().unwrap()).unwrap();
        db.migrate().unwrap();
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        db.read::<_, StoreError>(|conn| {
            let mut query = Statement::new(conn.dialect());
            query.push(
                "SELECT tables.name, columns.name FROM sqlite_master AS tables \
                 JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
                 AND tables.name NOT LIKE 'sqlite%' AND tables.name NOT LIKE '__diesel%'",
            );
            query.each(conn, |row| {
                found.entry(row.text(0)?).or_default().push(row.text(1)?);
                Ok(())
            })
        })
        .unwrap();
        let known: BTreeMap<_, Vec<_>> = TABLES
            .iter()
            .map(|table| {
                let names = table.columns.iter().map(|(name, _)| (*name).to_owned());
                (table.name.to_owned(), names.collect())
            })
            .collect();
        assert_eq!(known, found);
    }
}

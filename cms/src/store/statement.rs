//! SQL written at run time: text and bound values together.
//!
//! Content types are data, so most queries on documents cannot be written with the typed
//! query builder. Values are always bound; only names that the content model has checked
//! may be written into the text.
//!
//! A text that is asked again and again stays prepared on the connection (`statement/shapes`).

mod columns;
mod shapes;

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, Double, HasSqlType, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

use super::StoreError;
use super::pool::{Conn, Dialect};
pub(super) use columns::Columns;
use columns::Positions;

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Null,
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A text as SQL has it, for the few places where it must not be bound.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A statement under construction.
#[derive(Debug, Clone)]
pub struct Statement {
    dialect: Dialect,
    /// Without the placeholders.
    sql: String,
    /// Each with its place in the text.
    binds: Vec<(usize, Bind)>,
    /// Whether it stays prepared even if it is run for what it does.
    kept: bool,
}

impl Statement {
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, sql: String::with_capacity(TYPICAL_LENGTH), binds: Vec::new(), kept: false }
    }

    /// A statement that stays prepared.
    pub(super) fn kept(dialect: Dialect, sql: &str) -> Self {
        Self { dialect, sql: sql.to_owned(), binds: Vec::new(), kept: true }
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Appends SQL text. Never pass a value from outside.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends a placeholder for `value`.
    pub fn bind(&mut self, value: impl Into<Bind>) -> &mut Self {
        self.binds.push((self.sql.len(), value.into()));
        self
    }

    /// Appends `(?, ?, …)`; an empty list becomes `(NULL)`, which matches nothing.
    pub fn bind_list(&mut self, values: impl IntoIterator<Item = impl Into<Bind>>) -> &mut Self {
        self.push("(");
        let mut empty = true;
        for value in values {
            if !empty {
                self.push(", ");
            }
            empty = false;
            self.bind(value);
        }
        self.push(if empty { "NULL)" } else { ")" })
    }

    /// Runs the statement and reads its rows by column name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load<R>(self, conn: &mut Conn) -> Result<Vec<R>, StoreError>
    where
        R: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        let query = Prepared { keep: shapes::is_kept(&self.sql, &self.binds), statement: self };
        Ok(match conn {
            Conn::Sqlite(conn) => RunQueryDsl::load::<R>(query, conn)?,
            Conn::Postgres(conn) => RunQueryDsl::load::<R>(query, conn)?,
        })
    }

    /// Runs the statement and shows its rows one after another.
    ///
    /// # Errors
    /// Those of the database and of `visit`.
    pub(super) fn each(
        self,
        conn: &mut Conn,
        mut visit: impl FnMut(&dyn Columns) -> QueryResult<()>,
    ) -> Result<(), StoreError> {
        let query = Prepared { keep: shapes::is_kept(&self.sql, &self.binds), statement: self };
        match conn {
            Conn::Sqlite(conn) => {
                let rows = LoadConnection::<DefaultLoadingMode>::load(conn, query)?;
                for row in rows {
                    visit(&Positions::<_, Sqlite>(&row?, PhantomData))?;
                }
            }
            Conn::Postgres(conn) => {
                let rows = LoadConnection::<DefaultLoadingMode>::load(conn, query)?;
                for row in rows {
                    visit(&Positions::<_, Pg>(&row?, PhantomData))?;
                }
            }
        }
        Ok(())
    }

    /// Runs a statement whose answer is one row with a number called `total`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn number(self, conn: &mut Conn) -> Result<u64, StoreError> {
        let rows: Vec<Total> = self.load(conn)?;
        Ok(rows.first().map_or(0, |row| u64::try_from(row.total).unwrap_or(0)))
    }

    /// Runs the statement and counts the rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn execute(self, conn: &mut Conn) -> Result<usize, StoreError> {
        let query = Prepared { keep: self.kept, statement: self };
        let changed: QueryResult<usize> = match conn {
            Conn::Sqlite(conn) => query.execute(conn),
            Conn::Postgres(conn) => query.execute(conn),
        };
        Ok(changed?)
    }
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Room for the text of a list with a few conditions.
const TYPICAL_LENGTH: usize = 512;

/// A finished statement.
struct Prepared {
    statement: Statement,
    /// Whether the connection keeps it prepared.
    keep: bool,
}

impl Query for Prepared {
    type SqlType = Untyped;
}

impl QueryId for Prepared {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Prepared {}

impl<DB> QueryFragment<DB> for Prepared
where
    DB: Backend + HasSqlType<Text> + HasSqlType<BigInt> + HasSqlType<Double> + HasSqlType<Bool>,
    String: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    f64: ToSql<Double, DB>,
    bool: ToSql<Bool, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.keep {
            out.unsafe_to_cache_prepared();
        }
        let Statement { sql, binds, .. } = &self.statement;
        let mut written = 0;
        for (place, bind) in binds {
            out.push_sql(&sql[written..*place]);
            written = *place;
            match bind {
                Bind::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Bind::Integer(number) => out.push_bind_param::<BigInt, _>(number)?,
                Bind::Float(number) => out.push_bind_param::<Double, _>(number)?,
                Bind::Bool(flag) => out.push_bind_param::<Bool, _>(flag)?,
                Bind::Null => out.push_bind_param::<Nullable<Text>, _>(&None::<String>)?,
            }
        }
        out.push_sql(&sql[written..]);
        Ok(())
    }
}

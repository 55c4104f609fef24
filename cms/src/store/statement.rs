//! SQL written at run time: text and bound values together.
//!
//! Content types are data, so most queries on documents cannot be written with the typed
//! query builder. Values are always bound; only names that the content model has checked
//! may be written into the text.

use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text};
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

use super::StoreError;
use super::pool::{Conn, Dialect, MultiBackend};

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

/// A statement under construction.
#[derive(Debug, Clone)]
pub struct Statement {
    dialect: Dialect,
    sql: String,
    binds: Vec<Bind>,
}

impl Statement {
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, sql: String::new(), binds: Vec::new() }
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
        self.binds.push(value.into());
        match self.dialect {
            Dialect::Sqlite => self.sql.push('?'),
            Dialect::Postgres => {
                self.sql.push('$');
                self.sql.push_str(&self.binds.len().to_string());
            }
        }
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

    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Runs the statement and reads its rows by column name.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load<R>(self, conn: &mut Conn) -> Result<Vec<R>, StoreError>
    where
        R: QueryableByName<MultiBackend> + 'static,
    {
        Ok(self.prepare().load::<R>(conn)?)
    }

    /// Runs the statement and counts the rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn execute(self, conn: &mut Conn) -> Result<usize, StoreError> {
        let changed: QueryResult<usize> = self.prepare().execute(conn);
        Ok(changed?)
    }

    fn prepare(self) -> BoxedSqlQuery<'static, MultiBackend, SqlQuery> {
        let mut query = diesel::sql_query(self.sql).into_boxed::<MultiBackend>();
        for bind in self.binds {
            query = match bind {
                Bind::Text(text) => query.bind::<Text, _>(text),
                Bind::Integer(number) => query.bind::<BigInt, _>(number),
                Bind::Float(number) => query.bind::<Double, _>(number),
                Bind::Bool(flag) => query.bind::<Bool, _>(flag),
                Bind::Null => query.bind::<Nullable<Text>, _>(None::<String>),
            };
        }
        query
    }
}

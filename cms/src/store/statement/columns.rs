//! Rows read by the place of their columns, and only as far as they are asked for.
//!
//! Looking for a column by its name costs more than reading it, and a text that nobody needs
//! would be copied for nothing.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::deserialize::FromSql;
use diesel::row::{Field as _, Row};
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use diesel::{QueryResult, result::Error};

use crate::store::find::Row as Document;
use crate::store::json::{Json, JsonText};

/// The columns of one row, counted from 0.
pub(in crate::store) trait Columns {
    fn integer(&self, at: usize) -> QueryResult<i64>;
    fn float(&self, at: usize) -> QueryResult<f64>;
    fn text(&self, at: usize) -> QueryResult<String>;
    /// Of columns that may be empty.
    fn optional_integer(&self, at: usize) -> QueryResult<Option<i64>>;
    fn optional_float(&self, at: usize) -> QueryResult<Option<f64>>;
    fn optional_text(&self, at: usize) -> QueryResult<Option<String>>;
    /// A whole document, its columns in the order of [`Document`]'s fields.
    fn document(&self) -> QueryResult<Document>;
}

/// A row of one of the databases.
pub(super) struct Positions<'r, R, DB>(pub(super) &'r R, pub(super) PhantomData<DB>);

impl<'r, R, DB: Backend> Positions<'r, R, DB> {
    fn get<'a, T, S>(&self, at: usize) -> QueryResult<T>
    where
        R: Row<'a, DB>,
        T: FromSql<S, DB>,
    {
        let field = self.0.get(at).ok_or_else(|| {
            Error::DeserializationError(format!("the row has no column {at}").into())
        })?;
        T::from_nullable_sql(field.value()).map_err(Error::DeserializationError)
    }
}

impl<'a, R, DB> Columns for Positions<'_, R, DB>
where
    DB: Backend,
    R: Row<'a, DB>,
    i64: FromSql<BigInt, DB>,
    f64: FromSql<Double, DB>,
    String: FromSql<Text, DB>,
    Json: FromSql<JsonText, DB>,
    Option<i64>: FromSql<Nullable<BigInt>, DB>,
    Option<f64>: FromSql<Nullable<Double>, DB>,
    Option<String>: FromSql<Nullable<Text>, DB>,
{
    fn integer(&self, at: usize) -> QueryResult<i64> {
        self.get::<i64, BigInt>(at)
    }

    fn float(&self, at: usize) -> QueryResult<f64> {
        self.get::<f64, Double>(at)
    }

    fn text(&self, at: usize) -> QueryResult<String> {
        self.get::<String, Text>(at)
    }

    fn optional_integer(&self, at: usize) -> QueryResult<Option<i64>> {
        self.get::<Option<i64>, Nullable<BigInt>>(at)
    }

    fn optional_float(&self, at: usize) -> QueryResult<Option<f64>> {
        self.get::<Option<f64>, Nullable<Double>>(at)
    }

    fn optional_text(&self, at: usize) -> QueryResult<Option<String>> {
        self.get::<Option<String>, Nullable<Text>>(at)
    }

    fn document(&self) -> QueryResult<Document> {
        Ok(Document {
            parent: self.integer(0)?,
            component: self.integer(1)?,
            id: self.integer(2)?,
            number: self.integer(3)?,
            document_id: self.text(4)?,
            uid: self.text(5)?,
            locale: self.text(6)?,
            status: self.text(7)?,
            data: self.get::<Json, JsonText>(8)?,
            version: self.integer(9)?,
            created_at: self.integer(10)?,
            updated_at: self.integer(11)?,
            published_at: self.get::<Option<i64>, Nullable<BigInt>>(12)?,
        })
    }
}

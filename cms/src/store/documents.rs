//! Rows of `documents`: one per document, locale and status.
//!
//! Only moves rows in and out. Which rows a verb touches, and in what order, is decided in
//! `documents/`; what is read for an answer goes through `find`.

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::find::push_index_condition;
use super::json::Json;
use super::pool::Conn;
use super::schema::documents;
use super::statement::{Bind, Statement, quoted};
use super::{Dialect, StoreError, feed};

/// What a row is about; unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    pub uid: String,
    pub document_id: String,
    /// Empty on types without locales.
    pub locale: String,
    /// `draft` or `published`
    pub status: String,
}

/// A stored document in one locale and status.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: i64,
    /// The id clients see.
    pub number: i64,
    pub identity: Identity,
    /// Scalars, components and zones.
    pub data: Map<String, Value>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub published_at: Option<i64>,
}

/// A row to be written; its `version` is set when the change is recorded.
#[derive(Debug, Clone)]
pub struct NewRow<'a> {
    pub identity: &'a Identity,
    pub data: &'a Map<String, Value>,
    pub created_at: i64,
    pub updated_at: i64,
    pub published_at: Option<i64>,
}

type Columns = (i64, i64, String, String, String, String, Json, i64, i64, i64, Option<i64>);

impl Row {
    fn read(columns: Columns) -> Result<Self, StoreError> {
        let (
            id,
            number,
            document_id,
            uid,
            locale,
            status,
            data,
            version,
            created,
            updated,
            published,
        ) = columns;
        let data = serde_json::from_str(&data.0).map_err(|error| {
            StoreError::Other(diesel::result::Error::DeserializationError(error.into()))
        })?;
        Ok(Self {
            id,
            number,
            identity: Identity { uid, document_id, locale, status },
            data,
            version,
            created_at: created,
            updated_at: updated,
            published_at: published,
        })
    }
}

fn text(data: &Map<String, Value>) -> Result<Json, StoreError> {
    serde_json::to_string(data)
        .map(Json)
        .map_err(|error| StoreError::Other(diesel::result::Error::SerializationError(error.into())))
}

/// The two names of a new row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inserted {
    pub id: i64,
    /// The id clients see.
    pub number: i64,
}

/// Inserts a row under the next number of its type.
///
/// # Errors
/// [`StoreError::Conflict`] when the identity is taken.
pub fn insert(conn: &mut Conn, row: &NewRow<'_>) -> Result<Inserted, StoreError> {
    let number = feed::next(conn, &number_counter(&row.identity.uid))?;
    insert_under(conn, row, number)
}

/// Inserts a row under a number that no other row of its type has or had.
///
/// # Errors
/// As [`insert`].
pub(super) fn insert_under(
    conn: &mut Conn,
    row: &NewRow<'_>,
    number: i64,
) -> Result<Inserted, StoreError> {
    let id = diesel::insert_into(documents::table)
        .values((
            documents::number.eq(number),
            documents::document_id.eq(&row.identity.document_id),
            documents::uid.eq(&row.identity.uid),
            documents::locale.eq(&row.identity.locale),
            documents::status.eq(&row.identity.status),
            documents::data.eq(text(row.data)?),
            documents::version.eq(0),
            documents::created_at.eq(row.created_at),
            documents::updated_at.eq(row.updated_at),
            documents::published_at.eq(row.published_at),
        ))
        .returning(documents::id)
        .get_result(conn)?;
    Ok(Inserted { id, number })
}

/// Strapi numbers the rows of each type's table on their own.
pub(super) fn number_counter(uid: &str) -> String {
    format!("number:{uid}")
}

/// Replaces a row's data.
///
/// # Errors
/// Those of the database.
pub fn update(
    conn: &mut Conn,
    id: i64,
    data: &Map<String, Value>,
    updated_at: i64,
) -> Result<(), StoreError> {
    diesel::update(documents::table.find(id))
        .set((documents::data.eq(text(data)?), documents::updated_at.eq(updated_at)))
        .execute(conn)?;
    Ok(())
}

/// Notes the change that wrote the row.
///
/// # Errors
/// Those of the database.
pub fn set_version(conn: &mut Conn, identity: &Identity, version: i64) -> Result<(), StoreError> {
    diesel::update(
        documents::table
            .filter(documents::uid.eq(&identity.uid))
            .filter(documents::document_id.eq(&identity.document_id))
            .filter(documents::locale.eq(&identity.locale))
            .filter(documents::status.eq(&identity.status)),
    )
    .set(documents::version.eq(version))
    .execute(conn)?;
    Ok(())
}

/// Deletes a row; its links go with it.
///
/// # Errors
/// Those of the database.
pub fn delete(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    diesel::delete(documents::table.find(id)).execute(conn)?;
    Ok(())
}

/// The row with exactly this identity.
///
/// # Errors
/// Those of the database.
pub fn get(conn: &mut Conn, identity: &Identity) -> Result<Option<Row>, StoreError> {
    let row: Option<Columns> = documents::table
        .filter(documents::uid.eq(&identity.uid))
        .filter(documents::document_id.eq(&identity.document_id))
        .filter(documents::locale.eq(&identity.locale))
        .filter(documents::status.eq(&identity.status))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// The row with this internal id.
///
/// # Errors
/// Those of the database.
pub fn get_by_id(conn: &mut Conn, id: i64) -> Result<Option<Row>, StoreError> {
    let row: Option<Columns> = documents::table.find(id).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// The row of a type that clients know by this number.
///
/// # Errors
/// Those of the database.
pub fn get_by_number(conn: &mut Conn, uid: &str, number: i64) -> Result<Option<Row>, StoreError> {
    let row: Option<Columns> = documents::table
        .filter(documents::uid.eq(uid))
        .filter(documents::number.eq(number))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Every row of a document, in the order of their numbers.
///
/// # Errors
/// Those of the database.
pub fn of_document(conn: &mut Conn, uid: &str, document_id: &str) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Columns> = documents::table
        .filter(documents::uid.eq(uid))
        .filter(documents::document_id.eq(document_id))
        .load(conn)?;
    let mut rows = rows.into_iter().map(Row::read).collect::<Result<Vec<_>, _>>()?;
    // Asked to sort, SQLite would rather walk through every number of the type.
    rows.sort_unstable_by_key(|row| row.number);
    Ok(rows)
}

/// What tells a row from what it was before: it changes with every write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable)]
pub struct Edition {
    pub locale: String,
    pub status: String,
    pub id: i64,
    pub version: i64,
    pub updated_at: i64,
}

/// The editions of a document's rows, in a stable order.
///
/// # Errors
/// Those of the database.
pub fn editions(conn: &mut Conn, uid: &str, document_id: &str) -> Result<Vec<Edition>, StoreError> {
    Ok(documents::table
        .filter(documents::uid.eq(uid))
        .filter(documents::document_id.eq(document_id))
        .order((documents::locale, documents::status))
        .select((
            documents::locale,
            documents::status,
            documents::id,
            documents::version,
            documents::updated_at,
        ))
        .load(conn)?)
}

/// The documentId of the first document of a type: the one of a single type.
///
/// # Errors
/// Those of the database.
pub fn first_of_type(conn: &mut Conn, uid: &str) -> Result<Option<String>, StoreError> {
    Ok(documents::table
        .filter(documents::uid.eq(uid))
        .order(documents::number)
        .select(documents::document_id)
        .first(conn)
        .optional()?)
}

/// The row id of a document, without reading its data.
///
/// # Errors
/// Those of the database.
pub fn id_of(conn: &mut Conn, identity: &Identity) -> Result<Option<i64>, StoreError> {
    Ok(documents::table
        .filter(documents::uid.eq(&identity.uid))
        .filter(documents::document_id.eq(&identity.document_id))
        .filter(documents::locale.eq(&identity.locale))
        .filter(documents::status.eq(&identity.status))
        .select(documents::id)
        .first(conn)
        .optional()?)
}

/// The number of a document's row, without reading its data.
///
/// # Errors
/// Those of the database.
pub fn number_of(conn: &mut Conn, identity: &Identity) -> Result<Option<i64>, StoreError> {
    Ok(documents::table
        .filter(documents::uid.eq(&identity.uid))
        .filter(documents::document_id.eq(&identity.document_id))
        .filter(documents::locale.eq(&identity.locale))
        .filter(documents::status.eq(&identity.status))
        .select(documents::number)
        .first(conn)
        .optional()?)
}

/// What the row with this number of the given type is about.
///
/// # Errors
/// Those of the database.
pub fn identity_of_number(
    conn: &mut Conn,
    uid: &str,
    number: i64,
) -> Result<Option<Identity>, StoreError> {
    let found: Option<(String, String, String)> = documents::table
        .filter(documents::uid.eq(uid))
        .filter(documents::number.eq(number))
        .select((documents::document_id, documents::locale, documents::status))
        .first(conn)
        .optional()?;
    Ok(found.map(|(document_id, locale, status)| Identity {
        uid: uid.to_owned(),
        document_id,
        locale,
        status,
    }))
}

/// Whether another document of the same type, locale and status holds this value at this
/// path of attribute names (the last one a scalar, those before it components).
///
/// # Errors
/// Those of the database.
pub fn is_taken(
    conn: &mut Conn,
    own: &Identity,
    path: &[&str],
    value: &Value,
) -> Result<bool, StoreError> {
    let mut query = others_like(conn, own);
    match query.dialect() {
        Dialect::Sqlite => push_equals_sqlite(&mut query, "data", 0, path, value),
        Dialect::Postgres => push_equals_postgres(&mut query, path, value),
    }
    finds_any(conn, query)
}

/// As [`is_taken`], for an attribute of components of a kind that a zone holds.
///
/// # Errors
/// Those of the database.
pub fn is_taken_in_zone(
    conn: &mut Conn,
    own: &Identity,
    zone: &str,
    component: &str,
    name: &str,
    value: &Value,
) -> Result<bool, StoreError> {
    let mut query = others_like(conn, own);
    match query.dialect() {
        Dialect::Sqlite => {
            query.push(&format!(
                "EXISTS (SELECT 1 FROM json_each(data, '$.{zone}') part WHERE part.type = \
                 'object' AND part.value ->> '$.__component' = "
            ));
            query.bind(component);
            push_equals_sqlite(query.push(" AND "), "part.value", 0, &[name], value);
            query.push(")");
        }
        Dialect::Postgres => {
            query.push(&format!("data -> '{zone}' @> "));
            let like = serde_json::json!([{ "__component": component, name: value }]);
            query.bind(Bind::Text(like.to_string())).push("::jsonb");
        }
    }
    finds_any(conn, query)
}

/// Rows of the same type, status and locale but other documents; a condition must follow.
fn others_like(conn: &Conn, own: &Identity) -> Statement {
    let mut query = Statement::new(conn.dialect());
    // Written out so that the type's own indexes may be used.
    query.push(&format!("SELECT id FROM documents WHERE uid = {}", quoted(&own.uid)));
    query.push(" AND status = ").bind(own.status.as_str());
    query.push(" AND locale = ").bind(own.locale.as_str());
    query.push(" AND document_id <> ").bind(own.document_id.as_str()).push(" AND ");
    query
}

fn finds_any(conn: &mut Conn, mut query: Statement) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    query.push(" LIMIT 1");
    let found: Vec<Found> = query.load(conn)?;
    Ok(found.first().is_some_and(|row| row.id > 0))
}

/// Names come from a checked schema. Each component on the way may be one or a list.
fn push_equals_sqlite(
    query: &mut Statement,
    json: &str,
    depth: usize,
    path: &[&str],
    value: &Value,
) {
    match path {
        [] => drop(query.push("FALSE")),
        [name] => {
            query.push(&format!("{json} ->> '$.{name}' = ")).bind(sqlite_value(value));
        }
        [name, rest @ ..] => {
            let part = format!("part{depth}");
            query.push(&format!(
                "EXISTS (SELECT 1 FROM json_each(CASE json_type({json}, '$.{name}') \
                 WHEN 'array' THEN {json} -> '$.{name}' \
                 ELSE json_array(json({json} -> '$.{name}')) END) AS {part} WHERE "
            ));
            push_equals_sqlite(query, &format!("{part}.value"), depth + 1, rest, value);
            query.push(")");
        }
    }
}

fn sqlite_value(value: &Value) -> Bind {
    match value {
        Value::String(text) => Bind::Text(text.clone()),
        Value::Bool(flag) => Bind::Integer(i64::from(*flag)),
        Value::Number(number) => number
            .as_i64()
            .map(Bind::Integer)
            .or_else(|| number.as_f64().map(Bind::Float))
            .unwrap_or(Bind::Null),
        other => Bind::Text(other.to_string()),
    }
}

fn push_equals_postgres(query: &mut Statement, path: &[&str], value: &Value) {
    match path {
        [name] => {
            push_index_condition(query, name, value);
            query.push(&format!("data -> '{name}' = "));
            query.bind(Bind::Text(value.to_string())).push("::jsonb");
        }
        names => {
            // The lax path language looks into lists by itself.
            let steps: String = names.iter().map(|name| format!(".\"{name}\"")).collect();
            query.push(&format!("jsonb_path_exists(data, '${steps} ? (@ == $value)', "));
            query.push("jsonb_build_object('value', ").bind(Bind::Text(value.to_string()));
            query.push("::jsonb))");
        }
    }
}

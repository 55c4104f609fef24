//! Rows as archives bring and take them: with the ids and times they had elsewhere, many at
//! a time, without looking at what they mean.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::documents::{self, NewRow, Row};
use super::links::Link;
use super::pool::Conn;
use super::schema::{documents as table, links};
use super::statement::Statement;
use super::{Dialect, StoreError, feed};

/// A row without its content.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
pub struct Outline {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The id clients see.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Text)]
    pub document_id: String,
    #[diesel(sql_type = Text)]
    pub locale: String,
    #[diesel(sql_type = Text)]
    pub status: String,
}

/// Inserts a row, under the number it had elsewhere when no row has it here. Returns its row
/// id. [`settle_numbers`] must follow before anybody else inserts.
///
/// # Errors
/// [`StoreError::Conflict`] when the identity is taken.
pub fn insert(conn: &mut Conn, row: &NewRow<'_>, wanted: i64) -> Result<i64, StoreError> {
    let taken = wanted < 1
        || diesel::select(diesel::dsl::exists(
            table::table.filter(table::uid.eq(&row.identity.uid)).filter(table::number.eq(wanted)),
        ))
        .get_result::<bool>(conn)?;
    let number = if taken { free_number(conn, &row.identity.uid)? } else { wanted };
    Ok(documents::insert_under(conn, row, number)?.id)
}

/// A number behind every one in use.
fn free_number(conn: &mut Conn, uid: &str) -> Result<i64, StoreError> {
    settle_numbers(conn, uid)?;
    feed::next(conn, &documents::number_counter(uid))
}

/// Makes sure that the next row of a type gets a number behind every one in use.
///
/// # Errors
/// Those of the database.
pub fn settle_numbers(conn: &mut Conn, uid: &str) -> Result<(), StoreError> {
    let highest: Option<i64> = table::table
        .filter(table::uid.eq(uid))
        .select(diesel::dsl::max(table::number))
        .first(conn)?;
    raise(conn, &documents::number_counter(uid), highest.unwrap_or_default())
}

/// Replaces what a row holds, times included.
///
/// # Errors
/// Those of the database.
pub fn replace(conn: &mut Conn, id: i64, row: &NewRow<'_>) -> Result<(), StoreError> {
    documents::update(conn, id, row.data, row.updated_at)?;
    diesel::update(table::table.find(id))
        .set((table::created_at.eq(row.created_at), table::published_at.eq(row.published_at)))
        .execute(conn)?;
    Ok(())
}

/// Every row of a type in the order of their numbers.
///
/// # Errors
/// Those of the database.
pub fn outlines(conn: &mut Conn, uid: &str) -> Result<Vec<Outline>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT id, number, document_id, locale, status FROM documents WHERE uid = ");
    query.bind(uid).push(" ORDER BY number");
    query.load(conn)
}

/// The documents of a type whose attributes hold exactly these texts. Attribute names must
/// come from the program.
///
/// # Errors
/// Those of the database.
pub fn holding(
    conn: &mut Conn,
    uid: &str,
    wanted: &[(&str, &str)],
) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        document_id: String,
    }
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT DISTINCT document_id FROM documents WHERE uid = ").bind(uid);
    for (name, value) in wanted {
        match query.dialect() {
            Dialect::Sqlite => query.push(&format!(" AND json_extract(data, '$.{name}') = ")),
            Dialect::Postgres => query.push(&format!(" AND data ->> '{name}' = ")),
        };
        query.bind(*value);
    }
    query.push(" ORDER BY document_id");
    Ok(query.load::<Found>(conn)?.into_iter().map(|found| found.document_id).collect())
}

/// A value that several documents hold, where it must be one's alone.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
pub struct Shared {
    #[diesel(sql_type = Text)]
    pub value: String,
    #[diesel(sql_type = BigInt)]
    pub holders: i64,
}

/// Values of a top-level attribute that more than one document holds in the same locale and
/// published. The name comes from a checked schema.
///
/// # Errors
/// Those of the database.
pub fn shared_values(
    conn: &mut Conn,
    uid: &str,
    name: &str,
    limit: i64,
) -> Result<Vec<Shared>, StoreError> {
    let value = match conn.dialect() {
        Dialect::Sqlite => format!("CAST(json_extract(data, '$.{name}') AS TEXT)"),
        Dialect::Postgres => format!("data ->> '{name}'"),
    };
    let mut query = Statement::new(conn.dialect());
    query.push(&format!("SELECT {value} AS value, count(*) AS holders FROM documents"));
    query.push(" WHERE uid = ").bind(uid);
    query.push(&format!(
        " AND status = 'published' AND {value} IS NOT NULL GROUP BY locale, {value}"
    ));
    query.push(" HAVING count(*) > 1 ORDER BY value LIMIT ").bind(limit);
    query.load(conn)
}

/// Gives a document another documentId; links to it follow.
///
/// # Errors
/// [`StoreError::Conflict`] when the new name is taken.
pub fn rename(conn: &mut Conn, uid: &str, from: &str, to: &str) -> Result<(), StoreError> {
    diesel::update(table::table.filter(table::uid.eq(uid)).filter(table::document_id.eq(from)))
        .set(table::document_id.eq(to))
        .execute(conn)?;
    diesel::update(
        links::table.filter(links::target_uid.eq(uid)).filter(links::target_document_id.eq(from)),
    )
    .set(links::target_document_id.eq(to))
    .execute(conn)?;
    Ok(())
}

/// Rows of a type behind a number, in the order of their numbers.
///
/// # Errors
/// Those of the database.
pub fn page(conn: &mut Conn, uid: &str, after: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    let ids: Vec<i64> = table::table
        .filter(table::uid.eq(uid))
        .filter(table::number.gt(after))
        .order(table::number)
        .limit(limit)
        .select(table::id)
        .load(conn)?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(documents::get_by_id(conn, id)?);
    }
    Ok(rows)
}

/// Replaces every link of a row.
///
/// # Errors
/// Those of the database.
pub fn replace_links(conn: &mut Conn, source_id: i64, new: &[Link]) -> Result<(), StoreError> {
    diesel::delete(links::table.filter(links::source_id.eq(source_id))).execute(conn)?;
    for link in new {
        let position = (link.position, link.inverse_position);
        super::links::insert(conn, &link.slot, &link.target, position.0, position.1)?;
    }
    Ok(())
}

/// Gives a locale the name and age it has elsewhere.
///
/// # Errors
/// Those of the database.
pub fn describe_locale(
    conn: &mut Conn,
    code: &str,
    name: &str,
    created_at: i64,
) -> Result<(), StoreError> {
    use super::schema::locales;
    diesel::update(locales::table.filter(locales::code.eq(code)))
        .set((locales::name.eq(name), locales::created_at.eq(created_at)))
        .execute(conn)?;
    Ok(())
}

/// Makes sure that a counter never gives out `value` or anything below it.
///
/// # Errors
/// Those of the database.
pub fn raise(conn: &mut Conn, counter: &str, value: i64) -> Result<(), StoreError> {
    use super::schema::counters;
    let held: Option<i64> =
        counters::table.find(counter).select(counters::value).first(conn).optional()?;
    match held {
        Some(held) if held >= value => {}
        Some(_) => {
            diesel::update(counters::table.find(counter))
                .set(counters::value.eq(value))
                .execute(conn)?;
        }
        None => {
            diesel::insert_into(counters::table)
                .values((counters::name.eq(counter), counters::value.eq(value)))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Whether the stored content is this.
#[must_use]
pub fn is_same(row: &Row, new: &NewRow<'_>) -> bool {
    row.data == *new.data
        && row.created_at == new.created_at
        && row.updated_at == new.updated_at
        && row.published_at == new.published_at
}

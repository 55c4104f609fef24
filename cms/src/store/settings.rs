//! Named values the server remembers.

use diesel::prelude::*;

use super::schema::settings;
use super::statement::Statement;
use super::{Conn, StoreError};

/// # Errors
/// Those of the database.
pub fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    Ok(settings::table.find(name).select(settings::value).first(conn).optional()?)
}

/// One statement, so that two servers can say something for the first time at once.
///
/// # Errors
/// Those of the database.
pub fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("INSERT INTO settings (name, value) VALUES (").bind(name).push(", ").bind(value);
    query.push(") ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    query.execute(conn)?;
    Ok(())
}

/// Every value whose name begins like this, by name.
///
/// # Errors
/// Those of the database.
pub fn beginning(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
    let all: Vec<(String, String)> = settings::table.order(settings::name).load(conn)?;
    Ok(all.into_iter().filter(|(name, _)| name.starts_with(prefix)).collect())
}

/// Forgets a value; one that is not there is forgotten already.
///
/// # Errors
/// Those of the database.
pub fn remove(conn: &mut Conn, name: &str) -> Result<(), StoreError> {
    diesel::delete(settings::table.find(name)).execute(conn)?;
    Ok(())
}

//! Named values the server remembers.

use diesel::prelude::*;

use super::schema::settings;
use super::{Conn, StoreError};

/// # Errors
/// Those of the database.
pub fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    Ok(settings::table.find(name).select(settings::value).first(conn).optional()?)
}

/// # Errors
/// Those of the database.
pub fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), StoreError> {
    let changed =
        diesel::update(settings::table.find(name)).set(settings::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::name.eq(name), settings::value.eq(value)))
            .execute(conn)?;
    }
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

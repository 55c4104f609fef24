//! Looking users up by what they type.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use cms_api::builtin;

use super::pool::Dialect;
use super::statement::Statement;
use super::{Conn, StoreError};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Attributes that can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Username,
    Email,
    ResetToken,
    ConfirmationToken,
    /// Of a role.
    RoleType,
}

impl Key {
    fn column(self, dialect: Dialect) -> String {
        let name = match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::ResetToken => "resetPasswordToken",
            Self::ConfirmationToken => "confirmationToken",
            Self::RoleType => "type",
        };
        match dialect {
            Dialect::Sqlite => format!("json_extract(data, '$.{name}')"),
            Dialect::Postgres => format!("data ->> '{name}'"),
        }
    }

    fn uid(self) -> &'static str {
        if self == Self::RoleType { builtin::ROLE } else { builtin::USER }
    }
}

/// The ids of the rows whose attribute holds exactly this text, oldest first.
///
/// # Errors
/// Those of the database.
pub fn with(conn: &mut Conn, key: Key, value: &str) -> Result<Vec<i64>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    let column = key.column(conn.dialect());
    query.push("SELECT id FROM documents WHERE uid = ").bind(key.uid());
    query.push(&format!(" AND status = 'published' AND {column} = ")).bind(value);
    query.push(" ORDER BY id");
    Ok(query.load::<Id>(conn)?.into_iter().map(|row| row.id).collect())
}

/// How many users have a role.
///
/// # Errors
/// Those of the database.
pub fn count_of_role(conn: &mut Conn, role_document_id: &str) -> Result<i64, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query
        .push("SELECT count(*) AS id FROM links JOIN documents d ON d.id = links.source_id")
        .push(" WHERE links.path = 'role' AND d.uid = ")
        .bind(builtin::USER)
        .push(" AND links.target_document_id = ")
        .bind(role_document_id);
    Ok(query.load::<Id>(conn)?.first().map_or(0, |row| row.id))
}

/// Every row id of a type, oldest first.
///
/// # Errors
/// Those of the database.
pub fn all(conn: &mut Conn, uid: &str) -> Result<Vec<i64>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("SELECT id FROM documents WHERE uid = ").bind(uid).push(" ORDER BY id");
    Ok(query.load::<Id>(conn)?.into_iter().map(|row| row.id).collect())
}

//! What an archive says to Strapi's admin panel and means nothing here. It is kept as it
//! came and goes out with the next export, so that a site can move back without loss.

use serde_json::Value;

use crate::store::{Conn, StoreError, settings};

/// Rows of Strapi's key-value store, by key.
const CORE_STORE: &str = "strapi.core-store/";
/// Schemas of types we do not have, by uid.
const SCHEMA: &str = "strapi.schema/";
/// Who made the archive that was imported last.
const VERSION: &str = "strapi.version";

/// Which kind of thing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    CoreStore,
    Schema,
}

impl Kept {
    fn prefix(self) -> &'static str {
        match self {
            Self::CoreStore => CORE_STORE,
            Self::Schema => SCHEMA,
        }
    }

    /// # Errors
    /// Those of the database.
    pub(super) fn put(self, conn: &mut Conn, name: &str, value: &Value) -> Result<(), StoreError> {
        settings::set(conn, &format!("{}{name}", self.prefix()), &value.to_string())
    }

    /// Everything of this kind, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn all(self, conn: &mut Conn) -> Result<Vec<(String, Value)>, StoreError> {
        let mut all = Vec::new();
        for (name, text) in settings::beginning(conn, self.prefix())? {
            let value = serde_json::from_str(&text).map_err(StoreError::unreadable)?;
            let name = name.strip_prefix(self.prefix()).unwrap_or(&name).to_owned();
            all.push((name, value));
        }
        Ok(all)
    }
}

/// # Errors
/// Those of the database.
pub(super) fn set_version(conn: &mut Conn, version: &str) -> Result<(), StoreError> {
    settings::set(conn, VERSION, version)
}

/// # Errors
/// Those of the database.
pub(super) fn version(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    settings::get(conn, VERSION)
}

//! Locales, permissions and API tokens as of one moment, kept in memory.
//!
//! A request compares one number with the database and reloads when it differs, so a change
//! made on the command line holds from the next request on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use arc_swap::ArcSwap;

use crate::auth::permission::Permissions;
use crate::auth::roles;
use crate::store::registry::{self, LocaleRow, TokenRow};
use crate::store::{Conn, StoreError};

/// One consistent copy.
#[derive(Debug, Default)]
pub struct Registry {
    version: i64,
    locales: Vec<LocaleRow>,
    roles: BTreeMap<String, Arc<Permissions>>,
    tokens: HashMap<String, Arc<ApiToken>>,
    /// Types of roles by documentId.
    role_types: HashMap<String, String>,
}

/// A token and what it may do.
#[derive(Debug)]
pub struct ApiToken {
    pub row: TokenRow,
    pub permissions: Arc<Permissions>,
    /// When the database was last known to have noted a use.
    pub noted: AtomicI64,
}

impl Registry {
    fn load(conn: &mut Conn, version: i64) -> Result<Self, StoreError> {
        let mut actions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in registry::permissions(conn)? {
            actions.entry(row.role).or_default().push(row.action);
        }
        let roles = actions.into_iter().map(|(role, list)| (role, Arc::new(Permissions::of(list))));
        let tokens = registry::tokens(conn)?.into_iter().map(|row| {
            let permissions = Arc::new(Permissions::of_token(&row.kind, &row.permissions));
            (
                row.token_hash.clone(),
                Arc::new(ApiToken { row, permissions, noted: AtomicI64::new(0) }),
            )
        });
        Ok(Self {
            version,
            locales: registry::locales(conn)?,
            roles: roles.collect(),
            tokens: tokens.collect(),
            role_types: roles::all(conn)?
                .iter()
                .map(|role| (role.identity.document_id.clone(), roles::kind(role).to_owned()))
                .collect(),
        })
    }

    /// The default one first.
    #[must_use]
    pub fn locales(&self) -> &[LocaleRow] {
        &self.locales
    }

    /// The locale of a request that names none.
    #[must_use]
    pub fn default_locale(&self) -> &str {
        self.locales.first().map_or("en", |locale| locale.code.as_str())
    }

    /// What a role may do; a role without permissions may do nothing.
    #[must_use]
    pub fn role(&self, name: &str) -> Arc<Permissions> {
        self.roles.get(name).cloned().unwrap_or_default()
    }

    /// The type of the role with this documentId.
    #[must_use]
    pub fn role_type(&self, document_id: &str) -> Option<&str> {
        self.role_types.get(document_id).map(String::as_str)
    }

    #[must_use]
    pub fn token(&self, hash: &str) -> Option<&Arc<ApiToken>> {
        self.tokens.get(hash)
    }
}

/// The current copy, shared by every request.
#[derive(Debug, Clone, Default)]
pub struct RegistryCache(Arc<ArcSwap<Registry>>);

impl RegistryCache {
    /// The copy that is current in this connection's transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub fn current(&self, conn: &mut Conn) -> Result<Arc<Registry>, StoreError> {
        let version = registry::version(conn)?;
        let known = self.0.load_full();
        if known.version == version && !known.locales.is_empty() {
            return Ok(known);
        }
        let fresh = Arc::new(Registry::load(conn, version)?);
        self.0.store(Arc::clone(&fresh));
        Ok(fresh)
    }
}

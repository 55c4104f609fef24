//! What roles may do. Archives have a row for each permission and a link from it to its
//! role; here a permission is an action under the role's type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::Importer;
use crate::store::registry;

/// Actions Strapi does not know: an archive of Strapi's says nothing about them.
const OWN_ACTIONS: [&str; 3] = [".publish", ".unpublish", ".discardDraft"];

/// Collected until all links are read.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// Actions by the number of their row.
    actions: HashMap<i64, String>,
    /// Types of roles by entry.
    roles: HashMap<usize, String>,
    granted: BTreeMap<String, BTreeSet<String>>,
}

impl Accounts {
    pub(super) fn permission(&mut self, id: i64, data: &Map<String, Value>) {
        if let Some(action) = data.get("action").and_then(Value::as_str) {
            self.actions.insert(id, action.to_owned());
        }
    }

    pub(super) fn role(&mut self, entry: usize, data: &Map<String, Value>) {
        if let Some(kind) = data.get("type").and_then(Value::as_str) {
            self.roles.insert(entry, kind.to_owned());
            self.granted.entry(kind.to_owned()).or_default();
        }
    }

    pub(super) fn assign(&mut self, permission: Option<i64>, role: Option<usize>) {
        let action = permission.and_then(|id| self.actions.get(&id));
        let role = role.and_then(|entry| self.roles.get(&entry));
        if let (Some(action), Some(role)) = (action, role) {
            self.granted.entry(role.clone()).or_default().insert(action.clone());
        }
    }

    /// Takes over exactly what an archive of ours says of a role.
    pub(super) fn replace(&mut self, role: &str, actions: BTreeSet<String>) {
        if let Some(granted) = self.granted.get_mut(role) {
            *granted = actions;
        }
    }

    /// Takes an action away from every role; whether one had it.
    pub(super) fn withhold(&mut self, action: &str) -> bool {
        let mut had = false;
        for granted in self.granted.values_mut() {
            had |= granted.remove(action);
        }
        had
    }
}

impl Importer<'_> {
    /// Gives the archive's roles what the archive says, and nothing else.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn write_permissions(&mut self, exact: bool) -> anyhow::Result<()> {
        let mut here: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in registry::permissions(self.conn)? {
            here.entry(row.role).or_default().insert(row.action);
        }
        for (role, mut wanted) in std::mem::take(&mut self.accounts.granted) {
            let before = here.remove(&role).unwrap_or_default();
            if !exact {
                let own = before
                    .iter()
                    .filter(|action| OWN_ACTIONS.iter().any(|own| action.ends_with(own)));
                wanted.extend(own.cloned());
            }
            if before == wanted {
                continue;
            }
            registry::clear_permissions(self.conn, &role)?;
            for action in &wanted {
                registry::add_permission(self.conn, &role, action)?;
            }
            self.report.permissions.push(role);
        }
        Ok(())
    }
}

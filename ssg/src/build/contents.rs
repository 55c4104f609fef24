//! The snapshot as planning sees it, and the route table as templates see it.

use indexmap::IndexSet;
use serde_json::{Value, json};

use crate::content::Snapshot;
use crate::content::groups::group_of;
use crate::engine::key::canonical;
use crate::engine::{Fingerprint, Footprint, Key};
use crate::site::{Contents, Group, Grouping, PageRef, RouteTable};
use crate::templates::UrlResolver;

impl Contents for Snapshot {
    fn documents(&self, uid: &str) -> Vec<String> {
        let ids: IndexSet<&str> = self.all_entries(uid).map(|entry| entry.document_id()).collect();
        ids.into_iter().map(str::to_owned).collect()
    }

    fn locales_of(&self, uid: &str, document_id: &str) -> Vec<Option<String>> {
        let rows = self.translations(uid, document_id).iter();
        rows.map(|row| row.locale().map(str::to_owned)).collect()
    }

    fn scalar(
        &self,
        uid: &str,
        document_id: &str,
        locale: &str,
        path: &[String],
        footprint: &mut Footprint,
    ) -> Value {
        if let [name] = path
            && let Some(entry) = self.get(uid, document_id, Some(locale))
        {
            footprint.document(document_id);
            return match name.as_str() {
                "documentId" => document_id.into(),
                "locale" => entry.locale().into(),
                _ => entry
                    .get(name)
                    .map_or(Value::Null, |value| serde_json::to_value(value).unwrap_or_default()),
            };
        }
        let key = Key::Entry {
            uid: uid.into(),
            document_id: document_id.into(),
            locale: locale.into(),
            args: canonical(&json!({ "populate": populate_along(path) })).into(),
        };
        let Ok(reply) = self.ask(&key) else { return Value::Null };
        footprint.merge(&reply.answer.footprint);
        let shown = serde_json::to_value(&reply.value).unwrap_or_default();
        let found = path.iter().try_fold(&shown, |value, name| value.get(name));
        found.cloned().unwrap_or_default()
    }

    fn count(
        &self,
        uid: &str,
        locale: &str,
        filters: Option<&Value>,
        footprint: &mut Footprint,
    ) -> Result<u64, String> {
        let key = Key::Count {
            uid: uid.into(),
            locale: locale.into(),
            args: canonical(&json!({ "filters": filters })).into(),
        };
        let reply = self.ask(&key).map_err(|error| error.to_string())?;
        footprint.merge(&reply.answer.footprint);
        Ok(reply.value.as_u64().unwrap_or(0))
    }

    fn groups(
        &self,
        uid: &str,
        locale: &str,
        grouping: &Grouping,
        filters: Option<&Value>,
        footprint: &mut Footprint,
    ) -> Result<Vec<Group>, String> {
        let key = Key::Groups {
            uid: uid.into(),
            locale: locale.into(),
            args: canonical(&grouping.args(filters)).into(),
        };
        let reply = self.ask(&key).map_err(|error| error.to_string())?;
        footprint.merge(&reply.answer.footprint);
        Ok(reply.value.as_array().unwrap_or_default().iter().filter_map(group_of).collect())
    }
}

/// `populate` parameters that reach the last but one name of a path.
fn populate_along(path: &[String]) -> Value {
    let mut populate = Value::Bool(true);
    let Some((_, through)) = path.split_last() else { return populate };
    for (depth, name) in through.iter().rev().enumerate() {
        let inner = if depth == 0 { populate } else { json!({ "populate": populate }) };
        populate = json!({ name: inner });
    }
    populate
}

impl UrlResolver for RouteTable {
    fn url(&self, document_id: &str, locale: &str) -> Option<String> {
        self.url_for(document_id, locale).map(str::to_owned)
    }

    fn has_route(&self, uid: &str) -> bool {
        self.site().routes.iter().any(|route| route.each.as_deref() == Some(uid))
    }

    fn page(&self, file: &str) -> Option<(PageRef, Fingerprint)> {
        let page = Self::page(self, file)?;
        Some((PageRef::of(page), page.fingerprint()))
    }

    fn pages(&self, below: &str, locale: &str) -> Vec<PageRef> {
        self.listing(below, locale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_populated_up_to_its_last_name() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(populate_along(&path("a.b")), json!({ "a": true }));
        assert_eq!(populate_along(&path("a.b.c")), json!({ "a": { "populate": { "b": true } } }));
    }
}

//! Rows an index can name for a filter, so that a question about a few rows
//! does not look at all of them.
//!
//! The hits are a superset of the answer: the caller still checks the filter
//! and the locale. `None` means that no index helps.

use std::collections::BTreeMap;
use std::sync::Arc;

use cms_api::builtin::FILE;
use cms_api::query::{FieldKind, Filter, Link, Test};
use serde_json::Value as Json;

use super::entry::{Entry, linked_ids};
use super::snapshot::Snapshot;
use super::view::Wanted;
use super::watch::target_ids;

/// A question about targets is worth answering first when it has at most this many answers.
const MAX_TARGETS: usize = 256;
/// More rows than this are not worth naming one by one: they are found in order in a view.
pub(crate) const MAX_NAMED: usize = 512;

/// The attribute, the type it leads to and the document, where a condition asks for nothing but
/// a link to one.
fn only_link(filter: &Filter) -> Option<(&str, &str, &str)> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => match parts.as_slice() {
            [only] => only_link(only),
            _ => None,
        },
        Filter::Through { name, link, filter } => match *target_ids(link, filter)? {
            [document_id] => Some((name, link.owned_target()?, document_id)),
            _ => None,
        },
        _ => None,
    }
}

impl Snapshot {
    /// All rows that answer, by row id, where the condition is a link to one document: the
    /// index names exactly those, and none has to be looked at.
    pub(crate) fn exactly_named<'a>(
        &'a self,
        wanted: &Wanted<'a>,
    ) -> Option<impl Iterator<Item = &'a Arc<Entry>> + use<'a>> {
        let (attribute, target, document_id) = only_link(wanted.filter)?;
        let (asked, wanted) = (wanted.asked, wanted.clone());
        let mut known: Option<(Option<&str>, bool)> = None;
        let mut is_published = move |locale: Option<&'a str>| match known {
            Some((at, found)) if at == locale => found,
            _ => {
                let found = self.get(target, document_id, Some(locale.unwrap_or(asked))).is_some();
                known = Some((locale, found));
                found
            }
        };
        let rows = self.rows(wanted.uid)?.naming(attribute, document_id);
        Some(
            rows.filter(move |row| wanted.wants_locale(row.locale()) && is_published(row.locale())),
        )
    }

    /// Rows of the wanted type among which all answers are.
    pub(crate) fn named_by(&self, wanted: &Wanted<'_>) -> Option<Vec<Arc<Entry>>> {
        self.named_by_filter(wanted.uid, wanted.locales.as_deref(), wanted.asked, wanted.filter)
    }

    fn named_by_filter(
        &self,
        uid: &str,
        locales: Option<&[&str]>,
        asked: &str,
        filter: &Filter,
    ) -> Option<Vec<Arc<Entry>>> {
        match filter {
            Filter::And(parts) => parts
                .iter()
                .filter_map(|part| self.named_by_filter(uid, locales, asked, part))
                .min_by_key(Vec::len),
            Filter::Or(parts) if !parts.is_empty() => {
                let mut rows = BTreeMap::new();
                for part in parts {
                    for row in self.named_by_filter(uid, locales, asked, part)? {
                        rows.insert(row.key().clone(), row);
                    }
                    if rows.len() > MAX_NAMED {
                        return None;
                    }
                }
                Some(rows.into_values().collect())
            }
            Filter::Field { name, kind, test } => {
                self.named_by_field(uid, locales, asked, name, *kind, test)
            }
            Filter::Through { name, link, filter } => {
                self.named_by_link(uid, asked, name, link, filter)
            }
            Filter::Or(_) | Filter::Not(_) | Filter::Linked { .. } => None,
        }
    }

    fn named_by_field(
        &self,
        uid: &str,
        locales: Option<&[&str]>,
        asked: &str,
        name: &str,
        kind: FieldKind,
        test: &Test,
    ) -> Option<Vec<Arc<Entry>>> {
        if name == "documentId" {
            let ids = ids_of(test)?;
            let rows = ids.iter().flat_map(|id| self.translations(uid, id));
            return Some(rows.cloned().collect());
        }
        // A unique text such as a slug: a view sorted by it is an index over it.
        let Test::Eq(Json::String(text)) = test else { return None };
        if kind != FieldKind::Text || !self.is_lookup_key(uid, name) {
            return None;
        }
        let sort = [ascending(name)];
        let everything = Filter::default();
        let locales = locales.map(<[&str]>::to_vec);
        let wanted = Wanted { uid, locales, asked, filter: &everything, sort: &sort, named: None };
        let view = self.remembered().views.get(&wanted, || self.view(&wanted))?;
        let from = super::sort::Rank::of_text(text);
        let hits = view.rows.range(&from).map(|(_, row)| row);
        let same = |row: &&Arc<Entry>| row.get(name).and_then(tera::Value::as_str) == Some(text);
        Some(hits.take_while(same).cloned().collect())
    }

    fn is_lookup_key(&self, uid: &str, name: &str) -> bool {
        use cms_api::content_type::AttributeKind;
        let attribute = self.model().get(uid).and_then(|ty| ty.attributes.get(name));
        attribute.is_some_and(|a| a.unique || matches!(a.kind, AttributeKind::Uid { .. }))
    }

    fn named_by_link(
        &self,
        uid: &str,
        asked: &str,
        name: &str,
        link: &Link,
        filter: &Filter,
    ) -> Option<Vec<Arc<Entry>>> {
        // A row of nulls stands for a missing target; only a filter that nulls cannot pass
        // may be answered from the rows that have one.
        if self.passes(&super::follow::Place::nothing(asked), filter) {
            return None;
        }
        let (target, owner) = match link {
            Link::Relation { target, mapped_by, .. } => (target.as_str(), mapped_by.as_deref()),
            Link::Media { .. } => (FILE, None),
            _ => return None,
        };
        let targets = self.named_by_filter(target, None, asked, filter)?;
        if targets.len() > MAX_TARGETS {
            return None;
        }
        let rows = self.rows(uid)?;
        let mut found = BTreeMap::new();
        for hit in &targets {
            let hits: &mut dyn Iterator<Item = &Arc<Entry>> = match owner {
                None => &mut rows.naming(name, hit.document_id()),
                Some(owner) => &mut linked_ids(hit.get(owner)).flat_map(|id| rows.translations(id)),
            };
            for row in hits {
                found.insert(row.key().clone(), Arc::clone(row));
                if found.len() > MAX_NAMED {
                    return None;
                }
            }
        }
        Some(found.into_values().collect())
    }
}

fn ids_of(test: &Test) -> Option<Vec<&str>> {
    match test {
        Test::Eq(Json::String(id)) => Some(vec![id]),
        Test::In(ids) => ids.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

fn ascending(name: &str) -> cms_api::query::SortKey {
    cms_api::query::SortKey {
        through: Vec::new(),
        field: name.to_owned(),
        kind: FieldKind::Text,
        descending: false,
    }
}

//! Arguments of template functions: named, checked, none ignored.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tera::{Error, Kwargs, Value};

use crate::content::value::{get, to_json};
use crate::content::{Entry, Snapshot};

/// The arguments of one call.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    function: &'static str,
    given: &'a Kwargs,
}

impl<'a> Arguments<'a> {
    /// # Errors
    /// When an argument has a name the function does not know.
    pub(crate) fn new(
        function: &'static str,
        given: &'a Kwargs,
        known: &[&str],
    ) -> Result<Self, Error> {
        let unknown = given.iter().filter_map(|(name, _)| name.as_str());
        let unknown = unknown.filter(|name| !known.contains(name)).collect::<Vec<_>>();
        match unknown.first() {
            None => Ok(Self { function, given }),
            Some(name) => Err(Error::message(format!(
                "`{function}()` has no argument `{name}`; accepted are {}",
                known.join(", ")
            ))),
        }
    }

    pub(crate) fn error(&self, message: impl AsRef<str>) -> Error {
        Error::message(format!("`{}()`: {}", self.function, message.as_ref()))
    }

    /// An argument that is there and not none.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        let found = self.given.iter().find(|(key, _)| key.as_str() == Some(name));
        found.map(|(_, value)| value).filter(|value| !value.is_none())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_str()
                .map(Some)
                .ok_or_else(|| self.error(format!("`{name}` must be text, not `{value}`"))),
        }
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<&'a str, Error> {
        self.text(name)?.ok_or_else(|| self.error(format!("`{name}=` is missing")))
    }

    pub(crate) fn whole(&self, name: &str) -> Result<Option<u64>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                self.error(format!("`{name}` must be a whole number from 0, not `{value}`"))
            }),
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Error> {
        let wrong = || self.error(format!("`{name}` must be text or a list of texts"));
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(value) => match (value.as_str(), value.as_array()) {
                (Some(text), _) => Ok(vec![text]),
                (None, Some(items)) => {
                    items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect()
                }
                (None, None) => Err(wrong()),
            },
        }
    }

    /// The named arguments as they stand, for the query parser.
    pub(crate) fn query(&self, names: &[&str]) -> Map<String, Json> {
        let given = names.iter().filter_map(|name| Some((*name, self.get(name)?)));
        given.map(|(name, value)| (name.to_owned(), to_json(value))).collect()
    }

    /// The entry an argument shows: any map with a documentId.
    pub(crate) fn shown(&self, name: &str) -> Result<Shown<'a>, Error> {
        let value = self.get(name).ok_or_else(|| self.error(format!("`{name}=` is missing")))?;
        let map = value.as_map();
        let text = |key: &str| map.and_then(|map| get(map, key)).and_then(Value::as_str);
        let document_id = text("documentId").ok_or_else(|| {
            let kind = value.name();
            self.error(format!("`{name}` must be an entry with its documentId, not a {kind}"))
        })?;
        Ok(Shown { document_id, locale: text("locale") })
    }

    /// The content type and row behind an entry that a template holds.
    pub(crate) fn row(
        &self,
        snapshot: &Snapshot,
        shown: &Shown<'_>,
        locale: &str,
    ) -> Result<Arc<Entry>, Error> {
        let document_id = shown.document_id;
        let types: Vec<_> = match self.text("type")? {
            Some(uid) => vec![uid],
            None => snapshot.types_with(document_id).collect(),
        };
        match types.as_slice() {
            [uid] => snapshot.get(uid, document_id, Some(locale)).cloned().ok_or_else(|| {
                self.error(format!("`{document_id}` is not published in locale `{locale}`"))
            }),
            [] => Err(self.error(format!("no published document has the id `{document_id}`"))),
            several => Err(self.error(format!(
                "`{document_id}` is an id of several types; say which with `type=`: {}",
                several.join(", ")
            ))),
        }
    }
}

/// What a template holds of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) document_id: &'a str,
    /// Absent when the entry was asked for without it or is not localized.
    pub(crate) locale: Option<&'a str>,
}

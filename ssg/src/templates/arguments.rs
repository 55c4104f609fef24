//! Arguments of template functions: named, checked, none ignored.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tera::{Error, Kwargs, Value};

use crate::content::value::{get, to_json};
use crate::content::{Entry, Snapshot};
use crate::engine::key::sort_keys;

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

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_bool().map(Some).ok_or_else(|| {
                self.error(format!("`{name}` must be true or false, not `{value}`"))
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

    /// The canonical text of the named arguments, as [`canonical`](crate::engine::key::canonical)
    /// makes it of their JSON.
    pub(crate) fn canonical(&self, names: &[&str]) -> Arc<str> {
        let mut given: Vec<_> =
            names.iter().filter_map(|name| Some((*name, self.get(name)?))).collect();
        given.sort_unstable_by_key(|(name, _)| *name);
        let mut text = String::with_capacity(TYPICAL_ARGUMENTS);
        write_object(&given, &mut text);
        text.into()
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

/// Room for the arguments of most questions.
const TYPICAL_ARGUMENTS: usize = 256;

fn write_object(sorted: &[(&str, &Value)], text: &mut String) {
    text.push('{');
    for (at, (key, value)) in sorted.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_text(key, text);
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn write(value: &Value, text: &mut String) {
    if let Some(map) = value.as_map()
        && map.keys().all(|key| key.as_str().is_some())
    {
        let mut entries: Vec<_> =
            map.iter().filter_map(|(key, value)| Some((key.as_str()?, value))).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        write_object(&entries, text);
    } else if let Some(items) = value.as_array() {
        text.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            write(item, text);
        }
        text.push(']');
    } else if let Some(string) = value.as_str() {
        write_text(string, text);
    } else {
        text.push_str(&sort_keys(&to_json(value)).to_string());
    }
}

fn write_text(string: &str, text: &mut String) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if string.bytes().all(plain) {
        text.push('"');
        text.push_str(string);
        text.push('"');
    } else {
        text.push_str(&Json::from(string).to_string());
    }
}

/// What a template holds of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) document_id: &'a str,
    /// Absent when the entry was asked for without it or is not localized.
    pub(crate) locale: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content::value::from_json;
    use crate::engine::key::canonical;

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            (-1e9..1e9).prop_map(Json::from),
            "[a-c\"\\\\\n\u{1}\u{7f}é$]{0,4}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[a-c\"$]{0,3}", inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().rev().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn arguments_are_written_as_the_canonical_text_of_their_json(
            filters in json(), sort in json(), limit in json(),
        ) {
            let given = [("sort", &sort), ("limit", &limit), ("filters", &filters)];
            let map = given.iter().map(|(name, json)| ((*name).into(), from_json(json)));
            let kwargs = Kwargs::new(Arc::new(map.collect()));
            let names = ["sort", "filters", "limit", "start"];
            let arguments = Arguments::new("entries", &kwargs, &names).unwrap();
            let expected = canonical(&Json::Object(arguments.query(&names)));
            prop_assert_eq!(&*arguments.canonical(&names), expected);
        }
    }
}

//! The JSON text of a stored document, taken apart without reading what is only passed on.
//!
//! Most of a document goes into an answer as it stands. Finding where its members begin and
//! end is much cheaper than building a tree and writing it again. The text comes from the
//! database, which holds only what was written as JSON; a text that is none is an error, and
//! what is inside a value that is passed on is not looked at.

use std::ops::Range;

use crate::store::StoreError;

/// An object, as its text and where its members are.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    text: String,
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    /// Without its quotes. Names of attributes need no escapes.
    name: Range<usize>,
    value: Range<usize>,
}

impl Stored {
    /// # Errors
    /// When the text is no JSON object.
    pub(super) fn read(text: String) -> Result<Self, StoreError> {
        let Some(members) = Scan::new(&text).object() else {
            return Err(StoreError::unreadable("a stored document is no JSON object"));
        };
        Ok(Self { text, members })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text of a member's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.get_after(name, &mut 0)
    }

    /// As [`Stored::get`], for asking in the order the members were written in: `next` is
    /// where to look first.
    pub(super) fn get_after(&self, name: &str, next: &mut usize) -> Option<&str> {
        let at = (*next..self.members.len())
            .chain(0..*next)
            .find(|at| self.text[self.members[*at].name.clone()] == *name)?;
        *next = at + 1;
        Some(&self.text[self.members[at].value.clone()])
    }
}

/// The objects a value holds: those in a list, or the one it is.
///
/// # Errors
/// When the text is no JSON.
pub(super) fn objects(value: Option<&str>) -> Result<Vec<Stored>, StoreError> {
    let value = value.unwrap_or("null");
    let items = match value.as_bytes().first() {
        Some(b'{') => std::iter::once(0..value.len()).collect(),
        Some(b'[') => Scan::new(value)
            .list()
            .ok_or_else(|| StoreError::unreadable("a stored list is no JSON list"))?,
        _ => Vec::new(),
    };
    let objects = items.into_iter().map(|item| &value[item]).filter(|item| item.starts_with('{'));
    objects.map(|item| Stored::read(item.to_owned())).collect()
}

/// Walks over JSON text.
struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    fn object(mut self) -> Option<Vec<Member>> {
        let mut members = Vec::with_capacity(TYPICAL_MEMBERS);
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return self.end().then_some(members);
        }
        loop {
            self.blank();
            let quoted = self.string()?;
            let name = quoted.start + 1..quoted.end - 1;
            self.take(b':')?;
            members.push(Member { name, value: self.value()? });
            if self.take(b',').is_none() {
                break;
            }
        }
        self.take(b'}')?;
        self.end().then_some(members)
    }

    fn list(mut self) -> Option<Vec<Range<usize>>> {
        let mut items = Vec::new();
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return self.end().then_some(items);
        }
        loop {
            items.push(self.value()?);
            if self.take(b',').is_none() {
                break;
            }
        }
        self.take(b']')?;
        self.end().then_some(items)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.blank();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn end(&mut self) -> bool {
        self.blank();
        self.at == self.bytes.len()
    }

    fn value(&mut self) -> Option<Range<usize>> {
        self.blank();
        let start = self.at;
        match self.peek()? {
            b'"' => return self.string(),
            b'{' | b'[' => self.nested()?,
            _ => {
                while !matches!(
                    self.peek(),
                    None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')
                ) {
                    self.at += 1;
                }
            }
        }
        (self.at > start).then_some(start..self.at)
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let stop = quote_or_escape(rest)?;
            self.at += stop;
            if rest[stop] == b'"' {
                self.at += 1;
                return Some(start..self.at);
            }
            self.at += 2;
        }
    }

    /// To the end of the object or list that begins here.
    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// Where the first quote or escape is. Texts are long: eight bytes are looked at together.
fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    // Not zero when one of the eight bytes is the one that is looked for.
    let has = |word: u64, byte: u8| {
        let differs = word ^ (ONES * u64::from(byte));
        differs.wrapping_sub(ONES) & !differs & TOPS
    };
    let (words, _) = bytes.as_chunks::<8>();
    let plain = words.iter().take_while(|word| {
        let word = u64::from_ne_bytes(**word);
        has(word, b'"') | has(word, b'\\') == 0
    });
    let skipped = plain.count() * 8;
    let rest = bytes[skipped..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(skipped + rest)
}

/// Room for the members of a document with many attributes.
const TYPICAL_MEMBERS: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    #[test]
    fn members_are_found_whatever_is_inside_them() {
        let text =
            r#" {"a" : "x\"}, \\" , "b":[1,{"a":"]"},[]],"c":{"d":{}} ,"e":-1.5e3,"f":null}"#;
        let stored = Stored::read(text.to_owned()).unwrap();
        assert_eq!(stored.get("a"), Some(r#""x\"}, \\""#));
        assert_eq!(stored.get("b"), Some(r#"[1,{"a":"]"},[]]"#));
        assert_eq!(stored.get("c"), Some(r#"{"d":{}}"#));
        assert_eq!(stored.get("e"), Some("-1.5e3"));
        assert_eq!(stored.get("f"), Some("null"));
        assert_eq!(stored.get("d"), None);
        let mut next = 0;
        assert_eq!(stored.get_after("e", &mut next), Some("-1.5e3"));
        assert_eq!(stored.get_after("a", &mut next), Some(r#""x\"}, \\""#));
        assert!(Stored::read(" { } ".to_owned()).unwrap().members.is_empty());
    }

    #[test]
    fn objects_of_a_list_or_the_one_there_is() {
        let ids = |value| -> Vec<String> {
            let objects = objects(value).unwrap();
            objects.iter().map(|object| object.get("id").unwrap().to_owned()).collect()
        };
        assert_eq!(ids(Some(r#"[{"id":1}, null ,{"id":2}]"#)), ["1", "2"]);
        assert_eq!(ids(Some(r#"{"id":3}"#)), ["3"]);
        assert_eq!(ids(Some("[]")), [""; 0]);
        assert_eq!(ids(Some("null")), [""; 0]);
        assert_eq!(ids(None), [""; 0]);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for wrong in [
            "",
            "[]",
            "null",
            "{",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1"#,
            r#"{"a":"x}"#,
            r#"{"a":1}x"#,
            r#"{"a":[}"#,
            r#"{"a":"\"#,
            r#"{a:1}"#,
        ] {
            assert!(Stored::read(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_full_parser(keys in proptest::collection::vec("[a-z]{1,3}", 0..6),
                                     texts in proptest::collection::vec("\\PC{0,9}", 6)) {
            let mut map = Map::new();
            for (key, text) in keys.iter().zip(&texts) {
                let nested = serde_json::json!([text, { text.clone(): [text, 1.5, null] }]);
                map.insert(key.clone(), if text.len() % 2 == 0 { nested } else { text.clone().into() });
            }
            let text = Value::Object(map.clone()).to_string();
            let stored = Stored::read(text).unwrap();
            proptest::prop_assert_eq!(stored.members.len(), map.len());
            for (key, value) in &map {
                let found: Value = serde_json::from_str(stored.get(key).unwrap()).unwrap();
                proptest::prop_assert_eq!(&found, value);
            }
        }
    }
}

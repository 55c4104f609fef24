//! Strapi's bracket grammar for query strings: `filters[author][name][$eq]=Ada&sort[0]=title`.
//!
//! Rules are those of the JavaScript library `qs` as Strapi configures it (nulls without `=`,
//! lists up to index 100, 20 levels). Every input has a meaning: malformed escapes are kept as
//! they stand, names every JavaScript object inherits are ignored, and only a query that is too
//! long is an error. Reading never panics and never recurses deeper than the grammar allows.

mod key;
mod node;
mod print;

use serde_json::{Map, Value};

use node::Node;
pub use print::print;

/// Bytes a query string may have.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Parameters a query string may have.
pub const MAX_PARAMETERS: usize = 1000;
/// Bracketed keys in a row; what follows them is one key, brackets and all.
pub const MAX_DEPTH: usize = 20;
/// The highest index a list has; beyond it `a[101]=x` is an object's key.
pub const MAX_INDEX: usize = 100;

/// A query string that is refused unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryStringError {
    #[error("The query string has {0} bytes; at most {MAX_LENGTH} are accepted")]
    TooLong(usize),
    #[error("The query string has {0} parameters; at most {MAX_PARAMETERS} are accepted")]
    TooManyParameters(usize),
}

/// Reads a query string, without its `?`, into a tree of objects, lists, texts and nulls.
///
/// # Errors
/// When it is longer than [`MAX_LENGTH`] or has more than [`MAX_PARAMETERS`].
pub fn parse(query: &str) -> Result<Map<String, Value>, QueryStringError> {
    if query.len() > MAX_LENGTH {
        return Err(QueryStringError::TooLong(query.len()));
    }
    parse_form(query)
}

/// As [`parse`], for the body of a form, whose length is limited where it is received.
///
/// # Errors
/// When it has more than [`MAX_PARAMETERS`].
pub fn parse_form(query: &str) -> Result<Map<String, Value>, QueryStringError> {
    let count = query.split('&').filter(|part| !part.is_empty()).count();
    if count > MAX_PARAMETERS {
        return Err(QueryStringError::TooManyParameters(count));
    }
    let mut root = Node::object();
    for (name, value) in parameters(query) {
        if let Some(chain) = key::split(&name) {
            root = root.merge(Node::nested(&chain, value));
        }
    }
    match root.into_value() {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

/// Decoded parameters in order of first appearance; a repeated name collects its values.
fn parameters(query: &str) -> indexmap::IndexMap<String, Node> {
    let mut found: indexmap::IndexMap<String, Node> = indexmap::IndexMap::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        // `a[b=c]=d`: the name ends at the bracket that is followed by the sign.
        let end = part.find("]=").map(|at| at + 1).or_else(|| part.find('='));
        let (name, value) = match end {
            Some(end) => (decode(&part[..end]), Node::Text(decode(&part[end + 1..]))),
            None => (decode(part), Node::Null),
        };
        match found.entry(name) {
            indexmap::map::Entry::Vacant(slot) => {
                slot.insert(value);
            }
            indexmap::map::Entry::Occupied(mut slot) => {
                let first = std::mem::replace(slot.get_mut(), Node::Null);
                slot.insert(first.and(value));
            }
        }
    }
    found
}

/// Undoes percent-encoding; `+` is a blank. A text with a malformed escape stays as it is.
fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes = text.as_bytes();
    let well_formed = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    if !well_formed {
        return text;
    }
    match percent_encoding::percent_decode_str(&text).decode_utf8() {
        Ok(decoded) => decoded.into_owned(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests;

//! Strapi's bracket grammar for query strings: `filters[author][name][$eq]=Ada&sort[0]=title`.
//!
//! Rules are those of the JavaScript library `qs` as Strapi configures it (nulls without `=`,
//! lists of up to 100 items, 20 levels, 1000 parameters). Every input has a meaning: malformed
//! escapes are kept as they stand, names every JavaScript object inherits are ignored, and only
//! a query that is too long is an error. Reading never panics and never recurses deeper than
//! the grammar allows.

mod key;
mod node;
mod print;

use serde_json::{Map, Value};

use node::Node;
pub use print::print;

/// Bytes a query string may have.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Parameters that are read; those after them are not.
pub const MAX_PARAMETERS: usize = 1000;
/// Bracketed keys in a row; what follows them is one key, brackets and all.
pub const MAX_DEPTH: usize = 20;
/// Items a list has; `a[100]=x` is an object's key.
pub const MAX_ITEMS: usize = 100;

/// A query string that is refused unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryStringError {
    #[error("The query string has {0} bytes; at most {MAX_LENGTH} are accepted")]
    TooLong(usize),
    #[error("The form has {0} fields; at most {MAX_PARAMETERS} are accepted")]
    TooManyParameters(usize),
}

/// Reads a query string, without its `?`, into a tree of objects, lists, texts and nulls.
///
/// # Errors
/// When it is longer than [`MAX_LENGTH`].
pub fn parse(query: &str) -> Result<Map<String, Value>, QueryStringError> {
    if query.len() > MAX_LENGTH {
        return Err(QueryStringError::TooLong(query.len()));
    }
    Ok(tree(query))
}

/// As [`parse`], for the body of a form, whose length is limited where it is received.
/// Nothing of what is to be written is left out.
///
/// # Errors
/// When it has more than [`MAX_PARAMETERS`].
pub fn parse_form(form: &str) -> Result<Map<String, Value>, QueryStringError> {
    let count = form.split('&').filter(|part| !part.is_empty()).count();
    if count > MAX_PARAMETERS {
        return Err(QueryStringError::TooManyParameters(count));
    }
    Ok(tree(form))
}

fn tree(query: &str) -> Map<String, Value> {
    let mut root = Node::object();
    for (name, value) in parameters(query) {
        if let Some(chain) = key::split(&name) {
            root = root.merge(Node::nested(&chain, value));
        }
    }
    match root.into_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Decoded parameters in order of first appearance; a repeated name collects its values.
fn parameters(query: &str) -> indexmap::IndexMap<String, Node> {
    let mut found: indexmap::IndexMap<String, Node> = indexmap::IndexMap::new();
    let query = with_brackets(query);
    for part in query.split('&').take(MAX_PARAMETERS).filter(|part| !part.is_empty()) {
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

/// Brackets that came encoded.
fn with_brackets(query: &str) -> String {
    query.replace("%5B", "[").replace("%5b", "[").replace("%5D", "]").replace("%5d", "]")
}

/// Whether every JavaScript object has a member of this name.
#[must_use]
pub fn is_inherited(name: &str) -> bool {
    key::is_inherited(name)
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

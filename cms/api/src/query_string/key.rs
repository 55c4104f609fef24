//! Splitting a parameter's name at its brackets.

use super::MAX_DEPTH;

/// Keys every JavaScript object inherits; a name that contains one is ignored whole.
const INHERITED: [&str; 12] = [
    "constructor",
    "__defineGetter__",
    "__defineSetter__",
    "hasOwnProperty",
    "__lookupGetter__",
    "__lookupSetter__",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toString",
    "valueOf",
    "__proto__",
    "toLocaleString",
];

/// One step of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// `name`, `[name]`
    Name(String),
    /// `[]`
    Next,
    /// `[3]`
    Index(usize),
    /// `[100]`: an index that no list has.
    Beyond(usize),
}

/// `a[b][0]` → `a`, `b`, 0. `None` when the name says nothing.
pub(super) fn split(name: &str) -> Option<Vec<Key>> {
    let first = name.find('[');
    let head = &name[..first.unwrap_or(name.len())];
    if name.is_empty() || is_inherited(head) {
        return None;
    }
    let mut chain = Vec::new();
    if !head.is_empty() {
        chain.push(Key::Name(head.to_owned()));
    }
    let mut open = first;
    let mut depth = 0;
    while let Some(start) = open {
        let end = if depth < MAX_DEPTH { closing(name, start) } else { None };
        let Some(end) = end else {
            // Too deep, or never closed: the rest is one key, brackets and all.
            chain.push(Key::Name(name[start..].to_owned()));
            break;
        };
        let inner = &name[start + 1..end];
        if is_inherited(inner) {
            return None;
        }
        chain.push(bracketed(inner));
        depth += 1;
        open = name[end + 1..].find('[').map(|at| end + 1 + at);
    }
    Some(chain)
}

/// Where the bracket that opens at `start` is closed, counting those inside it.
fn closing(name: &str, start: usize) -> Option<usize> {
    let mut level = 0usize;
    for (at, byte) in name.bytes().enumerate().skip(start) {
        match byte {
            b'[' => level += 1,
            b']' => level -= 1,
            _ => {}
        }
        if level == 0 {
            return Some(at);
        }
    }
    None
}

pub(super) fn is_inherited(key: &str) -> bool {
    INHERITED.contains(&key)
}

fn bracketed(inner: &str) -> Key {
    if inner.is_empty() {
        return Key::Next;
    }
    match inner.parse::<usize>() {
        // `[007]` and `[+1]` are names: only the canonical spelling is an index.
        Ok(index) if index.to_string() != inner => Key::Name(inner.to_owned()),
        Ok(index) if index < super::MAX_ITEMS => Key::Index(index),
        Ok(index) => Key::Beyond(index),
        Err(_) => Key::Name(inner.to_owned()),
    }
}

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
}

/// `a[b][0]` → `a`, `b`, 0. `None` when the name says nothing.
pub(super) fn split(name: &str) -> Option<Vec<Key>> {
    let mut groups = Groups { rest: name, offset: 0 };
    let mut chain = Vec::new();
    let Some((start, first)) = groups.next() else {
        return (!name.is_empty() && !is_inherited(name)).then(|| vec![Key::Name(name.to_owned())]);
    };
    let head = &name[..start];
    if is_inherited(head) {
        return None;
    }
    if !head.is_empty() {
        chain.push(Key::Name(head.to_owned()));
    }
    let mut group = Some((start, first));
    let mut depth = 0;
    while let Some((start, inner)) = group {
        if depth == MAX_DEPTH {
            chain.push(Key::Name(name[start..].to_owned()));
            break;
        }
        if is_inherited(inner) {
            return None;
        }
        chain.push(bracketed(inner));
        depth += 1;
        group = groups.next();
    }
    Some(chain)
}

fn is_inherited(key: &str) -> bool {
    INHERITED.contains(&key)
}

fn bracketed(inner: &str) -> Key {
    if inner.is_empty() {
        return Key::Next;
    }
    match inner.parse::<usize>() {
        // `[007]` and `[+1]` are names: only the canonical spelling is an index.
        Ok(index) if index <= super::MAX_INDEX && index.to_string() == inner => Key::Index(index),
        _ => Key::Name(inner.to_owned()),
    }
}

/// Innermost bracket pairs, left to right, with the position of their opening bracket.
struct Groups<'a> {
    rest: &'a str,
    offset: usize,
}

impl<'a> Iterator for Groups<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let close = self.rest.find(']')?;
            let found = self.rest[..close].rfind('[').map(|open| (open, close));
            let offset = self.offset;
            let rest = self.rest;
            self.rest = &rest[close + 1..];
            self.offset = offset + close + 1;
            if let Some((open, close)) = found {
                return Some((offset + open, &rest[open + 1..close]));
            }
        }
    }
}

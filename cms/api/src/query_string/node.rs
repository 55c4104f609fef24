//! The tree while it grows: lists may have holes, and parameters are merged one by one.
//!
//! A list that would get more than [`MAX_ITEMS`] becomes an object with its indexes as keys,
//! and goes on counting.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::MAX_ITEMS;
use super::key::Key;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Text(String),
    /// By index; holes close in the end.
    List(BTreeMap<usize, Node>),
    Object(Members),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Members {
    named: IndexMap<String, Node>,
    /// The highest index of what was a list.
    last: Option<usize>,
}

impl Members {
    fn of_list(items: BTreeMap<usize, Node>) -> Self {
        let named = items.into_iter().map(|(at, item)| (at.to_string(), item)).collect();
        Self { named, last: None }
    }

    fn push(&mut self, last: usize, item: Node) {
        self.named.insert((last + 1).to_string(), item);
        self.last = Some(last + 1);
    }

    fn merge(mut self, source: Self) -> Node {
        for (key, value) in source.named {
            let merged = match self.named.get_mut(&key) {
                None => value,
                Some(slot) => std::mem::replace(slot, Node::Null).merge(value),
            };
            self.last = self.last.or(source.last);
            if let (Some(last), Ok(index)) = (self.last, key.parse::<usize>()) {
                self.last = Some(last.max(index));
            }
            self.named.insert(key, merged);
        }
        Node::Object(self)
    }
}

impl Node {
    pub(super) fn object() -> Self {
        Self::Object(Members::default())
    }

    /// The value below a chain of keys, with nothing beside it.
    pub(super) fn nested(chain: &[Key], value: Self) -> Self {
        let member = |name: String, inner, last| {
            Self::Object(Members { named: IndexMap::from([(name, inner)]), last })
        };
        chain.iter().rev().fold(value, |inner, key| match key {
            Key::Next => match inner {
                Self::Object(Members { last: Some(_), .. }) | Self::List(_) => inner,
                single => Self::List(BTreeMap::from([(0, single)])),
            },
            Key::Index(index) => Self::List(BTreeMap::from([(*index, inner)])),
            Key::Beyond(index) => member(index.to_string(), inner, Some(*index)),
            Key::Name(name) => member(name.clone(), inner, None),
        })
    }

    /// Both values, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        match self {
            Self::Object(mut members) if members.last.is_some() => {
                let last = members.last.unwrap_or_default();
                members.push(last, other);
                Self::Object(members)
            }
            first => concatenated(first, other),
        }
    }

    fn is_falsy(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Text(text) if text.is_empty())
    }

    pub(super) fn merge(self, source: Self) -> Self {
        match (self, source) {
            (target, source) if source.is_falsy() => target,
            (Self::List(mut list), Self::Text(text)) => {
                push(&mut list, Self::Text(text));
                limited(list)
            }
            (Self::Object(mut members), Self::Text(text)) => match members.last {
                Some(last) => {
                    members.push(last, Self::Text(text));
                    Self::Object(members)
                }
                None => concatenated(Self::Object(members), Self::Text(text)),
            },
            (Self::List(target), Self::List(source)) => merge_lists(target, source),
            (Self::List(target), Self::Object(source)) => Members::of_list(target).merge(source),
            (Self::Object(target), Self::Object(source)) => target.merge(source),
            (Self::Object(target), Self::List(source)) => target.merge(Members::of_list(source)),
            (target, Self::Object(Members { named, last: Some(last) })) => {
                shifted(target, named, last)
            }
            (target, source) => concatenated(target, source),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::String(text),
            Self::List(list) => list.into_values().map(Self::into_value).collect(),
            Self::Object(members) => {
                // As in JavaScript, keys that are numbers come first, in their order.
                let (mut numbers, names): (Vec<_>, Vec<_>) =
                    members.named.into_iter().partition(|(key, _)| number(key).is_some());
                numbers.sort_by_key(|(key, _)| number(key));
                let members = numbers.into_iter().chain(names);
                Value::Object(members.map(|(key, node)| (key, node.into_value())).collect())
            }
        }
    }
}

/// The number a key spells, when it is one that JavaScript orders by.
fn number(key: &str) -> Option<u32> {
    key.parse().ok().filter(|number: &u32| *number < u32::MAX && number.to_string() == key)
}

fn push(list: &mut BTreeMap<usize, Node>, item: Node) {
    let next = list.last_key_value().map_or(0, |(last, _)| last + 1);
    list.insert(next, item);
}

/// A list for as long as it may be one.
fn limited(list: BTreeMap<usize, Node>) -> Node {
    match list.last_key_value() {
        Some((last, _)) if *last >= MAX_ITEMS => {
            let last = Some(*last);
            Node::Object(Members { last, ..Members::of_list(list) })
        }
        _ => Node::List(list),
    }
}

fn concatenated(first: Node, second: Node) -> Node {
    let mut list = BTreeMap::new();
    for node in [first, second] {
        match node {
            Node::List(items) => items.into_values().for_each(|item| push(&mut list, item)),
            single => push(&mut list, single),
        }
    }
    limited(list)
}

/// One value before those of what was a list.
fn shifted(first: Node, named: IndexMap<String, Node>, last: usize) -> Node {
    let mut moved = IndexMap::from([("0".to_owned(), first)]);
    for (key, item) in named {
        let index = key.parse::<usize>().unwrap_or_default();
        moved.insert((index + 1).to_string(), item);
    }
    Node::Object(Members { named: moved, last: Some(last + 1) })
}

fn merge_lists(mut target: BTreeMap<usize, Node>, source: BTreeMap<usize, Node>) -> Node {
    for (at, item) in source {
        match target.remove(&at) {
            None => {
                target.insert(at, item);
            }
            Some(existing) if is_container(&existing) && is_container(&item) => {
                target.insert(at, existing.merge(item));
            }
            Some(existing) => {
                target.insert(at, existing);
                push(&mut target, item);
            }
        }
    }
    limited(target)
}

fn is_container(node: &Node) -> bool {
    matches!(node, Node::List(_) | Node::Object(_))
}

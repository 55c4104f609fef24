//! The tree while it grows: lists may have holes, and parameters are merged one by one.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::key::Key;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Text(String),
    /// What an object gets for a key that was only mentioned: `a[b]=1&a=c` → `a.c = true`.
    Mentioned,
    /// By index; holes close in the end.
    List(BTreeMap<usize, Node>),
    Object(IndexMap<String, Node>),
}

impl Node {
    pub(super) fn object() -> Self {
        Self::Object(IndexMap::new())
    }

    /// The value below a chain of keys, with nothing beside it.
    pub(super) fn nested(chain: &[Key], value: Self) -> Self {
        chain.iter().rev().fold(value, |inner, key| match key {
            Key::Next => match inner {
                list @ Self::List(_) => list,
                single => Self::List(BTreeMap::from([(0, single)])),
            },
            Key::Index(index) => Self::List(BTreeMap::from([(*index, inner)])),
            Key::Name(name) => Self::Object(IndexMap::from([(name.clone(), inner)])),
        })
    }

    /// Both values, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        let mut list = match self {
            Self::List(list) => list,
            single => BTreeMap::from([(0, single)]),
        };
        push(&mut list, other);
        Self::List(list)
    }

    fn is_falsy(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Text(text) if text.is_empty())
    }

    pub(super) fn merge(self, source: Self) -> Self {
        match (self, source) {
            (target, source) if source.is_falsy() => target,
            (Self::List(mut list), source @ (Self::Text(_) | Self::Mentioned | Self::Null)) => {
                push(&mut list, source);
                Self::List(list)
            }
            (Self::Object(mut object), Self::Text(name)) => {
                object.insert(name, Self::Mentioned);
                Self::Object(object)
            }
            (Self::List(target), Self::List(source)) => merge_lists(target, source),
            (Self::List(target), Self::Object(source)) => {
                let target = target.into_iter().map(|(at, item)| (at.to_string(), item)).collect();
                merge_objects(target, source)
            }
            (Self::Object(target), Self::Object(source)) => merge_objects(target, source),
            (Self::Object(target), Self::List(source)) => {
                let source = source.into_iter().map(|(at, item)| (at.to_string(), item)).collect();
                merge_objects(target, source)
            }
            (target, Self::List(source)) => {
                let mut list = BTreeMap::from([(0, target)]);
                source.into_values().for_each(|item| push(&mut list, item));
                Self::List(list)
            }
            (target, source) => Self::List(BTreeMap::from([(0, target), (1, source)])),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::String(text),
            Self::Mentioned => Value::Bool(true),
            Self::List(list) => list.into_values().map(Self::into_value).collect(),
            Self::Object(object) => {
                let members = object.into_iter().map(|(key, node)| (key, node.into_value()));
                Value::Object(members.collect())
            }
        }
    }
}

fn push(list: &mut BTreeMap<usize, Node>, item: Node) {
    let next = list.last_key_value().map_or(0, |(last, _)| last + 1);
    list.insert(next, item);
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
    Node::List(target)
}

fn merge_objects(mut target: IndexMap<String, Node>, source: IndexMap<String, Node>) -> Node {
    for (key, value) in source {
        match target.entry(key) {
            indexmap::map::Entry::Vacant(slot) => {
                slot.insert(value);
            }
            indexmap::map::Entry::Occupied(mut slot) => {
                let existing = std::mem::replace(slot.get_mut(), Node::Null);
                slot.insert(existing.merge(value));
            }
        }
    }
    Node::Object(target)
}

fn is_container(node: &Node) -> bool {
    matches!(node, Node::List(_) | Node::Object(_))
}

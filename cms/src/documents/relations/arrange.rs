//! The order of a list of links after an edit.
//!
//! Pure: takes the list as it is and the edit, gives the list as it shall be. Positions may
//! refer to items of the same edit, in any order.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{TYPE, Targets};
use crate::store::links::Target;

/// An edit of one attribute.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Edit {
    /// Replaces the list; nothing else counts then.
    pub(crate) set: Option<Vec<Target>>,
    pub(crate) connect: Vec<Connect>,
    pub(crate) disconnect: Vec<Target>,
}

/// One item to add, or to move.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connect {
    pub(crate) target: Target,
    pub(crate) place: Place,
    /// The numeric id and the position as the client gave them, for messages.
    number: i64,
    position: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    Start,
    End,
    Before(Target, i64),
    After(Target, i64),
}

impl Edit {
    /// Reads a resolved value (see [`super::resolve`]) of an attribute that leads to `uid`;
    /// ids without a document are left out.
    pub(crate) fn read(value: &Value, uid: &str, targets: &Targets) -> Self {
        let Value::Object(map) = value else {
            return Self { set: value.is_null().then(Vec::new), ..Self::default() };
        };
        let list = |word: &str| map.get(word).and_then(Value::as_array);
        let found = |item: &Value| targets.get(&key(item, uid)?).cloned();
        Self {
            set: list("set").map(|items| unique(items.iter().filter_map(found))),
            disconnect: list("disconnect").into_iter().flatten().filter_map(found).collect(),
            connect: connects(list("connect").map_or(&[], Vec::as_slice), uid, targets),
        }
    }

    /// The list after the edit.
    ///
    /// # Errors
    /// The message for the client when a position refers to nothing or to itself.
    pub(crate) fn apply(&self, current: &[Target]) -> Result<Vec<Target>, String> {
        if let Some(set) = &self.set {
            return Ok(set.clone());
        }
        let mut list: Vec<Target> =
            current.iter().filter(|item| !self.disconnect.contains(item)).cloned().collect();
        let linked = list.clone();
        for connect in self.sorted(&linked)? {
            list.retain(|item| *item != connect.target);
            let at = connect.place.index(&list);
            list.insert(at, connect.target.clone());
        }
        Ok(list)
    }

    /// The items to connect, each behind the one its position refers to.
    fn sorted<'e>(&'e self, linked: &'e [Target]) -> Result<Vec<&'e Connect>, String> {
        let pending: IndexMap<&Target, &Connect> =
            self.connect.iter().map(|connect| (&connect.target, connect)).collect();
        let mut order = Order { pending, linked, done: Vec::new() };
        for connect in &self.connect {
            order.visit(connect, &mut Vec::new())?;
        }
        Ok(order.done)
    }
}

struct Order<'a> {
    pending: IndexMap<&'a Target, &'a Connect>,
    linked: &'a [Target],
    done: Vec<&'a Connect>,
}

impl<'a> Order<'a> {
    fn visit(&mut self, connect: &'a Connect, above: &mut Vec<&'a Target>) -> Result<(), String> {
        if self.done.contains(&connect) {
            return Ok(());
        }
        if let Some((neighbour, id)) = connect.place.neighbour()
            && !self.linked.contains(neighbour)
        {
            above.push(&connect.target);
            if above.contains(&neighbour) {
                return Err(
                    "A circular reference was found in the connect array. One relation is \
                    trying to connect before/after another one that is trying to connect \
                    before/after it"
                        .into(),
                );
            }
            match self.pending.get(neighbour).copied() {
                Some(other) => self.visit(other, above)?,
                None => return Err(connect.unplaced(id)),
            }
        }
        self.done.push(connect);
        Ok(())
    }
}

impl Connect {
    fn unplaced(&self, neighbour: i64) -> String {
        let position = Value::Object(self.position.clone());
        format!(
            "There was a problem connecting relation with id {} at position {position}. \
             The relation with id {neighbour} needs to be connected first.",
            self.number
        )
    }
}

impl Place {
    fn neighbour(&self) -> Option<(&Target, i64)> {
        match self {
            Self::Before(target, id) | Self::After(target, id) => Some((target, *id)),
            Self::Start | Self::End => None,
        }
    }

    fn index(&self, list: &[Target]) -> usize {
        let of = |target: &Target| list.iter().position(|item| item == target);
        match self {
            Self::Start => 0,
            Self::End => list.len(),
            Self::Before(target, _) => of(target).unwrap_or(list.len()),
            Self::After(target, _) => of(target).map_or(list.len(), |at| at + 1),
        }
    }
}

/// Type and numeric id of a resolved item.
fn key(item: &Value, uid: &str) -> Option<(String, i64)> {
    let uid = item.get(TYPE).and_then(Value::as_str).unwrap_or(uid);
    Some((uid.to_owned(), item.get("id")?.as_i64()?))
}

fn connects(items: &[Value], uid: &str, targets: &Targets) -> Vec<Connect> {
    let mut seen = Vec::new();
    let mut connects = Vec::new();
    for item in items {
        let Some(key) = key(item, uid) else { continue };
        let Some(target) = targets.get(&key).cloned() else { continue };
        if seen.contains(&target) {
            continue;
        }
        seen.push(target.clone());
        let position = item.get("position").and_then(Value::as_object).cloned().unwrap_or_default();
        let place = place(&position, &key.0, targets);
        connects.push(Connect { target, place, number: key.1, position });
    }
    connects
}

fn place(position: &Map<String, Value>, uid: &str, targets: &Targets) -> Place {
    let neighbour = |word: &str| {
        let id = position.get(word)?.as_i64()?;
        // A row that does not exist is never linked, which is what the message then says.
        let unknown = || Target { uid: String::new(), document_id: id.to_string() };
        Some((targets.get(&(uid.to_owned(), id)).cloned().unwrap_or_else(unknown), id))
    };
    let flag = |word: &str| position.get(word).is_some_and(|value| value == &Value::Bool(true));
    if let Some((target, id)) = neighbour("before") {
        Place::Before(target, id)
    } else if let Some((target, id)) = neighbour("after") {
        Place::After(target, id)
    } else if flag("start") {
        Place::Start
    } else {
        Place::End
    }
}

fn unique(items: impl Iterator<Item = Target>) -> Vec<Target> {
    let mut list: Vec<Target> = Vec::new();
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
    list
}

/// Positions for a list some of whose items have one: those are kept when they still
/// ascend, so that an edit writes only what it moved.
pub(crate) fn positions(kept: &[Option<f64>]) -> Vec<f64> {
    let known: Vec<f64> = kept.iter().flatten().copied().collect();
    if !known.is_sorted_by(|a, b| a < b) {
        #[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^52")]
        return (1..=kept.len()).map(|index| index as f64).collect();
    }
    let mut positions = Vec::with_capacity(kept.len());
    let mut index = 0;
    while index < kept.len() {
        if let Some(position) = kept[index] {
            positions.push(position);
            index += 1;
            continue;
        }
        let gap = kept[index..].iter().take_while(|position| position.is_none()).count();
        let before = positions.last().copied();
        let after = kept.get(index + gap).copied().flatten();
        positions.extend(between(before, after, gap));
        index += gap;
    }
    positions
}

fn between(before: Option<f64>, after: Option<f64>, count: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^52")]
    let number = |index: usize| index as f64;
    (0..count)
        .map(|index| match (before, after) {
            (Some(low), Some(high)) => low + (high - low) * number(index + 1) / number(count + 1),
            (Some(low), None) => low.floor() + number(index + 1),
            (None, Some(high)) => high.ceil() - number(count - index),
            (None, None) => number(index + 1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(name: &str) -> Target {
        Target { uid: "t".into(), document_id: name.into() }
    }

    fn targets() -> Targets {
        let names = ["a", "b", "c", "d", "e"].iter().zip(1..);
        names.map(|(name, id)| (("t".into(), id), target(name))).collect()
    }

    fn after(edit: Value, current: &[&str]) -> Result<Vec<String>, String> {
        let current: Vec<_> = current.iter().map(|name| target(name)).collect();
        let list = Edit::read(&edit, "t", &targets()).apply(&current)?;
        Ok(list.into_iter().map(|item| item.document_id).collect())
    }

    #[test]
    fn connecting_appends_and_moves() {
        let list = after(json!({"connect": [{"id": 4}]}), &["a", "b"]).unwrap();
        assert_eq!(list, ["a", "b", "d"]);
        let list = after(json!({"connect": [{"id": 1}]}), &["a", "b"]).unwrap();
        assert_eq!(list, ["b", "a"]);
    }

    #[test]
    fn positions_may_refer_to_items_of_the_same_edit() {
        let edit = json!({"connect": [
            {"id": 5, "position": {"after": 4}},
            {"id": 4, "position": {"before": 3}},
        ]});
        assert_eq!(after(edit, &["a", "c"]).unwrap(), ["a", "d", "e", "c"]);
        let edit = json!({"connect": [{"id": 4, "position": {"start": true}}]});
        assert_eq!(after(edit, &["a", "b"]).unwrap(), ["d", "a", "b"]);
    }

    #[test]
    fn a_position_must_refer_to_something_linked() {
        let edit = json!({"connect": [{"id": 4, "position": {"before": 5}}]});
        assert_eq!(
            after(edit, &["a"]).unwrap_err(),
            "There was a problem connecting relation with id 4 at position {\"before\":5}. \
             The relation with id 5 needs to be connected first."
        );
        let circle = json!({"connect": [
            {"id": 4, "position": {"before": 5}}, {"id": 5, "position": {"after": 4}},
        ]});
        assert!(after(circle, &[]).unwrap_err().starts_with("A circular reference"));
    }

    #[test]
    fn set_wins_and_duplicates_collapse() {
        let edit = json!({"set": [{"id": 2}, {"id": 2}, {"id": 1}], "connect": [{"id": 3}]});
        assert_eq!(after(edit, &["c"]).unwrap(), ["b", "a"]);
        assert_eq!(after(Value::Null, &["c"]).unwrap(), Vec::<String>::new());
        assert_eq!(after(json!({}), &["c"]).unwrap(), ["c"]);
        assert_eq!(
            after(json!({"disconnect": [{"id": 3}, {"id": 9}]}), &["c", "d"]).unwrap(),
            ["d"]
        );
    }

    #[test]
    fn kept_positions_stay_when_they_ascend() {
        assert_eq!(positions(&[Some(1.0), None, Some(2.0), None]), [1.0, 1.5, 2.0, 3.0]);
        assert_eq!(positions(&[None, None, Some(1.0)]), [-1.0, 0.0, 1.0]);
        assert_eq!(positions(&[Some(2.0), Some(1.0), None]), [1.0, 2.0, 3.0]);
    }
}

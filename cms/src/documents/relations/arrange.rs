//! The order of a list of links after an edit.
//!
//! Pure: takes the list as it is and the edit, gives the list as it shall be. Positions may
//! refer to items of the same edit, in any order.

use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{TYPE, Targets, is_truthy, row_number};
use crate::documents::validate::joined;
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::store::documents::Identity;
use crate::store::links::Target;

/// An edit of one attribute as a client wrote it, resolved (see [`super::resolve`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) value: &'a Value,
    /// The type the attribute leads to.
    pub(crate) uid: &'a str,
    pub(crate) targets: &'a Targets,
    /// The row is new, nothing is linked yet.
    pub(crate) fresh: bool,
    /// The row that is to hold the links, when it is the one that is edited.
    pub(crate) holder: Option<(&'a ContentModel, &'a Identity)>,
}

impl<'a> Asked<'a> {
    /// The edit of what this row holds, whichever rows it names.
    pub(crate) fn edit_held_by(self, model: &'a ContentModel, row: &'a Identity) -> Edit {
        Self { holder: Some((model, row)), ..self }.edit_of(&|_| true)
    }

    /// The edit of those rows alone that are meant.
    pub(crate) fn edit_of(self, is_meant: &dyn Fn(&Identity) -> bool) -> Edit {
        Edit::read(self, is_meant)
    }

    /// The row an item names.
    fn row(self, item: &Value) -> Option<&'a Identity> {
        self.targets.get(&key(item, self.uid)?)
    }

    /// What a link to this row names: the document alone where the holder leads to this row
    /// of it by itself.
    fn target(self, row: &Identity) -> Target {
        let mut target = Target::from(row);
        let Some((model, holder)) = self.holder else { return target };
        let has_drafts = model.get(&row.uid).is_some_and(|ty| ty.draft_and_publish);
        if has_drafts && holder.status == DRAFT && row.status == PUBLISHED {
            target.status.clone_from(&row.status);
        }
        let has_locales = !holder.locale.is_empty() && !row.locale.is_empty();
        if has_locales && row.locale != holder.locale {
            target.locale.clone_from(&row.locale);
        }
        target
    }

    /// The rows the client named, in that order.
    pub(crate) fn rows(self) -> impl Iterator<Item = &'a Identity> {
        let lists = ["set", "connect", "disconnect"].into_iter().map(|word| self.value.get(word));
        let items = lists.flatten().filter_map(Value::as_array).flatten();
        items.filter_map(move |item| self.row(item))
    }
}

/// An edit of one attribute.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Edit {
    /// Replaces the list; nothing else counts then.
    pub(crate) set: Option<Vec<Target>>,
    pub(crate) connect: Vec<Connect>,
    pub(crate) disconnect: Vec<Target>,
    /// As in [`Asked`].
    pub(crate) fresh: bool,
    /// An item whose neighbour is not linked goes to the end instead of failing.
    lenient: bool,
    /// The number of a row that is to be connected at two places.
    repeated: Option<i64>,
}

/// One item to add, or to move.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connect {
    pub(crate) target: Target,
    pub(crate) place: Place,
    /// What the position needs to be linked; of two neighbours it is the one behind.
    anchor: Option<Target>,
    /// The numeric id and the position as the client gave them, for messages.
    number: i64,
    position: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    Start,
    End,
    Before(Target),
    After(Target),
}

impl Edit {
    /// Ids without a row, and rows that are not meant, are left out.
    fn read(asked: Asked<'_>, is_meant: &dyn Fn(&Identity) -> bool) -> Self {
        let Asked { value, fresh, .. } = asked;
        let Value::Object(map) = value else {
            let set = value.is_null().then(Vec::new);
            return Self { set, fresh, ..Self::default() };
        };
        let list = |word: &str| map.get(word).and_then(Value::as_array);
        let meant_row = |item: &Value| asked.row(item).filter(|row| is_meant(row));
        let found = |item: &Value| meant_row(item).map(|row| asked.target(row));
        let strict = map.get("options").and_then(|options| options.get("strict"));
        let mut edit = Self {
            set: list("set").map(|items| unique(items.iter().filter_map(found))),
            disconnect: list("disconnect").into_iter().flatten().filter_map(found).collect(),
            lenient: strict == Some(&Value::Bool(false)) && !fresh,
            fresh,
            ..Self::default()
        };
        let meant = |item: &&Value| asked.row(item).is_some_and(is_meant);
        edit.read_connects(list("connect").into_iter().flatten().filter(meant), asked);
        edit
    }

    fn read_connects<'v>(&mut self, items: impl Iterator<Item = &'v Value>, asked: Asked<'_>) {
        let (uid, targets) = (asked.uid, asked.targets);
        let mut seen: Vec<&Value> = Vec::new();
        for item in items {
            let Some(key) = key(item, uid) else { continue };
            let Some(target) = targets.get(&key).map(|row| asked.target(row)) else { continue };
            if seen.contains(&item) {
                continue;
            }
            seen.push(item);
            if let Some(first) = self.connect.iter().find(|other| other.target == target) {
                // Two rows of one document are two items for the client's eyes only.
                if first.number == key.1 {
                    self.repeated.get_or_insert(key.1);
                }
                continue;
            }
            let position =
                item.get("position").and_then(Value::as_object).cloned().unwrap_or_default();
            let place = place(&position, &key.0, asked);
            let behind =
                Map::from_iter(position.get("after").map(|id| ("after".into(), id.clone())));
            let anchor = match self::place(&behind, &key.0, asked) {
                Place::After(behind) => Some(behind),
                _ => place.neighbour().cloned(),
            };
            self.connect.push(Connect { target, place, anchor, number: key.1, position });
        }
    }

    /// The list after the edit.
    ///
    /// # Errors
    /// The message for the client when a position refers to nothing or to itself, or a row
    /// is to be connected at two places.
    pub(crate) fn apply(&self, current: &[Target]) -> Result<Vec<Target>, String> {
        if let Some(set) = &self.set {
            return Ok(set.clone());
        }
        if let Some(number) = self.repeated {
            return Err(format!(
                "The relation with id {number} is already connected. You cannot connect the \
                 same relation twice."
            ));
        }
        let gone: Vec<&Target> = self.gone().collect();
        // What is disconnected keeps its place until the end: neighbours may refer to it.
        let mut list = current.to_vec();
        let mut behind: Vec<&Target> = Vec::new();
        let linked = self.linked(current);
        for (connect, place) in self.sorted(&linked)? {
            list.retain(|item| *item != connect.target);
            let mut at = place.index(&list).ok_or_else(|| connect.misplaced())?;
            if let Place::After(neighbour) = place
                && gone.contains(&neighbour)
            {
                // What takes the place of something gone stands in the order it was named.
                at += behind.iter().filter(|other| **other == neighbour).count();
                behind.push(neighbour);
            }
            list.insert(at.min(list.len()), connect.target.clone());
        }
        list.retain(|item| !gone.contains(&item));
        Ok(list)
    }

    /// The list after the edit of an attribute that holds one item: the first that is named
    /// takes the place of what is there.
    pub(crate) fn apply_to_one(&self, current: &[Target]) -> Vec<Target> {
        let first = self.connect.first().map(|connect| connect.target.clone());
        match (&self.set, first) {
            (Some(set), _) => set.first().cloned().into_iter().collect(),
            (None, Some(first)) => vec![first],
            (None, None) => {
                let gone: Vec<&Target> = self.gone().collect();
                current.iter().filter(|item| !gone.contains(item)).cloned().collect()
            }
        }
    }

    /// The list after the edit of a media attribute. Positions do not count, an edit that
    /// says nothing empties it, and a new row knows lists alone.
    pub(crate) fn apply_to_media(&self, current: &[Target], many: bool) -> Vec<Target> {
        let silent = self.connect.is_empty() && self.disconnect.is_empty();
        let mut list: Vec<Target> = match &self.set {
            Some(set) if !set.is_empty() || silent || self.fresh => set.clone(),
            _ if silent || self.fresh => Vec::new(),
            _ => {
                let connected: Vec<&Target> = self.connect.iter().map(|c| &c.target).collect();
                let kept = current
                    .iter()
                    .filter(|item| !connected.contains(item) && !self.disconnect.contains(item));
                kept.chain(connected.iter().copied()).cloned().collect()
            }
        };
        if !many {
            list.truncate(1);
        }
        list
    }

    /// The items positions may refer to: the first, the last, and those that are named.
    fn linked(&self, current: &[Target]) -> Vec<Target> {
        let ends = [current.first(), current.last()];
        let named = |item: &Target| self.connect.iter().any(|it| it.anchor.as_ref() == Some(item));
        let linked = current.iter().filter(|item| ends.contains(&Some(item)) || named(item));
        linked.cloned().collect()
    }

    /// The edit, but an item whose neighbour is not linked goes to the end.
    pub(crate) fn leniently(&self) -> Self {
        Self { lenient: true, ..self.clone() }
    }

    /// What is disconnected and not connected again.
    fn gone(&self) -> impl Iterator<Item = &Target> {
        let again = |target: &&Target| self.connect.iter().any(|other| other.target == **target);
        self.disconnect.iter().filter(move |target| !again(target))
    }

    /// The items to connect, each behind the one its position refers to.
    fn sorted<'e>(&'e self, linked: &'e [Target]) -> Result<Vec<(&'e Connect, &'e Place)>, String> {
        let pending: IndexMap<&Target, &Connect> =
            self.connect.iter().map(|connect| (&connect.target, connect)).collect();
        let mut order = Order { pending, linked, lenient: self.lenient, done: Vec::new() };
        for connect in &self.connect {
            order.visit(connect, &mut Vec::new())?;
        }
        Ok(order.done)
    }
}

struct Order<'a> {
    pending: IndexMap<&'a Target, &'a Connect>,
    linked: &'a [Target],
    lenient: bool,
    done: Vec<(&'a Connect, &'a Place)>,
}

impl<'a> Order<'a> {
    fn visit(&mut self, connect: &'a Connect, above: &mut Vec<&'a Target>) -> Result<(), String> {
        if self.done.iter().any(|(done, _)| *done == connect) {
            return Ok(());
        }
        let mut place = &connect.place;
        if let Some(neighbour) = connect.place.neighbour()
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
                None if self.lenient => place = &Place::End,
                None => return Err(connect.unplaced()),
            }
        }
        self.done.push((connect, place));
        Ok(())
    }
}

impl Connect {
    fn unplaced(&self) -> String {
        let neighbour = neighbour(&self.position).map(|(_, id)| joined(id)).unwrap_or_default();
        format!("{} The relation with id {neighbour} needs to be connected first.", self.problem())
    }

    fn misplaced(&self) -> String {
        format!("{} The list of connect relations is not valid", self.problem())
    }

    fn problem(&self) -> String {
        let position = Value::Object(self.position.clone());
        format!(
            "There was a problem connecting relation with id {} at position {position}.",
            self.number
        )
    }
}

impl Place {
    fn neighbour(&self) -> Option<&Target> {
        match self {
            Self::Before(target) | Self::After(target) => Some(target),
            Self::Start | Self::End => None,
        }
    }

    /// `None` when the neighbour is not there: an item cannot stand beside itself.
    fn index(&self, list: &[Target]) -> Option<usize> {
        let of = |target: &Target| list.iter().position(|item| item == target);
        match self {
            Self::Start => Some(0),
            Self::End => Some(list.len()),
            Self::Before(target) => of(target),
            Self::After(target) => of(target).map(|at| at + 1),
        }
    }
}

/// Type and numeric id of a resolved item.
fn key(item: &Value, uid: &str) -> Option<(String, i64)> {
    let uid = item.get(TYPE).and_then(Value::as_str).unwrap_or(uid);
    Some((uid.to_owned(), row_number(item.get("id")?)?))
}

/// The word of a position that names a neighbour, and the name.
fn neighbour(position: &Map<String, Value>) -> Option<(&'static str, &Value)> {
    let named = |word| position.get(word).filter(|id| is_truthy(id)).map(|id| (word, id));
    named("before").or_else(|| named("after"))
}

fn place(position: &Map<String, Value>, uid: &str, asked: Asked<'_>) -> Place {
    if let Some((word, id)) = neighbour(position) {
        let row = row_number(id).and_then(|id| asked.targets.get(&(uid.to_owned(), id)));
        // A row that does not exist is never linked, which is what the message then says.
        let unknown = || Target::document("", &joined(id));
        let target = row.map_or_else(unknown, |row| asked.target(row));
        return if word == "before" { Place::Before(target) } else { Place::After(target) };
    }
    if position.get("start").is_some_and(is_truthy) { Place::Start } else { Place::End }
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
        Target::document("t", name)
    }

    fn targets() -> Targets {
        let row = |name: &&str| Identity {
            uid: "t".into(),
            document_id: (*name).into(),
            locale: String::new(),
            status: "published".into(),
        };
        let names = ["a", "b", "c", "d", "e"].iter().zip(1..);
        names.map(|(name, id)| (("t".into(), id), row(name))).collect()
    }

    fn after(edit: Value, current: &[&str]) -> Result<Vec<String>, String> {
        let current: Vec<_> = current.iter().map(|name| target(name)).collect();
        let asked =
            Asked { value: &edit, uid: "t", targets: &targets(), fresh: false, holder: None };
        let list = asked.edit_of(&|_| true).apply(&current)?;
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

//! Taking a checked body apart: what goes into the row's JSON, what becomes links.
//!
//! Components are replaced as a whole and get new numbers; one that names the number it
//! already has is changed in place and keeps what is not mentioned.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::error::{ApiError, ErrorName};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::coerce;
use super::relations::Targets;
use super::relations::apply::{Holder, apply, target_uid};
use super::relations::arrange::Asked;
use super::validate::joined;
use super::work::Work;
use crate::error::AppResult;
use crate::store::feed;
use crate::store::links;

/// An error of no particular kind, as a zone reports it.
const PLAIN: ErrorName = ErrorName::Other("Error", 400);

/// The counter component numbers are drawn from.
pub(crate) const COUNTER: &str = "component";

/// A relation or media attribute to edit once the row exists.
#[derive(Debug)]
pub(crate) struct LinkEdit<'a> {
    attribute: &'a Attribute,
    name: String,
    path: String,
    component_id: i64,
    value: Value,
    /// The row, or the component, is new.
    fresh: bool,
}

/// A body taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) data: Map<String, Value>,
    pub(crate) links: Vec<LinkEdit<'a>>,
}

/// Where in a document the walk stands.
#[derive(Debug, Clone, Copy)]
struct Here<'p> {
    /// The path of attribute names above.
    path: &'p str,
    component_id: i64,
}

/// Takes `checked` apart. `existing` is the data it changes; without it everything is new,
/// so defaults apply and attributes that are not mentioned are null.
///
/// # Errors
/// When a component names a number the document does not have.
pub(crate) fn split<'a>(
    work: &mut Work<'a>,
    attributes: &'a IndexMap<String, Attribute>,
    checked: Map<String, Value>,
    existing: Option<&Map<String, Value>>,
) -> AppResult<Parts<'a>> {
    let mut splitter = Splitter { work, links: Vec::new() };
    let here = Here { path: "", component_id: 0 };
    let data = splitter.object(attributes, checked, existing, existing.is_none(), here)?;
    Ok(Parts { data, links: splitter.links })
}

struct Splitter<'w, 'a> {
    work: &'w mut Work<'a>,
    links: Vec<LinkEdit<'a>>,
}

impl<'a> Splitter<'_, 'a> {
    fn object(
        &mut self,
        attributes: &'a IndexMap<String, Attribute>,
        mut given: Map<String, Value>,
        existing: Option<&Map<String, Value>>,
        fresh: bool,
        here: Here<'_>,
    ) -> AppResult<Map<String, Value>> {
        let mut data = existing.cloned().unwrap_or_default();
        for (name, attribute) in attributes {
            let sent = given.remove(name);
            let value = match sent.or_else(|| fresh.then(|| initial(attribute))) {
                Some(value) => value,
                None => continue,
            };
            if target_uid(attribute).is_some() {
                self.link(attribute, name, value, fresh, here);
            } else {
                // Something that exists holds no component where it holds nothing.
                let before = existing.map(|held| held.get(name).unwrap_or(&Value::Null));
                let stored = self.value(name, attribute, value, before, here)?;
                data.insert(name.clone(), stored);
            }
        }
        Ok(data)
    }

    fn link(
        &mut self,
        attribute: &'a Attribute,
        name: &str,
        value: Value,
        fresh: bool,
        here: Here<'_>,
    ) {
        let edit = LinkEdit {
            attribute,
            name: name.to_owned(),
            path: join(here.path, name),
            component_id: here.component_id,
            value,
            fresh,
        };
        self.links.push(edit);
    }

    fn value(
        &mut self,
        name: &str,
        attribute: &'a Attribute,
        value: Value,
        before: Option<&Value>,
        here: Here<'_>,
    ) -> AppResult<Value> {
        let path = join(here.path, name);
        let component = match &attribute.kind {
            AttributeKind::Component { component, .. } => Some(component.as_str()),
            AttributeKind::DynamicZone { .. } => None,
            kind => return coerce::scalar(kind, value),
        };
        self.component_value(Held { name, path: &path, component, before }, value)
    }

    fn component_value(&mut self, held: Held<'_>, value: Value) -> AppResult<Value> {
        match value {
            Value::Array(items) => self.list(held, items),
            Value::Object(map) => {
                let named = map.get("__component").and_then(Value::as_str).map(str::to_owned);
                // Any component may stand in the zone of a draft; publishing drops those the
                // zone does not list.
                let uid = held.component.map(str::to_owned).or(named);
                match uid {
                    Some(uid) => self.part(held, &uid, map),
                    None => Ok(Value::Null),
                }
            }
            _ => Ok(Value::Null),
        }
    }

    /// A component that is named twice is changed twice and stands where it was named first.
    fn list(&mut self, held: Held<'_>, items: Vec<Value>) -> AppResult<Value> {
        let mut parts: Vec<Value> = Vec::new();
        for item in items {
            let asked = held.before.and(item.get("id"));
            let is_it = |part: &Value, id| part.as_object().is_some_and(|part| is_named(part, id));
            let again = asked.and_then(|id| parts.iter().position(|part| is_it(part, id)));
            match again {
                Some(at) => {
                    let changed = parts[at].take();
                    let held = Held { before: Some(&changed), ..held };
                    parts[at] = self.component_value(held, item)?;
                }
                None => parts.push(self.component_value(held, item)?),
            }
        }
        Ok(parts.into())
    }

    fn part(
        &mut self,
        held: Held<'_>,
        uid: &str,
        mut given: Map<String, Value>,
    ) -> AppResult<Value> {
        let model = self.work.model;
        let Some(part) = model.component(uid) else { return Ok(Value::Null) };
        let in_zone = given.remove("__component").is_some();
        let existing = match (held.before, given.remove("id")) {
            (Some(_), Some(id)) => Some(held.find(uid, &id).ok_or_else(|| held.unrelated())?),
            _ => None,
        };
        let id = match existing.and_then(number) {
            Some(id) => id,
            None => feed::next(self.work.conn, COUNTER)?,
        };
        let here = Here { path: held.path, component_id: id };
        let fresh = existing.is_none();
        let fields = self.object(&part.attributes, given, existing, fresh, here)?;
        let mut data = Map::from_iter([("id".to_owned(), Value::from(id))]);
        if in_zone {
            data.insert("__component".into(), uid.into());
        }
        data.extend(fields.into_iter().filter(|(key, _)| key != "id" && key != "__component"));
        Ok(data.into())
    }
}

/// The components an attribute holds while it is changed.
#[derive(Debug, Clone, Copy)]
struct Held<'h> {
    name: &'h str,
    path: &'h str,
    /// Of which kind they are; in a zone each says so itself.
    component: Option<&'h str>,
    /// What the attribute held before; `None` when its holder is new.
    before: Option<&'h Value>,
}

impl<'h> Held<'h> {
    /// The component of this kind with the number a client named.
    fn find(&self, uid: &str, id: &Value) -> Option<&'h Map<String, Value>> {
        let items = match self.before? {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        let of_kind = |item: &&Map<String, Value>| {
            self.component.is_some() || item.get("__component").is_some_and(|kind| kind == uid)
        };
        items.iter().filter_map(Value::as_object).filter(of_kind).find(|item| is_named(item, id))
    }

    fn unrelated(&self) -> ApiError {
        let message = format!(
            "Some of the provided components in {} are not related to the entity",
            self.name
        );
        match self.component {
            Some(_) => ApiError::new(ErrorName::ApplicationError, message),
            None => ApiError::new(PLAIN, message).without_details(),
        }
    }
}

fn number(part: &Map<String, Value>) -> Option<i64> {
    part.get("id").and_then(Value::as_i64)
}

/// Whether the value, written out, is the number of the component.
fn is_named(part: &Map<String, Value>, id: &Value) -> bool {
    number(part).is_some_and(|number| number.to_string() == joined(id))
}

/// What an attribute nobody mentions holds in a new row.
fn initial(attribute: &Attribute) -> Value {
    match (&attribute.default, &attribute.kind) {
        (Some(default), kind) if kind.is_scalar() => default.clone(),
        (
            _,
            AttributeKind::Component { repeatable: true, .. } | AttributeKind::DynamicZone { .. },
        ) => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

/// Writes the link edits of a row and drops the links of components it no longer has.
///
/// # Errors
/// As [`apply`].
pub(crate) fn apply_links(
    work: &mut Work<'_>,
    holder: Holder<'_>,
    edits: &[LinkEdit<'_>],
    targets: &Targets,
    data: &Map<String, Value>,
) -> AppResult<()> {
    drop_orphans(work, holder.row_id, data)?;
    for edit in edits {
        let asked = edit.asked(targets);
        apply(work, holder, edit.attribute, &edit.path, edit.component_id, asked)?;
    }
    Ok(())
}

/// Edits of this row's attributes whose links other rows hold.
pub(crate) fn apply_inverse(
    work: &mut Work<'_>,
    holder: Holder<'_>,
    edits: &[LinkEdit<'_>],
    targets: &Targets,
) -> AppResult<()> {
    for edit in edits.iter().filter(|edit| edit.is_inverse()) {
        let asked = edit.asked(targets);
        apply(work, holder, edit.attribute, &edit.path, edit.component_id, asked)?;
    }
    Ok(())
}

impl LinkEdit<'_> {
    /// Whether the links are held by the other side.
    pub(crate) fn is_inverse(&self) -> bool {
        matches!(&self.attribute.kind, AttributeKind::Relation(r) if !r.owns_links())
    }

    fn asked<'e>(&'e self, targets: &'e Targets) -> Asked<'e> {
        let uid = target_uid(self.attribute).unwrap_or_default();
        Asked { value: &self.value, uid, targets, fresh: self.fresh, holder: None }
    }

    /// The top-level attribute this edit belongs to.
    pub(crate) fn root(&self) -> &str {
        self.path.split('.').next().unwrap_or(&self.name)
    }
}

/// The data without zone items of components their zone does not list.
pub(crate) fn listed(ty: &ContentType, data: &Map<String, Value>) -> Map<String, Value> {
    let mut data = data.clone();
    for (name, attribute) in &ty.attributes {
        if let AttributeKind::DynamicZone { components } = &attribute.kind
            && let Some(Value::Array(items)) = data.get_mut(name)
        {
            items.retain(|item| {
                let uid = item.get("__component").and_then(Value::as_str);
                uid.is_some_and(|uid| components.iter().any(|listed| listed == uid))
            });
        }
    }
    data
}

/// Forgets the links of components that `data` does not hold.
///
/// # Errors
/// Those of the database.
pub(crate) fn drop_orphans(
    work: &mut Work<'_>,
    row_id: i64,
    data: &Map<String, Value>,
) -> AppResult<()> {
    let held: Vec<_> = links::of_source(work.conn, row_id)?
        .into_iter()
        .filter(|link| link.slot.component_id != 0)
        .collect();
    if held.is_empty() {
        return Ok(());
    }
    let mut alive = Vec::new();
    for value in data.values() {
        collect_ids(value, &mut alive);
    }
    let orphans: Vec<i64> = held
        .iter()
        .filter(|link| !alive.contains(&link.slot.component_id))
        .map(|link| link.id)
        .collect();
    Ok(links::delete(work.conn, &orphans)?)
}

/// Numbers of the components in a stored value. Block text and JSON may hold an `id` too;
/// taking one of those for a component only keeps a link that nothing shows.
fn collect_ids(value: &Value, ids: &mut Vec<i64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, ids)),
        Value::Object(map) => {
            ids.extend(map.get("id").and_then(Value::as_i64));
            map.values().for_each(|item| collect_ids(item, ids));
        }
        _ => {}
    }
}

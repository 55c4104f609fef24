//! From a selection to one question per list, and to how its answer is read.
//!
//! Everything a selection asks of a document becomes part of the query that reads it, as REST's
//! `fields` and `populate` would be: the engine loads it level by level for all rows at once.
//! What cannot be asked is noted where it stands; the rest is asked all the same.

use std::collections::HashMap;

use cms_api::error::ApiError;
use cms_api::query::{Link, Part, Populate};
use cms_api::query_parse::{Limits, QueryParser};
use serde_json::{Map, Value};

use super::schema::{self, Object, Role, TYPENAME, TypeRef, Types};
use super::select::{Collected, Selector};
use super::syntax::{Position, SelectionSet};
use super::window::Window;
use super::{arguments, describe, filters};
use crate::documents::access::Access;
use crate::extract::auth::Caller;

/// A field of the answer.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) ty: TypeRef,
    pub(super) at: Position,
    pub(super) step: Step,
    pub(super) below: Below,
}

/// What is wanted of an object, by the name of its type.
pub(super) type Below = Vec<(String, Vec<Wanted>)>;

/// How a field is read from what its parent is.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Typename,
    /// The member of the field's name.
    Member,
    /// The member of this name: what was populated.
    Filled {
        name: String,
        window: Option<Window>,
        wrapped: bool,
    },
    /// What a role may do: rows that are kept as the registry's.
    Permissions {
        args: Map<String, Value>,
        window: Window,
        wrapped: bool,
    },
    /// What the parent stands for.
    Itself,
    PageInfo,
    /// Null, or nothing in a list.
    Nothing,
    Refused(ApiError),
    Broken(String),
}

/// What a query asks of documents of one type.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) fields: Vec<String>,
    pub(super) populate: Vec<Populate>,
    /// How often each attribute is populated.
    times: HashMap<String, usize>,
}

impl Level {
    fn field(&mut self, name: &str) {
        if !self.fields.iter().any(|field| field == name) {
            self.fields.push(name.to_owned());
        }
    }

    /// Adds what is populated; returns the name it has in the answer of the engine.
    fn add(&mut self, mut populate: Populate) -> String {
        let times = self.times.entry(populate.name.clone()).or_default();
        if *times > 0 {
            // No attribute's name holds a colon.
            populate.alias = Some(format!("{}:{times}", populate.name));
        }
        *times += 1;
        let name = populate.key().to_owned();
        self.populate.push(populate);
        name
    }
}

/// Makes plans for one operation of one caller.
pub(super) struct Planner<'a> {
    pub(super) types: &'a Types,
    pub(super) selector: Selector<'a>,
    pub(super) variables: &'a Map<String, Value>,
    pub(super) parser: QueryParser<'a>,
    pub(super) limits: Limits,
    pub(super) access: &'a Access,
    pub(super) caller: &'a Caller,
}

type Stepped = Result<(Step, Below), Step>;

impl<'a> Planner<'a> {
    /// What is wanted of a document, and what that asks of it.
    pub(super) fn document(
        &self,
        type_name: &str,
        sets: &[&'a SelectionSet],
        level: &mut Level,
    ) -> Vec<Wanted> {
        let Some(object) = self.types.object(type_name) else { return Vec::new() };
        let collected = self.selector.collect(self.types, type_name, sets);
        collected.into_iter().map(|(key, one)| self.wanted(object, key, &one, level)).collect()
    }

    fn wanted(
        &self,
        object: &'a Object,
        key: &str,
        one: &Collected<'a>,
        level: &mut Level,
    ) -> Wanted {
        let name = one.field.name.text.as_str();
        let mut wanted = Wanted {
            key: key.to_owned(),
            name: name.to_owned(),
            ty: TypeRef::named("String").required(),
            at: one.field.at,
            step: Step::Typename,
            below: Below::new(),
        };
        let Some(field) = object.fields.get(name).filter(|_| name != TYPENAME) else {
            return wanted;
        };
        wanted.ty = field.ty.clone();
        match self.step(object, field, one, level) {
            Ok((step, below)) => {
                wanted.step = step;
                wanted.below = below;
            }
            Err(step) => wanted.step = step,
        }
        wanted
    }

    fn step(
        &self,
        object: &'a Object,
        field: &'a schema::Field,
        one: &Collected<'a>,
        level: &mut Level,
    ) -> Stepped {
        let name = one.field.name.text.as_str();
        let uid = object.uid.as_deref().unwrap_or_default();
        match &field.role {
            Role::Member => {
                level.field(name);
                Ok((Step::Member, self.plain(field.ty.name(), &one.sets)))
            }
            Role::Secret | Role::Morph | Role::Root(_) => Ok((Step::Nothing, Below::new())),
            Role::PageInfo => Ok((Step::PageInfo, self.plain(field.ty.name(), &one.sets))),
            Role::Nodes => {
                let target = field.ty.name();
                let wanted = self.document(target, &one.sets, level);
                Ok((Step::Itself, vec![(target.to_owned(), wanted)]))
            }
            Role::Part => {
                let link = self.parser.link_of(uid, name);
                let link = link.ok_or(Step::Nothing)?;
                self.linked(name, field, link, false, one, level)
            }
            Role::Link(schema_link) => {
                let target = schema_link.target.as_str();
                if schema_link.guarded && !self.may_find(target) {
                    return Err(Step::Refused(ApiError::forbidden()));
                }
                if target == describe::PERMISSION {
                    level.field("type");
                    return self.permissions(field, schema_link.connection, one);
                }
                let link = self.parser.link_of(uid, &schema_link.attribute);
                let link = link.ok_or(Step::Nothing)?;
                let attribute = &schema_link.attribute;
                self.linked(attribute, field, link, schema_link.connection, one, level)
            }
            Role::Zone => self.zone(uid, name, field, one, level),
        }
    }

    fn may_find(&self, uid: &str) -> bool {
        match self.parser.model.get(uid) {
            Some(_) => self.access.may_find(uid),
            None => self.caller.may(&format!("{uid}.find")),
        }
    }

    fn permissions(&self, field: &'a schema::Field, wrapped: bool, one: &Collected<'a>) -> Stepped {
        let args =
            arguments::of_field(self.types, &field.args, &one.field.arguments, self.variables)
                .map_err(Step::Broken)?;
        let window = Window::of(args.get("pagination"), self.limits).map_err(Step::Refused)?;
        let below = self.plain(field.ty.name(), &one.sets);
        Ok((Step::Permissions { args, window, wrapped }, below))
    }

    /// Objects that are read as they are, from what is there already.
    pub(super) fn plain(&self, type_name: &str, sets: &[&'a SelectionSet]) -> Below {
        if self.types.object(type_name).is_none() {
            return Below::new();
        }
        let wanted = self.document(type_name, sets, &mut Level::default());
        vec![(type_name.to_owned(), wanted)]
    }

    fn linked(
        &self,
        attribute: &str,
        field: &'a schema::Field,
        link: Link,
        wrapped: bool,
        one: &Collected<'a>,
        level: &mut Level,
    ) -> Stepped {
        let mut populate = Populate::plain(attribute, link);
        let mut window = None;
        if !field.args.is_empty() {
            let args =
                arguments::of_field(self.types, &field.args, &one.field.arguments, self.variables)
                    .map_err(Step::Broken)?;
            let part = Window::of(args.get("pagination"), self.limits).map_err(Step::Refused)?;
            match &populate.link {
                Link::Component { .. } => window = Some(part),
                _ => populate.part = Some(Part { start: part.start, limit: part.limit }),
            }
            self.restrict(field, &args, &mut populate).map_err(Step::Refused)?;
        }
        let mut inner = Level::default();
        let target = field.ty.name();
        let wanted = self.document(target, &one.sets, &mut inner);
        populate.fields = Some(inner.fields);
        populate.populate = inner.populate;
        let name = level.add(populate);
        Ok((Step::Filled { name, window, wrapped }, vec![(target.to_owned(), wanted)]))
    }

    /// Conditions and order of what is populated.
    fn restrict(
        &self,
        field: &schema::Field,
        args: &Map<String, Value>,
        populate: &mut Populate,
    ) -> Result<(), ApiError> {
        let target = match &field.role {
            Role::Link(link) => link.target.as_str(),
            _ => match &populate.link {
                Link::Component { component, .. } => component,
                _ => return Ok(()),
            },
        };
        let input = field.args.get("filters").map_or("", |filters| filters.ty.name());
        let given = args.get("filters").unwrap_or(&Value::Null);
        let sort = args.get("sort").unwrap_or(&Value::Null);
        let is_empty = |value: &Value| match value {
            Value::Array(items) => items.is_empty(),
            other => other.is_null(),
        };
        if is_empty(given) && is_empty(sort) {
            return Ok(());
        }
        let filters = filters::tree(self.types, input, given)?;
        (populate.filter, populate.sort) = self.parser.conditions_of(target, &filters, sort)?;
        Ok(())
    }

    fn zone(
        &self,
        uid: &str,
        name: &str,
        field: &'a schema::Field,
        one: &Collected<'a>,
        level: &mut Level,
    ) -> Stepped {
        let Some(link @ Link::DynamicZone { .. }) = self.parser.link_of(uid, name) else {
            return Err(Step::Nothing);
        };
        let mut populate = Populate::plain(name, link);
        let (mut on, mut below) = (Vec::new(), Below::new());
        for member in self.types.possible(field.ty.name()) {
            let object = self.types.object(member);
            let Some(part) = object.and_then(|object| object.uid.as_deref()) else { continue };
            let mut inner = Level::default();
            below.push((member.to_owned(), self.document(member, &one.sets, &mut inner)));
            let link = Link::Component { component: part.to_owned(), repeatable: true };
            let shown = Populate {
                fields: Some(inner.fields),
                populate: inner.populate,
                ..Populate::plain(part, link)
            };
            on.push((part.to_owned(), shown));
        }
        populate.on = Some(on);
        let name = level.add(populate);
        Ok((Step::Filled { name, window: None, wrapped: false }, below))
    }
}

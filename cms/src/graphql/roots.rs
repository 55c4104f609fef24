//! The fields of `Query` and `Mutation`: what each asks of the services, and whether the caller
//! may.

use cms_api::builtin;
use cms_api::error::ApiError;
use cms_api::query::QuerySpec;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::introspection::Introspection;
use super::plan::{Below, Level, Planner, Step, Wanted};
use super::schema::{self, Account, Role, TYPENAME, TypeRef};
use super::select::Collected;
use super::syntax::{Document, SelectionSet};
use super::window::Window;
use super::{arguments, content, describe, filters, reading, validate};
use crate::extract::query::{self, Asked};
use crate::routes::{ContentVerb, Context};

/// A root field with its plan.
pub(super) struct Planned {
    pub(super) parent: &'static str,
    pub(super) wanted: Wanted,
    pub(super) root: Root,
}

/// What a root field takes.
pub(super) enum Root {
    Read(Box<reading::Question>),
    Write(Box<content::Write>),
    /// Who is asking.
    Me,
    Change(super::accounts::Change),
    /// The schema itself, or the type of a name.
    Introspection {
        name: Option<String>,
    },
    /// There is nothing to ask.
    Ready(Value),
    Refused(Failure),
}

/// What is known without asking.
pub(super) fn ready(root: &Root, introspection: Option<&Introspection>) -> Value {
    match (root, introspection) {
        (Root::Introspection { name: None }, Some(known)) => known.schema.clone(),
        (Root::Introspection { name: Some(name) }, Some(known)) => {
            known.get(name).cloned().unwrap_or_default()
        }
        (Root::Ready(value), _) => value.clone(),
        _ => Value::Null,
    }
}

/// The fields of a root, in the order of the answer.
pub(super) fn plan<'a>(
    context: &Context,
    planner: &Planner<'a>,
    parent: &'static str,
    selection: &'a SelectionSet,
) -> Vec<Planned> {
    let collected = planner.selector.collect(planner.types, parent, &[selection]);
    let fields = planner.types.object(parent).map(|object| &object.fields);
    let plan_one = |(key, one): (&str, Collected<'a>)| {
        let name = one.field.name.text.as_str();
        let known = fields.and_then(|fields| fields.get(name));
        let (ty, below, root) = match known {
            Some(field) if name != TYPENAME => {
                let (below, root) = of(context, planner, field, &one);
                (field.ty.clone(), below, root)
            }
            _ => {
                let text = TypeRef::named("String").required();
                (text, Below::new(), Root::Ready(parent.into()))
            }
        };
        let (key, name, at) = (key.to_owned(), name.to_owned(), one.field.at);
        Planned { parent, wanted: Wanted { key, name, ty, at, step: Step::Member, below }, root }
    };
    collected.into_iter().map(plan_one).collect()
}

fn of<'a>(
    context: &Context,
    planner: &Planner<'a>,
    field: &'a schema::Field,
    one: &Collected<'a>,
) -> (Below, Root) {
    let at = one.field.at;
    let given = &one.field.arguments;
    let args = match arguments::of_field(planner.types, &field.args, given, planner.variables) {
        Ok(args) => args,
        Err(message) => return (Below::new(), Root::Refused(Failure::plain(message, at))),
    };
    let Role::Root(root) = &field.role else { return (Below::new(), Root::Ready(Value::Null)) };
    let planning = Planning { context, planner, field, one, args };
    let (mut level, mut below) = (Level::default(), Below::new());
    let planned = planning.root(root, &mut level, &mut below);
    let root = planned.unwrap_or_else(|error| Root::Refused(Failure::of(&error, at)));
    (below, root)
}

struct Planning<'p, 'a> {
    context: &'p Context,
    planner: &'p Planner<'a>,
    field: &'a schema::Field,
    one: &'p Collected<'a>,
    args: Map<String, Value>,
}

impl Planning<'_, '_> {
    fn root(
        &self,
        root: &schema::Root,
        level: &mut Level,
        below: &mut Below,
    ) -> Result<Root, ApiError> {
        use schema::Root as R;
        if let Some(action) = permission(root) {
            self.context.caller.require(&action)?;
        }
        let shown = self.field.ty.name();
        match root {
            R::List(uid) | R::Connection(uid) | R::One(uid) | R::Single(uid) => {
                below.push((shown.to_owned(), self.planner.document(shown, &self.one.sets, level)));
                let is_list = matches!(root, R::List(_) | R::Connection(_));
                self.read(uid, is_list, matches!(root, R::Connection(_)), level)
            }
            R::Create(uid) => self.write(uid, ContentVerb::Create, level, below),
            R::Update(uid) => self.write(uid, ContentVerb::Update, level, below),
            R::Delete(uid) => self.write(uid, ContentVerb::Delete, level, below),
            R::Account(account) => {
                *below = self.planner.plain(shown, &self.one.sets);
                if *account == Account::Me {
                    return Ok(Root::Me);
                }
                let (account, args) = (*account, self.args.clone());
                let at = self.one.field.at;
                Ok(Root::Change(super::accounts::Change { account, args, at }))
            }
            R::Schema => {
                *below = self.planner.plain(shown, &self.one.sets);
                Ok(Root::Introspection { name: None })
            }
            R::TypeByName => {
                *below = self.planner.plain(shown, &self.one.sets);
                let name = self.args.get("name").and_then(Value::as_str);
                Ok(Root::Introspection { name: Some(name.unwrap_or_default().to_owned()) })
            }
        }
    }

    /// The parameters that a REST request would have.
    fn tree(&self) -> Result<Map<String, Value>, ApiError> {
        let mut tree = Map::new();
        let given = |name: &str| self.args.get(name).filter(|value| !value.is_null());
        if let Some(filters) = given("filters") {
            let input = self.field.args.get("filters").map_or("", |known| known.ty.name());
            tree.insert("filters".into(), filters::tree(self.planner.types, input, filters)?);
        }
        for name in ["status", "locale", "publicationFilter", "hasPublishedVersion"] {
            if let Some(value) = given(name) {
                tree.insert(name.into(), value.clone());
            }
        }
        // The newer of two parameters that mean the same.
        if tree.contains_key("publicationFilter") {
            tree.shift_remove("hasPublishedVersion");
        }
        if let Some(Value::Array(keys)) = given("sort") {
            let keys: Vec<_> = keys.iter().filter(|key| !key.is_null()).cloned().collect();
            if !keys.is_empty() {
                tree.insert("sort".into(), keys.into());
            }
        }
        Ok(tree)
    }

    fn read(
        &self,
        uid: &str,
        is_list: bool,
        with_count: bool,
        level: &mut Level,
    ) -> Result<Root, ApiError> {
        let window = match is_list {
            true => Window::of(self.args.get("pagination"), self.planner.limits)?,
            false => Window { start: 0, limit: 1 },
        };
        if let Some(rows) = reading::kept_elsewhere(self.context, uid) {
            let question = reading::Rows { rows, args: self.args.clone(), window, is_list };
            return Ok(Root::Ready(question.answer(with_count)));
        }
        let ty = self.context.model.get(uid).ok_or_else(ApiError::not_found)?;
        let asked = if is_list { Asked::List } else { Asked::One };
        let mut spec = query::of_tree(self.context, ty, asked, &self.tree()?)?;
        spec.page.start = window.start;
        spec.page.limit = window.limit;
        spec.page.with_count = with_count;
        take(level, &mut spec);
        let document_id = self.document_id();
        let question = reading::Question { uid: uid.to_owned(), is_list, document_id, spec };
        Ok(Root::Read(Box::new(question)))
    }

    fn document_id(&self) -> Option<String> {
        self.args.get("documentId").and_then(Value::as_str).map(str::to_owned)
    }

    fn write(
        &self,
        uid: &str,
        verb: ContentVerb,
        level: &mut Level,
        below: &mut Below,
    ) -> Result<Root, ApiError> {
        let shown = self.field.ty.name();
        let ty = self.context.model.get(uid).ok_or_else(ApiError::forbidden)?;
        below.push((shown.to_owned(), self.planner.document(shown, &self.one.sets, level)));
        let parser = &self.planner.parser;
        let mut spec = match verb {
            ContentVerb::Delete => parser.write(ty, &self.tree()?)?,
            _ => parser.save(ty, &self.tree()?)?,
        };
        take(level, &mut spec);
        if verb == ContentVerb::Delete {
            spec.populate.clear();
        }
        let data = self.args.get("data").cloned().unwrap_or_else(|| json!({}));
        Ok(Root::Write(Box::new(content::Write {
            uid: uid.to_owned(),
            verb,
            document_id: self.document_id(),
            spec,
            data,
            at: self.one.field.at,
        })))
    }
}

fn take(level: &mut Level, spec: &mut QuerySpec) {
    spec.fields = Some(std::mem::take(&mut level.fields));
    spec.populate = std::mem::take(&mut level.populate);
}

/// What a caller must be allowed; `None` for what everybody is, and what checks by itself.
fn permission(root: &schema::Root) -> Option<String> {
    use schema::Root as R;
    let (uid, verb) = match root {
        R::List(uid) | R::Connection(uid) | R::Single(uid) => (uid.as_str(), "find"),
        R::One(uid) => (uid.as_str(), "findOne"),
        R::Create(uid) => (uid.as_str(), "create"),
        R::Update(uid) => (uid.as_str(), "update"),
        R::Delete(uid) => (uid.as_str(), "delete"),
        R::Account(account) => return account.permission(),
        R::Schema | R::TypeByName => return None,
    };
    Some(match uid {
        builtin::FILE => format!("plugin::upload.content-api.{verb}"),
        describe::LOCALE if !matches!(root, R::Connection(_)) => {
            "plugin::i18n.locales.listLocales".to_owned()
        }
        uid => format!("{uid}.{verb}"),
    })
}

/// Questions about the schema, where those are not allowed.
pub(super) fn introspective(document: &Document) -> Vec<Failure> {
    let mut found = Vec::new();
    let sets = document.operations.iter().map(|operation| &operation.selection);
    let sets = sets.chain(document.fragments.iter().map(|fragment| &fragment.selection));
    let mut see = |field: &super::syntax::Field| {
        if ["__schema", "__type"].contains(&field.name.text.as_str()) {
            let message = "GraphQL introspection is not allowed, but the query contained \
                           __schema or __type.";
            found.push(Failure::invalid(message, [field.at]));
        }
    };
    sets.for_each(|set| validate::fields(set, &mut see));
    found
}

//! `entries`, `entry`, `single`, `count`, `previous`, `next`, `related`.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tera::{Error, Kwargs, State, Tera, Value};

use crate::content::Reply;
use crate::content::entry::linked_ids;
use crate::content::value::{get, shared};
use crate::engine::key::canonical;
use crate::engine::{Direction, Key, recorder};
use crate::templates::arguments::Arguments;
use crate::templates::scope::{self, Scope};

pub(super) const ENTRIES: [&str; 8] =
    ["type", "filters", "sort", "fields", "populate", "limit", "start", "locale"];
pub(super) const ENTRY: [&str; 6] = ["type", "id", "slug", "fields", "populate", "locale"];
pub(super) const SINGLE: [&str; 4] = ["type", "fields", "populate", "locale"];
pub(super) const COUNT: [&str; 3] = ["type", "filters", "locale"];
pub(super) const NEIGHBOUR: [&str; 7] =
    ["entry", "type", "filters", "sort", "fields", "populate", "locale"];
pub(super) const RELATED: [&str; 9] =
    ["entry", "type", "by", "filters", "sort", "fields", "populate", "limit", "locale"];

/// How many entries `related` answers when a template does not say.
const RELATED_LIMIT: u64 = 10;
const SHOW: [&str; 2] = ["fields", "populate"];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("entries", |given: Kwargs, _: &State<'_>| entries(&given));
    tera.register_function("entry", |given: Kwargs, _: &State<'_>| entry(&given));
    tera.register_function("single", |given: Kwargs, _: &State<'_>| single(&given));
    tera.register_function("count", |given: Kwargs, _: &State<'_>| count(&given));
    tera.register_function("previous", |given: Kwargs, _: &State<'_>| {
        neighbour("previous", Direction::Previous, &given)
    });
    tera.register_function("next", |given: Kwargs, _: &State<'_>| {
        neighbour("next", Direction::Next, &given)
    });
    tera.register_function("related", |given: Kwargs, _: &State<'_>| related(&given));
}

fn entries(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("entries", given, &ENTRIES)?;
    let page = Page::of(&arguments)?;
    arguments.whole("limit")?;
    arguments.whole("start")?;
    let names = ["filters", "sort", "fields", "populate", "limit", "start"];
    let key = Key::Query {
        uid: shared(arguments.required_text("type")?),
        locale: page.locale,
        args: arguments.canonical(&names),
        total: false,
    };
    ask(&page.scope, &arguments, key)
}

fn entry(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("entry", given, &ENTRY)?;
    let page = Page::of(&arguments)?;
    let uid: Arc<str> = shared(arguments.required_text("type")?);
    match (arguments.text("id")?, arguments.text("slug")?) {
        (Some(id), None) => {
            let args = arguments.canonical(&SHOW);
            page.in_locales(|locale| {
                let (uid, args) = (Arc::clone(&uid), Arc::clone(&args));
                let key = Key::Entry { uid, document_id: id.into(), locale, args };
                ask(&page.scope, &arguments, key)
            })
        }
        (None, Some(slug)) => {
            let args = arguments.query(&SHOW);
            first(&page, &arguments, uid, args, Some(json!({ "slug": { "$eq": slug } })))
        }
        _ => Err(arguments.error("give either `id=` or `slug=`")),
    }
}

fn single(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("single", given, &SINGLE)?;
    let page = Page::of(&arguments)?;
    let uid: Arc<str> = shared(arguments.required_text("type")?);
    let args = arguments.query(&SHOW);
    first(&page, &arguments, uid, args, None)
}

/// The first entry of a list, or none.
fn first(
    page: &Page,
    arguments: &Arguments<'_>,
    uid: Arc<str>,
    mut args: Map<String, Json>,
    filters: Option<Json>,
) -> Result<Value, Error> {
    args.insert("limit".into(), json!(1));
    if let Some(filters) = filters {
        args.insert("filters".into(), filters);
    }
    let args: Arc<str> = canonical(&Json::Object(args)).into();
    page.in_locales(|locale| {
        let (uid, args) = (Arc::clone(&uid), Arc::clone(&args));
        let key = Key::Query { uid, locale, args, total: false };
        let list = ask(&page.scope, arguments, key)?;
        let first = list.as_array().and_then(|items| items.first());
        Ok(first.cloned().unwrap_or_else(Value::none))
    })
}

fn count(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("count", given, &COUNT)?;
    let page = Page::of(&arguments)?;
    let key = Key::Count {
        uid: shared(arguments.required_text("type")?),
        locale: page.locale,
        args: arguments.canonical(&["filters"]),
    };
    ask(&page.scope, &arguments, key)
}

fn neighbour(name: &'static str, direction: Direction, given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new(name, given, &NEIGHBOUR)?;
    let page = Page::of(&arguments)?;
    let shown = arguments.shown("entry")?;
    let row = arguments.row(&page.scope.snapshot, &shown, &page.locale)?;
    let key = Key::Neighbour {
        direction,
        uid: Arc::clone(&row.key().uid),
        document_id: Arc::clone(&row.key().document_id),
        locale: page.locale,
        args: arguments.canonical(&["filters", "sort", "fields", "populate"]),
    };
    ask(&page.scope, &arguments, key)
}

/// Entries of the same type that share at least one target of a relation in `by`.
fn related(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("related", given, &RELATED)?;
    let page = Page::of(&arguments)?;
    let shown = arguments.shown("entry")?;
    let weights = weights(&arguments)?;
    let by: Vec<&str> = match &weights {
        Some(weights) => weights.iter().map(|(name, _)| *name).collect(),
        None => arguments.texts("by")?,
    };
    if by.is_empty() {
        return Err(arguments.error("`by=` must name at least one relation"));
    }
    let row = arguments.row(&page.scope.snapshot, &shown, &page.locale)?;
    let uid = Arc::clone(&row.key().uid);
    let shares = targets(&page, &arguments, &uid, shown.document_id, &by)?;
    if let Some(weights) = &weights {
        return ranked(&page, &arguments, &uid, shown.document_id, &shares, weights);
    }
    let shares: Vec<Json> = shares.iter().map(Share::condition).collect();
    if shares.is_empty() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let mut conditions = vec![json!({ "$or": shares })];
    conditions.extend(arguments.get("filters").map(crate::content::value::to_json));
    let mut args = arguments.query(&["sort", "fields", "populate"]);
    args.insert("filters".into(), json!({ "$and": conditions }));
    // One more than wanted, without a condition that leaves the entry itself out: all
    // entries with these targets ask the same question then.
    let limit = arguments.whole("limit")?.unwrap_or(RELATED_LIMIT);
    args.insert("limit".into(), json!(limit.saturating_add(1)));
    let args = canonical(&Json::Object(args)).into();
    let key = Key::Query { uid, locale: Arc::clone(&page.locale), args, total: false };
    let list = ask(&page.scope, &arguments, key)?;
    let others = list.as_array().unwrap_or_default().iter();
    let others = others.filter(|other| document_of(other).as_deref() != Some(shown.document_id));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Value::from(others.take(limit).cloned().collect::<Vec<_>>()))
}

/// A relation with the entry's own targets.
struct Share {
    relation: String,
    ids: Vec<String>,
}

impl Share {
    fn condition(&self) -> Json {
        json!({ &self.relation: { "documentId": { "$in": self.ids } } })
    }
}

/// `by={"tags": 3, "topics": 1}`: what a shared target of each relation is worth.
fn weights<'a>(arguments: &Arguments<'a>) -> Result<Option<Vec<(&'a str, f64)>>, Error> {
    let Some(map) = arguments.get("by").and_then(Value::as_map) else { return Ok(None) };
    let weights: Option<Vec<_>> =
        map.iter().map(|(name, weight)| Some((name.as_str()?, weight.as_f64()?))).collect();
    let mut weights = weights.ok_or_else(|| {
        arguments.error("`by` must be relations, or a map of relations to weights")
    })?;
    weights.sort_by_key(|(name, _)| *name);
    Ok(Some(weights))
}

/// Related entries with the most in common first; `sort` decides among equals.
fn ranked(
    page: &Page,
    arguments: &Arguments<'_>,
    uid: &Arc<str>,
    document_id: &str,
    shares: &[Share],
    weights: &[(&str, f64)],
) -> Result<Value, Error> {
    if shares.is_empty() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    // All that share anything, with nothing but what they share: the best of them are asked
    // for as they are to be shown afterwards.
    let conditions: Vec<Json> = shares.iter().map(Share::condition).collect();
    let mut all = vec![json!({ "$or": conditions })];
    all.extend(arguments.get("filters").map(crate::content::value::to_json));
    let populate: Map<String, Json> = shares
        .iter()
        .map(|share| (share.relation.clone(), json!({ "fields": ["documentId"] })))
        .collect();
    let mut args = arguments.query(&["sort"]);
    args.insert("filters".into(), json!({ "$and": all }));
    args.insert("fields".into(), json!(["documentId"]));
    args.insert("populate".into(), Json::Object(populate));
    let args = canonical(&Json::Object(args)).into();
    let locale = Arc::clone(&page.locale);
    let list = ask(
        &page.scope,
        arguments,
        Key::Query { uid: Arc::clone(uid), locale: Arc::clone(&locale), args, total: false },
    )?;
    let mut scored: Vec<(f64, String)> = Vec::new();
    for other in list.as_array().unwrap_or_default() {
        let Some(id) = document_of(other).filter(|id| id != document_id) else { continue };
        scored.push((score(other, shares, weights), id));
    }
    scored.sort_by(|one, other| other.0.total_cmp(&one.0));
    let limit = arguments.whole("limit")?.unwrap_or(RELATED_LIMIT);
    let best = scored.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
    let args = arguments.canonical(&SHOW);
    let shown: Result<Vec<Value>, Error> = best
        .map(|(_, id)| {
            let (uid, locale, args) = (Arc::clone(uid), Arc::clone(&locale), Arc::clone(&args));
            ask(&page.scope, arguments, Key::Entry { uid, document_id: id.into(), locale, args })
        })
        .collect();
    Ok(Value::from(shown?))
}

fn score(other: &Value, shares: &[Share], weights: &[(&str, f64)]) -> f64 {
    let of = |share: &Share| {
        let weight = weights.iter().find(|(name, _)| *name == share.relation);
        let linked = other.as_map().and_then(|map| get(map, &share.relation));
        let targets: Vec<String> = match linked.and_then(Value::as_array) {
            Some(many) => many.iter().filter_map(document_of).collect(),
            None => linked.and_then(document_of).into_iter().collect(),
        };
        let common = targets.iter().filter(|id| share.ids.contains(id)).count();
        weight.map_or(0.0, |(_, weight)| *weight) * common as f64
    };
    shares.iter().map(of).sum()
}

/// For each relation the entry's own targets. They are asked for as
/// any page would, so that a new tag is a reason to ask again.
fn targets(
    page: &Page,
    arguments: &Arguments<'_>,
    uid: &Arc<str>,
    document_id: &str,
    by: &[&str],
) -> Result<Vec<Share>, Error> {
    let populate: Map<String, Json> =
        by.iter().map(|name| ((*name).to_owned(), json!({ "fields": ["documentId"] }))).collect();
    let key = Key::Entry {
        uid: Arc::clone(uid),
        document_id: document_id.into(),
        locale: page.locale.clone(),
        args: canonical(&json!({ "fields": ["documentId"], "populate": populate })).into(),
    };
    let own = ask(&page.scope, arguments, key)?;
    let mut shares = Vec::new();
    for name in by {
        let linked = own.as_map().and_then(|map| get(map, name));
        let ids: Vec<_> = match linked.and_then(Value::as_array) {
            Some(many) => many.iter().filter_map(document_of).collect(),
            None => linked.and_then(document_of).into_iter().collect(),
        };
        if !ids.is_empty() {
            shares.push(Share { relation: (*name).to_owned(), ids });
        }
    }
    Ok(shares)
}

fn document_of(value: &Value) -> Option<String> {
    let id = get(value.as_map()?, "documentId");
    linked_ids(id).next().map(str::to_owned)
}

/// The page that asks, and the locale it asks about.
struct Page {
    scope: Rc<Scope>,
    locale: Arc<str>,
    /// The template names the locale, so none stands in for it.
    exact: bool,
}

impl Page {
    fn of(arguments: &Arguments<'_>) -> Result<Self, Error> {
        let scope = scope::current()?;
        let given = arguments.text("locale")?;
        let locale = given.map_or_else(|| Arc::clone(&scope.locale), Arc::from);
        Ok(Self { scope, locale, exact: given.is_some() })
    }

    /// The first answer in the page's locale or those that stand in for it.
    fn in_locales(&self, ask: impl Fn(Arc<str>) -> Result<Value, Error>) -> Result<Value, Error> {
        let mut answer = ask(Arc::clone(&self.locale))?;
        let others = self.scope.site.fallbacks.of(&self.locale).filter(|_| !self.exact);
        for locale in others {
            if !answer.is_none() {
                break;
            }
            answer = ask(locale.into())?;
        }
        Ok(answer)
    }
}

/// Asks, and notes that the page did.
fn ask(scope: &Scope, arguments: &Arguments<'_>, key: Key) -> Result<Value, Error> {
    let reply = scope.snapshot.ask(&key).map_err(|error| arguments.error(error.to_string()))?;
    let Reply { value, answer, .. } = &*reply;
    recorder::record(key, answer.clone());
    Ok(value.clone())
}

//! `groups`, `pages`, `breadcrumbs`: what lists and paths of the site there are.

use std::sync::Arc;

use serde_json::Value as Json;
use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::content::groups::group_of;
use crate::content::value::{from_json, shared, to_json};
use crate::engine::key::canonical;
use crate::engine::{Answer, Fingerprint, Key, recorder};
use crate::site::grouping::{Grouping, Unit};
use crate::site::table::fingerprint;
use crate::site::{PageRef, public_url};
use crate::templates::arguments::Arguments;
use crate::templates::scope::{self, Scope};

pub(super) const GROUPS: [&str; 5] = ["type", "by", "unit", "filters", "locale"];
pub(super) const PAGES: [&str; 2] = ["below", "locale"];
pub(super) const BREADCRUMBS: [&str; 0] = [];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("groups", |given: Kwargs, _: &State<'_>| groups(&given));
    tera.register_function("pages", |given: Kwargs, _: &State<'_>| pages(&given));
    tera.register_function("breadcrumbs", |given: Kwargs, _: &State<'_>| breadcrumbs(&given));
}

/// The values of an attribute with the number of entries that have each, and the address of
/// their list if a route makes one.
fn groups(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("groups", given, &GROUPS)?;
    let scope = scope::current()?;
    let word = arguments.text("unit")?;
    let unit = word.map(|word| {
        let unit = Unit::WORDS.iter().find(|(known, _)| *known == word).map(|(_, unit)| *unit);
        unit.ok_or_else(|| {
            arguments.error(format!("`unit` is one of year, month, day, not `{word}`"))
        })
    });
    let by = arguments.required_text("by")?.into();
    let grouping = Grouping { by, unit: unit.transpose()? };
    let filters: Option<Json> = arguments.get("filters").map(to_json);
    let uid = arguments.required_text("type")?;
    let locale = arguments.text("locale")?.unwrap_or(&scope.locale);
    let key = Key::Groups {
        uid: shared(uid),
        locale: locale.into(),
        args: canonical(&grouping.args(filters.as_ref())).into(),
    };
    let reply = scope.snapshot.ask(&key).map_err(|error| arguments.error(error.to_string()))?;
    recorder::record(key, reply.answer.clone());
    let found = reply.value.as_array().unwrap_or_default().iter().filter_map(group_of);
    let shown = found.map(|group| {
        let name = grouping.name(uid, &group.key);
        let url = scope.urls.url(&name, locale);
        let answer =
            url.as_deref().map_or(Fingerprint::ABSENT, |url| Fingerprint::of_bytes(url.as_bytes()));
        let key = Key::Url { document_id: name.into(), locale: locale.into() };
        recorder::record(key, Answer::plain(answer));
        let text = group.value.as_str().unwrap_or_default();
        let date = format!("{text}{}", "0000-01-01".get(text.len()..).unwrap_or_default());
        map([
            ("key", Value::from(group.key.as_str())),
            ("value", from_json(&group.value)),
            ("count", Value::from(group.count)),
            ("date", if grouping.unit.is_some() { Value::from(date) } else { Value::none() }),
            ("url", url.map_or_else(Value::none, Value::from)),
        ])
    });
    Ok(Value::from(shown.collect::<Vec<_>>()))
}

/// The pages of a folder: its section.
fn pages(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("pages", given, &PAGES)?;
    let scope = scope::current()?;
    let below = arguments.required_text("below")?;
    if !below.starts_with('/') || !below.ends_with('/') {
        return Err(arguments.error(format!("`below` is a path such as `/docs/`, not `{below}`")));
    }
    let locale = arguments.text("locale")?.unwrap_or(&scope.locale);
    let path = public_url::localized(below, locale, scope.site.is_default_locale(locale));
    let folder = path.trim_start_matches('/');
    let found = scope.urls.pages(folder, locale);
    let key = Key::Pages { below: folder.into(), locale: locale.into() };
    recorder::record(key, Answer::plain(fingerprint(&found)));
    Ok(Value::from(found.iter().map(shown).collect::<Vec<_>>()))
}

/// The way from the home page to this one, through pages that have a title.
fn breadcrumbs(given: &Kwargs) -> Result<Value, Error> {
    Arguments::new("breadcrumbs", given, &BREADCRUMBS)?;
    let scope = scope::current()?;
    let own = &*scope.file;
    let home = public_url::file(&scope.home());
    let folder = own.strip_suffix(public_url::INDEX).unwrap_or(own);
    let above = folder.match_indices('/').filter_map(|(at, _)| folder.get(..=at));
    let above = above.map(|folder| format!("{folder}{}", public_url::INDEX));
    let beginning = home.len();
    let above = above.filter(|file| file.len() > beginning && *file != own);
    let mut steps: Vec<Value> = Vec::new();
    let home = Some(home).filter(|home| home != own);
    for file in home.into_iter().chain(above).chain([own.to_owned()]) {
        if let Some(page) = page(&scope, &file).filter(|page| page.title.is_some()) {
            steps.push(map([
                ("position", Value::from(steps.len() + 1)),
                ("url", Value::from(page.url.as_str())),
                ("title", page.title.as_deref().map_or_else(Value::none, Value::from)),
            ]));
        }
    }
    Ok(Value::from(steps))
}

fn page(scope: &Scope, file: &str) -> Option<PageRef> {
    let found = scope.urls.page(file);
    let answer = found.as_ref().map_or(Fingerprint::ABSENT, |(_, fingerprint)| *fingerprint);
    recorder::record(Key::Page { file: Arc::from(file) }, Answer::plain(answer));
    found.map(|(page, _)| page)
}

fn shown(page: &PageRef) -> Value {
    map([
        ("url", Value::from(page.url.as_str())),
        ("title", page.title.as_deref().map_or_else(Value::none, Value::from)),
    ])
}

fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::from(entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>())
}

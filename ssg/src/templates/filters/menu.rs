//! `menu`: a list of links with the way to the present page marked.

use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::content::value::get;
use crate::render::markdown::{BrokenLinks, Link, follow};
use crate::templates::arguments::Arguments;
use crate::templates::host::PageHost;
use crate::templates::scope::{self, Scope};

/// Menus in menus.
const MAX_DEPTH: usize = 8;

pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("menu", |value: &Value, given: Kwargs, _: &State<'_>| menu(value, &given));
}

/// Adds to each item whether it is the present page (`current`) or leads to it (`active`);
/// `entry:` links are followed, and a label by locale becomes the page's.
fn menu(value: &Value, given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("menu", given, &[])?;
    if value.is_none() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let scope = scope::current()?;
    items(value, &scope, 0).map_err(|message| arguments.error(message))
}

fn items(value: &Value, scope: &Scope, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("menus stand in each other deeper than {MAX_DEPTH}"));
    }
    let items = value.as_array().ok_or("a list of items is expected")?;
    let items: Result<Vec<_>, _> = items.iter().map(|value| item(value, scope, depth)).collect();
    Ok(Value::from(items?))
}

fn item(value: &Value, scope: &Scope, depth: usize) -> Result<Value, String> {
    let map = value.as_map().ok_or("each item must be a table with a `url`")?;
    let mut out: Map = map.clone();
    let url = get(map, "url").and_then(Value::as_str).unwrap_or_default();
    let url = match follow(url, BrokenLinks::Error, &PageHost)? {
        Link::Resolved(url) => url,
        Link::Same | Link::Broken => url.to_owned(),
    };
    let current = !url.is_empty() && url == *scope.url;
    let above = url.ends_with('/') && url != scope.home() && scope.url.starts_with(&url);
    let mut active = current || above;
    if let Some(children) = get(map, "children").filter(|children| !children.is_none()) {
        let children = items(children, scope, depth + 1)?;
        active |= children.as_array().unwrap_or_default().iter().any(is_active);
        out.insert("children".into(), children);
    } else {
        out.insert("children".into(), Value::from(Vec::<Value>::new()));
    }
    if let Some(label) = get(map, "label").and_then(Value::as_map) {
        let own = get(label, &scope.locale);
        let label = own.or_else(|| get(label, scope.site.default_locale()));
        let label = label
            .cloned()
            .ok_or_else(|| format!("the item `{url}` has no label in locale `{}`", scope.locale))?;
        out.insert("label".into(), label);
    }
    out.insert("url".into(), Value::from(url));
    out.insert("current".into(), Value::from(current));
    out.insert("active".into(), Value::from(active));
    Ok(Value::from(out))
}

fn is_active(item: &Value) -> bool {
    let active = item.as_map().and_then(|map| get(map, "active"));
    active.and_then(Value::as_bool).unwrap_or(false)
}

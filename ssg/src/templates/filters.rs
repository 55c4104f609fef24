//! The filters Tera does not bring, and one it brings without a stable order.

use std::sync::Arc;

use indexmap::IndexMap;
use tera::value::Key;
use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::content::value::to_json;
use crate::render::{date, slug};
use crate::templates::arguments::Arguments;
use text::Texts;

pub(crate) mod text;

pub(crate) fn register(tera: &mut Tera, texts: &Arc<Texts>) {
    text::register(tera, texts);
    tera.register_filter("date", |value: &Value, given: Kwargs, _: &State<'_>| {
        date_filter(value, &given)
    });
    tera.register_filter("json", |value: &Value, given: Kwargs, _: &State<'_>| {
        json_filter(value, &given)
    });
    tera.register_filter("slug", |value: &str, _: Kwargs, _: &State<'_>| slug::slug(value));
    tera.register_filter("group_by", |value: &Value, given: Kwargs, _: &State<'_>| {
        group_by(value, &given)
    });
}

fn date_filter(value: &Value, given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("date", given, &["format", "locale"])?;
    let format = arguments.text("format")?.unwrap_or(date::DEFAULT_FORMAT);
    let locale = arguments.text("locale")?.unwrap_or_default();
    let written = match (value.as_str(), value.as_i64()) {
        (Some(text), _) => date::format(text, format, locale),
        (None, Some(millis)) => date::format_millis(millis, format, locale),
        (None, None) => Err(format!("a date is expected, not a {}", value.name())),
    };
    written.map_err(|message| arguments.error(message))
}

/// JSON that may stand in a script element as it is (with `| safe`): the signs that could
/// end the element are written as escapes.
fn json_filter(value: &Value, given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("json", given, &["pretty"])?;
    let pretty = arguments.get("pretty").and_then(Value::as_bool).unwrap_or(false);
    let json = to_json(value);
    let text =
        if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
    let text = text.map_err(|error| arguments.error(error.to_string()))?;
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    Ok(out)
}

/// Tera's own grouping orders groups by a hash that differs from run to run; here they stand
/// in the order in which they first appear.
fn group_by(value: &Value, given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("group_by", given, &["attribute"])?;
    let attribute = arguments.required_text("attribute")?;
    let items = value.as_array().ok_or_else(|| arguments.error("a list is expected"))?;
    let mut groups: IndexMap<String, Vec<Value>> = IndexMap::new();
    for (index, item) in items.iter().enumerate() {
        let group = item.get_from_path(attribute).ok_or_else(|| {
            arguments.error(format!("item {index} has no attribute `{attribute}`"))
        })?;
        if !group.is_none() {
            groups.entry(group.to_string()).or_default().push(item.clone());
        }
    }
    let groups = groups.into_iter().map(|(name, items)| (Key::from(name), Value::from(items)));
    Ok(Value::from(groups.collect::<Map>()))
}

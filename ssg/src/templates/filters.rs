//! The filters Tera does not bring, and one it brings without a stable order.

use std::sync::Arc;

use indexmap::IndexMap;
use tera::value::Key;
use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::content::value::to_json;
use crate::render::{date, number, slug};
use crate::templates::arguments::Arguments;
use crate::templates::scope;
use text::Texts;

mod menu;
pub(crate) mod text;

pub(crate) fn register(tera: &mut Tera, texts: &Arc<Texts>) {
    menu::register(tera);
    text::register(tera, texts);
    tera.register_filter("date", |value: &Value, given: Kwargs, _: &State<'_>| {
        date_filter(value, &given)
    });
    tera.register_filter("number", |value: &Value, given: Kwargs, _: &State<'_>| {
        number_filter(value, &given)
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
    let arguments = Arguments::new("date", given, &["format", "style", "locale"])?;
    let own = scope::current().ok().map(|scope| scope.locale.to_string()).unwrap_or_default();
    let (format, locale) = match arguments.text("style")? {
        None => {
            let format = arguments.text("format")?.unwrap_or(date::DEFAULT_FORMAT);
            (format, arguments.text("locale")?.unwrap_or_default())
        }
        Some(style) => {
            let locale = arguments.text("locale")?.unwrap_or(&own);
            let pattern = date::style::pattern(style, locale).ok_or_else(|| {
                let known = date::style::STYLES.join(", ");
                arguments.error(format!("`style` is one of {known}, not `{style}`"))
            })?;
            (pattern, locale)
        }
    };
    let written = match (value.as_str(), value.as_i64()) {
        (Some(text), _) => date::format(text, format, locale),
        (None, Some(millis)) => date::format_millis(millis, format, locale),
        (None, None) => Err(format!("a date is expected, not a {}", value.name())),
    };
    written.map_err(|message| arguments.error(message))
}

/// A number as the page's language writes it.
fn number_filter(value: &Value, given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("number", given, &["decimals", "style", "currency", "locale"])?;
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let number = number
        .ok_or_else(|| arguments.error(format!("a number is expected, not a {}", value.name())))?;
    let own = scope::current().ok().map(|scope| scope.locale.to_string()).unwrap_or_default();
    let locale = arguments.text("locale")?.unwrap_or(&own);
    let decimals = arguments.whole("decimals")?;
    let decimals = decimals.map(|many| usize::try_from(many).unwrap_or(number::MOST_DECIMALS));
    let kind = match (arguments.text("style")?, arguments.text("currency")?) {
        (None | Some("currency"), Some(code)) => number::Kind::Money(code),
        (Some("percent"), None) => number::Kind::Percent,
        (None, None) => number::Kind::Plain,
        _ => {
            return Err(
                arguments.error("`style` is `percent`, or `currency` with `currency=\"EUR\"`")
            );
        }
    };
    Ok(number::format(number, decimals, kind, locale))
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

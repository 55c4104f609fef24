//! `t`: words of the interface in the page's language.

use serde_json::Value as Json;
use tera::{Error, Kwargs, State, Tera, Value};

use crate::render::number::{Kind, format};
use crate::render::plural;
use crate::site::strings::TABLE;
use crate::templates::scope::{self, Scope};

/// The argument that chooses between plural forms.
const COUNT: &str = "count";
/// Arguments that are no value of the text.
const OWN: [&str; 2] = ["key", "locale"];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("t", |given: Kwargs, _: &State<'_>| translate(&given));
}

/// The text of a key in the page's locale or one that stands in for it, with every `{name}`
/// replaced by the argument of this name.
fn translate(given: &Kwargs) -> Result<String, Error> {
    let scope = scope::current()?;
    let get = |name: &str| {
        let found = given.iter().find(|(key, _)| key.as_str() == Some(name));
        found.map(|(_, value)| value).filter(|value| !value.is_none())
    };
    let key = get("key").and_then(Value::as_str);
    let key = key.ok_or_else(|| fault("`key=` is missing"))?;
    let locale = get("locale").and_then(Value::as_str).unwrap_or(&scope.locale);
    let (found, words) = find(&scope, key, locale).ok_or_else(|| {
        let tried = chain(&scope, locale).join("`, `");
        fault(&format!("there is no `{key}` in the words of `{tried}`"))
    })?;
    let count = get(COUNT).and_then(Value::as_f64);
    let text = form(words, count, found).ok_or_else(|| {
        fault(&format!(
            "`{key}` in `{found}` is neither a text nor a table of plural forms with `other`, \
             chosen by `count=`"
        ))
    })?;
    fill(text, key, found, |name| {
        let value = get(name).filter(|_| !OWN.contains(&name))?;
        Some(match value.as_f64() {
            Some(number) => format(number, None, Kind::Plain, locale),
            None => value.to_string(),
        })
    })
}

/// The locales that are asked, in order.
fn chain<'s>(scope: &'s Scope, locale: &'s str) -> Vec<&'s str> {
    let mut chain = vec![locale];
    for next in scope.site.fallbacks.of(locale).chain([scope.site.default_locale()]) {
        if !chain.contains(&next) {
            chain.push(next);
        }
    }
    chain
}

/// Each locale asked is a read, whether it has the words or not.
fn find<'s>(scope: &'s Scope, key: &str, locale: &'s str) -> Option<(&'s str, &'s Json)> {
    for locale in chain(scope, locale) {
        scope.note_config(&format!("site.{TABLE}.{locale}.{key}"));
        let words = scope.site.tables.get(TABLE).and_then(|all| all.get(locale));
        let found =
            words.and_then(|words| key.split('.').try_fold(words, |value, name| value.get(name)));
        if let Some(found) = found {
            return Some((locale, found));
        }
    }
    None
}

/// The text itself, or the form that the language has for a number.
fn form<'w>(words: &'w Json, count: Option<f64>, locale: &str) -> Option<&'w str> {
    let Json::Object(forms) = words else { return words.as_str() };
    let count = count?;
    let whole = (count.fract() == 0.0 && count >= 0.0).then_some(count as u64);
    let exact = whole.filter(|number| *number == 0).and_then(|_| forms.get("zero"));
    let named = whole.and_then(|number| forms.get(plural(locale, number)));
    exact.or(named).or_else(|| forms.get("other"))?.as_str()
}

fn fill(
    text: &str,
    key: &str,
    locale: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let filled = value(name.trim()).ok_or_else(|| {
            fault(&format!("`{key}` in `{locale}` needs the argument `{}=`", name.trim()))
        })?;
        out.push_str(&filled);
        rest = after;
    }
    Ok(out + rest)
}

fn fault(message: &str) -> Error {
    Error::message(format!("`t()`: {message}"))
}

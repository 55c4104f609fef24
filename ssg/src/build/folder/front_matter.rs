//! What stands above a text: values between lines of `+++` (TOML) or `---` (YAML), as Hugo,
//! Zola, Jekyll and Astro write them. Never guesses: what cannot be read is an error with its
//! line.

use serde_json::{Map, Value};

/// A file taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts<'a> {
    pub(super) values: Map<String, Value>,
    pub(super) body: &'a str,
    /// The first line of the body, counted from 1.
    pub(super) line: usize,
}

/// What is wrong, and in which line.
pub(super) type Mistake = (usize, String);

pub(super) fn split(text: &str) -> Result<Parts<'_>, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (mark, read) in [("+++", toml as Read), ("---", yaml)] {
        let Some(rest) = text.strip_prefix(mark).and_then(end_of_line) else { continue };
        let Some((inner, body)) = until(rest, mark) else {
            return Err((1, format!("what begins with `{mark}` has no line `{mark}` at its end")));
        };
        let line = inner.lines().count() + 3;
        return Ok(Parts { values: read(inner)?, body, line });
    }
    Ok(Parts { values: Map::new(), body: text, line: 1 })
}

type Read = fn(&str) -> Result<Map<String, Value>, Mistake>;

/// The rest after a line that has ended with nothing but spaces.
fn end_of_line(text: &str) -> Option<&str> {
    let (line, rest) = text.split_once('\n')?;
    line.trim().is_empty().then_some(rest)
}

/// What stands before a line with the mark alone, and what follows that line.
fn until<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == mark {
            return Some((text.get(..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

/// Lines of the front matter are counted behind its first mark.
const FIRST_LINE: usize = 2;

fn toml(text: &str) -> Result<Map<String, Value>, Mistake> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
        (FIRST_LINE + before.matches('\n').count(), error.message().to_owned())
    })?;
    Ok(table.into_iter().map(|(name, value)| (name, json(value))).collect())
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(name, value)| (name, json(value))).collect()
        }
    }
}

fn yaml(text: &str) -> Result<Map<String, Value>, Mistake> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    // As YAML 1.2 has it: `no` and `y` are words.
    let options = serde_saphyr::options! { strict_booleans: true };
    let value = serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line());
        let line = usize::try_from(line).unwrap_or(1);
        (FIRST_LINE + line.saturating_sub(1), what(&error.without_snippet().to_string()))
    })?;
    match value {
        Value::Object(values) => Ok(values),
        Value::Null => Ok(Map::new()),
        _ => Err((FIRST_LINE, "expected `name: value` in each line".to_owned())),
    }
}

/// The message without its own place, which is counted from elsewhere.
fn what(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.split(" at line ").next().unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_languages_are_read() {
        let expected =
            json!({ "title": "A: b", "weight": 3, "tags": ["x", "y"], "day": "2024-05-01" });
        for text in [
            "+++\ntitle = \"A: b\"\nweight = 3\ntags = [\"x\", \"y\"]\nday = 2024-05-01\n+++\nText\n",
            "---\ntitle: \"A: b\"\nweight: 3\ntags:\n  - x\n  - y\nday: 2024-05-01\n---\nText\n",
            "\u{feff}---\r\ntitle: \"A: b\"\r\nweight: 3\r\ntags: [x, y]\r\nday: 2024-05-01\r\n--- \r\nText\n",
        ] {
            let parts = split(text).unwrap();
            assert_eq!(Value::Object(parts.values), expected, "{text}");
            assert_eq!(parts.body, "Text\n");
        }
        assert_eq!(split("---\n---\nText").unwrap().body, "Text");
        assert_eq!(split("Text\n---\n").unwrap().body, "Text\n---\n");
        assert_eq!(split("---\na: 1\n---\n\nText").unwrap().line, 4);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, line, says) in [
            ("+++\na = 1\nb =\n+++\n", 3, ""),
            ("---\na: 1\nb: [1\n---\n", 3, ""),
            ("---\na: 1\n", 1, "no line `---` at its end"),
            ("---\n- a\n---\n", 2, "`name: value`"),
            ("---\na: 1\na: 2\n---\n", 3, "duplicate"),
        ] {
            let (at, message) = split(text).unwrap_err();
            assert!(at.abs_diff(line) <= 1 && message.contains(says), "{text}: {at} {message}");
        }
    }
}

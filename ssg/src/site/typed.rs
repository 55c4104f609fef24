//! Values of one kind in a table of site.toml: durations, sizes, lists, choices.

use std::time::Duration;

use toml::de::DeValue;

use super::toml_reader::{Source, Table, duration, to_json};
use crate::config::parse_size;

/// Nothing in a site is meant to last longer; keeps sums far from overflow.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

impl Table<'_> {
    fn converted<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
        expected: &str,
        convert: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let converted = convert(value.get_ref());
        if converted.is_none() {
            source.complain(value.span().start, format!("`{key}` must be {expected}"));
        }
        converted
    }

    /// Text such as `30s`, or whole seconds.
    pub(super) fn span(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<Duration> {
        self.converted(source, key, "a duration, such as `\"30s\"` or `\"1h\"`", |value| {
            let span = match value {
                DeValue::String(text) => duration(text),
                value => to_json(value).as_u64().map(Duration::from_secs),
            };
            span.filter(|span| *span <= LONGEST)
        })
    }

    /// Text such as `64MB`, or bytes.
    pub(super) fn size(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<u64> {
        self.converted(source, key, "a size, such as `\"1MB\"`", |value| match value {
            DeValue::String(text) => parse_size(text),
            value => to_json(value).as_u64(),
        })
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
        (least, most): (u64, u64),
    ) -> Option<u64> {
        let expected = format!("a whole number from {least} to {most}");
        self.converted(source, key, &expected, |value| {
            to_json(value).as_u64().filter(|number| (least..=most).contains(number))
        })
    }

    /// A list of texts, none of them empty.
    pub(super) fn names(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Option<Vec<String>> {
        self.converted(source, key, "a list of texts", |value| {
            let DeValue::Array(_) = value else { return None };
            let items = to_json(value);
            let texts = items.as_array()?.iter().map(|item| item.as_str().map(str::to_owned));
            let texts: Option<Vec<_>> = texts.collect();
            texts.filter(|texts| texts.iter().all(|text| !text.is_empty()))
        })
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("`\"{word}\"`")).collect();
        self.converted(source, key, &words.join(" or "), |value| match value {
            DeValue::String(text) => {
                choices.iter().find(|(word, _)| word == text).map(|(_, choice)| *choice)
            }
            _ => None,
        })
    }
}

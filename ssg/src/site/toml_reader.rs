//! Reading TOML tables key by key, so that every complaint names its line.

use std::time::Duration;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SiteError;

/// The text of a TOML file, its name for messages, and the complaints so far.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: Vec<SiteError>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, errors: Vec::new() }
    }

    pub(super) fn parse(&mut self) -> Option<DeTable<'a>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table.into_inner()),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                self.complain(offset, error.message().to_owned());
                None
            }
        }
    }

    pub(super) fn complain(&mut self, offset: usize, message: impl Into<String>) {
        self.complain_in_line(self.line(offset), message);
    }

    pub(super) fn complain_in_line(&mut self, line: usize, message: impl Into<String>) {
        let file = self.file.to_owned();
        self.errors.push(SiteError { file, line, message: message.into() });
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}

impl Source<'_> {
    /// Reads every table of a list that is written with two brackets.
    pub(super) fn each_table<T>(
        &mut self,
        tables: Spanned<DeValue<'_>>,
        name: &'static str,
        read: impl Fn(&mut Self, Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let offset = tables.span().start;
        let DeValue::Array(items) = tables.into_inner() else {
            self.complain(offset, format!("this is written as `{name}`, with two brackets"));
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items {
            let offset = item.span().start;
            match item.into_inner() {
                DeValue::Table(table) => all.extend(read(self, Table::new(name, offset, table))),
                other => {
                    let message = format!("`{name}` must be a table, not {}", type_name(&other));
                    self.complain(offset, message);
                }
            }
        }
        all
    }
}

/// A table whose keys are taken one after another; those left over are unknown.
pub(super) struct Table<'i> {
    name: &'static str,
    offset: usize,
    entries: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'i> Table<'i> {
    pub(super) fn new(name: &'static str, offset: usize, entries: DeTable<'i>) -> Self {
        Self { name, offset, entries, known: Vec::new() }
    }

    /// The value of a key that must be a table, if it is there.
    pub(super) fn of(
        source: &mut Source<'_>,
        name: &'static str,
        value: Option<Spanned<DeValue<'i>>>,
    ) -> Option<Self> {
        let value = value?;
        let offset = value.span().start;
        match value.into_inner() {
            DeValue::Table(entries) => Some(Self::new(name, offset, entries)),
            other => {
                let message = format!("`{name}` must be a table, not {}", type_name(&other));
                source.complain(offset, message);
                None
            }
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.entries.remove(key)
    }

    pub(super) fn text(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Option<(String, usize)> {
        let value = self.take(key)?;
        let offset = value.span().start;
        match value.into_inner() {
            DeValue::String(text) => Some((text.into_owned(), offset)),
            other => {
                let message = format!("`{key}` must be a string, not {}", type_name(&other));
                source.complain(offset, message);
                None
            }
        }
    }

    /// A list of strings, each with its place; empty when the key is missing.
    pub(super) fn texts(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Vec<(String, usize)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let offset = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            source.complain(offset, format!("`{key}` must be a list of strings"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            let offset = item.span().start;
            match item.into_inner() {
                DeValue::String(text) => texts.push((text.into_owned(), offset)),
                other => {
                    let message =
                        format!("`{key}` must be a list of strings; this is {}", type_name(&other));
                    source.complain(offset, message);
                }
            }
        }
        texts
    }

    /// A string or a list of them.
    pub(super) fn one_or_more(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Vec<String> {
        if matches!(self.entries.get(key).map(Spanned::get_ref), Some(DeValue::String(_))) {
            return self.text(source, key).into_iter().map(|(text, _)| text).collect();
        }
        self.texts(source, key).into_iter().map(|(text, _)| text).collect()
    }

    /// A part of a whole, from 0 to 1.
    pub(super) fn share(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<f64> {
        let value = self.take(key)?;
        let share = to_json(value.get_ref()).as_f64();
        let share = share.filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            let message = format!("`{key}` must be a number from 0 to 1, such as `0.2`");
            source.complain(value.span().start, message);
        }
        share
    }

    /// As [`Table::text`], and it is a mistake when the key is missing.
    pub(super) fn required(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Option<(String, usize)> {
        if !self.entries.contains_key(key) {
            self.known.push(key);
            source.complain(self.offset, format!("`{key}` is missing in `{}`", self.name));
            return None;
        }
        self.text(source, key)
    }

    pub(super) fn json(&mut self, key: &'static str) -> Option<Value> {
        self.take(key).map(|value| to_json(value.get_ref()))
    }

    /// A whole number from 1.
    pub(super) fn positive(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<u64> {
        let value = self.take(key)?;
        let number = to_json(value.get_ref()).as_u64().filter(|number| *number > 0);
        if number.is_none() {
            source.complain(value.span().start, format!("`{key}` must be a positive integer"));
        }
        number
    }

    pub(super) fn flag(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = to_json(value.get_ref()).as_bool();
        if flag.is_none() {
            source.complain(value.span().start, format!("`{key}` must be `true` or `false`"));
        }
        flag
    }

    pub(super) fn duration(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
    ) -> Option<Duration> {
        let (text, offset) = self.text(source, key)?;
        let found = duration(&text);
        if found.is_none() {
            let message =
                format!("`{key}` is `{text}`; expected a duration, such as `500ms` or `1m`");
            source.complain(offset, message);
        }
        found
    }

    /// Complains about every key that was not asked for.
    pub(super) fn finish(self, source: &mut Source<'_>, hint: &str) {
        for (key, _) in self.entries {
            let known = self.known.join("`, `");
            let message = format!(
                "unknown key `{}` in `{}`; accepted are `{known}`{hint}",
                key.get_ref(),
                self.name
            );
            source.complain(key.span().start, message);
        }
    }
}

pub(super) fn duration(text: &str) -> Option<Duration> {
    text.parse::<jiff::SignedDuration>().ok().and_then(|found| found.try_into().ok())
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// TOML as the JSON templates see; keys stay in the order of the file.
pub(super) fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Into::into)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Into::into),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => table_to_json(table),
    }
}

pub(super) fn table_to_json(table: &DeTable<'_>) -> Value {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let pairs = entries
        .into_iter()
        .map(|(key, value)| (key.get_ref().clone().into_owned(), to_json(value.get_ref())));
    Value::Object(pairs.collect::<Map<_, _>>())
}

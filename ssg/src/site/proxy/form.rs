//! `[[form]]`: a form of the static site whose posts become entries of the CMS.

use std::time::Duration;

use super::{plain_path, rule};
use crate::site::toml_reader::{Source, Table};

const DEFAULT_MAX_SIZE: u64 = 64 << 10;
const DEFAULT_RATE: Rate = Rate { count: 5, per: Duration::from_secs(60) };
/// A page may stay open that long before its form is sent.
const DEFAULT_MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub path: String,
    /// As in the CMS's addresses: `messages` for `/api/messages`.
    pub collection: String,
    /// All others are refused.
    pub fields: Vec<String>,
    pub required: Vec<String>,
    /// Where browsers without scripts go.
    pub success: Option<String>,
    pub failure: Option<String>,
    /// A field that people do not see and programs fill in.
    pub honeypot: Option<String>,
    /// Nobody fills in the form faster; needs a token that tells when the page was opened.
    pub min_time: Option<Duration>,
    pub max_time: Duration,
    pub rate: Rate,
    pub max_size: u64,
    pub as_site: bool,
    pub line: usize,
}

/// Posts of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub count: u32,
    pub per: Duration,
}

pub(super) fn read(source: &mut Source<'_>, mut table: Table<'_>) -> Option<Form> {
    let line = source.line(table.offset());
    let path = plain_path(source, &mut table, "path");
    let collection = table.required(source, "collection");
    let fields = table.names(source, "fields").unwrap_or_default();
    let required = table.names(source, "required").unwrap_or_default();
    let success = read_place(source, &mut table, "success");
    let failure = read_place(source, &mut table, "failure");
    let honeypot = table.text(source, "honeypot").map(|(name, _)| name);
    let min_time = table.span(source, "min_time");
    let max_time = table.span(source, "max_time");
    let rate = table.text(source, "rate").and_then(|(text, at)| read_rate(source, &text, at));
    let max_size = table.size(source, "max_size");
    let as_site = rule::read_as(source, &mut table);
    check_fields(source, line, &fields, &required, honeypot.as_deref());
    table.finish(source, "");
    let (collection, offset) = collection?;
    if !collection.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        let message =
            format!("`collection` is `{collection}`; it must be a name as in `/api/messages`");
        source.complain(offset, message);
    }
    Some(Form {
        path: path?,
        collection,
        fields,
        required,
        success,
        failure,
        honeypot,
        min_time,
        max_time: max_time.unwrap_or(DEFAULT_MAX_TIME),
        rate: rate.unwrap_or(DEFAULT_RATE),
        max_size: max_size.unwrap_or(DEFAULT_MAX_SIZE),
        as_site,
        line,
    })
}

fn check_fields(
    source: &mut Source<'_>,
    line: usize,
    fields: &[String],
    required: &[String],
    honeypot: Option<&str>,
) {
    if fields.is_empty() {
        source.complain_in_line(line, "`fields` must name the fields that the form has");
    }
    if let Some(unknown) = required.iter().find(|name| !fields.contains(name)) {
        source.complain_in_line(line, format!("`{unknown}` is required and not one of `fields`"));
    }
    if let Some(name) = honeypot.filter(|name| fields.iter().any(|field| field == name)) {
        source.complain_in_line(line, format!("`{name}` cannot be a field and the honeypot"));
    }
}

fn read_place(source: &mut Source<'_>, table: &mut Table<'_>, key: &'static str) -> Option<String> {
    let (text, offset) = table.text(source, key)?;
    if !text.starts_with('/')
        || text.starts_with("//")
        || text.contains(|c: char| c.is_control() || "\\ ".contains(c))
    {
        source.complain(offset, format!("`{key}` is `{text}`; it must be a path of this site"));
        return None;
    }
    Some(text)
}

/// `5/1m`
fn read_rate(source: &mut Source<'_>, text: &str, offset: usize) -> Option<Rate> {
    let parsed = text.split_once('/').and_then(|(count, per)| {
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        let per: Duration = per.trim().parse::<jiff::SignedDuration>().ok()?.try_into().ok()?;
        (!per.is_zero()).then_some(Rate { count, per })
    });
    if parsed.is_none() {
        source.complain(
            offset,
            format!("`rate` is `{text}`; expected is posts per time, such as `5/1m`"),
        );
    }
    parsed
}

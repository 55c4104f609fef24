//! `[gate]` in site.toml, with the line of every mistake.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table, to_json};
use crate::gate::{Assertion, Policy, Strictness};

pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Policy {
    let default = Policy::default();
    let Some(mut table) = Table::of(source, "[gate]", value) else { return default };
    let required = table.texts(source, "required");
    let policy = Policy {
        required: required.into_iter().filter_map(|found| url(source, found)).collect(),
        max_page_loss: table.share(source, "max_page_loss").unwrap_or(default.max_page_loss),
        max_size_loss: table.share(source, "max_size_loss").unwrap_or(default.max_size_loss),
        links: links(source, &mut table),
        smoke: table.flag(source, "smoke").unwrap_or(false),
        assertions: table
            .take("assert")
            .map(|tables| source.each_table(tables, "[[gate.assert]]", assertion))
            .unwrap_or_default(),
    };
    table.finish(source, "");
    policy
}

fn url(source: &mut Source<'_>, (url, offset): (String, usize)) -> Option<String> {
    let sound = url.starts_with('/') && !url.contains(|char: char| char.is_control());
    if !sound {
        source.complain(offset, format!("`{url}` must be a path of this site, such as `/blog/`"));
    }
    sound.then_some(url)
}

fn links(source: &mut Source<'_>, table: &mut Table<'_>) -> Strictness {
    let Some((text, offset)) = table.text(source, "links") else { return Strictness::Off };
    match text.as_str() {
        "off" => Strictness::Off,
        "warn" => Strictness::Warn,
        "refuse" => Strictness::Refuse,
        _ => {
            let message = format!("`links` must be `off`, `warn` or `refuse`, not `{text}`");
            source.complain(offset, message);
            Strictness::Off
        }
    }
}

fn assertion(source: &mut Source<'_>, mut table: Table<'_>) -> Option<Assertion> {
    let found = table.required(source, "url").and_then(|found| url(source, found));
    let status = match table.take("status") {
        None => 200,
        Some(value) => {
            match to_json(value.get_ref()).as_u64().and_then(|n| u16::try_from(n).ok()) {
                Some(status @ 100..=599) => status,
                _ => {
                    source.complain(
                        value.span().start,
                        "`status` must be an HTTP status such as 200",
                    );
                    200
                }
            }
        }
    };
    let contains = table.one_or_more(source, "contains");
    let not_contains = table.one_or_more(source, "not_contains");
    table.finish(source, "");
    Some(Assertion { url: found?, status, contains, not_contains })
}

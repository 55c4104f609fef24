//! `[[cdn]]`: which caches stand in front of the site, and how they are told.
//!
//! Credentials are named, never written here: site.toml is in everybody's
//! repository.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::super::toml_reader::{Source, Table, duration};

/// One table, checked. Names of environment variables stand for their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdnTable {
    pub name: String,
    pub provider: ProviderTable,
    /// Scheme and host as visitors write them; the site's own unless it is said.
    pub site: Option<String>,
    pub rate: Option<(u32, Duration)>,
    pub burst: Option<u32>,
    pub most: Option<usize>,
    pub again: Option<Duration>,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderTable {
    Cloudflare { api: Option<Url>, zone: String, token: String, tag: Option<String> },
    Fastly { api: Option<Url>, service: String, token: String, tag: Option<String>, soft: bool },
    Bunny { api: Option<Url>, pull_zone: String, token: String, tag: Option<String> },
    Purge { endpoints: Vec<Url> },
}

const PROVIDERS: &str = "`cloudflare`, `fastly`, `bunny` and `purge`";

pub(super) fn read(source: &mut Source<'_>, tables: Spanned<DeValue<'_>>) -> Vec<CdnTable> {
    let read = source.each_table(tables, "[[cdn]]", read_one);
    for (at, cdn) in read.iter().enumerate() {
        if read.iter().take(at).any(|earlier| earlier.name == cdn.name) {
            let message = format!("there are two CDNs called `{}`; give one a `name`", cdn.name);
            source.complain_in_line(cdn.line, message);
        }
    }
    read
}

fn read_one(source: &mut Source<'_>, mut table: Table<'_>) -> Option<CdnTable> {
    let line = source.line(table.offset());
    let kind = table.required(source, "provider");
    let name = table.text(source, "name");
    let site =
        table.text(source, "site").and_then(|url| super::check_base_url(source, "site", url));
    let rate = table.text(source, "rate").and_then(|text| read_rate(source, text));
    let burst = table.positive(source, "burst").and_then(|burst| burst.try_into().ok());
    let most = table.positive(source, "most").and_then(|most| most.try_into().ok());
    let again = table.duration(source, "again");
    let (kind, offset) = kind?;
    let provider = match kind.as_str() {
        "cloudflare" => {
            let (api, token, tag) = hosted(source, &mut table);
            let zone = word(source, &mut table, "zone");
            both(zone, token).map(|(zone, token)| ProviderTable::Cloudflare {
                api,
                zone,
                token,
                tag,
            })
        }
        "fastly" => {
            let (api, token, tag) = hosted(source, &mut table);
            let service = word(source, &mut table, "service");
            let soft = table.flag(source, "soft").unwrap_or(false);
            both(service, token).map(|(service, token)| ProviderTable::Fastly {
                api,
                service,
                token,
                tag,
                soft,
            })
        }
        "bunny" => {
            let (api, token, tag) = hosted(source, &mut table);
            let pull_zone = word(source, &mut table, "pull_zone");
            both(pull_zone, token).map(|(pull_zone, token)| ProviderTable::Bunny {
                api,
                pull_zone,
                token,
                tag,
            })
        }
        "purge" => {
            endpoints(source, &mut table).map(|endpoints| ProviderTable::Purge { endpoints })
        }
        other => {
            let message = format!("there is no provider `{other}`; accepted are {PROVIDERS}");
            source.complain(offset, message);
            return None;
        }
    };
    table.finish(source, "");
    let name = name.map_or(kind, |(name, _)| name);
    Some(CdnTable { name, provider: provider?, site, rate, burst, most, again, line })
}

fn both<A, B>(one: Option<A>, other: Option<B>) -> Option<(A, B)> {
    Some((one?, other?))
}

/// What all hosted ones have: another address for tests, a token, a tag.
fn hosted(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
) -> (Option<Url>, Option<String>, Option<String>) {
    let api = table.text(source, "api").and_then(|text| address(source, "api", text));
    let token = table.required(source, "token").and_then(|(name, offset)| {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(fits) {
            let message = "`token` is the name of an environment variable, such as `CDN_TOKEN`: \
                           the token itself must not stand here";
            source.complain(offset, message);
            return None;
        }
        Some(name)
    });
    let tag = word(source, table, "tag?");
    (api, token, tag)
}

/// A word that becomes part of an address or a header. `name?` may be missing.
fn word(source: &mut Source<'_>, table: &mut Table<'_>, key: &'static str) -> Option<String> {
    let (text, offset) = match key.strip_suffix('?') {
        Some(key) => table.text(source, key)?,
        None => table.required(source, key)?,
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || !text.bytes().all(fits) {
        let key = key.trim_end_matches('?');
        let message =
            format!("`{key}` is `{text}`; letters, digits, `-`, `_` and `.` are accepted");
        source.complain(offset, message);
        return None;
    }
    Some(text)
}

fn endpoints(source: &mut Source<'_>, table: &mut Table<'_>) -> Option<Vec<Url>> {
    let offset = table.offset();
    let texts = table.texts(source, "endpoints");
    if texts.is_empty() {
        source.complain(offset, "`endpoints` is missing in `[[cdn]]`: the caches' own addresses");
        return None;
    }
    texts.into_iter().map(|text| address(source, "endpoints", text)).collect()
}

fn address(source: &mut Source<'_>, key: &str, (text, offset): (String, usize)) -> Option<Url> {
    let url = Url::parse(&text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
    });
    if url.is_none() {
        let message =
            format!("`{key}` has `{text}`; expected an http or https address without a query");
        source.complain(offset, message);
    }
    url
}

fn read_rate(source: &mut Source<'_>, (text, offset): (String, usize)) -> Option<(u32, Duration)> {
    let rate = text.split_once('/').and_then(|(calls, period)| {
        let calls = calls.trim().parse().ok().filter(|calls| *calls > 0)?;
        let period = duration(period.trim()).filter(|period| !period.is_zero())?;
        Some((calls, period))
    });
    if rate.is_none() {
        let message = format!("`rate` is `{text}`; expected calls and a period, such as `5/1m`");
        source.complain(offset, message);
    }
    rate
}

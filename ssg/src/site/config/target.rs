//! `[[target]]` and `[deploy]`: which machines show the site, and in which order
//! they get a release.

mod bucket;

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::super::toml_reader::{Source, Table, to_json};
use crate::deploy::{Place, Target};

/// One table, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTable {
    pub target: Target,
    /// Of the visitors, for nginx in front: `5%`.
    pub share: Option<String>,
    /// Environment variables with the keys of a bucket.
    pub keys: Option<KeyNames>,
    pub line: usize,
}

/// Of the key's id and of its secret.
pub type KeyNames = (String, String);

/// How a deployment goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeployTable {
    /// `ssg serve` deploys what it publishes.
    pub auto: bool,
    /// Good canaries are enough.
    pub promote: bool,
    /// How long canaries are watched.
    pub watch: Duration,
}

const KINDS: &str = "`local`, `ssh` and `s3`";

pub(super) fn read(source: &mut Source<'_>, tables: Spanned<DeValue<'_>>) -> Vec<TargetTable> {
    let read = source.each_table(tables, "[[target]]", read_one);
    for (at, table) in read.iter().enumerate() {
        let name = &table.target.name;
        if read.iter().take(at).any(|earlier| earlier.target.name == *name) {
            source.complain_in_line(table.line, format!("there are two targets called `{name}`"));
        }
    }
    if let Some(first) = read.first()
        && read.iter().all(|table| table.target.canary)
    {
        let message = "every target is a canary; one without `canary` must stand beside it";
        source.complain_in_line(first.line, message);
    }
    read
}

fn read_one(source: &mut Source<'_>, mut table: Table<'_>) -> Option<TargetTable> {
    let line = source.line(table.offset());
    let name = table.required(source, "name");
    let kind = table.required(source, "kind");
    let url = table.text(source, "url").and_then(|url| super::check_base_url(source, "url", url));
    let log = table.text(source, "log").map(|(log, _)| PathBuf::from(log));
    let (canary, share) = read_canary(source, &mut table);
    let (kind, offset) = kind?;
    let mut keys = None;
    let place = match kind.as_str() {
        "local" => folder(source, &mut table).map(|path| Place::Local { path }),
        "ssh" => {
            let path = folder(source, &mut table);
            read_ssh(source, &mut table, path)
        }
        "s3" => bucket::read(source, &mut table).map(|(place, names)| {
            keys = names;
            Place::Bucket(place)
        }),
        other => {
            let message = format!("there is no kind `{other}`; accepted are {KINDS}");
            source.complain(offset, message);
            return None;
        }
    };
    table.finish(source, "");
    if canary && url.is_none() {
        source.complain_in_line(line, "a canary needs its `url`: somebody has to look at it");
    }
    let target = Target { name: name?.0, place: place?, canary, url, log };
    Some(TargetTable { target, share, keys, line })
}

fn read_ssh(source: &mut Source<'_>, table: &mut Table<'_>, path: Option<String>) -> Option<Place> {
    let host = table.required(source, "host");
    let port = table.positive(source, "port").map(u16::try_from);
    let config = table.text(source, "ssh_config").map(|(file, _)| PathBuf::from(file));
    let (host, offset) = host?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"@.-_".contains(&byte);
    if host.is_empty() || host.starts_with('-') || !host.bytes().all(fits) {
        let message = format!("`host` is `{host}`; expected a name that ssh knows, or user@name");
        source.complain(offset, message);
        return None;
    }
    match port.transpose() {
        Ok(port) => Some(Place::Ssh { host, path: path?, port, config }),
        Err(_) => {
            source.complain(table.offset(), "`port` must be below 65536");
            None
        }
    }
}

fn folder(source: &mut Source<'_>, table: &mut Table<'_>) -> Option<String> {
    table.required(source, "path").and_then(|path| read_path(source, path))
}

/// The folder's name goes through shells, so it has no character that they mind.
fn read_path(source: &mut Source<'_>, (path, offset): (String, usize)) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    let whole = path.starts_with('/') && !path.split('/').any(|part| part == "..");
    if !whole || path == "/" || !path.bytes().all(fits) {
        let message = format!(
            "`path` is `{path}`; expected a whole path such as `/srv/site`, of letters, digits and `._-+`"
        );
        source.complain(offset, message);
        return None;
    }
    Some(path.trim_end_matches('/').to_owned())
}

/// `true`, or the share of the visitors that see it.
fn read_canary(source: &mut Source<'_>, table: &mut Table<'_>) -> (bool, Option<String>) {
    let Some(value) = table.take("canary") else { return (false, None) };
    match to_json(value.get_ref()) {
        serde_json::Value::Bool(canary) => (canary, None),
        serde_json::Value::String(share) if share.ends_with('%') => (true, Some(share)),
        _ => {
            let message = "`canary` must be `true`, or a share of the visitors such as `\"5%\"`";
            source.complain(value.span().start, message);
            (true, None)
        }
    }
}

pub(super) fn read_deploy(
    source: &mut Source<'_>,
    value: Option<Spanned<DeValue<'_>>>,
) -> DeployTable {
    let Some(mut table) = Table::of(source, "[deploy]", value) else {
        return DeployTable::default();
    };
    let auto = table.flag(source, "auto").unwrap_or(false);
    let promote = match table.text(source, "promote") {
        Some((how, _)) if how == "auto" => true,
        Some((how, offset)) if how != "manual" => {
            let message = format!("`promote` is `{how}`; accepted are `auto` and `manual`");
            source.complain(offset, message);
            false
        }
        _ => false,
    };
    let watch = table.duration(source, "watch").unwrap_or_default();
    table.finish(source, "");
    DeployTable { auto, promote, watch }
}

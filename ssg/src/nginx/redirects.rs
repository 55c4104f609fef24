//! `_redirects` as nginx follows them.
//!
//! Maps find the first rule that matches, by its number; then the rule gives
//! way to a file that stands there; then maps say where it leads. Literal
//! paths are found by hash, whatever their number. nginx's hash does not tell
//! capitals from small letters, so what it finds is compared once more.

use std::{collections::BTreeSet, fmt::Write};

use super::pattern::{Captures, escaped, map, quoted};
use crate::rules::{Condition, Destination, Redirect, Target, Wanted};

/// The longest key that fits a bucket of nginx's default size.
const LONGEST_KEY: usize = 46;
/// Statuses that send visitors elsewhere, in the order they are asked about.
const ADDRESSES: [u16; 5] = [301, 302, 303, 307, 308];

pub(super) struct Compiled {
    /// Outside of the server block.
    pub(super) maps: String,
    /// At the beginning of the server block.
    pub(super) server: String,
}

pub(super) fn compile(
    rules: &[Redirect],
    prefix: &str,
    retired: &str,
) -> Result<Compiled, std::fmt::Error> {
    let mut compiled = Compiled { maps: String::new(), server: String::new() };
    if rules.is_empty() {
        return Ok(compiled);
    }
    let captures = Captures { prefix };
    find(&mut compiled.maps, rules, prefix, &captures)?;
    choose(&mut compiled.server, prefix, retired)?;
    for status in ADDRESSES {
        follow(&mut compiled, rules, prefix, &captures, status)?;
    }
    for status in [200, 404, 410] {
        show(&mut compiled, rules, prefix, &captures, status)?;
    }
    Ok(compiled)
}

/// Maps that tell the number of the first rule that matches.
fn find(
    out: &mut String,
    rules: &[Redirect],
    prefix: &str,
    captures: &Captures<'_>,
) -> std::fmt::Result {
    let (mut exact, mut patterns) = (Vec::new(), Vec::new());
    patterns.push((r#""~^[^ ]* /(?:api|hooks)/""#.to_owned(), "\"\"".to_owned()));
    let mut seen = BTreeSet::new();
    for (number, rule) in rules.iter().enumerate() {
        let number = number + 1;
        match exact_path(rule, &rules[..number - 1], &mut seen) {
            Some(path) => {
                let slashed = format!("{}/", path.trim_end_matches('/'));
                let keys: BTreeSet<_> = [path, slashed].into();
                exact.extend(
                    keys.into_iter().map(|key| (quoted(&key), quoted(&format!("{number} {key}")))),
                );
            }
            None => {
                let conditions: String = rule.conditions.iter().map(condition).collect();
                let path = captures.decoded(&rule.origin);
                let key = format!("\"~(?s)^{conditions}[^ ]* {path}\"");
                patterns.push((key, number.to_string()));
            }
        }
    }
    writeln!(out, "# Redirects: which rule of `_redirects` is meant, by its number.")?;
    let odd = r#""~*^[^?]*(?://|/\.{1,2}(?:[/?#]|\z)|%2[ef]|\x5c)""#;
    map(out, "$request_uri", &format!("{prefix}_plain"), "1", &[(odd.into(), "\"\"".into())])?;
    map(out, "$uri", &format!("{prefix}_exact"), "\"\"", &exact)?;
    map(out, "\"$args $uri\"", &format!("{prefix}_pattern"), "\"\"", &patterns)?;
    let same = format!("\"~(?s)^(?<{prefix}_n>\\d+) (?<{prefix}_u>.+) \\k<{prefix}_u>\\z\"");
    let default = format!("${prefix}_pattern");
    let source = format!("\"${prefix}_exact $uri\"");
    map(out, &source, &format!("{prefix}_first"), &default, &[(same, format!("${prefix}_n"))])?;
    let forced = rules.iter().enumerate().filter(|(_, rule)| rule.force);
    let forced: Vec<_> = forced.map(|(at, _)| ((at + 1).to_string(), "\"\"".to_owned())).collect();
    map(out, &format!("${prefix}_rule"), &format!("{prefix}_yields"), "1", &forced)
}

/// The path, when a hash can find the rule by it alone.
fn exact_path(rule: &Redirect, before: &[Redirect], seen: &mut BTreeSet<String>) -> Option<String> {
    let path = rule.origin.literal().filter(|_| rule.conditions.is_empty())?;
    let earlier = before.iter().any(|other| other.origin.captures(&path).is_some());
    if path.len() >= LONGEST_KEY || earlier || !seen.insert(path.to_ascii_lowercase()) {
        return None;
    }
    Some(path)
}

/// A parameter of `$args`, which has no blank; the first that fits is taken.
fn condition(condition: &Condition) -> String {
    let name = escaped(&condition.name);
    match &condition.value {
        Wanted::Literal(value) => format!("(?=(?:[^ ]*&)?{name}={}[& ])", escaped(value)),
        Wanted::Named(_) => format!("(?=(?:[^ ]*&)?{name}=[^& ])"),
    }
}

/// Decides between the rule and the file that stands there.
fn choose(out: &mut String, prefix: &str, retired: &str) -> std::fmt::Result {
    write!(
        out,
        r#"# Rules of `_redirects`. One without `!` gives way to a file.
set ${prefix}_rule "";
if (${prefix}_plain) {{
    set ${prefix}_rule ${prefix}_first;
}}
set ${prefix}_stands "";
if (-f "$document_root$uri") {{
    set ${prefix}_stands ${prefix}_yields;
}}
if (-f "$document_root$uri/index.html") {{
    set ${prefix}_stands ${prefix}_yields;
}}
if (-f "{retired}$uri") {{
    set ${prefix}_stands ${prefix}_yields;
}}
if (${prefix}_stands) {{
    set ${prefix}_rule "";
}}
"#
    )
}

/// Rules that send visitors elsewhere.
fn follow(
    compiled: &mut Compiled,
    rules: &[Redirect],
    prefix: &str,
    captures: &Captures<'_>,
    status: u16,
) -> std::fmt::Result {
    let mut ways = Ways::default();
    for (number, rule) in numbered(rules, status) {
        let Some(target) = &rule.target else { continue };
        let value = format!("\"{}\"", address(target, captures));
        if target.literal().is_some() {
            ways.plain.push((number.to_string(), value));
        } else {
            let query: String = rule
                .conditions
                .iter()
                .enumerate()
                .filter_map(|(at, one)| sent(at, one, captures))
                .collect();
            let path = captures.raw(&rule.origin);
            ways.captured.push((format!("\"~^{number} {query}{path}\""), value));
        }
    }
    let source = format!("\"${prefix}_rule $request_uri\"");
    let act = format!("return {status} ${prefix}_{status};");
    compiled.lead(prefix, status, &source, &ways, &act)
}

/// Rules that show a file.
fn show(
    compiled: &mut Compiled,
    rules: &[Redirect],
    prefix: &str,
    captures: &Captures<'_>,
    status: u16,
) -> std::fmt::Result {
    let mut ways = Ways::default();
    for (number, rule) in numbered(rules, status) {
        match &rule.target {
            None => ways.plain.push((number.to_string(), "$galley_missing".to_owned())),
            Some(target) => match target.literal() {
                Some(text) => ways.plain.push((number.to_string(), quoted(text))),
                None => {
                    let path = captures.decoded(&rule.origin);
                    let value = format!("\"{}\"", captures.target(target));
                    ways.captured.push((format!("\"~(?s)^{number} {path}\""), value));
                }
            },
        }
    }
    let source = format!("\"${prefix}_rule $uri\"");
    let name = format!("${prefix}_{status}");
    let act = match status {
        200 => format!("set $galley_rewritten 1;\n    rewrite ^ {name} last;"),
        _ => format!("set $galley_missing {name};\n    return {status};"),
    };
    compiled.lead(prefix, status, &source, &ways, &act)
}

fn numbered(rules: &[Redirect], status: u16) -> impl Iterator<Item = (usize, &Redirect)> {
    rules
        .iter()
        .enumerate()
        .map(|(at, rule)| (at + 1, rule))
        .filter(move |(_, r)| r.status == status)
}

/// Where the rules of one status lead, by their number: entries of nginx maps.
#[derive(Default)]
struct Ways {
    plain: Vec<(String, String)>,
    /// Those whose targets take parts of the request.
    captured: Vec<(String, String)>,
}

impl Compiled {
    /// Maps from `source` to where the rules of a status lead, and what to do there.
    fn lead(
        &mut self,
        prefix: &str,
        status: u16,
        source: &str,
        ways: &Ways,
        act: &str,
    ) -> std::fmt::Result {
        if ways.plain.is_empty() && ways.captured.is_empty() {
            return Ok(());
        }
        let out = &mut self.maps;
        let mut default = "\"\"".to_owned();
        writeln!(out, "# Where rules with status {status} lead.")?;
        if !ways.captured.is_empty() {
            default = format!("${prefix}_{status}_of");
            map(out, source, &format!("{prefix}_{status}_of"), "\"\"", &ways.captured)?;
        }
        map(out, &format!("${prefix}_rule"), &format!("{prefix}_{status}"), &default, &ways.plain)?;
        write!(self.server, "if (${prefix}_{status}) {{\n    {act}\n}}\n")
    }
}

fn address(target: &Target, captures: &Captures<'_>) -> String {
    let text = captures.target(target);
    match &target.destination {
        Destination::Address { passes_query: true, fragment } => {
            format!("{text}$is_args$args{fragment}")
        }
        Destination::Address { fragment, .. } => text + fragment,
        Destination::File => text,
    }
}

/// The value of a parameter, from the address as sent.
fn sent(at: usize, condition: &Condition, captures: &Captures<'_>) -> Option<String> {
    let Wanted::Named(_) = condition.value else { return None };
    let (name, variable) = (escaped(&condition.name), captures.query(at));
    Some(format!("(?=[^?]*\\?(?:[^#]*?&)??{name}=(?<{variable}>[^&#]+))"))
}

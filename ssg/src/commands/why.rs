//! `ssg why URL`: what a page was made from, and why it was rendered last.

use std::fmt::Write;

use anyhow::Result;

use crate::build::{Cost, Explanation, why};
use crate::cli::WhyArgs;
use crate::config::{Config, Environment};
use crate::exit::Exit;

pub(super) fn run(config: &Config, env: &Environment, args: &WhyArgs) -> Result<Exit> {
    let json = args.json || env.flag("SSG_JSON")?;
    match why(&super::paths(config), &args.url)? {
        Ok(found) if json => super::print(&super::to_json(&found)?),
        Ok(found) => super::print(text(&found).trim_end()),
        Err(unknown) => {
            eprintln!("error: there is no page `{}` (`{}`)", args.url, unknown.meant);
            if !unknown.similar.is_empty() {
                eprintln!("hint: similar are {}", unknown.similar.join(", "));
            }
            Ok(Exit::SiteErrors)
        }
    }
}

fn text(found: &Explanation) -> String {
    let mut lines = vec![("url", found.url.clone()), ("file", found.file.clone())];
    if !found.template.is_empty() {
        lines.push(("route", found.route.clone()));
        lines.push(("template", found.template.clone()));
        lines.push(("locale", found.locale.clone()));
    }
    if let Some(entry) = &found.entry {
        lines.push(("entry", format!("{} {}", entry.uid, entry.document_id)));
    }
    if !found.template.is_empty() {
        let millis = found.cost.millis;
        lines.push(("rendered", format!("in {millis:.1} ms, at {} of the feed", found.seq)));
        lines.push(("cost", cost(&found.cost)));
    }
    lines.extend(found.reasons.iter().map(|reason| ("because", reason.to_string())));
    lines.extend(found.failed.iter().map(|message| ("failed", message.clone())));
    lines.extend(found.reads.iter().map(|read| {
        let absent = if read.fingerprint == "absent" { " (absent)" } else { "" };
        ("reads", format!("{}{absent}", read.question))
    }));
    lines.extend(found.media.iter().map(|url| ("shows", url.clone())));
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{name:<10}{value}");
    }
    text
}

/// `12 reads (1 config, 2 entry, 9 url), 11 documents, 5310 bytes`
fn cost(cost: &Cost) -> String {
    let kinds: Vec<_> = cost.reads.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let reads: usize = cost.reads.values().sum();
    let bytes = cost.bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
    format!("{reads} reads ({}), {} documents{bytes}", kinds.join(", "), cost.documents)
}

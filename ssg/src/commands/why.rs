//! `ssg why URL`: what a page was made from, and why it was rendered last.

use std::fmt::Write;

use anyhow::Result;

use crate::build::{Explanation, Paths, why};
use crate::cli::WhyArgs;
use crate::config::{Config, Environment};
use crate::exit::Exit;

pub(super) fn run(config: &Config, env: &Environment, args: &WhyArgs) -> Result<Exit> {
    let json = args.json || env.flag("SSG_JSON")?;
    let paths =
        Paths { site: config.site.clone(), out: config.out.clone(), cache: config.cache.clone() };
    match why(&paths, &args.url)? {
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
        lines
            .push(("rendered", format!("in {:.1} ms, at {} of the feed", found.millis, found.seq)));
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

//! `ssg impact DOCUMENT_ID`: the URLs that would change if a document did.

use anyhow::Result;

use crate::build::{Action, Impact, NoImpact, UNPUBLISH, impact, problem};
use crate::cli::ImpactArgs;
use crate::config::{Config, Environment};
use crate::exit::Exit;

pub(super) fn run(config: &Config, env: &Environment, args: &ImpactArgs) -> Result<Exit> {
    let json = args.json || env.flag("SSG_JSON")?;
    match impact(&super::paths(config), &args.document_id, args.field.as_deref())? {
        Ok(found) if json => super::print(&super::to_json(&found)?),
        Ok(found) => show(&found),
        Err(none) => {
            explain(&none);
            Ok(Exit::SiteErrors)
        }
    }
}

fn show(found: &Impact) -> Result<Exit> {
    for failed in &found.failed {
        eprintln!("warning: {} would fail: {}", failed.field, problem::line(&failed.failure));
    }
    if !found.untried.is_empty() {
        eprintln!("note: there is no other value to try for {}", found.untried.join(", "));
    }
    eprintln!("hint: {}", found.hint);
    if found.changes.is_empty() {
        eprintln!("nothing would change");
        return Ok(Exit::Done);
    }
    let widest = found.changes.iter().map(|change| change.url.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = found
        .changes
        .iter()
        .map(|change| {
            let effects = change.effects.iter().map(|effect| named(&effect.field, effect.action));
            let effects: Vec<String> = effects.collect();
            format!("{:<widest$}  {}", change.url, effects.join(", "))
        })
        .collect();
    super::print(&lines.join("\n"))
}

fn named(field: &str, action: Action) -> String {
    match action {
        Action::Add => format!("{field} (added)"),
        Action::Change => field.to_owned(),
        Action::Remove => format!("{field} (removed)"),
    }
}

fn explain(none: &NoImpact) {
    match none {
        NoImpact::Document { id, types } => {
            let types: Vec<_> = types.iter().map(|(uid, count)| format!("{count} {uid}")).collect();
            let known = if types.is_empty() { "nothing".to_owned() } else { types.join(", ") };
            eprintln!("error: no published document has the documentId `{id}`");
            eprintln!("hint: the replica holds {known}; `ssg pull` brings it up to date");
        }
        NoImpact::Field { field, uid, fields } => {
            eprintln!("error: documents of {uid} store no field `{field}`");
            eprintln!("hint: there are {}", fields.join(", "));
            if field == UNPUBLISH {
                eprintln!("hint: without --field the document's disappearance is tried too");
            }
        }
        NoImpact::Site(failures) => {
            for failure in failures {
                eprintln!("error: {}", problem::line(failure));
            }
        }
    }
}

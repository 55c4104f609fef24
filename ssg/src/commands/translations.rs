//! `ssg translations`: what is not translated into every language of the site.

use anyhow::Result;

use crate::build::{Translations, problem, translations};
use crate::cli::TranslationsArgs;
use crate::config::{Config, Environment};
use crate::exit::Exit;

pub(super) fn run(config: &Config, env: &Environment, args: &TranslationsArgs) -> Result<Exit> {
    let json = args.json || env.flag("SSG_JSON")?;
    let found = match translations(&super::paths(config))? {
        Ok(found) => found,
        Err(failures) => {
            for failure in &failures {
                eprintln!("error: {}", problem::line(failure));
            }
            return Ok(Exit::SiteErrors);
        }
    };
    let complete = found.documents.is_empty() && found.strings.is_empty();
    let shown = if json { super::print(&super::to_json(&found)?) } else { show(&found) }?;
    Ok(if args.strict && !complete { Exit::SiteErrors } else { shown })
}

fn show(found: &Translations) -> Result<Exit> {
    let documents = found.documents.iter().map(|document| {
        let title = document.title.as_deref().unwrap_or_default();
        let missing = document.missing.join(", ");
        format!("{} {} \"{title}\": {missing}", document.uid, document.document_id)
    });
    let strings = found.strings.iter().map(|string| {
        let missing = string.missing.join(", ");
        format!("strings {}: {missing}", string.key)
    });
    let lines: Vec<_> = documents.chain(strings).collect();
    if lines.is_empty() {
        eprintln!("everything is translated");
        return Ok(crate::exit::Exit::Done);
    }
    super::print(&lines.join("\n"))
}

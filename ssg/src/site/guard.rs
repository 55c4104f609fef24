//! `[guard]` in site.toml, with the line of every mistake.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table};
use crate::guard::Policy;

/// None without the table: nobody watches then.
pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Option<Policy> {
    let mut table = Table::of(source, "[guard]", value)?;
    let default = Policy::default();
    let policy = Policy {
        window: table.duration(source, "window").unwrap_or(default.window),
        max_5xx: table.share(source, "max_5xx").unwrap_or(default.max_5xx),
        max_404: table.share(source, "max_404").unwrap_or(default.max_404),
        min_requests: table.positive(source, "min_requests").unwrap_or(default.min_requests),
        log: table.text(source, "log").map(|(path, _)| path.into()),
    };
    table.finish(source, "");
    Some(policy)
}

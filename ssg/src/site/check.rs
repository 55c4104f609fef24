//! `[check]` in site.toml: what `ssg check` expects of pages.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table, to_json};
use crate::check::RULES;

/// The least that readable text needs.
const LEAST_CONTRAST: f64 = 4.5;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct CheckTable {
    /// Bytes of a page with what it fetches from this site.
    pub page_weight: Option<u64>,
    /// Rules that are not looked at.
    pub skip: Vec<String>,
    pub contrast: Vec<ContrastPair>,
}

/// Two colours of a stylesheet that stand on each other, as custom properties.
#[derive(Debug, Clone, PartialEq)]
pub struct ContrastPair {
    pub text: String,
    pub background: String,
    /// The least contrast.
    pub ratio: f64,
}

impl CheckTable {
    pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Self {
        let Some(mut table) = Table::of(source, "[check]", value) else { return Self::default() };
        let page_weight = table.size(source, "page_weight");
        let mut skip = Vec::new();
        for (rule, offset) in table.texts(source, "skip") {
            if RULES.iter().any(|(known, _)| *known == rule) {
                skip.push(rule);
            } else {
                let known: Vec<_> = RULES.iter().map(|(known, _)| *known).collect();
                let message = format!("there is no rule `{rule}`; there are {}", known.join(", "));
                source.complain(offset, message);
            }
        }
        let contrast = table.take("contrast");
        let contrast = contrast.map(|pairs| source.each_table(pairs, "[[check.contrast]]", pair));
        table.finish(source, "");
        Self { page_weight, skip, contrast: contrast.unwrap_or_default() }
    }
}

fn pair(source: &mut Source<'_>, mut table: Table<'_>) -> Option<ContrastPair> {
    let text = table.required(source, "text").map(|(text, _)| text);
    let background = table.required(source, "background").map(|(text, _)| text);
    let ratio = match table.take("ratio") {
        None => LEAST_CONTRAST,
        Some(value) => match to_json(value.get_ref()).as_f64() {
            Some(ratio) if (1.0..=21.0).contains(&ratio) => ratio,
            _ => {
                source.complain(value.span().start, "`ratio` must be a number from 1 to 21");
                LEAST_CONTRAST
            }
        },
    };
    table.finish(source, "");
    Some(ContrastPair { text: text?, background: background?, ratio })
}

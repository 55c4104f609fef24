//! `[i18n]` in site.toml: what stands in for a missing translation.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table, to_json};

/// Which locales are asked after another one, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallbacks(BTreeMap<String, Vec<String>>);

impl Fallbacks {
    /// The locales that stand in for one, without itself.
    pub fn of(&self, locale: &str) -> impl Iterator<Item = &str> {
        self.0.get(locale).into_iter().flatten().map(String::as_str)
    }

    pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Self {
        let Some(mut table) = Table::of(source, "[i18n]", value) else { return Self::default() };
        let fallback = table.take("fallback");
        table.finish(source, "");
        let Some(fallback) = fallback else { return Self::default() };
        let chains: Option<BTreeMap<_, _>> = match to_json(fallback.get_ref()) {
            Value::Object(map) => map
                .into_iter()
                .map(|(locale, chain)| {
                    let chain =
                        chain.as_array()?.iter().map(|code| code.as_str().map(str::to_owned));
                    let chain: Option<Vec<_>> = chain.collect();
                    Some((locale, chain?))
                })
                .collect(),
            _ => None,
        };
        if chains.is_none() {
            source.complain(
                fallback.span().start,
                "`fallback` must be lists of locales by locale, such as `{ \"de-AT\" = [\"de\"] }`",
            );
        }
        Self(chains.unwrap_or_default())
    }

    /// A locale that the site does not have.
    pub(super) fn unknown<'a>(&'a self, locales: &[String]) -> Option<&'a str> {
        let mut named = self.0.iter().flat_map(|(locale, chain)| chain.iter().chain([locale]));
        named.find(|code| !locales.contains(code)).map(String::as_str)
    }
}

//! Which names a template's tags give to something, so that nothing is said about a name that
//! may stand for something else. Never decides what a name stands for.

use std::collections::{BTreeMap, BTreeSet};

use super::ROUNDS;
use crate::templates::scan::{Tag, Token};

/// For each template that others include, the names that stand for something else there.
pub(super) fn rebound(templates: &[(String, Vec<Tag>)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (file, tags) in templates {
            let mut names = found.get(file).cloned().unwrap_or_default();
            names.extend(tags.iter().flat_map(bound));
            for tag in tags {
                let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
                let word = tokens.find(|token| **token != Token::Sign('-'));
                let includes = matches!(word, Some(Token::Word(word)) if word == "include");
                if let (true, Some(Token::Text(included))) = (includes, tokens.next()) {
                    found.entry(included.clone()).or_default().extend(names.iter().cloned());
                }
            }
        }
    }
    found
}

/// The names a tag gives to something.
fn bound(tag: &Tag) -> Vec<String> {
    let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
    let words = match tokens.find(|token| **token != Token::Sign('-')) {
        Some(Token::Word(word)) if ["for", "set", "set_global"].contains(&word.as_str()) => tokens,
        _ => return Vec::new(),
    };
    let names = words.take_while(|token| match token {
        Token::Word(word) => word != "in",
        Token::Sign(sign) => *sign == ',',
        Token::Text(_) => false,
    });
    let named = names.filter_map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        _ => None,
    });
    named.collect()
}

/// Names that are set more than once in a file: which one counts depends on the way there.
pub(super) fn doubtful(tags: &[Tag]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for tag in tags {
        let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
        let word = tokens.find(|token| **token != Token::Sign('-'));
        let is_set =
            matches!(word, Some(Token::Word(word)) if word == "set" || word == "set_global");
        if let (true, Some(Token::Word(name))) = (is_set, tokens.next())
            && !seen.insert(name.clone())
        {
            twice.insert(name.clone());
        }
    }
    twice
}

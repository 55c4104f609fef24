//! Reads just enough of a template's syntax to know which other templates it
//! needs: what it extends and includes, which components it calls and defines.
//!
//! Tera checks the syntax itself but does not tell; here only the words inside
//! tags matter. Whatever this scanner does not understand it reports, and the
//! caller then assumes that the template needs everything.

use std::collections::BTreeSet;

/// What a template's tags name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Templates it extends or includes.
    pub(crate) templates: Vec<String>,
    /// Words after `<`: calls of components, and comparisons that look like one.
    pub(crate) calls: Vec<String>,
    /// Components it defines.
    pub(crate) defines: Vec<String>,
    /// Every word, with its line and column: names that are not allowed are looked up here.
    pub(crate) words: Vec<(String, usize, usize)>,
    /// Calls of functions.
    pub(crate) functions: Vec<Call>,
    /// Values looked at by name.
    pub(crate) paths: Vec<ValuePath>,
    /// Names that `set` and `for` give to something else.
    pub(crate) binds: BTreeSet<String>,
}

/// A name with the attributes that follow it: `a.b?.c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuePath {
    pub names: Vec<String>,
    /// `[page.locale]` follows.
    pub by_locale: bool,
    pub line: usize,
    pub column: usize,
}

/// A call of a function as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// Names of arguments with the tokens of their values.
    pub(crate) arguments: Vec<(String, Vec<Token>)>,
}

/// Something that is no template as far as the scanner can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotUnderstood;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name, a keyword, or the digits of a number.
    Word(String),
    Text(String),
    Sign(char),
}

impl Token {
    fn is_word(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if words.contains(&word.as_str()))
    }
}

/// A tag with its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// `{% … %}`, not `{{ … }}`.
    pub(crate) statement: bool,
    pub(crate) tokens: Vec<Placed>,
}

/// Scans a whole template.
pub(crate) fn scan(source: &str) -> Result<Scan, NotUnderstood> {
    let mut found = Scan::default();
    for tag in tags(source)? {
        for (token, line, column) in &tag.tokens {
            if let Token::Word(word) = token {
                found.words.push((word.clone(), *line, *column));
            }
        }
        note(&tag.tokens, &mut found);
    }
    Ok(found)
}

/// The tags of a template, in order.
pub(crate) fn tags(source: &str) -> Result<Vec<Tag>, NotUnderstood> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some((kind, at)) = next_tag(rest) {
        let (_, tag) = rest.split_at(at + 2);
        rest = match kind {
            Opening::Comment => after(tag, "#}")?,
            Opening::Raw(body) => after_endraw(tag.get(body..).ok_or(NotUnderstood)?)?,
            Opening::Expression => read_tag(source, tag, false, &mut found)?,
            Opening::Statement => read_tag(source, tag, true, &mut found)?,
        };
    }
    Ok(found)
}

enum Opening {
    Comment,
    /// With the length of the rest of the opening tag.
    Raw(usize),
    Expression,
    Statement,
}

fn next_tag(text: &str) -> Option<(Opening, usize)> {
    let at = text.as_bytes().windows(2).position(|two| matches!(two, b"{{" | b"{%" | b"{#"))?;
    let (_, tag) = text.split_at(at + 2);
    let kind = match text.as_bytes().get(at + 1)? {
        b'{' => Opening::Expression,
        b'#' => Opening::Comment,
        _ => raw_opening(tag).map_or(Opening::Statement, Opening::Raw),
    };
    Some((kind, at))
}

/// The length of ` raw %}`, if that is what follows.
fn raw_opening(tag: &str) -> Option<usize> {
    named_tag(tag, "raw")
}

fn named_tag(tag: &str, name: &str) -> Option<usize> {
    let rest = tag.strip_prefix('-').unwrap_or(tag).trim_start().strip_prefix(name)?.trim_start();
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix("%}")?;
    Some(tag.len() - rest.len())
}

fn after_endraw(text: &str) -> Result<&str, NotUnderstood> {
    let mut rest = text;
    loop {
        rest = after(rest, "{%")?;
        if let Some(length) = named_tag(rest, "endraw") {
            return rest.get(length..).ok_or(NotUnderstood);
        }
    }
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, NotUnderstood> {
    text.split_once(end).map(|(_, rest)| rest).ok_or(NotUnderstood)
}

/// Reads tokens up to the end of the tag and returns what follows it. As in Tera, the end
/// counts wherever it stands outside of a text.
fn read_tag<'a>(
    source: &str,
    tag: &'a str,
    statement: bool,
    found: &mut Vec<Tag>,
) -> Result<&'a str, NotUnderstood> {
    let end = if statement { "%}" } else { "}}" };
    let mut rest = tag;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix(end) {
            found.push(Tag { statement, tokens });
            return Ok(rest);
        }
        let (token, next) = next_token(rest)?;
        let (line, column) = position(source, source.len() - rest.len());
        tokens.push((token, line, column));
        rest = next;
    }
}

fn next_token(text: &str) -> Result<(Token, &str), NotUnderstood> {
    let first = text.chars().next().ok_or(NotUnderstood)?;
    if let '"' | '\'' | '`' = first {
        return string(text, first);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    if length > 0 {
        let (word, rest) = text.split_at(length);
        return Ok((Token::Word(word.to_owned()), rest));
    }
    let (_, rest) = text.split_at(first.len_utf8());
    Ok((Token::Sign(first), rest))
}

fn string(text: &str, quote: char) -> Result<(Token, &str), NotUnderstood> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next().ok_or(NotUnderstood)?.1 {
                'n' => content.push('\n'),
                't' => content.push('\t'),
                'r' => content.push('\r'),
                other => content.push(other),
            },
            char if char == quote => {
                return Ok((Token::Text(content), text.split_at(at + 1).1));
            }
            other => content.push(other),
        }
    }
    Err(NotUnderstood)
}

/// A token with its line and column.
pub(crate) type Placed = (Token, usize, usize);

fn note(placed: &[Placed], found: &mut Scan) {
    let start = placed.iter().position(|(token, ..)| *token != Token::Sign('-')).unwrap_or(0);
    let placed = placed.get(start..).unwrap_or_default();
    let tokens: Vec<&Token> = placed.iter().map(|(token, ..)| token).collect();
    match tokens.as_slice() {
        [word, Token::Text(name), ..] if word.is_word(&["extends", "include"]) => {
            found.templates.push(name.clone());
        }
        [word, rest @ ..] if word.is_word(&["component"]) => found.defines.extend(dotted(rest)),
        _ => {}
    }
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at + 1..).unwrap_or_default();
        if token.is_word(&["set", "set_global", "for"]) {
            found.binds.extend(bound(rest));
        }
        if **token == Token::Sign('<') {
            found.calls.extend(dotted(rest));
        }
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        if let (Token::Word(name), false) = (token, before.is_some_and(|t| **t == Token::Sign('.')))
            && let Some((_, line, column)) = placed.get(at)
        {
            found.paths.push(value_path(name, rest, *line, *column));
        }
        let after_sign = before.is_some_and(|t| matches!(t, Token::Sign('.' | '|')));
        if let (Token::Word(name), [Token::Sign('('), rest @ ..], false) = (token, rest, after_sign)
            && let Some((_, line, column)) = placed.get(at)
        {
            let (name, arguments) = (name.clone(), arguments(rest));
            found.functions.push(Call { name, line: *line, column: *column, arguments });
        }
    }
}

/// The names up to `in` or `=`.
fn bound(tokens: &[&Token]) -> Vec<String> {
    let names = tokens.iter().take_while(|token| match token {
        Token::Word(word) => word != "in",
        Token::Sign(sign) => *sign == ',',
        Token::Text(_) => false,
    });
    names
        .filter_map(|token| match token {
            Token::Word(word) => Some(word.clone()),
            _ => None,
        })
        .collect()
}

pub(crate) fn value_path(name: &str, tokens: &[&Token], line: usize, column: usize) -> ValuePath {
    let mut names = vec![name.to_owned()];
    let mut rest = tokens;
    loop {
        let dot = match rest {
            [Token::Sign('?'), tail @ ..] => tail,
            other => other,
        };
        match dot {
            [Token::Sign('.'), Token::Word(word), tail @ ..] => {
                names.push(word.clone());
                rest = tail;
            }
            _ => break,
        }
    }
    let by_locale = matches!(rest, [Token::Sign('['), page, Token::Sign('.'), locale, Token::Sign(']'), ..]
        if page.is_word(&["page"]) && locale.is_word(&["locale"]));
    ValuePath { names, by_locale, line, column }
}

/// The arguments of a call, given what follows its opening bracket.
fn arguments(tokens: &[&Token]) -> Vec<(String, Vec<Token>)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut part = Vec::new();
    for token in tokens {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') if depth > 0 => depth -= 1,
            Token::Sign(')') => break,
            Token::Sign(',') if depth == 0 => {
                found.extend(argument(std::mem::take(&mut part)));
                continue;
            }
            _ => {}
        }
        part.push((*token).clone());
    }
    found.extend(argument(part));
    found
}

fn argument(part: Vec<Token>) -> Option<(String, Vec<Token>)> {
    match part.as_slice() {
        [Token::Word(name), Token::Sign('='), value @ ..] => Some((name.clone(), value.to_vec())),
        _ => None,
    }
}

/// A component's name: words joined by dots.
fn dotted(tokens: &[&Token]) -> Option<String> {
    let Some(Token::Word(first)) = tokens.first() else { return None };
    let mut name = first.clone();
    let mut rest = tokens.get(1..).unwrap_or_default();
    while let [Token::Sign('.'), Token::Word(word), tail @ ..] = rest {
        name = format!("{name}.{word}");
        rest = tail;
    }
    Some(name)
}

fn position(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(source: &str) -> (String, String, String) {
        let scan = scan(source).unwrap();
        (scan.templates.join(" "), scan.calls.join(" "), scan.defines.join(" "))
    }

    fn words(templates: &str, calls: &str, defines: &str) -> (String, String, String) {
        (templates.into(), calls.into(), defines.into())
    }

    #[test]
    fn needs_are_found_wherever_tera_allows_them() {
        for (source, expected) in [
            ("{% extends 'base.html' %}", words("base.html", "", "")),
            ("{%- include \"a\\\"b.html\" -%}", words("a\"b.html", "", "")),
            ("{{ <card story={story} t={ {\"a\": 1} } /> }}", words("", "card", "")),
            ("{% <ui.box> %}{{ a }}{% </ui.box> %}", words("", "ui.box", "")),
            ("{% set x = <card /> %}", words("", "card", "")),
            (
                "{% component ui.card(a, b: string = \"}}\") %}x{% endcomponent ui.card %}",
                words("", "", "ui.card"),
            ),
            ("{# {% include 'no.html' %} #}", words("", "", "")),
            ("{% raw %}{% include 'no.html' %}{{ {% endraw %}", words("", "", "")),
            ("{%- raw -%}x{%- endraw -%}{% include 'y' %}", words("y", "", "")),
            ("{% if a < b %}{% endif %}", words("", "b", "")),
            ("{{ '{% include \"no\" %}' }}", words("", "", "")),
            ("{{ {\"a\": \"}}\"} | json }}{% include 'z' %}", words("z", "", "")),
        ] {
            assert_eq!(scanned(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_template_is_not_guessed_at() {
        for source in ["{% raw %}", "{# x", "{{ 'x }}", "{% if"] {
            assert_eq!(scan(source), Err(NotUnderstood), "{source}");
        }
    }

    #[test]
    fn calls_of_functions_are_taken_apart() {
        let calls = scan("{% set x = a(b=1, c={'d': [2, f(g=3)]}) | h(i=4) %}").unwrap().functions;
        let shown: Vec<_> = calls
            .iter()
            .map(|call| {
                let names: Vec<_> = call.arguments.iter().map(|(name, _)| name.as_str()).collect();
                format!("{}({}) {}:{}", call.name, names.join(","), call.line, call.column)
            })
            .collect();
        assert_eq!(shown, ["a(b,c) 1:12", "f(g) 1:31"]);
    }

    #[test]
    fn words_know_their_place() {
        let scan = scan("a\n  {{ entry.title }}").unwrap();
        assert_eq!(scan.words, [("entry".into(), 2, 6), ("title".into(), 2, 12)]);
    }
}

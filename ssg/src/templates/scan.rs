//! Reads just enough of a template's syntax to know which other templates it
//! needs: what it extends and includes, which components it calls and defines.
//!
//! Tera checks the syntax itself but does not tell; here only the words inside
//! tags matter. Whatever this scanner does not understand it reports, and the
//! caller then assumes that the template needs everything.

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
}

/// Something that is no template as far as the scanner can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotUnderstood;

#[derive(Debug, Clone, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(String),
    Sign(char),
}

/// Scans a whole template.
pub(crate) fn scan(source: &str) -> Result<Scan, NotUnderstood> {
    let mut found = Scan::default();
    let mut rest = source;
    while let Some((kind, at)) = next_tag(rest) {
        let (_, tag) = rest.split_at(at + 2);
        rest = match kind {
            Opening::Comment => after(tag, "#}")?,
            Opening::Raw(body) => after_endraw(tag.get(body..).ok_or(NotUnderstood)?)?,
            Opening::Expression => read_tag(source, tag, "}}", &mut found)?,
            Opening::Statement => read_tag(source, tag, "%}", &mut found)?,
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
    end: &str,
    found: &mut Scan,
) -> Result<&'a str, NotUnderstood> {
    let mut rest = tag;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix(end) {
            note(&tokens, found);
            return Ok(rest);
        }
        let (token, next) = next_token(rest)?;
        if let Token::Word(word) = token {
            let (line, column) = position(source, source.len() - rest.len());
            found.words.push((word.to_owned(), line, column));
        }
        tokens.push(token);
        rest = next;
    }
}

fn next_token(text: &str) -> Result<(Token<'_>, &str), NotUnderstood> {
    let first = text.chars().next().ok_or(NotUnderstood)?;
    if let '"' | '\'' | '`' = first {
        return string(text, first);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    if length > 0 {
        let (word, rest) = text.split_at(length);
        return Ok((Token::Word(word), rest));
    }
    let (_, rest) = text.split_at(first.len_utf8());
    Ok((Token::Sign(first), rest))
}

fn string(text: &str, quote: char) -> Result<(Token<'_>, &str), NotUnderstood> {
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

fn note(tokens: &[Token<'_>], found: &mut Scan) {
    let start = tokens.iter().position(|token| *token != Token::Sign('-')).unwrap_or(0);
    let tokens = tokens.get(start..).unwrap_or_default();
    match tokens {
        [Token::Word("extends" | "include"), Token::Text(name), ..] => {
            found.templates.push(name.clone());
        }
        [Token::Word("component"), rest @ ..] => found.defines.extend(dotted(rest)),
        _ => {}
    }
    for (at, token) in tokens.iter().enumerate() {
        if *token == Token::Sign('<') {
            found.calls.extend(dotted(tokens.get(at + 1..).unwrap_or_default()));
        }
    }
}

/// A component's name: words joined by dots.
fn dotted(tokens: &[Token<'_>]) -> Option<String> {
    let Some(Token::Word(first)) = tokens.first() else { return None };
    let mut name = (*first).to_owned();
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
    fn words_know_their_place() {
        let scan = scan("a\n  {{ entry.title }}").unwrap();
        assert_eq!(scan.words, [("entry".into(), 2, 6), ("title".into(), 2, 12)]);
    }
}

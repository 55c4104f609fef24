//! Components of the site, called from a text as templates call them:
//!
//! ```text
//! {{ <youtube id="abc" start={30} /> }}
//!
//! {% <note kind="warning"> %}
//! Text in *markdown*.
//! {% </note> %}
//! ```
//!
//! Arguments are literals: a text may show what the site's components show, and nothing it
//! could not write itself. Calls in code are text. Each call becomes a placeholder before the
//! text is parsed, and its HTML takes the placeholder's place afterwards.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd};
use tera::Value;

use super::{Job, options};
use crate::engine::Fingerprint;

/// How calls begin, but for blanks.
const OPENINGS: [&[u8]; 2] = [b"{{", b"{%"];

/// A text with placeholders, and what belongs in their place.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) text: String,
    /// Says which comments are placeholders of this text and not its author's.
    mark: String,
    html: Vec<String>,
}

/// Whether a text has anything that looks like a call.
pub(super) fn may_call(text: &str) -> bool {
    OPENINGS.iter().any(|opening| {
        memchr::memmem::find_iter(text.as_bytes(), opening).any(|at| {
            let (_, rest) = text.split_at(at + 2);
            rest.trim_start_matches('-').trim_start().starts_with('<')
        })
    })
}

/// The calls of a text, rendered; none when there are none.
pub(super) fn extract(text: &str, job: &Job<'_>) -> Result<Option<Called>, String> {
    if !may_call(text) {
        return Ok(None);
    }
    let code = code_of(text);
    let mut called = Called {
        text: String::with_capacity(text.len()),
        mark: Fingerprint::of_bytes(text.as_bytes()).to_string(),
        html: Vec::new(),
    };
    let mut done = 0;
    while let Some(call) = next_call(text, done, &code)? {
        called.text.push_str(text.get(done..call.place.start).unwrap_or_default());
        let body = match &call.body {
            None => None,
            Some(body) => {
                let inner = Job { depth: job.depth + 1, ..*job };
                Some(inner.html(text.get(body.clone()).unwrap_or_default())?)
            }
        };
        let html = job.host.component(&call.name, call.arguments, body.as_deref())?;
        let number = called.html.len();
        let placeholder = match is_alone(text, &call.place) {
            true => format!("<!--{}-{number}-->", called.mark),
            false => format!("<g-{}-{number}>", called.mark),
        };
        called.text.push_str(&placeholder);
        called.html.push(html);
        done = call.place.end;
    }
    called.text.push_str(text.get(done..).unwrap_or_default());
    Ok(Some(called))
}

impl Called {
    /// Puts the HTML where it belongs.
    pub(super) fn fill(&self, events: &mut [Event<'_>]) {
        for event in events {
            if let Event::Html(text) | Event::InlineHtml(text) = event
                && text.contains(&self.mark)
            {
                *text = CowStr::from(self.filled(text));
            }
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(&self.mark) {
            let (before, after) = rest.split_at(at);
            let (before, end) = match before.strip_suffix("<!--") {
                Some(before) => (before, "-->"),
                None => (before.strip_suffix("<g-").unwrap_or(before), ">"),
            };
            out.push_str(before);
            let number = after.get(self.mark.len() + 1..).and_then(|rest| rest.split_once(end));
            let Some((number, after)) = number else { break };
            let html = number.parse().ok().and_then(|number: usize| self.html.get(number));
            out.push_str(html.map_or("", String::as_str));
            rest = after;
        }
        out + rest
    }
}

/// Whether nothing else stands in the lines of a call: then it is a block of its own.
fn is_alone(text: &str, place: &Range<usize>) -> bool {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    before.trim().is_empty() && after.trim().is_empty()
}

/// Where the text is code.
fn code_of(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut block = None;
    for (event, place) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Code(_) => ranges.push(place),
            Event::Start(Tag::CodeBlock(_)) => block = Some(place),
            Event::End(TagEnd::CodeBlock) => ranges.extend(block.take()),
            _ => {}
        }
    }
    ranges
}

/// A call with its place in the text.
#[derive(Debug)]
struct Call {
    name: String,
    arguments: Vec<(String, Value)>,
    /// What stands between the tags of a call with a body.
    body: Option<Range<usize>>,
    place: Range<usize>,
}

fn next_call(text: &str, from: usize, code: &[Range<usize>]) -> Result<Option<Call>, String> {
    let mut at = from;
    while let Some(found) = next_tag(text, at) {
        at = found.place.start + 2;
        if code.iter().any(|code| code.contains(&found.place.start)) {
            continue;
        }
        if found.closes {
            return Err(format!("`</{}>` closes a component that is not open", found.name));
        }
        let (name, arguments) = (found.name, found.arguments?);
        if found.block {
            let (body, end) = closing(text, &name, found.place.end, code)?;
            let place = found.place.start..end;
            return Ok(Some(Call { name, arguments, body: Some(body), place }));
        }
        return Ok(Some(Call { name, arguments, body: None, place: found.place }));
    }
    Ok(None)
}

/// The body up to the end tag that belongs to an opening one, and where that ends.
fn closing(
    text: &str,
    name: &str,
    from: usize,
    code: &[Range<usize>],
) -> Result<(Range<usize>, usize), String> {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(found) = next_tag(text, at) {
        at = found.place.end;
        if !found.block
            || found.name != name
            || code.iter().any(|code| code.contains(&found.place.start))
        {
            continue;
        }
        match (found.closes, depth) {
            (true, 0) => return Ok((from..found.place.start, found.place.end)),
            (true, _) => depth -= 1,
            (false, _) => depth += 1,
        }
    }
    Err(format!("the component `{name}` is not closed: `{{% </{name}> %}}` is missing"))
}

struct FoundTag {
    name: String,
    /// Only for tags that are a call.
    arguments: Result<Vec<(String, Value)>, String>,
    /// Written with `{% … %}`, so it has a body.
    block: bool,
    closes: bool,
    place: Range<usize>,
}

fn next_tag(text: &str, from: usize) -> Option<FoundTag> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        let found =
            OPENINGS.iter().filter_map(|opening| memchr::memmem::find(rest.as_bytes(), opening));
        let start = at + found.min()?;
        if let Some(tag) = tag_at(text, start) {
            return Some(tag);
        }
        at = start + 2;
    }
}

fn tag_at(text: &str, start: usize) -> Option<FoundTag> {
    let (_, tag) = text.split_at(start);
    let block = tag.starts_with("{%");
    let end = if block { "%}" } else { "}}" };
    let inside = tag.get(2..)?;
    let inside = inside.strip_prefix('-').unwrap_or(inside).trim_start();
    let inside = inside.strip_prefix('<')?;
    let closes = block && inside.starts_with('/');
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '.';
    let length = inside.find(|char| !is_name(char)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(length);
    if name.is_empty() {
        return None;
    }
    let mut reader = Reader { name, rest };
    let arguments = if closes { Ok(Vec::new()) } else { reader.arguments(block) };
    if arguments.is_ok() {
        let rest = reader.rest.trim_start();
        let rest = if closes { rest.strip_prefix('>')?.trim_start() } else { rest };
        reader.rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix(end)?;
    } else {
        reader.rest = reader.rest.split_once(end).map_or("", |(_, rest)| rest);
    }
    let place = start..text.len() - reader.rest.len();
    Some(FoundTag { name: name.to_owned(), arguments, block, closes, place })
}

/// Reads `a="x" b={3} />`.
struct Reader<'t> {
    name: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn arguments(&mut self, block: bool) -> Result<Vec<(String, Value)>, String> {
        let mut arguments = Vec::new();
        let end = if block { ">" } else { "/>" };
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(end) {
                self.rest = rest;
                return Ok(arguments);
            }
            let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
            let length = self.rest.find(|char| !is_name(char)).unwrap_or(self.rest.len());
            let (argument, rest) = self.rest.split_at(length);
            self.rest = rest;
            if argument.is_empty() {
                return Err(self.wrong(&format!("an argument such as `size=\"large\"` or `{end}`")));
            }
            // As in templates, a name alone is a switch that is on.
            let value = match rest.strip_prefix('=') {
                None => Value::from(true),
                Some(rest) => {
                    self.rest = rest;
                    self.value()?
                }
            };
            arguments.push((argument.to_owned(), value));
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        if let Some(rest) = self.rest.strip_prefix('{') {
            let (inside, after) = rest.split_once('}').ok_or_else(|| self.wrong("`}`"))?;
            let value = literal(inside.trim());
            let value = value.ok_or_else(|| {
                self.wrong("a literal in braces: text, a number, `true` or `false`")
            })?;
            self.rest = after;
            return Ok(value);
        }
        let quote = self.rest.chars().next().filter(|char| "\"'`".contains(*char));
        if let Some(quote) = quote {
            let inside = self.rest.get(1..).unwrap_or_default();
            let (text, after) =
                inside.split_once(quote).ok_or_else(|| self.wrong(&format!("`{quote}`")))?;
            self.rest = after;
            return Ok(Value::from(text));
        }
        Err(self.wrong("a text in quotes or a literal in braces"))
    }

    fn wrong(&self, expected: &str) -> String {
        let shown: String = self.rest.chars().take(20).collect();
        format!("the call of the component `{}` expects {expected} at `{shown}`", self.name)
    }
}

fn literal(text: &str) -> Option<Value> {
    let quoted = |quote: char| {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.contains(quote)).then(|| Value::from(inside))
    };
    match text {
        "true" => Some(Value::from(true)),
        "false" => Some(Value::from(false)),
        _ => quoted('"')
            .or_else(|| quoted('\''))
            .or_else(|| text.parse::<i64>().ok().map(Value::from))
            .or_else(|| {
                text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
            }),
    }
}

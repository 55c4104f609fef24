//! Markdown as editors write it: CommonMark with tables, footnotes,
//! strikethrough and task lists.
//!
//! HTML in the text is passed on: editors are trusted as templates are.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::heading::Anchors;
use crate::content::recent::Recent;
use crate::engine::Fingerprint;

/// Rendered text that is kept for the next page that shows it. A feed, a home page and an
/// article show the same text within one build; older texts make room.
const MAX_CACHED_BYTES: usize = 8 * 1024 * 1024;

/// The HTML of a markdown text. Headings get anchors from their words.
#[must_use]
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, options).collect();
    name_headings(&mut events);
    let mut out = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut out, events.into_iter());
    out
}

fn name_headings(events: &mut [Event<'_>]) {
    let mut anchors = Anchors::default();
    let mut at = 0;
    while let Some(event) = events.get(at) {
        if let Event::Start(Tag::Heading { id, .. }) = event {
            let given = id.as_ref().map(ToString::to_string);
            let words = heading_text(events.get(at + 1..).unwrap_or_default());
            let name = match given {
                Some(id) => anchors.claim(id),
                None => anchors.name(&words),
            };
            if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at) {
                *id = Some(CowStr::from(name));
            }
        }
        at += 1;
    }
}

fn heading_text(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|e| !matches!(e, Event::End(TagEnd::Heading(_))));
    let mut words = String::new();
    for event in inside {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

/// Rendered texts by the hash of their source: a text is rendered once however many pages
/// show it.
#[derive(Debug)]
pub struct Cache(Recent<Fingerprint, tera::Value>);

impl Default for Cache {
    fn default() -> Self {
        Self(Recent::new(MAX_CACHED_BYTES / 2))
    }
}

impl Cache {
    /// The HTML of a text, as a value that templates do not escape again.
    #[must_use]
    pub fn render(&self, text: &str) -> tera::Value {
        let key = Fingerprint::of_bytes(text.as_bytes());
        if let Some(known) = self.0.get(&key) {
            return known;
        }
        let html = to_html(text);
        let value = tera::Value::safe_string(&html);
        self.0.put(key, value.clone(), html.len());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_marks_work() {
        for (text, expected) in [
            ("**a** ~~b~~ `c`", "<p><strong>a</strong> <del>b</del> <code>c</code></p>\n"),
            (
                "| a |\n|---|\n| b |",
                "<table><thead><tr><th>a</th></tr></thead><tbody>\n<tr><td>b</td></tr>\n</tbody></table>\n",
            ),
            (
                "- [x] done",
                "<ul>\n<li><input disabled=\"\" type=\"checkbox\" checked=\"\"/>\ndone</li>\n</ul>\n",
            ),
            ("<b>kept</b> & \"q\"", "<p><b>kept</b> &amp; \"q\"</p>\n"),
        ] {
            assert_eq!(to_html(text), expected);
        }
        assert!(to_html("a[^1]\n\n[^1]: note").contains("footnote"));
    }

    #[test]
    fn headings_have_anchors_that_differ() {
        let html = to_html("# Größe `x`\n\n## Größe x\n\n## Own {#mine}\n");
        assert!(html.contains("<h1 id=\"grosse-x\">"), "{html}");
        assert!(html.contains("<h2 id=\"grosse-x-2\">"), "{html}");
        assert!(html.contains("<h2 id=\"mine\">"), "{html}");
    }

    #[test]
    fn the_cache_never_mixes_texts_up() {
        let cache = Cache::default();
        for _ in 0..2 {
            assert_eq!(cache.render("*a*").as_str(), Some("<p><em>a</em></p>\n"));
            assert_eq!(cache.render("b").as_str(), Some("<p>b</p>\n"));
            assert!(cache.render("b").is_safe());
        }
    }
}

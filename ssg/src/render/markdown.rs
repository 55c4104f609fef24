//! Markdown as editors write it: CommonMark with tables, footnotes,
//! strikethrough and task lists.
//!
//! HTML in the text is passed on: editors are trusted as templates are, unless the style says
//! that they are not. What a text refers to (entries, components) is asked of a [`Host`]; a
//! text that refers to nothing is a pure function of its style.

mod code;
mod components;
mod footnotes;
mod headings;
mod links;
mod quotes;
mod style;
mod untrusted;

use pulldown_cmark::{Event, Options, Parser, html};
use tera::Value;

use crate::content::recent::Recent;
use crate::engine::Fingerprint;

pub use headings::{Heading, headings};
pub use links::{BrokenLinks, Link, follow};
pub use style::Style;

/// Rendered text that is kept for the next page that shows it. A feed, a home page and an
/// article show the same text within one build; older texts make room.
const MAX_CACHED_BYTES: usize = 8 * 1024 * 1024;
/// Components with a body may stand in each other this deep.
const MAX_DEPTH: usize = 8;

/// Knows what a text refers to. Every answer is a read of the page that shows the text.
pub trait Host {
    /// The URL of the page of an `entry:` link; the error says why there is none.
    ///
    /// # Errors
    /// When the target is not there or has no page.
    fn entry_url(&self, target: &str) -> Result<String, String>;

    /// The HTML of a component called from the text.
    ///
    /// # Errors
    /// When there is no such component, or it cannot be rendered with these arguments.
    fn component(
        &self,
        name: &str,
        arguments: Vec<(String, Value)>,
        body: Option<&str>,
    ) -> Result<String, String>;
}

/// The HTML of a markdown text. Headings get anchors from their words.
///
/// # Errors
/// A sentence about what the text refers to and that is not there.
pub fn to_html(text: &str, style: &Style, host: &dyn Host) -> Result<String, String> {
    Job { style, host, depth: 0 }.html(text)
}

struct Job<'a> {
    style: &'a Style,
    host: &'a dyn Host,
    depth: usize,
}

impl Job<'_> {
    fn html(&self, text: &str) -> Result<String, String> {
        if self.depth > MAX_DEPTH {
            return Err(format!("components stand in each other deeper than {MAX_DEPTH}"));
        }
        let called = match self.style.untrusted {
            true => None,
            false => components::extract(text, self)?,
        };
        let text = called.as_ref().map_or(text, |called| &called.text);
        let mut events = self.events(text);
        if self.style.untrusted {
            untrusted::disarm(&mut events);
        }
        headings::name(&mut events, self.style);
        links::resolve(&mut events, self)?;
        code::mark(&mut events, self.style);
        if let Some(called) = &called {
            called.fill(&mut events);
        }
        let notes = footnotes::take(&mut events);
        let mut out = String::with_capacity(text.len() * 3 / 2);
        html::push_html(&mut out, events.into_iter());
        notes.write(&mut out);
        Ok(out)
    }

    fn events<'t>(&self, text: &'t str) -> Vec<Event<'t>> {
        let options = options();
        match self.style.quotes() {
            None => Parser::new_ext(text, options).collect(),
            Some(marks) => {
                let parser = Parser::new_ext(text, options | Options::ENABLE_SMART_PUNCTUATION);
                quotes::localized(text, parser.into_offset_iter(), marks)
            }
        }
    }
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// Rendered texts by the hash of their source and style: a text is rendered once however many
/// pages show it.
#[derive(Debug)]
pub struct Cache(Recent<Fingerprint, Value>);

impl Default for Cache {
    fn default() -> Self {
        Self(Recent::new(MAX_CACHED_BYTES / 2))
    }
}

impl Cache {
    /// The HTML of a text, as a value that templates do not escape again. A text that may
    /// refer to something is rendered each time: its page has to ask for itself.
    ///
    /// # Errors
    /// As [`to_html`].
    pub fn render(&self, text: &str, style: &Style, host: &dyn Host) -> Result<Value, String> {
        if refers(text) {
            return Ok(Value::safe_string(&to_html(text, style, host)?));
        }
        let key = style.name(text);
        if let Some(known) = self.0.get(&key) {
            return Ok(known);
        }
        let html = to_html(text, style, host)?;
        let value = Value::safe_string(&html);
        self.0.put(key, value.clone(), html.len());
        Ok(value)
    }
}

/// Whether a text may call components or link to entries.
fn refers(text: &str) -> bool {
    components::may_call(text)
        || memchr::memmem::find(text.as_bytes(), links::ENTRY.as_bytes()).is_some()
}

/// For texts outside of pages: nothing can be referred to.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Host for Nowhere {
    fn entry_url(&self, target: &str) -> Result<String, String> {
        Err(format!("`{}{target}` can be followed only while a page is rendered", links::ENTRY))
    }

    fn component(
        &self,
        name: &str,
        _: Vec<(String, Value)>,
        _: Option<&str>,
    ) -> Result<String, String> {
        Err(format!("the component `{name}` can be called only while a page is rendered"))
    }
}

#[cfg(test)]
mod tests;

//! Headings: their anchors, and the table of contents they make.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::{Style, options};
use crate::render::heading::Anchors;
use crate::render::html::escape;

/// A heading of a text, as a table of contents names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: usize,
    pub id: String,
    pub title: String,
}

/// The headings of a text with the anchors [`super::to_html`] gives them.
#[must_use]
pub fn headings(text: &str, style: &Style) -> Vec<Heading> {
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, options()).collect();
    if style.untrusted {
        super::untrusted::disarm(&mut events);
    }
    let mut found = Vec::new();
    each(&mut events, style, |level, id, title| {
        found.push(Heading { level: level as usize, id: id.to_owned(), title: title.to_owned() });
    });
    found
}

/// Gives each heading its anchor and level.
pub(super) fn name(events: &mut Vec<Event<'_>>, style: &Style) {
    each(events, style, |_, _, _| ());
    if style.heading_links {
        link(events);
    }
}

fn each(events: &mut [Event<'_>], style: &Style, mut tell: impl FnMut(HeadingLevel, &str, &str)) {
    let mut anchors = Anchors::default();
    for at in 0..events.len() {
        let Some(Event::Start(Tag::Heading { id, .. })) = events.get(at) else { continue };
        let given = id.as_ref().map(ToString::to_string);
        let words = heading_text(events.get(at + 1..).unwrap_or_default());
        let name = match given {
            Some(id) => anchors.claim(id),
            None => anchors.name(&words),
        };
        if let Some(Event::Start(Tag::Heading { id, level, .. })) = events.get_mut(at) {
            *level = lowered(*level, style.shift);
            tell(*level, &name, &words);
            *id = Some(CowStr::from(name));
        }
        if style.shift > 0
            && let Some(end) = events.iter_mut().skip(at).find_map(|event| match event {
                Event::End(TagEnd::Heading(level)) => Some(level),
                _ => None,
            })
        {
            *end = lowered(*end, style.shift);
        }
    }
}

fn lowered(level: HeadingLevel, by: usize) -> HeadingLevel {
    HeadingLevel::try_from((level as usize + by).min(6)).unwrap_or(level)
}

/// Makes the words of each heading a link to it; one that has a link keeps its own.
fn link(events: &mut Vec<Event<'_>>) {
    let mut out = Vec::with_capacity(events.len() + 8);
    let mut open = false;
    for at in 0..events.len() {
        let Some(event) = events.get(at) else { break };
        match event {
            Event::Start(Tag::Heading { id: Some(id), .. }) => {
                let inside = events.iter().skip(at + 1);
                let mut inside =
                    inside.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
                open = !inside.any(|event| matches!(event, Event::Start(Tag::Link { .. })));
                let mut html = String::from("<a class=\"heading-link\" href=\"#");
                escape(id, &mut html);
                html.push_str("\">");
                out.push(event.clone());
                if open {
                    out.push(Event::InlineHtml(html.into()));
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if std::mem::take(&mut open) {
                    out.push(Event::InlineHtml("</a>".into()));
                }
                out.push(event.clone());
            }
            _ => out.push(event.clone()),
        }
    }
    *events = out;
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

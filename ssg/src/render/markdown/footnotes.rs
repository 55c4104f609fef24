//! Footnotes: numbered by their first mention, all at the text's end, each with a way back.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd, html};

use crate::render::html::escape;
use crate::render::slug::slug;

/// The notes of a text in the order of their first mention.
#[derive(Debug, Default)]
pub(super) struct Notes<'a>(Vec<Note<'a>>);

#[derive(Debug)]
struct Note<'a> {
    name: String,
    mentions: usize,
    events: Vec<Event<'a>>,
}

/// Takes the notes out of a text and leaves numbers in it.
pub(super) fn take<'a>(events: &mut Vec<Event<'a>>) -> Notes<'a> {
    if !events.iter().any(|event| matches!(event, Event::FootnoteReference(_))) {
        return Notes::default();
    }
    let mut bodies: HashMap<CowStr<'a>, Vec<Event<'a>>> = HashMap::new();
    let mut text = Vec::with_capacity(events.len());
    let mut inside: Option<(CowStr<'a>, Vec<Event<'a>>)> = None;
    for event in std::mem::take(events) {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => inside = Some((label, Vec::new())),
            Event::End(TagEnd::FootnoteDefinition) => {
                if let Some((label, body)) = inside.take() {
                    bodies.entry(label).or_insert(body);
                }
            }
            event => match &mut inside {
                Some((_, body)) => body.push(event),
                None => text.push(event),
            },
        }
    }
    let mut notes = Notes::default();
    let mut numbers = HashMap::new();
    number(&mut text, &mut numbers, &mut notes, &mut bodies);
    // A note may mention another one.
    let mut at = 0;
    while at < notes.0.len() {
        let mut body = notes.0.get_mut(at).map(|note| std::mem::take(&mut note.events));
        if let Some(body) = &mut body {
            number(body, &mut numbers, &mut notes, &mut bodies);
        }
        if let (Some(note), Some(body)) = (notes.0.get_mut(at), body) {
            note.events = body;
        }
        at += 1;
    }
    *events = text;
    notes
}

fn number<'a>(
    events: &mut [Event<'a>],
    numbers: &mut HashMap<CowStr<'a>, usize>,
    notes: &mut Notes<'a>,
    bodies: &mut HashMap<CowStr<'a>, Vec<Event<'a>>>,
) {
    for event in events {
        let Event::FootnoteReference(label) = event else { continue };
        let at = *numbers.entry(label.clone()).or_insert_with(|| {
            let events = bodies.remove(label).unwrap_or_default();
            let base = match slug(label) {
                name if name.is_empty() => format!("n{}", notes.0.len() + 1),
                name => name,
            };
            let taken = notes.0.iter().any(|note| note.name == base);
            let name = if taken { format!("{base}-{}", notes.0.len() + 1) } else { base };
            notes.0.push(Note { name, mentions: 0, events });
            notes.0.len() - 1
        });
        let Some(note) = notes.0.get_mut(at) else { continue };
        note.mentions += 1;
        let mut html = String::from("<sup class=\"footnote-ref\"><a href=\"#fn-");
        escape(&note.name, &mut html);
        html.push_str("\" id=\"");
        html.push_str(&note.mention(note.mentions));
        html.push_str(&format!("\" role=\"doc-noteref\">{}</a></sup>", at + 1));
        *event = Event::InlineHtml(html.into());
    }
}

impl Note<'_> {
    fn mention(&self, number: usize) -> String {
        match number {
            1 => format!("fnref-{}", self.name),
            number => format!("fnref-{}-{number}", self.name),
        }
    }
}

impl Notes<'_> {
    pub(super) fn write(self, out: &mut String) {
        if self.0.is_empty() {
            return;
        }
        out.push_str("<section class=\"footnotes\" role=\"doc-endnotes\">\n<ol>\n");
        for (at, mut note) in self.0.into_iter().enumerate() {
            let back: String = (1..=note.mentions)
                .map(|number| {
                    let mention = note.mention(number);
                    let label = at + 1;
                    format!(
                        " <a href=\"#{mention}\" class=\"footnote-back\" role=\"doc-backlink\" \
                         aria-label=\"{label} ↩\">↩</a>"
                    )
                })
                .collect();
            // The way back stands at the end of the last paragraph.
            let last = match note.events.last() {
                Some(Event::End(TagEnd::Paragraph)) => note.events.len() - 1,
                _ => note.events.len(),
            };
            note.events.insert(last, Event::InlineHtml(back.into()));
            out.push_str(&format!("<li id=\"fn-{}\">\n", note.name));
            html::push_html(out, note.events.into_iter());
            out.push_str("</li>\n");
        }
        out.push_str("</ol>\n</section>\n");
    }
}

//! Texts of people who are not trusted: what they write stands for itself.
//!
//! All HTML the renderer writes then is its own: tags in the text are shown as text, links and
//! pictures lead only where no code runs, and no anchor or class is the author's.

use pulldown_cmark::{CowStr, Event, Tag};

use crate::render::html::is_safe_link;

pub(super) fn disarm(events: &mut Vec<Event<'_>>) {
    for event in events.iter_mut() {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => {
                let text = std::mem::replace(text, CowStr::Borrowed(""));
                *event = Event::Text(text);
            }
            Event::Start(Tag::Heading { id, classes, attrs, .. }) => {
                *id = None;
                classes.clear();
                attrs.clear();
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                if !is_safe_link(dest_url) =>
            {
                *dest_url = CowStr::Borrowed("");
            }
            _ => {}
        }
    }
}

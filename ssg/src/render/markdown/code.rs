//! Code blocks, marked up when their language is known.

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::Style;
use crate::render::highlight;

pub(super) fn mark(events: &mut Vec<Event<'_>>, style: &Style) {
    let fenced =
        |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))));
    if !style.highlight || !events.iter().any(fenced) {
        return;
    }
    let mut out = Vec::with_capacity(events.len());
    let mut rest = std::mem::take(events).into_iter();
    while let Some(event) = rest.next() {
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &event else {
            out.push(event);
            continue;
        };
        let language = language(info);
        let mut inside = Vec::new();
        let mut text = String::new();
        for part in rest.by_ref() {
            let ends = matches!(part, Event::End(TagEnd::CodeBlock));
            if let Event::Text(part) = &part {
                text.push_str(part);
            }
            inside.push(part);
            if ends {
                break;
            }
        }
        match highlight::block(&text, language) {
            Some(html) => out.push(Event::Html(html.into())),
            None => {
                out.push(event);
                out.extend(inside);
            }
        }
    }
    *events = out;
}

/// The language of an info string: `rust,ignore` and `rust {3}` are Rust.
fn language(info: &str) -> &str {
    info.split(|char: char| char.is_whitespace() || ",{".contains(char)).next().unwrap_or_default()
}

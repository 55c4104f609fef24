//! Texts without their marks: for descriptions, previews and search.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The words of a markdown text, a line for each paragraph, heading or item. HTML, calls of
/// components, footnotes and code blocks are left out.
#[must_use]
pub fn of_markdown(text: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let text = without_calls(text);
    let mut out = String::with_capacity(text.len());
    // How many elements around are left out.
    let mut silent = 0_usize;
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::FootnoteDefinition(_) | Tag::HtmlBlock) => {
                silent += 1;
            }
            Event::End(TagEnd::CodeBlock | TagEnd::FootnoteDefinition | TagEnd::HtmlBlock) => {
                silent = silent.saturating_sub(1);
            }
            _ if silent > 0 => {}
            Event::Text(words) | Event::Code(words) => out.push_str(&words),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow,
            ) => end_line(&mut out),
            _ => {}
        }
    }
    end_line(&mut out);
    out.pop();
    out
}

fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Calls of components would be words to the parser.
fn without_calls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, call)) = rest.find('{').map(|at| rest.split_at(at)) {
        out.push_str(before);
        let inside = call.get(2..).unwrap_or_default();
        let end = if call.starts_with("{{") { "}}" } else { "%}" };
        let is_call = (call.starts_with("{{") || call.starts_with("{%"))
            && inside.trim_start_matches('-').trim_start().starts_with('<');
        rest = match inside.split_once(end) {
            Some((_, rest)) if is_call => rest,
            _ => {
                out.push('{');
                call.get(1..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    out
}

/// At most so many characters, ending with a whole word and `…` where something is missing.
#[must_use]
pub fn shortened(text: &str, length: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= length {
        return words;
    }
    let cut: String = words.chars().take(length.saturating_sub(1)).collect();
    let whole = match words.chars().nth(length.saturating_sub(1)) {
        Some(' ') => cut.as_str(),
        _ => cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole),
    };
    format!("{}…", whole.trim_end_matches([',', ';', ':', '–', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_stay() {
        let text = "# A *b*\n\nc `d`[^1]\ne <b>f</b>\n\n- g\n- h\n\n```\nno\n```\n\n<p>no</p>\n\n\
                    | i | j |\n|---|---|\n| k | l |\n\n{{ <x a=1 /> }} m\n\n[^1]: no";
        assert_eq!(of_markdown(text), "A b\nc d e f\ng\nh\ni j\nk l\nm");
        assert_eq!(of_markdown(""), "");
    }

    #[test]
    fn long_texts_end_with_a_whole_word() {
        assert_eq!(shortened("one two  three", 14), "one two three");
        assert_eq!(shortened("one two, three", 12), "one two…");
        assert_eq!(shortened("one two three", 8), "one two…");
        assert_eq!(shortened("Donaudampfschiff", 6), "Donau…");
    }
}

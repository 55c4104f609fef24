//! Takes a page apart into tags and texts, each with its line: enough for checks, without a
//! tree.

use std::collections::BTreeMap;

/// Inside of these everything up to their end is text.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Open(Element),
    Close(String),
    /// With entities resolved as far as texts and addresses have them.
    Text(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// By lower-case name; the first counts, as in browsers.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) line: usize,
}

impl Element {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Whether an attribute is there and says something.
    pub(super) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.trim().is_empty())
    }
}

/// The parts of a page, in order.
pub(super) fn parts(html: &str) -> Vec<Part> {
    let mut reader = Reader { html, at: 0, line: 1 };
    let mut parts = Vec::new();
    while reader.at < html.len() {
        reader.next(&mut parts);
    }
    parts
}

struct Reader<'a> {
    html: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.html.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, length: usize) -> &'a str {
        let (skipped, _) = self.rest().split_at(length.min(self.rest().len()));
        self.line += skipped.matches('\n').count();
        self.at += skipped.len();
        skipped
    }

    /// Skips what comes up to and with `end`; everything when it never comes.
    fn skip_past(&mut self, end: &str) {
        let length = self.rest().find(end).map_or(self.rest().len(), |at| at + end.len());
        self.skip(length);
    }

    fn next(&mut self, parts: &mut Vec<Part>) {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            return self.skip_past("-->");
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            return self.skip_past(">");
        }
        let is_name = |text: &str| text.starts_with(|char: char| char.is_ascii_alphabetic());
        if let Some(name) = rest.strip_prefix("</").filter(|text| is_name(text)) {
            let name = name.split(|char: char| char.is_whitespace() || char == '>').next();
            parts.push(Part::Close(name.unwrap_or_default().to_ascii_lowercase()));
            return self.skip_past(">");
        }
        if rest.strip_prefix('<').is_some_and(is_name) {
            let element = self.element();
            let name = element.name.clone();
            parts.push(Part::Open(element));
            if RAW.contains(&name.as_str()) {
                self.raw(&name, parts);
            }
            return;
        }
        // The first sign is none that opens a tag.
        let length = rest.char_indices().skip(1).find(|(_, char)| *char == '<');
        let length = length.map_or(rest.len(), |(at, _)| at);
        let text = self.skip(length);
        parts.push(Part::Text(unescaped(text)));
    }

    fn raw(&mut self, name: &str, parts: &mut Vec<Part>) {
        let end = format!("</{name}");
        let lower = self.rest().to_ascii_lowercase();
        let text = self.skip(lower.find(&end).unwrap_or(lower.len()));
        parts.push(Part::Text(unescaped(text)));
    }

    fn element(&mut self) -> Element {
        let line = self.line;
        self.skip(1);
        let is_end = |char: char| char.is_whitespace() || char == '>' || char == '/';
        let length = self.rest().find(is_end).unwrap_or(self.rest().len());
        let name = self.skip(length).to_ascii_lowercase();
        let mut element = Element { name, line, ..Element::default() };
        loop {
            let blank = self.rest().len() - self.rest().trim_start_matches(is_blank).len();
            self.skip(blank);
            match self.rest().chars().next() {
                None => return element,
                Some('>') => {
                    self.skip(1);
                    return element;
                }
                Some(_) => {
                    let (name, value) = self.attribute();
                    element.attributes.entry(name).or_insert(value);
                }
            }
        }
    }

    fn attribute(&mut self) -> (String, String) {
        let is_end = |char: char| char.is_whitespace() || "=>/".contains(char);
        let length = self.rest().find(is_end).unwrap_or(self.rest().len());
        // At least one sign, or nothing would ever be read.
        let name = self.skip(length.max(1)).to_ascii_lowercase();
        let after = self.rest().trim_start();
        let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
            return (name, String::new());
        };
        let before = self.rest().len() - value.len();
        self.skip(before);
        let quote = value.chars().next().filter(|char| matches!(char, '"' | '\''));
        let text = match quote {
            Some(quote) => {
                self.skip(1);
                let length = self.rest().find(quote).unwrap_or(self.rest().len());
                let text = self.skip(length);
                self.skip(1);
                text
            }
            None => {
                let is_end = |char: char| char.is_whitespace() || char == '>';
                let length = self.rest().find(is_end).unwrap_or(self.rest().len());
                self.skip(length)
            }
        };
        (name, unescaped(text))
    }
}

fn is_blank(char: char) -> bool {
    char.is_whitespace() || char == '/'
}

const ENTITIES: [(&str, &str); 7] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&nbsp;", "\u{a0}"),
    ("&amp;", "&"),
];

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> Vec<String> {
        let part = |part: Part| match part {
            Part::Open(element) => {
                let attributes: String =
                    element.attributes.iter().map(|(k, v)| format!(" {k}={v}")).collect();
                format!("<{}{attributes}>{}", element.name, element.line)
            }
            Part::Close(name) => format!("</{name}>"),
            Part::Text(text) => text,
        };
        parts(html).into_iter().map(part).collect()
    }

    #[test]
    fn tags_texts_and_attributes_are_taken_apart() {
        for (html, expected) in [
            (
                "<!doctype html>\n<P Class='a b' HIDDEN>x</P>",
                vec!["\n", "<p class=a b hidden=>2", "x", "</p>"],
            ),
            ("<a href=/x/?a=1&amp;b=2>", vec!["<a href=/x/?a=1&b=2>1"]),
            ("<img src=\"a\" src='b'/><br/>", vec!["<img src=a>1", "<br>1"]),
            (
                "<script>if (a < b) '<p>'</script>",
                vec!["<script>1", "if (a < b) '<p>'", "</script>"],
            ),
            ("<!-- <a> -->1 < 2 &amp; 3", vec!["1 ", "< 2 & 3"]),
            ("<a\n href\n=\n'x'\n>", vec!["<a href=x>1"]),
            ("<p", vec!["<p>1"]),
            ("<", vec!["<"]),
            ("<b>über</b>", vec!["<b>1", "über", "</b>"]),
            ("<p =x>", vec!["<p == x=>1"]),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }
}

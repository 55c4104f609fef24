//! Strapi's `blocks` attribute as HTML.
//!
//! A text is a list of nodes: paragraph, heading, list, quote, code and image,
//! with text and links inside. A node of another kind is an error, not a gap
//! in the page.

use tera::{Map, Value};

use super::heading::Anchors;
use super::highlight;
use super::html::{attribute, escape, is_safe_link};
use super::markdown::{Heading, Host, Link, Style, follow};
use crate::content::value::get;

const KNOWN: &str = "paragraph, heading, list, list-item, quote, code, image, link, text";
/// Marks of a text node with their elements, the innermost first.
const MARKS: [(&str, &str); 5] = [
    ("code", "code"),
    ("strikethrough", "s"),
    ("underline", "u"),
    ("italic", "em"),
    ("bold", "strong"),
];
/// Lists may be nested this deep; Strapi's editor stops at a handful.
const MAX_DEPTH: usize = 32;

/// A blocks value that cannot be shown, and where in it the fault is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at {place})")]
pub struct BlocksError {
    pub message: String,
    /// `[2].children[0]`
    pub place: String,
}

/// The HTML of a blocks value.
///
/// # Errors
/// When it is not a list of blocks, naming the node at fault.
pub fn to_html(value: &Value, style: &Style, host: &dyn Host) -> Result<String, BlocksError> {
    let mut writer =
        Writer { out: String::new(), anchors: Anchors::default(), depth: 0, style, host };
    writer.nodes(value, "")?;
    Ok(writer.out)
}

/// The headings of a blocks value with the anchors [`to_html`] gives them.
#[must_use]
pub fn headings(value: &Value, style: &Style) -> Vec<Heading> {
    let mut anchors = Anchors::default();
    let nodes = value.as_array().unwrap_or_default().iter().filter_map(Value::as_map);
    let headings = nodes.filter(|map| text_of(map, "type") == "heading");
    headings
        .map(|map| {
            let title = plain_text(map);
            Heading { level: level_of(map, style), id: anchors.name(&title), title }
        })
        .collect()
}

/// The text of a blocks value alone, a line for each block.
#[must_use]
pub fn plain(value: &Value) -> String {
    let nodes = value.as_array().unwrap_or_default().iter().filter_map(Value::as_map);
    nodes.map(plain_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

struct Writer<'a> {
    out: String,
    anchors: Anchors,
    depth: usize,
    style: &'a Style,
    host: &'a dyn Host,
}

impl Writer<'_> {
    fn nodes(&mut self, value: &Value, place: &str) -> Result<(), BlocksError> {
        let nodes = value.as_array().ok_or_else(|| fault("a list of blocks is expected", place))?;
        for (index, node) in nodes.iter().enumerate() {
            self.node(node, &format!("{place}[{index}]"))?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Value, place: &str) -> Result<(), BlocksError> {
        let map = node.as_map().ok_or_else(|| fault("a block must be an object", place))?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(fault(&format!("blocks are nested deeper than {MAX_DEPTH}"), place));
        }
        match text_of(map, "type") {
            "paragraph" => self.paragraph(map, place)?,
            "heading" => self.heading(map, place)?,
            "quote" => self.wrapped("<blockquote>", "</blockquote>\n", map, place)?,
            "list" => self.list(map, place)?,
            "list-item" => self.wrapped("<li>", "</li>\n", map, place)?,
            "code" => self.code(map, place)?,
            "image" => self.image(map, place)?,
            "link" => self.link(map, place)?,
            "text" => self.text(map),
            other => {
                let message = format!("unknown block type `{other}`; accepted are {KNOWN}");
                return Err(fault(&message, place));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn children(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        match get(map, "children") {
            Some(children) => self.nodes(children, &format!("{place}.children")),
            None => Ok(()),
        }
    }

    fn wrapped(
        &mut self,
        open: &str,
        close: &str,
        map: &Map,
        place: &str,
    ) -> Result<(), BlocksError> {
        self.out.push_str(open);
        self.children(map, place)?;
        self.out.push_str(close);
        Ok(())
    }

    /// The editor leaves an empty paragraph where somebody pressed return twice.
    fn paragraph(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let start = self.out.len();
        self.out.push_str("<p>");
        let inner = self.out.len();
        self.children(map, place)?;
        if self.out.len() == inner {
            self.out.truncate(start);
        } else {
            self.out.push_str("</p>\n");
        }
        Ok(())
    }

    fn heading(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let level = get(map, "level").and_then(Value::as_i64).unwrap_or(1);
        if !(1..=6).contains(&level) {
            return Err(fault(&format!("a heading's level is 1 to 6, not {level}"), place));
        }
        let level = level_of(map, self.style);
        let name = self.anchors.name(&plain_text(map));
        self.out.push_str(&format!("<h{level}"));
        attribute("id", &name, &mut self.out);
        if self.style.heading_links && !has_link(map) {
            self.out.push_str("><a class=\"heading-link\"");
            attribute("href", &format!("#{name}"), &mut self.out);
            return self.wrapped(">", &format!("</a></h{level}>\n"), map, place);
        }
        self.wrapped(">", &format!("</h{level}>\n"), map, place)
    }

    /// Strapi keeps a nested list beside the items; HTML wants it inside the item before it.
    fn list(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let element = match text_of(map, "format") {
            "ordered" => "ol",
            "unordered" => "ul",
            other => {
                let message =
                    format!("unknown list format `{other}`; accepted are ordered, unordered");
                return Err(fault(&message, place));
            }
        };
        self.out.push_str(&format!("<{element}>\n"));
        let children = get(map, "children").and_then(Value::as_array).unwrap_or_default();
        for (index, child) in children.iter().enumerate() {
            let nested = child.as_map().is_some_and(|child| text_of(child, "type") == "list");
            let host = nested && self.out.ends_with("</li>\n");
            if host {
                self.out.truncate(self.out.len() - "</li>\n".len());
                self.out.push('\n');
            } else if nested {
                self.out.push_str("<li>\n");
            }
            self.node(child, &format!("{place}.children[{index}]"))?;
            if nested {
                self.out.push_str("</li>\n");
            }
        }
        self.out.push_str(&format!("</{element}>\n"));
        Ok(())
    }

    fn code(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let language = text_of(map, "language");
        if self.style.highlight
            && let Some(html) = highlight::block(&plain_text(map), language)
        {
            self.out.push_str(&html);
            return Ok(());
        }
        self.out.push_str("<pre><code");
        if !language.is_empty() {
            attribute("class", &format!("language-{language}"), &mut self.out);
        }
        self.out.push('>');
        let text = plain_text(map);
        if text.is_empty() && get(map, "children").and_then(Value::as_array).is_none() {
            return Err(fault("a code block needs children", place));
        }
        escape(&text, &mut self.out);
        self.out.push_str("</code></pre>\n");
        Ok(())
    }

    fn image(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let image = get(map, "image").and_then(Value::as_map);
        let image = image.ok_or_else(|| fault("an image block needs an `image`", place))?;
        let url = text_of(image, "url");
        if url.is_empty() {
            return Err(fault("an image block's `image` needs a `url`", place));
        }
        self.out.push_str("<figure><img");
        attribute("src", url, &mut self.out);
        attribute("alt", text_of(image, "alternativeText"), &mut self.out);
        for side in ["width", "height"] {
            if let Some(pixels) = get(image, side).and_then(Value::as_i64) {
                attribute(side, &pixels.to_string(), &mut self.out);
            }
        }
        self.out.push_str(" loading=\"lazy\">");
        let caption = text_of(image, "caption");
        if !caption.is_empty() {
            self.out.push_str("<figcaption>");
            escape(caption, &mut self.out);
            self.out.push_str("</figcaption>");
        }
        self.out.push_str("</figure>\n");
        Ok(())
    }

    fn link(&mut self, map: &Map, place: &str) -> Result<(), BlocksError> {
        let url = text_of(map, "url");
        let followed = follow(url, self.style.broken_links, self.host)
            .map_err(|message| fault(&message, place))?;
        let url = match &followed {
            Link::Same => url,
            Link::Resolved(url) => url,
            Link::Broken => return self.children(map, place),
        };
        self.out.push_str("<a");
        if is_safe_link(url) {
            attribute("href", url, &mut self.out);
        }
        for name in ["rel", "target"] {
            let value = text_of(map, name);
            if !value.is_empty() {
                attribute(name, value, &mut self.out);
            }
        }
        self.wrapped(">", "</a>", map, place)
    }

    fn text(&mut self, map: &Map) {
        let text = text_of(map, "text");
        if text.is_empty() {
            return;
        }
        let marked = |name: &str| get(map, name).and_then(Value::as_bool) == Some(true);
        let marks: Vec<_> = MARKS.iter().filter(|(name, _)| marked(name)).collect();
        for (_, element) in marks.iter().rev() {
            self.out.push_str(&format!("<{element}>"));
        }
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.out.push_str("<br>");
            }
            escape(line, &mut self.out);
        }
        for (_, element) in &marks {
            self.out.push_str(&format!("</{element}>"));
        }
    }
}

fn level_of(map: &Map, style: &Style) -> usize {
    let level = get(map, "level").and_then(Value::as_u64).and_then(|level| level.try_into().ok());
    (level.unwrap_or(1) + style.shift).min(6)
}

fn has_link(map: &Map) -> bool {
    let children = get(map, "children").and_then(Value::as_array).unwrap_or_default();
    children.iter().filter_map(Value::as_map).any(|child| text_of(child, "type") == "link")
}

/// All text below a node, without marks.
fn plain_text(map: &Map) -> String {
    let mut text = text_of(map, "text").to_owned();
    for child in get(map, "children").and_then(Value::as_array).unwrap_or_default() {
        text.push_str(&child.as_map().map(plain_text).unwrap_or_default());
    }
    text
}

fn text_of<'a>(map: &'a Map, name: &str) -> &'a str {
    get(map, name).and_then(Value::as_str).unwrap_or_default()
}

fn fault(message: &str, place: &str) -> BlocksError {
    let place = if place.is_empty() { "the top" } else { place };
    BlocksError { message: message.to_owned(), place: place.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::content::value::from_json;
    use crate::render::markdown::Nowhere;

    fn try_html(blocks: &Json) -> Result<String, BlocksError> {
        to_html(&from_json(blocks), &Style::default(), &Nowhere)
    }

    fn html(blocks: Json) -> String {
        try_html(&blocks).unwrap()
    }

    fn text(text: &str) -> Json {
        json!({ "type": "text", "text": text })
    }

    #[test]
    fn paragraphs_marks_and_links() {
        let blocks = json!([
            { "type": "paragraph", "children": [
                text("a <b>\n"),
                { "type": "text", "text": "c", "bold": true, "italic": true, "code": true },
                { "type": "text", "text": "d", "underline": true, "strikethrough": true },
                { "type": "link", "url": "https://x.test/?a&b", "children": [text("e")] },
                { "type": "link", "url": "javascript:alert(1)", "children": [text("f")] },
            ]},
            { "type": "paragraph", "children": [text("")] },
        ]);
        assert_eq!(
            html(blocks),
            "<p>a &lt;b&gt;<br><strong><em><code>c</code></em></strong><u><s>d</s></u>\
             <a href=\"https://x.test/?a&amp;b\">e</a><a>f</a></p>\n"
        );
    }

    #[test]
    fn headings_quotes_code_and_images() {
        let blocks = json!([
            { "type": "heading", "level": 2, "children": [text("Über uns")] },
            { "type": "heading", "level": 2, "children": [text("Über uns")] },
            { "type": "quote", "children": [text("q")] },
            { "type": "code", "language": "rust", "children": [text("a < b\nc")] },
            { "type": "image", "children": [text("")], "image": {
                "url": "/uploads/a.png", "alternativeText": "A", "caption": "C", "width": 3, "height": 2
            }},
        ]);
        assert_eq!(
            html(blocks),
            "<h2 id=\"uber-uns\">Über uns</h2>\n<h2 id=\"uber-uns-2\">Über uns</h2>\n\
             <blockquote>q</blockquote>\n\
             <pre><code class=\"language-rust\">a &lt; b\nc</code></pre>\n\
             <figure><img src=\"/uploads/a.png\" alt=\"A\" width=\"3\" height=\"2\" loading=\"lazy\">\
             <figcaption>C</figcaption></figure>\n"
        );
    }

    #[test]
    fn nested_lists_stand_inside_the_item_before() {
        let item = |t: &str| json!({ "type": "list-item", "children": [text(t)] });
        let blocks = json!([{ "type": "list", "format": "ordered", "children": [
            item("a"),
            { "type": "list", "format": "unordered", "indentLevel": 1, "children": [item("b")] },
            item("c"),
        ]}]);
        assert_eq!(
            html(blocks),
            "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ol>\n"
        );
    }

    #[test]
    fn an_unknown_block_is_an_error_that_says_where() {
        let blocks = json!([{ "type": "paragraph", "children": [{ "type": "video" }] }]);
        let error = try_html(&blocks).unwrap_err();
        assert_eq!(error.place, "[0].children[0]");
        assert!(error.message.starts_with("unknown block type `video`; accepted are"), "{error}");
        let error = try_html(&json!("text")).unwrap_err();
        assert_eq!(error.to_string(), "a list of blocks is expected (at the top)");
    }
}

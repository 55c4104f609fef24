//! One page taken apart: where it leads, which places it has, and what keeps people from
//! using it.

use std::collections::BTreeSet;

use super::diagnostic::Severity::{self, Error, Warning};
use super::html::{Element, Part, parts};

/// An address a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) address: String,
    pub(super) line: usize,
    /// Fetched with the page: a picture, a script, a stylesheet.
    pub(super) asset: bool,
    /// Of assets with the same number a browser fetches one: sizes of a picture.
    pub(super) choice: usize,
}

/// Something wrong within the page itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issue {
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) line: usize,
}

#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) ids: BTreeSet<String>,
    pub(super) links: Vec<Link>,
    pub(super) issues: Vec<Issue>,
    pub(super) title: String,
    /// Search engines are told to leave it out.
    pub(super) unlisted: bool,
}

/// Attributes that hold an address, with whether it is fetched with the page.
const ADDRESSES: [(&str, &str, bool); 14] = [
    ("a", "href", false),
    ("area", "href", false),
    ("form", "action", false),
    ("iframe", "src", false),
    ("img", "src", true),
    ("script", "src", true),
    ("source", "src", true),
    ("video", "src", true),
    ("video", "poster", true),
    ("audio", "src", true),
    ("track", "src", true),
    ("embed", "src", true),
    ("object", "data", true),
    ("input", "src", true),
];
/// `<link rel>` whose address is fetched, and those that name a page.
const FETCHED: [&str; 6] =
    ["stylesheet", "icon", "preload", "modulepreload", "manifest", "apple-touch-icon"];
const PAGES: [&str; 4] = ["canonical", "alternate", "next", "prev"];
const PICTURES: [&str; 2] = ["og:image", "twitter:image"];
/// Fields that need no label.
const UNLABELLED: [&str; 5] = ["hidden", "submit", "button", "reset", "image"];
/// Attributes that name what has no text.
const NAMING: [&str; 3] = ["aria-label", "aria-labelledby", "title"];

impl Page {
    pub(super) fn of(html: &str) -> Self {
        let mut reader = Reader::default();
        for part in parts(html) {
            match part {
                Part::Open(element) => reader.open(&element),
                Part::Close(name) => reader.close(&name),
                Part::Text(text) => reader.text(&text),
            }
        }
        reader.finish()
    }
}

fn is_named(element: &Element) -> bool {
    NAMING.iter().any(|name| element.says(name))
}

#[derive(Default)]
struct Reader {
    page: Page,
    /// What is being named: a link, a button, with the text so far.
    naming: Option<(Element, String)>,
    in_title: bool,
    choices: usize,
    /// The number of what the open `picture`, `video` or `audio` offers.
    offer: Option<usize>,
    /// In drawings a title is no page's.
    drawings: usize,
    labels: usize,
    labelled: BTreeSet<String>,
    fields: Vec<Element>,
    headings: Vec<(u8, usize)>,
    has_html: bool,
    described: bool,
}

impl Reader {
    fn issue(
        &mut self,
        rule: &'static str,
        severity: Severity,
        line: usize,
        message: impl Into<String>,
    ) {
        self.page.issues.push(Issue { rule, severity, message: message.into(), line });
    }

    fn open(&mut self, element: &Element) {
        let line = element.line;
        if let Some(id) = element.get("id")
            && !self.page.ids.insert(id.to_owned())
        {
            self.issue("duplicate-id", Error, line, format!("the id `{id}` stands twice"));
        }
        if let Some(name) = element.get("name").filter(|_| element.name == "a") {
            self.page.ids.insert(name.to_owned());
        }
        self.addresses(element);
        match element.name.as_str() {
            "html" => {
                self.has_html = true;
                if !element.says("lang") {
                    self.issue("lang", Error, line, "<html> has no `lang`");
                }
            }
            "title" if self.drawings == 0 => self.in_title = true,
            "svg" => self.drawings += 1,
            "picture" | "video" | "audio" => {
                self.choices += 1;
                self.offer = Some(self.choices);
            }
            "meta" => self.meta(element),
            "img" => self.picture(element),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(element),
            "a" if element.get("href").is_none() => {}
            "a" | "button" => self.naming = Some((element.clone(), String::new())),
            "label" => {
                self.labels += 1;
                self.labelled.extend(element.get("for").map(str::to_owned));
            }
            "input" | "select" | "textarea" => self.field(element),
            "iframe" if !element.says("title") => {
                self.issue("frame-title", Error, line, "<iframe> has no `title`");
            }
            _ => {}
        }
    }

    fn addresses(&mut self, element: &Element) {
        let offered = matches!(element.name.as_str(), "img" | "source");
        self.choices += 1;
        let choice = self.offer.filter(|_| offered).unwrap_or(self.choices);
        let mut add = |address: &str, asset: bool| {
            let address = address.trim().to_owned();
            self.page.links.push(Link { address, line: element.line, asset, choice });
        };
        for (name, attribute, asset) in ADDRESSES {
            if element.name == name
                && let Some(address) = element.get(attribute)
            {
                add(address, asset);
            }
        }
        let related = element.get("rel").zip(element.get("href"));
        if let Some((rel, href)) = related.filter(|_| element.name == "link") {
            let is = |known: &[&str]| rel.split_whitespace().any(|word| known.contains(&word));
            if is(&FETCHED) {
                add(href, true);
            } else if is(&PAGES) {
                add(href, false);
            }
        }
        if matches!(element.name.as_str(), "img" | "source") {
            let set = element.get("srcset").unwrap_or_default();
            let urls = set.split(", ").filter_map(|one| one.split_whitespace().next());
            urls.for_each(|url| add(url.trim_end_matches(','), true));
        }
        let property = element.get("property").or(element.get("name")).unwrap_or_default();
        if element.name == "meta" && PICTURES.contains(&property) {
            add(element.get("content").unwrap_or_default(), true);
        }
    }

    fn meta(&mut self, element: &Element) {
        let content = element.get("content").unwrap_or_default();
        match element.get("name") {
            Some("description") => self.described |= !content.trim().is_empty(),
            Some("robots") => self.page.unlisted |= content.contains("noindex"),
            _ => {}
        }
        // A page that leads on at once is no page to read.
        let refreshes =
            element.get("http-equiv").is_some_and(|it| it.eq_ignore_ascii_case("refresh"));
        self.page.unlisted |= refreshes;
    }

    fn picture(&mut self, element: &Element) {
        match (element.get("alt"), &mut self.naming) {
            (Some(alt), Some((_, text))) => text.push_str(alt),
            (Some(_), None) => {}
            (None, _) => {
                let which = element.get("src").unwrap_or_default();
                let message = format!(
                    "the picture `{which}` has no `alt` (an empty one says that it is decoration)"
                );
                self.issue("alt", Error, element.line, message);
            }
        }
    }

    fn heading(&mut self, element: &Element) {
        let level = element.name.as_bytes().get(1).map_or(1, |digit| digit.saturating_sub(b'0'));
        let before = self.headings.last().map(|(before, _)| *before);
        if let Some(before) = before.filter(|before| level > before + 1) {
            let message = format!("<h{level}> follows <h{before}>: a level is left out");
            self.issue("heading-order", Warning, element.line, message);
        }
        self.headings.push((level, element.line));
    }

    fn field(&mut self, element: &Element) {
        let kind = element.get("type").unwrap_or("text");
        let needs = element.name != "input" || !UNLABELLED.contains(&kind);
        if needs && !is_named(element) && self.labels == 0 {
            self.fields.push(element.clone());
        }
        if kind == "image" && !element.says("alt") {
            self.issue("alt", Error, element.line, "the picture button has no `alt`");
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            self.page.title.push_str(text);
        }
        if let Some((_, name)) = &mut self.naming {
            name.push_str(text);
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "title" => self.in_title = false,
            "svg" => self.drawings = self.drawings.saturating_sub(1),
            "picture" | "video" | "audio" => self.offer = None,
            "label" => self.labels = self.labels.saturating_sub(1),
            "a" | "button" => {
                if let Some((element, text)) =
                    self.naming.take_if(|(element, _)| element.name == name)
                {
                    self.named(&element, &text);
                }
            }
            _ => {}
        }
    }

    fn named(&mut self, element: &Element, text: &str) {
        if text.trim().is_empty() && !is_named(element) {
            let target = element.get("href").map_or_else(String::new, |to| format!(" to `{to}`"));
            let what = if element.name == "a" { "link" } else { "button" };
            self.issue("link-name", Error, element.line, format!("the {what}{target} has no text"));
        }
    }

    fn finish(mut self) -> Page {
        for field in std::mem::take(&mut self.fields) {
            if field.get("id").is_none_or(|id| !self.labelled.contains(id)) {
                let name = field.get("name").unwrap_or(&field.name);
                self.issue("label", Error, field.line, format!("the field `{name}` has no label"));
            }
        }
        // A piece of HTML for a script to insert is no page.
        if self.has_html && !self.page.unlisted {
            self.whole_page();
        }
        self.page
    }

    fn whole_page(&mut self) {
        if self.page.title.trim().is_empty() {
            self.issue("title", Error, 1, "the page has no <title>");
        }
        if !self.described {
            let message = "the page has no <meta name=\"description\">";
            self.issue("description", Warning, 1, message);
        }
        let firsts = self.headings.iter().filter(|(level, _)| *level == 1);
        let firsts: Vec<usize> = firsts.map(|(_, line)| *line).collect();
        match firsts.as_slice() {
            [_] => {}
            [] => self.issue("heading-first", Warning, 1, "the page has no <h1>"),
            [_, second, ..] => {
                let message = format!("the page has {} <h1>", firsts.len());
                self.issue("heading-first", Warning, *second, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(html: &str) -> Vec<String> {
        let issue = |issue: Issue| format!("{}:{}", issue.rule, issue.line);
        Page::of(html).issues.into_iter().map(issue).collect()
    }

    const GOOD: &str = "<!doctype html><html lang=en><head><title>x</title>
        <meta name=description content=x></head><body><h1>x</h1><h2>y</h2>
        <a href=/x/>x</a><a href=/y/><img src=a alt=y></a><button aria-label=z></button>
        <label>q <input name=q></label><label for=r>r</label><select id=r></select>
        <svg><title>s</title></svg><iframe title=f src=/f/></iframe><img src=b alt=''></body></html>";

    #[test]
    fn a_page_that_everybody_can_use_has_no_issue() {
        assert_eq!(rules(GOOD), [""; 0]);
    }

    #[test]
    fn what_keeps_people_out_is_found_with_its_line() {
        for (from, to, expected) in [
            (" lang=en", "", "lang:1"),
            ("<title>x</title>", "", "title:1"),
            (" content=x", "", "description:1"),
            ("<h1>x</h1>", "", "heading-first:1"),
            ("<h2>y</h2>", "<h3>y</h3>", "heading-order:2"),
            ("<a href=/x/>x</a>", "<a href=/x/> </a>", "link-name:3"),
            ("alt=y", "alt=''", "link-name:3"),
            (" aria-label=z", "", "link-name:3"),
            (" alt=''", "", "alt:5"),
            (" for=r", "", "label:4"),
            (" title=f", "", "frame-title:5"),
            ("<h1>x</h1>", "<h1 id=a>x</h1><p id=a>", "duplicate-id:2"),
        ] {
            assert!(GOOD.contains(from));
            assert_eq!(rules(&GOOD.replace(from, to)), [expected], "{from} -> {to}");
        }
    }

    #[test]
    fn of_the_sizes_of_a_picture_one_is_fetched() {
        let html = "<img src=a srcset='b 1x, c 2x'><picture><source srcset=d><img src=e></picture>\
                    <img src=f><video poster=g><source src=h><source src=i></video>";
        let mut offers: Vec<(usize, String)> = Vec::new();
        for link in Page::of(html).links {
            match offers.iter_mut().find(|(choice, _)| *choice == link.choice) {
                Some((_, names)) => names.push_str(&link.address),
                None => offers.push((link.choice, link.address)),
            }
        }
        let names: Vec<_> = offers.into_iter().map(|(_, names)| names).collect();
        assert_eq!(names, ["abc", "de", "f", "g", "hi"]);
    }

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let html = r#"<a href="/a/"><img src=b.png srcset="c.png 1x, d.png 2x">
            <link rel="preload icon" href=e><link rel=canonical href=f><link rel=preconnect href=g>
            <meta property="og:image" content=h><video poster=i></video><form action=j>"#;
        let shown = Page::of(html).links.into_iter().map(|link| {
            let sign = if link.asset { "*" } else { "" };
            format!("{}{sign}", link.address)
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, ["/a/", "b.png*", "c.png*", "d.png*", "e*", "f", "h*", "i*", "j"]);
    }
}

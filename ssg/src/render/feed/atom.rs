//! Atom, RFC 4287.

use super::text::{element, escape};
use super::{Feed, Item};
use crate::render::html::attribute;

pub(super) fn write(feed: &Feed) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\"");
    attribute("xml:lang", &feed.language, &mut out);
    out.push_str(">\n");
    out.push_str("<title>");
    escape(&feed.title, &mut out);
    out.push_str("</title>\n");
    element("subtitle", &feed.description, &mut out);
    element("id", &feed.home, &mut out);
    link("alternate", "text/html", &feed.home, &mut out);
    link("self", "application/atom+xml", &feed.url, &mut out);
    element("updated", &feed.updated().to_string(), &mut out);
    // Whoever is not named for an entry: every entry needs somebody.
    out.push_str("<author>");
    element("name", &feed.title, &mut out);
    out.push_str("</author>\n");
    for item in &feed.items {
        entry(feed, item, &mut out);
    }
    out.push_str("</feed>\n");
    out
}

fn entry(feed: &Feed, item: &Item, out: &mut String) {
    out.push_str("<entry>\n<title>");
    escape(&item.title, out);
    out.push_str("</title>\n");
    element("id", &item.id, out);
    link("alternate", "text/html", &item.url, out);
    if let Some(enclosure) = &item.enclosure {
        out.push_str("<link rel=\"enclosure\"");
        attribute("type", &enclosure.mime, out);
        attribute("length", &enclosure.bytes.to_string(), out);
        attribute("href", &enclosure.url, out);
        out.push_str("/>\n");
    }
    if let Some(published) = item.published {
        element("published", &published.to_string(), out);
    }
    let updated = item.changed().unwrap_or_else(|| feed.updated());
    element("updated", &updated.to_string(), out);
    if !item.author.is_empty() {
        out.push_str("<author>");
        element("name", &item.author, out);
        out.push_str("</author>\n");
    }
    for category in &item.categories {
        out.push_str("<category");
        attribute("term", category, out);
        out.push_str("/>\n");
    }
    element("summary", &item.summary, out);
    if !item.content.is_empty() {
        out.push_str("<content type=\"html\">");
        escape(&item.content, out);
        out.push_str("</content>\n");
    }
    out.push_str("</entry>\n");
}

fn link(rel: &str, mime: &str, url: &str, out: &mut String) {
    out.push_str("<link");
    attribute("rel", rel, out);
    attribute("type", mime, out);
    attribute("href", url, out);
    out.push_str("/>\n");
}

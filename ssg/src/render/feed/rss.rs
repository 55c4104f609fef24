//! RSS 2.0, with its own address and the items' HTML in the usual namespaces.

use super::text::{element, escape};
use super::{Feed, Item};
use crate::render::html::attribute;

pub(super) fn write(feed: &Feed) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    out.push_str(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n",
    );
    // These three must be there, if only empty.
    for (name, text) in
        [("title", &feed.title), ("link", &feed.home), ("description", &feed.description)]
    {
        out.push_str(&format!("<{name}>"));
        escape(text, &mut out);
        out.push_str(&format!("</{name}>\n"));
    }
    out.push_str("<atom:link rel=\"self\" type=\"application/rss+xml\"");
    attribute("href", &feed.url, &mut out);
    out.push_str("/>\n");
    element("language", &feed.language, &mut out);
    if !feed.items.is_empty() {
        element("lastBuildDate", &date(feed.updated()), &mut out);
    }
    for one in &feed.items {
        item(one, &mut out);
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

fn item(item: &Item, out: &mut String) {
    out.push_str("<item>\n<title>");
    escape(&item.title, out);
    out.push_str("</title>\n");
    element("link", &item.url, out);
    let permanent = item.id == item.url;
    out.push_str(&format!("<guid isPermaLink=\"{permanent}\">"));
    escape(&item.id, out);
    out.push_str("</guid>\n");
    if let Some(published) = item.published.or(item.updated) {
        element("pubDate", &date(published), out);
    }
    // `author` would have to be an e-mail address.
    element("dc:creator", &item.author, out);
    for category in &item.categories {
        element("category", category, out);
    }
    element("description", &item.summary, out);
    element("content:encoded", &item.content, out);
    if let Some(enclosure) = &item.enclosure {
        out.push_str("<enclosure");
        attribute("url", &enclosure.url, out);
        attribute("length", &enclosure.bytes.to_string(), out);
        attribute("type", &enclosure.mime, out);
        out.push_str("/>\n");
    }
    out.push_str("</item>\n");
}

/// RFC 822 with a year of four digits.
fn date(time: jiff::Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

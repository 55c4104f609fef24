//! JSON Feed 1.1.

use serde_json::{Map, Value, json};

use super::{Feed, Item};

pub(super) fn write(feed: &Feed) -> String {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    set("version", json!("https://jsonfeed.org/version/1.1"));
    set("title", json!(feed.title));
    set("home_page_url", json!(feed.home));
    set("feed_url", json!(feed.url));
    if !feed.description.is_empty() {
        set("description", json!(feed.description));
    }
    set("language", json!(feed.language));
    set("items", feed.items.iter().map(item).collect());
    let mut text = serde_json::to_string_pretty(&out).unwrap_or_default();
    text.push('\n');
    text
}

fn item(item: &Item) -> Value {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    set("id", json!(item.id));
    set("url", json!(item.url));
    set("title", json!(item.title));
    // One of the two must be there.
    match item.content.is_empty() {
        false => set("content_html", json!(item.content)),
        true => set("content_text", json!(item.summary)),
    }
    if !item.summary.is_empty() {
        set("summary", json!(item.summary));
    }
    for (name, time) in [("date_published", item.published), ("date_modified", item.updated)] {
        if let Some(time) = time {
            set(name, json!(time.to_string()));
        }
    }
    if !item.author.is_empty() {
        set("authors", json!([{ "name": item.author }]));
    }
    if !item.categories.is_empty() {
        set("tags", json!(item.categories));
    }
    if let Some(enclosure) = &item.enclosure {
        let mut file = json!({ "url": enclosure.url, "mime_type": enclosure.mime });
        if enclosure.bytes > 0 {
            file["size_in_bytes"] = enclosure.bytes.into();
        }
        set("attachments", json!([file]));
    }
    Value::Object(out)
}

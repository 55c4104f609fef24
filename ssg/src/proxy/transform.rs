//! What the site's owner does to answers: fields picked, dropped and renamed, addresses of
//! media made right.

use actix_web::web::Bytes;
use serde_json::{Map, Value};

use super::{failure::Failure, fetch, fragment, live::Loaded};
use crate::{
    client::Headers,
    site::proxy::{Media, Transform},
};

/// An answer that is no JSON cannot be changed, and is not shown unchanged.
pub(super) fn apply(
    transform: &Transform,
    loaded: &Loaded,
    mut headers: Headers,
    body: Bytes,
) -> Result<(Headers, Bytes), Failure> {
    if transform.is_empty() || body.is_empty() {
        return Ok((headers, body));
    }
    if !fetch::is_json(&headers) {
        return Err(Failure::Unusable("it is no JSON, so nothing of it can be picked".into()));
    }
    let mut value =
        serde_json::from_slice(&body).map_err(|error| Failure::Garbled(error.to_string()))?;
    shape(transform, &loaded.base_url, &mut value);
    let text = match &transform.fragment {
        Some(fragment) => {
            headers.retain(|(name, _)| name != "content-type");
            headers.push(("content-type".into(), b"text/html; charset=utf-8".to_vec()));
            fragment::render(loaded, &fragment.template, &value)?
        }
        None => value.to_string(),
    };
    // They speak of the bytes that were.
    headers.retain(|(name, _)| {
        !["content-length", "last-modified", "content-md5", "digest", "accept-ranges"]
            .contains(&name.as_str())
    });
    Ok((headers, Bytes::from(text)))
}

fn shape(transform: &Transform, base_url: &str, value: &mut Value) {
    if !transform.pick.is_empty() {
        let paths: Vec<Vec<&str>> = transform.pick.iter().map(|path| parts(path)).collect();
        pick(value, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    for path in &transform.drop {
        at(value, &parts(path), &mut |map, name| drop(map.shift_remove(name)));
    }
    for (path, to) in &transform.rename {
        at(value, &parts(path), &mut |map, name| rename(map, name, to));
    }
    match &transform.media {
        Some(Media::Absolute) => rewrite(value, base_url),
        Some(Media::Prefix(prefix)) => rewrite(value, prefix),
        None => {}
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('.').collect()
}

/// What none of the paths leads to or through goes.
fn pick(value: &mut Value, paths: &[&[&str]]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| pick(item, paths)),
        Value::Object(map) => {
            let mut kept = Map::new();
            for (name, mut inner) in std::mem::take(map) {
                let below: Vec<&[&str]> = paths
                    .iter()
                    .filter_map(|path| path.split_first().filter(|(first, _)| **first == name))
                    .map(|(_, rest)| rest)
                    .collect();
                if below.is_empty() {
                    continue;
                }
                if !below.iter().any(|rest| rest.is_empty()) {
                    pick(&mut inner, &below);
                }
                kept.insert(name, inner);
            }
            *map = kept;
        }
        _ => {}
    }
}

/// Does something to every object that has the path's last name, through all lists.
fn at(value: &mut Value, path: &[&str], act: &mut impl FnMut(&mut Map<String, Value>, &str)) {
    match (value, path) {
        (Value::Array(items), _) => items.iter_mut().for_each(|item| at(item, path, act)),
        (Value::Object(map), [name]) => act(map, name),
        (Value::Object(map), [first, rest @ ..]) => {
            if let Some(inner) = map.get_mut(*first) {
                at(inner, rest, act);
            }
        }
        _ => {}
    }
}

/// In its place; another value of the new name gives way.
fn rename(map: &mut Map<String, Value>, name: &str, to: &str) {
    if !map.contains_key(name) || name == to {
        return;
    }
    let renamed = std::mem::take(map).into_iter().filter(|(own, _)| own != to);
    *map = renamed
        .map(|(own, value)| (if own == name { to.to_owned() } else { own }, value))
        .collect();
}

const UPLOADS: &str = "/uploads/";
/// What stands before an address in HTML, Markdown and CSS; anything else belongs to the
/// address itself (`https://other/uploads/…`).
const BEFORE: [char; 8] = ['"', '\'', '(', '<', ' ', ',', '\n', '='];

fn rewrite(value: &mut Value, prefix: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, prefix)),
        Value::Object(map) => map.values_mut().for_each(|item| rewrite(item, prefix)),
        Value::String(text) if text.contains(UPLOADS) => *text = rewritten(text, prefix),
        _ => {}
    }
}

fn rewritten(text: &str, prefix: &str) -> String {
    let mut out = String::with_capacity(text.len() + prefix.len());
    let mut rest = text;
    while let Some(found) = rest.find(UPLOADS) {
        let (before, after) = rest.split_at(found);
        out.push_str(before);
        if out.chars().next_back().is_none_or(|char| BEFORE.contains(&char)) {
            out.push_str(prefix);
        }
        out.push_str(UPLOADS);
        rest = after.get(UPLOADS.len()..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shaped(transform: Transform, mut value: Value) -> Value {
        shape(&transform, "https://example.org", &mut value);
        value
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn fields_are_picked_dropped_and_renamed_through_lists() {
        let value = json!({ "data": [
            { "id": 1, "title": "a", "author": { "name": "n", "email": "e" }, "tags": [{ "t": 1, "u": 2 }] },
            { "id": 2, "title": "b", "author": null },
        ], "meta": { "page": 1 } });
        let transform = Transform {
            pick: texts(&["data.title", "data.author", "data.tags.t"]),
            drop: texts(&["data.author.email", "data.none.x"]),
            rename: vec![("data.title".into(), "headline".into())],
            ..Transform::default()
        };
        let expected = json!({ "data": [
            { "headline": "a", "author": { "name": "n" }, "tags": [{ "t": 1 }] },
            { "headline": "b", "author": null },
        ] });
        assert_eq!(shaped(transform, value).to_string(), expected.to_string());
    }

    #[test]
    fn addresses_of_media_get_a_prefix_wherever_they_stand() {
        let value = json!({
            "url": "/uploads/a.png",
            "text": "![x](/uploads/b.png) <img src=\"/uploads/c.png\" srcset=\"/uploads/d.png 1x, /uploads/e.png 2x\">",
            "other": "https://elsewhere/uploads/f.png and x/uploads/y",
        });
        let made =
            shaped(Transform { media: Some(Media::Absolute), ..Transform::default() }, value);
        let at = "https://example.org/uploads";
        assert_eq!(made["url"], format!("{at}/a.png"));
        assert_eq!(
            made["text"],
            format!(
                "![x]({at}/b.png) <img src=\"{at}/c.png\" srcset=\"{at}/d.png 1x, {at}/e.png 2x\">"
            )
        );
        assert_eq!(made["other"], "https://elsewhere/uploads/f.png and x/uploads/y");
    }
}

//! Links between files: `[text](../other.md#part)` is what an author's editor and a code host
//! understand. They become links to entries, which are checked, and to media.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

/// Replaces the destinations of links and pictures for which there is something else.
///
/// Texts between backticks and in code blocks stay as they are.
pub(super) fn rewrite(body: &str, mut instead: impl FnMut(&str) -> Option<String>) -> String {
    let mut changes = Vec::new();
    let mut events = Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
        .into_offset_iter();
    for (event, range) in events.by_ref() {
        let (
            Event::Start(
                Tag::Link { link_type: LinkType::Inline, dest_url, .. }
                | Tag::Image { link_type: LinkType::Inline, dest_url, .. },
            ),
            Some(text),
        ) = (event, body.get(range.clone()))
        else {
            continue;
        };
        // Behind the words, which may be the same.
        let after = text.rfind("](").unwrap_or(0);
        let found = text.get(after..).and_then(|text| text.find(&*dest_url)).map(|at| after + at);
        let new = found.and_then(|at| Some((range.start + at, instead(&dest_url)?)));
        if let Some((at, new)) = new {
            changes.push((at, at + dest_url.len(), new));
        }
    }
    for (_, definition) in events.reference_definitions().iter() {
        let text = body.get(definition.span.clone()).unwrap_or_default();
        let after = text.find("]:").unwrap_or(0);
        let dest = &*definition.dest;
        let found = text.get(after..).and_then(|text| text.find(dest)).map(|at| after + at);
        if let Some((at, new)) = found.and_then(|at| Some((at, instead(dest)?))) {
            let start = definition.span.start + at;
            changes.push((start, start + dest.len(), new));
        }
    }
    replaced(body, changes)
}

fn replaced(body: &str, mut changes: Vec<(usize, usize, String)>) -> String {
    changes.sort();
    let mut text = String::with_capacity(body.len() + 32 * changes.len());
    let mut at = 0;
    for (start, end, new) in changes {
        text.push_str(body.get(at..start).unwrap_or_default());
        text.push_str(&new);
        at = end;
    }
    text.push_str(body.get(at..).unwrap_or_default());
    text
}

/// A destination taken apart: a path and what follows it, if it is relative.
pub(super) fn relative(dest: &str) -> Option<(&str, &str)> {
    let path = dest.split(['?', '#']).next()?;
    let is_url = path.split('/').next().is_some_and(|first| first.contains(':'));
    if path.is_empty() || path.starts_with('/') || is_url {
        return None;
    }
    Some(dest.split_at(path.len()))
}

/// A relative path seen from a file's folder, as names from the root; `Err` with how it goes
/// on from there when it leads out of it.
pub(super) fn joined(file: &str, path: &str) -> Result<String, String> {
    let mut names: Vec<&str> = file.split('/').collect();
    names.pop();
    let mut outside = 0;
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.pop().is_none() => outside += 1,
            ".." => {}
            name => names.push(name),
        }
    }
    let inside = names.join("/");
    if outside == 0 { Ok(inside) } else { Err(format!("{}{inside}", "../".repeat(outside))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_replaced_where_they_are_links() {
        let text = "[a.md](a.md \"a.md\") ![p](b.png) `[a](a.md)` [r] [*b*](<a.md>)\n\n\
                    ```\n[a](a.md)\n```\n\n| [t](a.md) |\n|---|\n\n[r]: a.md 'T'\n";
        let expected = "[a.md](X \"a.md\") ![p](b.png) `[a](a.md)` [r] [*b*](<X>)\n\n\
                        ```\n[a](a.md)\n```\n\n| [t](X) |\n|---|\n\n[r]: X 'T'\n";
        assert_eq!(rewrite(text, |dest| (dest == "a.md").then(|| "X".to_owned())), expected);
    }

    #[test]
    fn only_relative_paths_are_looked_at() {
        for (dest, expected) in [
            ("a.md#b", Some(("a.md", "#b"))),
            ("../a.md?b#c", Some(("../a.md", "?b#c"))),
            ("#b", None),
            ("/a.md", None),
            ("https://x.org/a.md", None),
            ("mailto:x", None),
            ("entry:x", None),
        ] {
            assert_eq!(relative(dest), expected, "{dest}");
        }
    }

    #[test]
    fn paths_are_followed() {
        assert_eq!(joined("a/b.md", "c.md").unwrap(), "a/c.md");
        assert_eq!(joined("a/b.md", "./../c/").unwrap(), "c");
        assert_eq!(joined("a/b.md", "../../c.md").unwrap_err(), "../c.md");
        assert_eq!(joined("b.md", "../x/c.md").unwrap_err(), "../x/c.md");
    }
}

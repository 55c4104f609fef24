//! Colours of a theme that stand on each other, as custom properties of a stylesheet name
//! them, in every scheme it has.

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, Severity};
use crate::site::ContrastPair;

/// Custom properties by name.
type Colours = BTreeMap<String, String>;

/// What is wrong with the pairs a site names, in one of its stylesheets.
pub(super) fn check(pairs: &[ContrastPair], file: &str, css: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (scheme, colours) in schemes(css) {
        for message in pairs.iter().filter_map(|pair| objection(pair, &scheme, &colours)) {
            let one = Diagnostic::new("contrast", Severity::Error, message);
            found.push(Diagnostic { file: Some(file.to_owned()), ..one });
        }
    }
    found
}

fn objection(pair: &ContrastPair, scheme: &str, colours: &Colours) -> Option<String> {
    let ContrastPair { text, background, ratio: least } = pair;
    let found = [text, background].map(|name| resolve(colours, name, 0));
    match found {
        [Some(one), Some(other)] => {
            let ratio = ratio(one, other);
            (ratio < *least).then(|| {
                format!(
                    "`{text}` on `{background}` has a contrast of {ratio:.2} in the {scheme} \
                     scheme; the least is {least}"
                )
            })
        }
        [one, _] => {
            let name = if one.is_none() { text } else { background };
            Some(format!("`{name}` is no colour (#rgb or #rrggbb) in the {scheme} scheme"))
        }
    }
}

/// A scheme's name with its colours: those of `:root`, and with them each variant's.
fn schemes(css: &str) -> Vec<(String, Colours)> {
    let mut plain = Colours::new();
    let mut variants: BTreeMap<String, Colours> = BTreeMap::new();
    for Rule { context, selector, body } in rules(&without_comments(css)) {
        let own = properties(&body);
        if own.is_empty() || !selector.contains(":root") {
            continue;
        }
        if context.contains("prefers-color-scheme: dark") {
            variants.entry("dark".to_owned()).or_default().extend(own);
        } else if context.is_empty() && selector == ":root" {
            plain.extend(own);
        } else if context.is_empty() {
            variants.entry(selector).or_default().extend(own);
        }
    }
    let mut all = vec![("light".to_owned(), plain.clone())];
    for (name, own) in variants {
        let mut colours = plain.clone();
        colours.extend(own);
        all.push((name, colours));
    }
    all
}

fn without_comments(css: &str) -> String {
    let mut parts = css.split("/*");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once("*/").map_or("", |(_, rest)| rest));
    }
    out
}

struct Rule {
    /// The media query around it.
    context: String,
    selector: String,
    body: String,
}

fn rules(css: &str) -> Vec<Rule> {
    let mut found = Vec::new();
    let mut context: Vec<String> = Vec::new();
    let mut rest = css;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, tail) = rest.split_at(at);
        rest = tail.get(1..).unwrap_or_default();
        if tail.starts_with('}') {
            context.pop();
            continue;
        }
        let head = before.rsplit(';').next().unwrap_or_default().trim().to_owned();
        match head.split_whitespace().next() {
            Some("@media") => context.push(head),
            Some("@supports" | "@layer") => context.push(String::new()),
            _ => {
                let (body, tail) = rest.split_at(rest.find('}').unwrap_or(rest.len()));
                let context = context.concat();
                found.push(Rule { context, selector: head, body: body.to_owned() });
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    found
}

fn properties(body: &str) -> Colours {
    let declared = body.split(';').filter_map(|line| line.split_once(':'));
    let own = declared.filter(|(name, _)| name.trim().starts_with("--"));
    own.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// How deep properties may refer to each other.
const DEEPEST: usize = 8;

fn resolve(colours: &Colours, name: &str, depth: usize) -> Option<[f64; 3]> {
    let value = colours.get(name)?;
    match value.strip_prefix("var(").and_then(|value| value.strip_suffix(')')) {
        Some(other) if depth < DEEPEST => resolve(colours, other.trim(), depth + 1),
        Some(_) => None,
        None => hex(value),
    }
}

fn hex(text: &str) -> Option<[f64; 3]> {
    let digits = text.strip_prefix('#')?.chars().map(|char| char.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let channel = |value: u32| f64::from(value) / 255.0;
    match digits.as_slice() {
        [r, g, b] => Some([r, g, b].map(|digit| channel(digit * 17))),
        [r, rr, g, gg, b, bb] => {
            Some([(r, rr), (g, gg), (b, bb)].map(|(one, two)| channel(one * 16 + two)))
        }
        _ => None,
    }
}

/// As the Web Content Accessibility Guidelines define it.
fn ratio(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [r, g, b] = colour.map(|value| {
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSS: &str = "/* :root { --ink: #fff } */ @import 'x';
        :root { --ink: #000; --paper: #fff; --soft: var(--ink) }
        @media (prefers-color-scheme: dark) {
            :root { --ink: #eee; --paper: #111111 } a { color: red }
        }
        :root[data-theme=dim] { --ink: #777 } p { --ink: #fff }";

    fn pair(text: &str, background: &str) -> ContrastPair {
        ContrastPair { text: text.into(), background: background.into(), ratio: 4.5 }
    }

    #[test]
    fn ratios_are_those_of_the_guidelines() {
        let rounded = |one, other| {
            let ratio = ratio(hex(one).unwrap(), hex(other).unwrap());
            format!("{ratio:.2}")
        };
        assert_eq!(rounded("#000", "#ffffff"), "21.00");
        assert_eq!(rounded("#777777", "#fff"), "4.48");
        assert_eq!(rounded("#767676", "#fff"), "4.54");
    }

    #[test]
    fn every_scheme_is_looked_at() {
        let names: Vec<_> = schemes(CSS).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["light", ":root[data-theme=dim]", "dark"]);
        let found = check(&[pair("--soft", "--paper")], "site.css", CSS);
        assert_eq!(found.len(), 1, "{found:?}");
        let expected = "4.48 in the :root[data-theme=dim] scheme";
        assert!(found[0].message.contains(expected), "{found:?}");
        let found = check(&[pair("--nope", "--paper")], "site.css", CSS);
        assert!(found[0].message.contains("`--nope` is no colour"), "{found:?}");
    }
}

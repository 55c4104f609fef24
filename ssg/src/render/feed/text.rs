//! Text as XML takes it, and addresses that are right wherever a feed is read.

/// Attributes whose value is an address.
const ADDRESSES: [&str; 5] = ["href=\"", "src=\"", "poster=\"", "srcset=\"", "data-src=\""];

/// Appends an element with text, or nothing when there is none.
pub(super) fn element(name: &str, text: &str, out: &mut String) {
    if !text.is_empty() {
        out.push_str(&format!("<{name}>"));
        escape(text, out);
        out.push_str(&format!("</{name}>\n"));
    }
}

/// Appends text that stands for itself; characters XML cannot have are left out.
pub(super) fn escape(text: &str, out: &mut String) {
    let allowed = |char: &char| {
        matches!(char, '\t' | '\n' | '\r')
            || (!char.is_control() && !"\u{fffe}\u{ffff}".contains(*char))
    };
    let allowed: String = text.chars().filter(allowed).collect();
    crate::render::html::escape(&allowed, out);
}

/// HTML whose links and pictures name the site, as readers elsewhere need it.
#[must_use]
pub fn absolute(html: &str, base_url: &str) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut rest = html;
    while let Some((at, attribute)) = next_address(rest) {
        let (before, after) = rest.split_at(at + attribute.len());
        out.push_str(before);
        let Some((value, after)) = after.split_once('"') else {
            rest = after;
            break;
        };
        if attribute == "srcset=\"" {
            let parts = value.split(',').map(|part| full(part.trim(), base_url));
            out.push_str(&parts.collect::<Vec<_>>().join(", "));
        } else {
            out.push_str(&full(value, base_url));
        }
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    out
}

fn next_address(html: &str) -> Option<(usize, &'static str)> {
    let found = ADDRESSES.iter().filter_map(|name| {
        let mut places = html.match_indices(name);
        // The whole name: `data-href="` is somebody else's.
        let at = places.find(|(at, _)| html[..*at].ends_with(char::is_whitespace))?.0;
        Some((at, *name))
    });
    found.min()
}

fn full(url: &str, base_url: &str) -> String {
    if url.starts_with('/') && !url.starts_with("//") {
        format!("{base_url}{url}")
    } else {
        url.to_owned()
    }
}

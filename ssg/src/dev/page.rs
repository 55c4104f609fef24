//! A page as a browser has it: which of its bytes matter, and the script that asks.

use memchr::memmem;

use crate::engine::Fingerprint;
use crate::site::public_url::is_hashed_asset;

const ASSETS: &[u8] = b"/assets/";
const INTEGRITY: &str = " integrity=\"";
const END: &[u8] = b"</body>";

/// What a browser compares with what it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Of everything but the names of stylesheets, which can be exchanged in place.
    pub(super) fingerprint: String,
    /// The stylesheets it names.
    pub(super) styles: Vec<String>,
}

impl Seen {
    pub(super) fn of(html: &str) -> Self {
        let mut styles = Vec::new();
        let mut rest = String::with_capacity(html.len());
        let mut from = 0;
        for at in memmem::find_iter(html.as_bytes(), ASSETS) {
            let url = html.get(at..).unwrap_or_default();
            let end = url.find(|char: char| char.is_whitespace() || "\"'<>()?#".contains(char));
            let url = url.get(..end.unwrap_or(url.len())).unwrap_or_default();
            if !url.ends_with(".css") || !is_hashed_asset(url.trim_start_matches('/')) || at < from
            {
                continue;
            }
            rest.push_str(html.get(from..at).unwrap_or_default());
            rest.push_str(plain_name(url));
            from = at + url.len();
            styles.push(url.to_owned());
        }
        rest.push_str(html.get(from..).unwrap_or_default());
        let fingerprint = Fingerprint::of_bytes(without_integrity(&rest).as_bytes()).to_string();
        Self { fingerprint, styles }
    }
}

/// `/assets/site.0123abcd.css` → `/assets/site`
fn plain_name(url: &str) -> &str {
    url.rsplitn(3, '.').nth(2).unwrap_or(url)
}

/// A file's digest changes with its name, which is looked at already.
fn without_integrity(html: &str) -> String {
    let mut parts = html.split(INTEGRITY);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('"').map_or(part, |(_, rest)| rest));
    }
    out
}

/// The page with the script that keeps it current, before the end of its body.
pub(super) fn with_script(mut page: Vec<u8>) -> Vec<u8> {
    let fingerprint = Seen::of(&String::from_utf8_lossy(&page)).fingerprint;
    let script = format!("<script src=\"/-/dev/client.js\" data-page=\"{fingerprint}\"></script>");
    let at = memmem::rfind(&page, END).unwrap_or(page.len());
    page.splice(at..at, script.into_bytes());
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<link href=\"/assets/site.0123456789ab.css\" integrity=\"sha384-x\">
        <script src='/assets/a.0123456789ab.js'></script><p>text</p></body></html>";

    #[test]
    fn a_stylesheet_alone_does_not_change_a_page() {
        let seen = Seen::of(PAGE);
        assert_eq!(seen.styles, ["/assets/site.0123456789ab.css"]);
        let other =
            Seen::of(&PAGE.replace("site.0123456789ab", "site.ba9876543210").replace("-x", "-y"));
        assert_eq!(other.fingerprint, seen.fingerprint);
        assert_eq!(other.styles, ["/assets/site.ba9876543210.css"]);
        for (from, to) in
            [("text", "words"), ("a.0123456789ab", "a.1123456789ab"), ("site.", "other.")]
        {
            assert_ne!(Seen::of(&PAGE.replace(from, to)).fingerprint, seen.fingerprint, "{from}");
        }
    }

    #[test]
    fn the_script_stands_at_the_end_of_the_body() {
        let page = String::from_utf8(with_script(PAGE.into())).unwrap();
        assert!(page.contains("</p><script src=\"/-/dev/client.js\" data-page=\""), "{page}");
        assert!(page.ends_with("</script></body></html>"), "{page}");
        assert!(with_script(b"<p>x".into()).starts_with(b"<p>x<script"));
    }
}

//! The frame a browser shows around a preview, and the page that says why there is none.

use super::Link;
use crate::render::html;

const FRAME: &str = include_str!("frame.html");
const NOTE: &str = include_str!("note.html");

/// The frame; the page inside is asked for at the same address.
pub(super) fn around(base: &str, link: &Link) -> String {
    let what = match link.documents.len() {
        0 => "every draft".to_owned(),
        1 => "one draft".to_owned(),
        many => format!("{many} drafts"),
    };
    let time = |seconds: i64| {
        let time = jiff::Timestamp::from_second(seconds).ok();
        time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
    };
    let at = link.at.map_or_else(String::new, |at| format!(", as of {}", time(at)));
    FRAME
        .replace("{{base}}", &escape(base))
        .replace("{{what}}", &escape(&format!("{what}{at}")))
        .replace("{{expires}}", &escape(&time(link.expires)))
}

/// A page with a message and, perhaps, details.
pub(super) fn note(message: &str, details: &[String]) -> String {
    let details: String =
        details.iter().map(|line| format!("<pre>{}</pre>", escape(line))).collect();
    NOTE.replace("{{message}}", &escape(message)).replace("{{details}}", &details)
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    html::escape(text, &mut out);
    out
}

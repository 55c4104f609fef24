//! `_headers` as nginx sends them, beside the headers every site has.
//!
//! nginx does not join values, so maps do: each block adds its value and a
//! comma, or a mark that forgets what came before, and one more map reads the
//! result. `_headers` decides over the site's own headers with two exceptions:
//! how long an answer other than success is kept, and what keeps uploaded files
//! from running as pages.

use std::fmt::Write;

use super::{
    listen::STRICT_TRANSPORT,
    pattern::{glob, map, quoted},
};
use crate::rules::{Edit, HeaderBlock, Rules};

/// Stands where values before it were removed; no header can hold it.
const MARK: char = '¬';

type Own = (&'static str, &'static str, &'static str, &'static str);

/// What every site sends: name, value, and what the owner's word depends on,
/// with the condition under which it does not count.
const OWN: [Own; 5] = [
    ("Cache-Control", "$galley_cache", "$status", "~^(?!200|206|304)"),
    ("Content-Security-Policy", "$galley_policy", "$galley_policy", "~^sandbox"),
    ("X-Content-Type-Options", "nosniff", "$galley_policy", "~^sandbox"),
    ("X-Frame-Options", "SAMEORIGIN", "", ""),
    ("Referrer-Policy", "strict-origin-when-cross-origin", "", ""),
];

const TLS: Own = ("Strict-Transport-Security", STRICT_TRANSPORT, "", "");

/// Maps outside of the server block, and the headers inside it.
pub(super) fn compile(
    rules: &Rules,
    prefix: &str,
    tls: bool,
) -> Result<(String, String), std::fmt::Error> {
    let (mut maps, mut server) = (String::new(), String::new());
    let names = rules.header_names();
    if !names.is_empty() {
        writeln!(maps, "# Headers: what `_headers` says about a path, `{MARK}` where it forgets.")?;
    }
    let sent: Vec<_> = OWN.into_iter().chain(tls.then_some(TLS)).collect();
    for &(name, default, guard, fixed) in &sent {
        match names.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            None => writeln!(server, "add_header {name} {default} always;")?,
            Some(at) => {
                let parts = blocks(&mut maps, rules, name, &format!("{prefix}_h{at}"))?;
                let mut rows = Vec::new();
                if !fixed.is_empty() {
                    rows.push((format!("\"{fixed}\""), default.to_owned()));
                }
                rows.push((format!("\"~^[^{MARK}]*{MARK}\\z\""), default.to_owned()));
                rows.push(joined(prefix));
                let source = format!("\"{guard}{MARK}{parts}\"");
                map(&mut maps, &source, &format!("{prefix}_h{at}"), "\"\"", &rows)?;
                writeln!(server, "add_header {name} ${prefix}_h{at} always;")?;
            }
        }
    }
    let own = |name: &str| sent.iter().any(|(own, ..)| own.eq_ignore_ascii_case(name));
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !own(name)) {
        let parts = blocks(&mut maps, rules, name, &format!("{prefix}_h{at}"))?;
        let source = format!("\"{MARK}{parts}\"");
        map(&mut maps, &source, &format!("{prefix}_h{at}"), "\"\"", &[joined(prefix)])?;
        writeln!(server, "add_header {name} ${prefix}_h{at} always;")?;
    }
    Ok((maps, server))
}

/// What is left after the last mark, without the last comma.
fn joined(prefix: &str) -> (String, String) {
    (format!("\"~{MARK}(?<{prefix}_v>[^{MARK}]+), \\z\""), format!("${prefix}_v"))
}

/// A map for each block that speaks of the header; returns all their variables.
fn blocks(
    out: &mut String,
    rules: &Rules,
    name: &str,
    variable: &str,
) -> Result<String, std::fmt::Error> {
    let mut parts = String::new();
    for (at, block) in rules.headers.iter().enumerate() {
        let value = value(block, name);
        if !value.is_empty() {
            let row = (format!("\"{}\"", glob(&block.glob)), quoted(&value));
            map(out, "$galley_path", &format!("{variable}_{at}"), "\"\"", &[row])?;
            write!(parts, "${{{variable}_{at}}}")?;
        }
    }
    Ok(parts)
}

fn value(block: &HeaderBlock, name: &str) -> String {
    let mut value = String::new();
    for (_, edit) in block.edits.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)) {
        match edit {
            Edit::Add(text) => {
                value.push_str(text);
                value.push_str(", ");
            }
            Edit::Remove => value = MARK.to_string(),
        }
    }
    value
}

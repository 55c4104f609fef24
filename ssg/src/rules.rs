//! Redirects and headers that the site's owner writes, in Netlify's convention.
//!
//! `static/_redirects` and `static/_headers` are read here, once, with every
//! mistake named by file and line. Two readers follow: `nginx` compiles them
//! into its configuration, `daemon` asks [`Rules::decide`] and
//! [`Rules::headers`]. Both must give every request the same answer; a shared
//! table of requests in the tests holds them to it. Nothing here does more I/O
//! than reading the two files.
//!
//! A rule concerns plain paths only: one with `//`, `.` or `..` segments, a
//! backslash, or an encoded `.` or `/` is nobody's address, and redirecting it
//! could lead visitors to another host.

use std::{fs, io, path::Path};

pub use self::{
    glob::{Glob, Token},
    headers::{Edit, HeaderBlock},
    origin::{Origin, Segment},
    query::{Condition, Wanted},
    redirects::Redirect,
    request::{Action, Asked},
    target::{Destination, Part, Target},
};

mod glob;
mod headers;
mod origin;
mod query;
mod redirects;
mod request;
mod target;

/// In the folder of static files; never published themselves.
pub const REDIRECTS: &str = "_redirects";
pub const HEADERS: &str = "_headers";
/// Longer files are a mistake: each rule costs every visitor a comparison.
const MAX_BYTES: u64 = 1_048_576;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The first that matches wins.
    pub redirects: Vec<Redirect>,
    /// All that match apply, in this order.
    pub headers: Vec<HeaderBlock>,
}

/// A line that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RuleError {
    pub file: String,
    pub line: usize,
    pub message: String,
}

impl Rules {
    /// Reads both files of a folder of static files; a missing one has no rules.
    ///
    /// # Errors
    /// All mistakes in both.
    pub fn load(folder: &Path) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut text = |name: &str| {
            let path = folder.join(name);
            let file = path.display().to_string();
            match read(&path) {
                Ok(text) => (file, text),
                Err(message) => {
                    errors.push(RuleError { file: file.clone(), line: 0, message });
                    (file, String::new())
                }
            }
        };
        let (redirects, headers) = (text(REDIRECTS), text(HEADERS));
        let mut locate = |file: &str, found: Vec<(usize, String)>| {
            errors.extend(found.into_iter().map(|(line, message)| RuleError {
                file: file.to_owned(),
                line,
                message,
            }));
        };
        let parsed = redirects::parse(&redirects.1);
        locate(&redirects.0, parsed.1);
        let blocks = headers::parse(&headers.1);
        locate(&headers.0, blocks.1);
        if errors.is_empty() {
            Ok(Self { redirects: parsed.0, headers: blocks.0 })
        } else {
            Err(errors)
        }
    }
}

impl Rules {
    /// These rules, and after them those of a file that the site keeps by itself. Lines that
    /// cannot be followed are left out: nobody wrote them.
    #[must_use]
    pub fn and(mut self, file: &Path) -> Self {
        let text = read(file).unwrap_or_default();
        self.redirects.extend(redirects::parse(&text).0);
        self
    }
}

/// What `static/` holds that is not for visitors.
#[must_use]
pub fn is_rule_file(path: &str) -> bool {
    path == REDIRECTS || path == HEADERS
}

fn read(path: &Path) -> Result<String, String> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() > MAX_BYTES => {
            return Err(format!("is {} bytes long; {MAX_BYTES} are accepted", meta.len()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        _ => {}
    }
    fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

/// A name as placeholders have it: a letter, then letters, digits and `_`.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Percent-escapes read as the server reads them.
fn decoded(text: &str) -> Result<String, String> {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8();
    let plain = plain.map_err(|_| format!("`{text}` is not UTF-8 when decoded"))?;
    if plain.contains(|c: char| c.is_control() || matches!(c, '\\' | '"' | '$')) {
        return Err(format!("`{text}` has a character that no rule can have (`\\`, `\"`, `$`)"));
    }
    Ok(plain.into_owned())
}

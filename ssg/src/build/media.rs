//! Files of the media library that pages show: found in what was rendered, fetched once
//! per version, published at the same path.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cms_api::builtin::FILE;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::memory::Memory;
use super::source::{Source, SourceError};
use crate::content::media::version;
use crate::content::{Entry, Snapshot};
use crate::engine::{ChangeSet, Fingerprint, Kind};
use crate::pictures::{self, Variant};

/// Where the CMS serves its media library.
pub(super) const PREFIX: &str = "/uploads/";
/// The same as a folder of the output.
pub(super) const FOLDER: &str = "uploads/";

/// What the cache knows about a file, beside it: one that is not what was fetched is fetched
/// again.
const SUM: &str = "sum";

/// Every media URL in a page, as paths without query, in order and once. Absolute URLs
/// count when they are below the site's own address.
pub(super) fn shown(html: &str, base_url: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for at in memchr::memmem::find_iter(html.as_bytes(), PREFIX) {
        let (before, rest) = html.split_at(at);
        let starts = match before.chars().next_back() {
            None => true,
            Some(char) => char.is_whitespace() || "\"'(=,>;".contains(char),
        };
        if starts || before.ends_with(base_url) {
            let end = rest.find(is_end).unwrap_or(rest.len());
            let url = rest.split_at(end).0.trim_end_matches(['.', ',']);
            if url.len() > PREFIX.len() && file(url).is_some() {
                found.insert(url.to_owned());
            }
        }
    }
    found.into_iter().collect()
}

fn is_end(char: char) -> bool {
    char.is_whitespace() || "\"'<>()?#&\\`{}|^".contains(char)
}

/// The output file of a media URL; none when it would leave its folder.
pub(super) fn file(url: &str) -> Option<String> {
    let path = percent_decode_str(url).decode_utf8().ok()?;
    let relative = path.strip_prefix('/')?;
    let sound = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.chars().any(char::is_control)
    };
    relative.split('/').all(sound).then(|| relative.to_owned())
}

/// Which version of which URL the media library has, and how many bytes it is.
#[derive(Debug)]
pub(super) struct MediaIndex(HashMap<String, (String, Option<u64>)>);

impl MediaIndex {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let files = snapshot.all_entries(FILE);
        Self(
            files
                .flat_map(|file| {
                    let version = version(file);
                    urls(file).into_iter().map(move |(url, size)| (url, (version.clone(), size)))
                })
                .collect(),
        )
    }

    pub(super) fn knows(&self, url: &str) -> bool {
        self.0.contains_key(&*file_of(url))
    }

    pub(super) fn version(&self, url: &str) -> String {
        self.0.get(&*file_of(url)).map(|(version, _)| version.clone()).unwrap_or_default()
    }

    pub(super) fn size(&self, url: &str) -> Option<u64> {
        self.0.get(url)?.1
    }
}

/// The URL of the file itself that a variant is made of.
fn file_of(url: &str) -> Cow<'_, str> {
    Variant::parse(url).map_or(url.into(), |variant| variant.source.into())
}

/// The file's own URL and those of its formats, with how many bytes each is.
fn urls(file: &Entry) -> Vec<(String, Option<u64>)> {
    let json = |name| file.get(name).and_then(|value| serde_json::to_value(value).ok());
    let of = |url: Option<&Value>, size: Option<&Value>| {
        // In thousands of bytes, as Strapi counts.
        let bytes = size.and_then(Value::as_f64).map(|size| (size * 1_000.0).round() as u64);
        url.and_then(Value::as_str).map(|url| (url.to_owned(), bytes))
    };
    let own = of(json("url").as_ref(), json("size").as_ref());
    let formats = json("formats");
    let formats = formats.as_ref().and_then(Value::as_object).into_iter().flatten();
    let formats = formats.filter_map(|(_, format)| of(format.get("url"), format.get("size")));
    own.into_iter().chain(formats).collect()
}

/// Where the cache has a version of a URL.
pub(super) fn cached(folder: &Path, url: &str, version: &str) -> PathBuf {
    folder.join(Fingerprint::of_json(&(url, version)).to_string())
}

/// A media file's bytes, from the cache or fetched into it. Variants of pictures are made of
/// the file they name.
pub(super) fn bytes(
    source: Option<&dyn Source>,
    folder: &Path,
    url: &str,
    version: &str,
) -> Result<Vec<u8>, SourceError> {
    let path = cached(folder, url, version);
    let sum = path.with_added_extension(SUM);
    if let (Ok(bytes), Ok(known)) = (std::fs::read(&path), std::fs::read(&sum))
        && known == blake3::hash(&bytes).as_bytes()
    {
        return Ok(bytes);
    }
    let disk = |error| SourceError::Refused(format!("`{}`: {error}", path.display()));
    let bytes = match Variant::parse(url) {
        Some(variant) => {
            let file = bytes(source, folder, &variant.source, version)?;
            let bytes = made(&variant, &file)?;
            std::fs::write(&path, &bytes).map_err(disk)?;
            bytes
        }
        None => {
            let source =
                source.ok_or_else(|| SourceError::Unreachable("building offline".to_owned()))?;
            source.fetch(url, &path)?;
            std::fs::read(&path).map_err(disk)?
        }
    };
    std::fs::write(&sum, blake3::hash(&bytes).as_bytes()).map_err(disk)?;
    Ok(bytes)
}

/// A variant of these bytes. Its URL holds for one content only: whoever asks for that of
/// another gets nothing.
fn made(variant: &Variant, file: &[u8]) -> Result<Vec<u8>, SourceError> {
    let url = variant.url();
    if !variant.is_of(blake3::hash(file).to_hex().as_str()) {
        return Err(SourceError::Missing(format!("`{url}` is of another version of its file")));
    }
    let made = pictures::make(file, variant);
    made.map_err(|error| SourceError::Refused(format!("`{url}`: {error}")))
}

impl Memory {
    /// Media URLs whose place in the release may be out of date.
    pub(super) fn media_to_check(&mut self, changes: &ChangeSet, all: bool) -> BTreeSet<String> {
        let mut urls = self.graph.take_media_changes();
        urls.extend(self.missing_media.iter().cloned());
        if all {
            urls.extend(self.graph.media().cloned());
            let published =
                self.graph.traces().filter(|(_, trace)| trace.about.kind == Kind::Media);
            urls.extend(published.map(|(_, trace)| trace.about.url.to_string()));
        }
        let files = changes.documents.iter().filter(|(_, change)| change.uid == FILE);
        let rows = files.filter_map(|(id, _)| self.snapshot.get(FILE, id, None));
        urls.extend(rows.flat_map(|row| super::media::urls(row)).map(|(url, _)| url));
        urls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_found_wherever_a_page_shows_them() {
        let html = r#"<img src="/uploads/a.png" srcset="/uploads/s_a.png 500w, /uploads/l_a.png 1000w">
            <a href='/uploads/b%20c.pdf?download'>x</a> url(/uploads/d.jpg)
            <meta content="https://example.org/uploads/e.jpg"> https://other.org/uploads/no.png
            <p>our /uploads/ folder</p> &quot;/uploads/f.png&quot; /uploads/../secret"#;
        assert_eq!(
            shown(html, "https://example.org"),
            [
                "/uploads/a.png",
                "/uploads/b%20c.pdf",
                "/uploads/d.jpg",
                "/uploads/e.jpg",
                "/uploads/f.png",
                "/uploads/l_a.png",
                "/uploads/s_a.png",
            ]
        );
        assert_eq!(file("/uploads/b%20c.pdf").as_deref(), Some("uploads/b c.pdf"));
        assert_eq!(file("/uploads/%2e%2e/x"), None);
    }
}

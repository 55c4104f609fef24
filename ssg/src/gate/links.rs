//! Links within the site that a release breaks.
//!
//! Pages that changed are read; a broken link that stood there before, and was broken then,
//! is a warning, as is every one of a first release. When files disappear, the other pages are read for links to them, too: that
//! is the one step whose cost follows the site.

use std::{
    collections::{BTreeSet, HashSet},
    fs, io,
    path::Path,
};

use percent_encoding::percent_decode_str;
use rayon::prelude::*;
use url::Url;
use walkdir::WalkDir;

use super::{Health, MOST_FINDINGS, Strictness, file_for};
use crate::{
    release::{Candidate, Finding, ReleaseError, Step},
    rules::{Asked, Rules},
    site::public_url::{INDEX, encode},
};

/// Where the daemon answers, not a file.
const SERVED: [&str; 3] = ["/api/", "/hooks/", "/-/"];
const PAGE: &str = ".html";
const HASHED: &str = "assets/";
/// Attributes that lead somewhere.
const ATTRIBUTES: [&str; 2] = ["href", "src"];

struct Broken {
    source: String,
    target: String,
    /// It was so before.
    known: bool,
}

pub(super) fn check(
    health: &Health<'_>,
    candidate: &Candidate,
) -> Result<Vec<Finding>, ReleaseError> {
    if health.policy.links == Strictness::Off {
        return Ok(Vec::new());
    }
    let looker = Looker { health, candidate };
    let changed: Vec<&Step> =
        candidate.steps.iter().filter(|step| step.new.is_some() && is_page(&step.path)).collect();
    let mut broken: Vec<Broken> =
        changed.par_iter().flat_map_iter(|step| looker.of_changed(&step.path)).collect();
    let gone: HashSet<&str> = candidate
        .steps
        .iter()
        .filter(|step| step.new.is_none())
        .map(|step| step.path.as_str())
        .collect();
    if !gone.is_empty() {
        let changed: HashSet<&str> = changed.iter().map(|step| step.path.as_str()).collect();
        broken.extend(looker.to_gone(&gone, &changed)?);
    }
    broken.sort_by(|one, other| (&one.source, &one.target).cmp(&(&other.source, &other.target)));
    let (known, new): (Vec<_>, Vec<_>) = broken.into_iter().partition(|broken| broken.known);
    health.warn(findings(&known));
    if health.policy.links == Strictness::Warn {
        health.warn(findings(&new));
        return Ok(Vec::new());
    }
    Ok(findings(&new))
}

/// A static file has a second name with its hash, under which it is no page.
fn is_page(path: &str) -> bool {
    path.ends_with(PAGE) && !path.starts_with(HASHED)
}

fn findings(broken: &[Broken]) -> Vec<Finding> {
    let finding = |broken: &Broken| {
        let url = url_of(&broken.source);
        Finding::new(
            "links",
            Some(&url),
            format!("links to `{}`, which does not exist", broken.target),
        )
    };
    broken.iter().take(MOST_FINDINGS).map(finding).collect()
}

struct Looker<'a> {
    health: &'a Health<'a>,
    candidate: &'a Candidate,
}

impl Looker<'_> {
    fn of_changed(&self, path: &str) -> Vec<Broken> {
        let tree = &self.candidate.tree;
        let targets = self.targets(tree, path);
        let broken: Vec<_> =
            targets.into_iter().filter(|target| !self.leads_somewhere(tree, target)).collect();
        if broken.is_empty() {
            return Vec::new();
        }
        let before = self.candidate.live.as_ref();
        let before = before.map(|live| (live, self.targets(live, path)));
        let known = |target: &str| {
            before.as_ref().is_none_or(|(live, targets)| {
                targets.contains(target) && !self.leads_somewhere(live, target)
            })
        };
        let broken = broken.into_iter().map(|target| Broken {
            source: path.to_owned(),
            known: known(&target),
            target,
        });
        broken.collect()
    }

    /// Links of pages that stay as they are to files that go.
    fn to_gone(
        &self,
        gone: &HashSet<&str>,
        changed: &HashSet<&str>,
    ) -> Result<Vec<Broken>, ReleaseError> {
        let tree = &self.candidate.tree;
        let mut pages = Vec::new();
        for entry in WalkDir::new(tree) {
            let entry = entry.map_err(|error| unreadable(tree, error.into()))?;
            let path = entry.path().strip_prefix(tree).unwrap_or(entry.path());
            let path = path.to_string_lossy();
            if is_page(&path) && !changed.contains(&*path) && entry.file_type().is_file() {
                pages.push(path.into_owned());
            }
        }
        let of_page = |path: &String| {
            let targets = self.targets(tree, path).into_iter();
            let targets = targets.filter(|target| meant(target).any(|file| gone.contains(&*file)));
            let broken = targets.filter(|target| !self.leads_somewhere(tree, target));
            let broken = broken.map(|target| Broken { source: path.clone(), target, known: false });
            broken.collect::<Vec<_>>()
        };
        Ok(pages.par_iter().flat_map_iter(of_page).collect())
    }

    /// Paths of this site that a page links to, encoded as it writes them.
    fn targets(&self, tree: &Path, path: &str) -> BTreeSet<String> {
        let Ok(bytes) = fs::read(tree.join(path)) else { return BTreeSet::new() };
        let html = String::from_utf8_lossy(&bytes);
        let Ok(base) = Url::parse(self.health.base_url) else { return BTreeSet::new() };
        let Ok(page) = base.join(&url_of(path)) else { return BTreeSet::new() };
        let here = |url: &Url| url.origin() == base.origin();
        let joined = links(&html).filter_map(|link| page.join(&link).ok()).filter(here);
        joined.map(|url| url.path().to_owned()).collect()
    }

    fn leads_somewhere(&self, tree: &Path, target: &str) -> bool {
        let path = percent_decode_str(target).decode_utf8_lossy();
        SERVED.iter().any(|served| path.starts_with(served))
            || file_for(tree, &path).is_some()
            || self.candidate.retired.join(path.trim_start_matches('/')).is_file()
            || is_ruled(self.health.rules, target, &path)
    }
}

/// Whether a redirect answers.
fn is_ruled(rules: &Rules, raw: &str, path: &str) -> bool {
    rules.decide(Asked { raw, path, query: None }, || false).is_some()
}

/// The files that could answer for a target.
fn meant(target: &str) -> impl Iterator<Item = String> {
    let path = percent_decode_str(target).decode_utf8_lossy().into_owned();
    let below = path.trim_start_matches('/').to_owned();
    let folder = below.trim_end_matches('/');
    let index = if folder.is_empty() { INDEX.to_owned() } else { format!("{folder}/{INDEX}") };
    [below, index].into_iter()
}

fn url_of(file: &str) -> String {
    let folder = file.strip_suffix(INDEX).filter(|path| path.is_empty() || path.ends_with('/'));
    encode(&format!("/{}", folder.unwrap_or(file)))
}

/// Every `href` and `src` of a page, entities resolved as far as URLs have them.
fn links(html: &str) -> impl Iterator<Item = String> {
    ATTRIBUTES.into_iter().flat_map(move |name| {
        memchr::memmem::find_iter(html.as_bytes(), name)
            .filter_map(move |at| value(html, at, name))
            .map(|text| text.replace("&amp;", "&"))
            .collect::<Vec<_>>()
    })
}

/// The quoted value of the attribute whose name stands at `at` inside a tag.
fn value<'h>(html: &'h str, at: usize, name: &str) -> Option<&'h str> {
    let (before, rest) = html.split_at(at);
    if !before.ends_with(|char: char| char.is_ascii_whitespace()) {
        return None;
    }
    let inside = before.rfind('<') > before.rfind('>');
    let rest = rest.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    let text = rest.get(1..)?.split(quote).next()?;
    let text = text.trim();
    (inside && !text.is_empty() && !text.starts_with('#')).then_some(text)
}

fn unreadable(path: &Path, source: io::Error) -> ReleaseError {
    ReleaseError::Io { action: "read", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_attributes_of_tags() {
        let html = r##"<a class=x href="/a/?x=1&amp;y=2">href="/no/"</a><img src='b.png'>
            <a data-href="/no/" href="#top">x</a> <p>a href=" b</p>"##;
        assert_eq!(links(html).collect::<Vec<_>>(), ["/a/?x=1&y=2", "b.png"]);
    }

    #[test]
    fn a_target_means_a_file_or_its_folders_page() {
        let files = |target| meant(target).collect::<Vec<_>>();
        assert_eq!(files("/"), ["", "index.html"]);
        assert_eq!(files("/a%20b/"), ["a b/", "a b/index.html"]);
        assert_eq!(files("/x.css"), ["x.css", "x.css/index.html"]);
    }
}

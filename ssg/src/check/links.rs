//! Where the links of a page lead, and what the page weighs with all it fetches.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use url::Url;

use super::Looked;
use super::diagnostic::{Diagnostic, Severity};
use super::page::Link;
use crate::build::{Standing, View};

/// What a page's links came to: mistakes, and addresses of other sites with their place.
type Checked = (Vec<Diagnostic>, Vec<(String, Diagnostic)>);

/// Fragments that every page has.
const TOP: &str = "top";

pub(super) struct Checker<'a> {
    view: &'a View,
    base: Option<Url>,
    /// The ids of each page.
    places: &'a BTreeMap<&'a str, &'a BTreeSet<String>>,
    weight: Option<u64>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(view: &'a View, places: &'a BTreeMap<&'a str, &'a BTreeSet<String>>) -> Self {
        let weight = view.check_settings().page_weight;
        Self { view, base: Url::parse(view.base_url()).ok(), places, weight }
    }

    pub(super) fn of(&self, looked: &Looked) -> Checked {
        let mut found = (Vec::new(), Vec::new());
        let Some(base) = &self.base else { return found };
        let Ok(here) = base.join(&looked.url) else { return found };
        let mut offers: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for link in &looked.page.links {
            if link.address.is_empty() && !link.asset {
                continue;
            }
            let Ok(url) = here.join(&link.address) else {
                let message = format!("`{}` is no address", link.address);
                found.0.push(looked.at("link", Severity::Error, message, link.line));
                continue;
            };
            if !matches!(url.scheme(), "http" | "https") {
                continue;
            }
            if url.origin() == base.origin() {
                found.0.extend(self.inside(looked, link, &url));
                if link.asset {
                    offers.entry(link.choice).or_default().insert(decoded(url.path()));
                }
            } else {
                self.outside(looked, link, &url, base, &mut found);
            }
        }
        found.0.extend(self.too_heavy(looked, &offers));
        found
    }

    fn inside(&self, looked: &Looked, link: &Link, url: &Url) -> Option<Diagnostic> {
        let path = decoded(url.path());
        let rule = if link.asset { "asset" } else { "link" };
        let wrong = |rule, severity, message| Some(looked.at(rule, severity, message, link.line));
        let address = &link.address;
        match self.view.standing(&path) {
            Standing::Page(file) => {
                let fragment = decoded(url.fragment().unwrap_or_default());
                let known =
                    self.places.get(file.as_str()).is_none_or(|ids| ids.contains(&fragment));
                let fine = fragment.is_empty() || fragment == TOP || fragment.starts_with(":~:");
                if known || fine {
                    return None;
                }
                let page = if address.starts_with('#') { "the page" } else { path.as_str() };
                let message =
                    format!("`{address}` leads to no place: {page} has no id `{fragment}`");
                wrong("anchor", Severity::Error, message)
            }
            Standing::File | Standing::Served => None,
            Standing::Redirected => wrong(
                "redirect",
                Severity::Warning,
                format!("`{address}` leads through a redirect"),
            ),
            Standing::Folder => {
                let message = format!("`{address}` leads through a redirect to `{path}/`");
                wrong("redirect", Severity::Warning, message)
            }
            Standing::Nothing => {
                wrong(rule, Severity::Error, format!("`{address}` does not exist"))
            }
        }
    }

    fn outside(&self, looked: &Looked, link: &Link, url: &Url, base: &Url, found: &mut Checked) {
        if link.asset && url.scheme() == "http" && base.scheme() == "https" {
            let message = format!("`{url}` is fetched without encryption");
            found.0.push(looked.at("insecure", Severity::Error, message, link.line));
        }
        let mut address = url.clone();
        address.set_fragment(None);
        let place = looked.at("external", Severity::Error, String::new(), link.line);
        found.1.push((address.to_string(), place));
    }

    /// Of each offer the heaviest counts: what somebody with the largest screen fetches.
    fn too_heavy(
        &self,
        looked: &Looked,
        offers: &BTreeMap<usize, BTreeSet<String>>,
    ) -> Option<Diagnostic> {
        let most = self.weight?;
        let heaviest = offers.values().filter_map(|paths| {
            let weighed = paths.iter().filter_map(|path| Some((self.view.weight_of(path)?, path)));
            weighed.max()
        });
        // What two places fetch is fetched once.
        let fetched: BTreeSet<(u64, &String)> = heaviest.collect();
        let weight = looked.bytes as u64 + fetched.iter().map(|(weight, _)| weight).sum::<u64>();
        (weight > most).then(|| {
            let message = format!(
                "the page weighs {} KB with what it fetches; `page_weight` allows {} KB",
                weight.div_ceil(1024),
                most / 1024
            );
            looked.at("weight", Severity::Error, message, 1)
        })
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

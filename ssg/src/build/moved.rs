//! Automatic redirects: the address a page had leads to the one its entry has now.
//!
//! Which addresses there were is history, not content, so this is no part of the published
//! tree: a clean build of the same content publishes the same files and knows no history. The
//! table is kept beside the releases, a line for each address.

use std::fmt::Write as _;

use super::world::World;
use crate::release::{self, ReleaseError};
use crate::site::public_url;

/// The newest so many are kept: each costs requests that find nothing a comparison.
const MOST: usize = 5_000;
/// The page for what is gone.
const GONE: &str = "410.html";

/// A page that left its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) url: String,
    pub(super) document_id: String,
    pub(super) locale: String,
}

/// Notes addresses that were left and brings all targets up to date.
pub(super) fn note(
    releases: &release::Store,
    world: &World,
    left: &[Left],
) -> Result<(), ReleaseError> {
    let before = std::fs::read_to_string(releases.moved_file()).unwrap_or_default();
    let mut known: Vec<Left> = before.lines().filter_map(parse).collect();
    known.retain(|old| left.iter().all(|new| new.url != old.url));
    known.extend(left.iter().cloned());
    let stands = |url: &str| world.table.page(&public_url::file_meant(url)).is_some();
    known.retain(|old| !stands(&old.url));
    let first = known.len().saturating_sub(MOST);
    let text = written(known.get(first..).unwrap_or_default(), world);
    if text == before { Ok(()) } else { releases.write_moved(&text) }
}

fn written(known: &[Left], world: &World) -> String {
    let gone = world.table.site().gone;
    let mut out = String::new();
    for Left { url, document_id, locale } in known {
        let rule = match world.table.url_for(document_id, locale) {
            Some(to) => format!("{url} {to} 301"),
            None if gone => match page_for_gone(world, locale) {
                Some(page) => format!("{url} {page} 410"),
                None => format!("{url} 410"),
            },
            // Kept for the day the entry comes back.
            None => format!("# {url}"),
        };
        let _ = writeln!(out, "{rule} # {document_id} {locale}");
    }
    out
}

/// The page that says that something is gone, in a locale or in the first one.
fn page_for_gone(world: &World, locale: &str) -> Option<String> {
    let files = [format!("{locale}/{GONE}"), GONE.to_owned()];
    let file = files.into_iter().find(|file| world.table.page(file).is_some())?;
    Some(format!("/{file}"))
}

/// The inverse of a written line.
fn parse(line: &str) -> Option<Left> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let (rule, about) = line.split_once(" # ")?;
    let (document_id, locale) = about.split_once(' ')?;
    let url = rule.split(' ').next()?.to_owned();
    Some(Left { url, document_id: document_id.to_owned(), locale: locale.to_owned() })
}

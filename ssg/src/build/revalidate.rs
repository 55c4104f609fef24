//! Pages that somebody wants rendered again although nothing they read is known to have
//! changed: the counterpart of Next.js's `revalidatePath` and `revalidateTag`.
//!
//! Rendering is pure, so the result is nearly always the file that is there, and then
//! nothing is published. What it is good for: a page whose file was damaged by hand, and a
//! CMS that has no change feed, which is asked anew first.

use std::collections::BTreeSet;

use super::world::World;
use crate::engine::Graph;
use crate::site::public_url;

/// Which pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revalidation {
    /// The page at a URL or path. A route's path as site.toml writes it (`/blog/{slug}/`)
    /// stands for all its pages. `below`: every page below as well.
    Path { path: String, below: bool },
    /// Pages that read a document, by its id, or anything of a content type, by its uid or
    /// its singular or plural name.
    Tag(String),
}

impl Revalidation {
    /// What was asked for, as the reason of its pages.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::Path { path: text, .. } | Self::Tag(text) => text,
        }
    }

    /// Output files of the pages, of those there are.
    pub(super) fn files(&self, world: &World, graph: &Graph) -> BTreeSet<String> {
        match self {
            Self::Path { path, below } => at_path(world, path, *below),
            Self::Tag(tag) => {
                let mut files = graph.pages_about_document(tag);
                files.extend(types(world, tag).flat_map(|uid| graph.pages_about_type(uid)));
                files
            }
        }
    }
}

fn at_path(world: &World, path: &str, below: bool) -> BTreeSet<String> {
    let table = &world.table;
    let mut files = BTreeSet::new();
    if path.contains('{') {
        let of_route = table.pages().filter(|page| *page.route == *path);
        files.extend(of_route.map(|page| page.file.to_string()));
        return files;
    }
    let file = public_url::file_meant(path);
    if below && let Some(folder) = file.strip_suffix(public_url::INDEX) {
        files.extend(table.files_below(folder).map(|page| page.file.to_string()));
    }
    files.extend(table.page(&file).map(|page| page.file.to_string()));
    files
}

fn types<'a>(world: &'a World, tag: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |ty: &&cms_api::content_type::ContentType| {
        [&ty.uid, &ty.singular_name, &ty.plural_name].contains(&&tag.to_owned())
    };
    world.snapshot.model().types().filter(named).map(|ty| ty.uid.as_str())
}

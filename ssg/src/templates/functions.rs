//! The functions templates call: each asks the page's snapshot, route table or
//! assets, and notes the question with its answer's fingerprint.
//!
//! Functions that answer from content take the REST API's own words. There is
//! no limit on a list unless the template gives one.

mod content;
mod feed;
mod highlight;
mod image;
pub(super) mod links;
mod lists;
mod now;
mod picture;
mod strings;
mod variants;

use std::sync::Arc;

use tera::Tera;

use super::filters::text::Texts;

/// The arguments a function accepts; `None` when it is not one of ours.
pub(crate) fn accepted(function: &str) -> Option<&'static [&'static str]> {
    Some(match function {
        "entries" => &content::ENTRIES,
        "entry" => &content::ENTRY,
        "single" => &content::SINGLE,
        "count" => &content::COUNT,
        "previous" | "next" => &content::NEIGHBOUR,
        "related" => &content::RELATED,
        "feed" => &feed::FEED,
        "url_for" => &links::URL_FOR,
        "asset" => &links::ASSET,
        "image" => &image::IMAGE,
        "picture" => &picture::PICTURE,
        "groups" => &lists::GROUPS,
        "pages" => &lists::PAGES,
        "breadcrumbs" => &lists::BREADCRUMBS,
        "now" => &now::NOW,
        "highlight_css" => &highlight::HIGHLIGHT_CSS,
        _ => return None,
    })
}

pub(crate) fn register(tera: &mut Tera, texts: &Arc<Texts>) {
    content::register(tera);
    feed::register(tera, texts);
    highlight::register(tera);
    image::register(tera);
    links::register(tera);
    lists::register(tera);
    now::register(tera);
    picture::register(tera);
    strings::register(tera);
}

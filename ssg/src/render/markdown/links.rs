//! Links: to entries of the site, which are checked, and out of it.

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::{Host, Job};
use crate::render::html::{attribute, escape};

/// What a link to an entry begins with: `entry:<documentId>` or `entry:<type>/<slug>`.
pub(super) const ENTRY: &str = "entry:";

/// What becomes of a link to an entry that has no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BrokenLinks {
    /// The page fails; its last good version stays.
    #[default]
    Error,
    /// The words stay, without a link.
    Unlink,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// As it was written.
    Same,
    Resolved(String),
    Broken,
}

/// Follows a link if it leads to an entry.
///
/// # Errors
/// When the entry has no page and that is to be an error.
pub fn follow(url: &str, broken: BrokenLinks, host: &dyn Host) -> Result<Link, String> {
    let Some(target) = url.strip_prefix(ENTRY) else { return Ok(Link::Same) };
    let (target, fragment) = match target.split_once('#') {
        Some((target, fragment)) => (target, format!("#{fragment}")),
        None => (target, String::new()),
    };
    match host.entry_url(target) {
        Ok(url) => Ok(Link::Resolved(url + &fragment)),
        Err(_) if broken == BrokenLinks::Unlink => Ok(Link::Broken),
        Err(message) => Err(format!("broken link `{url}`: {message}")),
    }
}

pub(super) fn resolve(events: &mut [Event<'_>], job: &Job<'_>) -> Result<(), String> {
    // Whether the end of each open link is to be written here.
    let mut open = Vec::new();
    for event in events {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, .. }) => {
                let mut own = None;
                if *link_type != LinkType::Email {
                    match follow(dest_url, job.style.broken_links, job.host)? {
                        Link::Same => {
                            own = external(dest_url, title, job).map(|html| (html, "</a>"))
                        }
                        Link::Resolved(url) => *dest_url = CowStr::from(url),
                        Link::Broken => own = Some((String::new(), "")),
                    }
                }
                open.push(own.as_ref().map(|(_, end)| *end));
                if let Some((html, _)) = own {
                    *event = Event::InlineHtml(html.into());
                }
            }
            Event::End(TagEnd::Link) => {
                if let Some(end) = open.pop().flatten() {
                    *event = Event::InlineHtml(end.into());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The opening tag of a link that leaves the site, if the style has something to say of it.
fn external(url: &str, title: &str, job: &Job<'_>) -> Option<String> {
    let style = job.style;
    let leaves = (url.starts_with("https://") || url.starts_with("http://"))
        && (style.base_url.is_empty() || !url.starts_with(&style.base_url));
    if !leaves || style.external_rel.is_empty() {
        return None;
    }
    let mut html = String::from("<a");
    html.push_str(" href=\"");
    escape(url, &mut html);
    html.push('"');
    if !title.is_empty() {
        attribute("title", title, &mut html);
    }
    attribute("rel", &style.external_rel, &mut html);
    html.push('>');
    Some(html)
}

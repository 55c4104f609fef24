//! Which kept answers a change of content may have made wrong.
//!
//! The answer about one entry depends on that document, a list on every document of its type,
//! and both on every type that the query could reach through the content model. Whoever cannot
//! be sure depends on everything: a kept answer too few costs a question, one too many is a lie.

use std::collections::BTreeSet;

use cms_api::{builtin, content_type::AttributeKind, model::ContentModel};
use percent_encoding::percent_decode_str;

use super::documents::Documents;

/// What changed in the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The model, or nobody knows what.
    Everything,
    Only(Documents),
}

/// What an answer was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sources {
    Unknown,
    Known(Documents),
}

impl Sources {
    pub(super) fn touched_by(&self, changed: &Changed) -> bool {
        match (self, changed) {
            (Self::Known(own), Changed::Only(changed)) => own.overlaps(changed),
            (Self::Unknown, Changed::Only(changed)) => !changed.is_empty(),
            (_, Changed::Everything) => true,
        }
    }

    /// Once the answer is there: the path of a route that somebody added may only look like
    /// that of one document.
    pub(super) fn answered_with(self, body: &[u8]) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Known(documents) => Self::Known(documents.or_whole_types(|id| {
                let named = format!("\"documentId\":\"{id}\"");
                memchr::memmem::find(body, named.as_bytes()).is_some()
            })),
        }
    }
}

/// `extra`: types that the rule names besides.
pub(super) fn sources(
    model: Option<&ContentModel>,
    path: &str,
    query: &str,
    extra: &[String],
) -> Sources {
    let mut parts = path.strip_prefix("/api/").unwrap_or_default().split('/');
    let ty = parts.next().and_then(|name| Some((model?, model?.by_route(name)?)));
    let Some((model, ty)) = ty else { return Sources::Unknown };
    let mut reach = Reach { model, words: words(query), found: BTreeSet::new() };
    reach.follow(&ty.uid, depth(query), 0);
    // A relation that may lead anywhere.
    if reach.found.iter().any(|uid| model.get(uid).is_none()) {
        return Sources::Unknown;
    }
    let mut documents = match (parts.next(), parts.next()) {
        (Some(id), None) if ty.uid.starts_with(OWN_TYPES) && is_document_id(id) => {
            Documents::one(&ty.uid, id)
        }
        _ => Documents::of_type(&ty.uid),
    };
    reach.found.iter().chain(extra).for_each(|uid| documents.add_type(uid));
    Sources::Known(documents)
}

/// Those of plugins may be asked for by other ids.
const OWN_TYPES: &str = "api::";

/// As Strapi makes them. Any other may be one that a database takes for the same: some do not
/// tell `A` from `a`.
fn is_document_id(text: &str) -> bool {
    let is_own = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() == DOCUMENT_ID_LENGTH && text.bytes().all(is_own)
}

const DOCUMENT_ID_LENGTH: usize = 24;

struct Reach<'a> {
    model: &'a ContentModel,
    words: BTreeSet<String>,
    found: BTreeSet<String>,
}

/// Components may hold components; schemas that hold themselves end here.
const DEEPEST_COMPONENT: usize = 12;

impl Reach<'_> {
    /// Every attribute that the query names, or all where it has a star.
    fn follow(&mut self, uid: &str, steps: usize, nested: usize) {
        let Some(attributes) = self.model.attributes(uid).filter(|_| steps > 0) else { return };
        let all = self.words.contains("*");
        let named = |name: &String| all || self.words.contains(name);
        let wanted: Vec<_> = attributes
            .iter()
            .filter(|(name, _)| named(name))
            .map(|(_, attribute)| attribute.kind.clone())
            .collect();
        for kind in wanted {
            for (target, is_component) in targets(&kind) {
                if is_component && nested < DEEPEST_COMPONENT {
                    self.follow(&target, steps, nested + 1);
                } else if !is_component {
                    self.found.insert(target.clone());
                    self.follow(&target, steps - 1, nested);
                }
            }
        }
    }
}

/// Types and components behind an attribute.
fn targets(kind: &AttributeKind) -> Vec<(String, bool)> {
    match kind {
        AttributeKind::Relation(relation) => vec![(relation.target.clone(), false)],
        AttributeKind::Media { .. } => vec![(builtin::FILE.to_owned(), false)],
        AttributeKind::Component { component, .. } => vec![(component.clone(), true)],
        AttributeKind::DynamicZone { components, .. } => {
            components.iter().map(|component| (component.clone(), true)).collect()
        }
        _ => Vec::new(),
    }
}

/// Everything in a query that could be an attribute's name.
fn words(query: &str) -> BTreeSet<String> {
    let text = percent_decode_str(query).decode_utf8_lossy();
    let mut words: BTreeSet<String> = text
        .split(|c: char| !(c.is_alphanumeric() || "_-*".contains(c)))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if ["true", "deep"].iter().any(|all| words.contains(*all)) {
        words.insert("*".to_owned());
    }
    words
}

/// How many relations a query can go along at most.
fn depth(query: &str) -> usize {
    let text = percent_decode_str(query).decode_utf8_lossy();
    let deepest =
        text.split('&').map(|pair| pair.matches('[').count() + pair.matches('.').count() + 1);
    deepest.max().unwrap_or(1)
}

#[cfg(test)]
mod tests;

//! Which kept answers a change of content may have made wrong.
//!
//! An answer depends on the type its path names and on every type that its query could reach
//! through the content model. Whoever cannot be sure depends on everything: a kept answer too
//! few costs a question, one too many is a lie.

use std::collections::BTreeSet;

use cms_api::{builtin, content_type::AttributeKind, model::ContentModel};
use percent_encoding::percent_decode_str;

/// What changed in the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The model, or nobody knows what.
    Everything,
    /// Documents of these types, by uid.
    Types(BTreeSet<String>),
}

/// What an answer was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sources {
    Unknown,
    Types(BTreeSet<String>),
}

impl Sources {
    pub(super) fn touched_by(&self, changed: &Changed) -> bool {
        match (self, changed) {
            (Self::Types(own), Changed::Types(changed)) => !own.is_disjoint(changed),
            (Self::Unknown, Changed::Types(changed)) => !changed.is_empty(),
            (_, Changed::Everything) => true,
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
    let name = path.strip_prefix("/api/").and_then(|below| below.split('/').next());
    let ty = model.zip(name).and_then(|(model, name)| model.by_route(name));
    let (Some(model), Some(ty)) = (model, ty) else { return Sources::Unknown };
    let mut reach = Reach { model, words: words(query), found: BTreeSet::new() };
    reach.found.insert(ty.uid.clone());
    reach.follow(&ty.uid, depth(query), 0);
    // A relation that may lead anywhere.
    if reach.found.iter().any(|uid| model.get(uid).is_none()) {
        return Sources::Unknown;
    }
    reach.found.extend(extra.iter().cloned());
    Sources::Types(reach.found)
}

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

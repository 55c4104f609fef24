//! The pull phase: marked questions are asked once; pages whose answers differ are dirty.
//!
//! Asking changes nothing: what a change *would* reach can be found out without making it.
//! Whoever makes it takes the answers over afterwards.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Answer, ChangeSet, Footprint, Graph, Key, Oracle, QuestionId, Reason};

/// Pages to render, by output file, with every reason.
pub type Dirty = BTreeMap<String, Vec<Reason>>;

/// A page names at most this many causes; a mass edit would repeat itself.
const MAX_REASONS: usize = 16;
/// A question names at most this many documents behind its new answer.
const MAX_DOCUMENTS: usize = 4;

/// What asking again showed.
#[derive(Debug, Default)]
pub struct Verified {
    /// Pages that asked a question whose answer differs.
    pub dirty: Dirty,
    /// Answers that are not the known ones, for [`Graph::take_over`].
    pub answers: Vec<(QuestionId, Answer)>,
}

/// Asks the marked questions again.
#[must_use]
pub fn verify(
    graph: &Graph,
    marked: &[QuestionId],
    changes: &ChangeSet,
    oracle: &dyn Oracle,
) -> Verified {
    let answers: Vec<(QuestionId, Answer)> = marked
        .par_iter()
        .filter_map(|id| {
            let question = graph.question(*id)?;
            if !oracle.may_differ(&question.key) {
                return None;
            }
            let answer = oracle.answer(&question.key);
            (answer != question.answer).then_some((*id, answer))
        })
        .collect();
    let mut dirty = Dirty::new();
    for (id, answer) in &answers {
        let Some(question) = graph.question(*id) else { continue };
        if question.answer.fingerprint != answer.fingerprint {
            let reasons = explain(&question.key, &question.answer, answer, changes);
            for file in question.pages.iter() {
                add_reasons(dirty.entry(file.to_string()).or_default(), &reasons);
            }
        }
    }
    Verified { dirty, answers }
}

/// Adds reasons that are not yet named, within bounds.
pub fn add_reasons(to: &mut Vec<Reason>, reasons: &[Reason]) {
    for reason in reasons {
        if to.len() < MAX_REASONS && !to.contains(reason) {
            to.push(reason.clone());
        }
    }
}

fn explain(key: &Key, before: &Answer, after: &Answer, changes: &ChangeSet) -> Vec<Reason> {
    match key {
        Key::Entry { uid, document_id, .. } => {
            let reasons = entry_reasons(before, after, changes);
            let whole = || Reason::Entry {
                uid: uid.to_string(),
                document_id: document_id.to_string(),
                field: None,
            };
            if reasons.is_empty() { vec![whole()] } else { reasons }
        }
        Key::Query { uid, args, .. }
        | Key::Count { uid, args, .. }
        | Key::Groups { uid, args, .. }
        | Key::Neighbour { uid, args, .. } => query_reasons(uid, args, before, after, changes),
        Key::Url { document_id, locale } => {
            vec![Reason::Url { document_id: document_id.to_string(), locale: locale.to_string() }]
        }
        Key::Asset { path } => vec![Reason::Asset { asset: path.to_string() }],
        Key::Template { name } => vec![Reason::Template { template: name.to_string() }],
        Key::Config { path } => vec![Reason::Config { config: path.to_string() }],
        Key::Time { seconds } => vec![Reason::Time { seconds: *seconds }],
        Key::Page { file } => vec![Reason::Page { page: file.to_string() }],
        Key::Pages { below, .. } => vec![Reason::Pages { below: below.to_string() }],
        Key::Made { file } => vec![Reason::Made { made: file.to_string() }],
    }
}

/// Changed documents that the old or the new answer was made from.
fn culprits<'a>(
    before: &'a Footprint,
    after: &'a Footprint,
    changes: &'a ChangeSet,
) -> impl Iterator<Item = (&'a String, &'a super::change_set::DocumentChange)> {
    changes.documents.iter().filter(move |(id, change)| {
        [before, after].iter().any(|footprint| {
            footprint.documents.contains(id.as_str()) || footprint.may_concern(&change.uid)
        })
    })
}

fn entry_reasons(before: &Answer, after: &Answer, changes: &ChangeSet) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (id, change) in culprits(&before.footprint, &after.footprint, changes).take(MAX_DOCUMENTS) {
        let reason =
            |field| Reason::Entry { uid: change.uid.clone(), document_id: id.clone(), field };
        if change.fields.is_empty() {
            reasons.push(reason(None));
        }
        reasons.extend(change.fields.iter().map(|field| reason(Some(field.clone()))));
    }
    reasons
}

fn query_reasons(
    uid: &str,
    args: &str,
    before: &Answer,
    after: &Answer,
    changes: &ChangeSet,
) -> Vec<Reason> {
    let reason =
        |document_id| Reason::Query { uid: uid.to_owned(), document_id, query: args.to_owned() };
    let named: Vec<_> = culprits(&before.footprint, &after.footprint, changes)
        .take(MAX_DOCUMENTS)
        .map(|(id, _)| reason(Some(id.clone())))
        .collect();
    if named.is_empty() { vec![reason(None)] } else { named }
}

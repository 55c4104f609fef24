//! The push phase: from what changed to the questions whose answers may differ.
//!
//! May mark too many, never too few: a marked question is only asked again.

use std::collections::BTreeSet;

use super::change_set::RouteChange;
use super::{ChangeSet, Graph, QuestionId};

/// Questions to ask again. Those about templates, assets and configuration are few, and
/// always among them.
#[must_use]
pub fn mark(graph: &Graph, changes: &ChangeSet) -> Vec<QuestionId> {
    let mut marked: BTreeSet<QuestionId> = graph.plain_questions().collect();
    if changes.model {
        marked.extend(graph.content_questions());
    }
    for (document_id, change) in &changes.documents {
        marked.extend(graph.about_document(document_id));
        marked.extend(graph.about_type(&change.uid));
    }
    marked.extend(changes.watches.iter().flat_map(|watch| graph.about_type(watch)));
    match &changes.routes {
        RouteChange::All => marked.extend(graph.route_questions()),
        RouteChange::Only { files, documents } => {
            marked.extend(files.iter().filter_map(|file| graph.about_page(file)));
            marked.extend(documents.iter().flat_map(|id| graph.about_url(id)));
        }
    }
    marked.into_iter().collect()
}

//! The push phase: from what changed to the questions whose answers may differ.
//!
//! May mark too many, never too few: a marked question is only asked again.

use std::collections::BTreeSet;

use super::{ChangeSet, Graph, QuestionId};

/// Questions to ask again. Those that do not come from content (templates, assets,
/// configuration, the route table) are few or cheap and always among them.
#[must_use]
pub fn mark(graph: &Graph, changes: &ChangeSet) -> Vec<QuestionId> {
    if changes.model {
        return graph.ids().collect();
    }
    let mut marked: BTreeSet<QuestionId> = graph.plain_questions().collect();
    for (document_id, change) in &changes.documents {
        marked.extend(graph.about_document(document_id));
        marked.extend(graph.about_type(&change.uid));
    }
    marked.into_iter().collect()
}

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
            marked.extend(files.iter().flat_map(|file| graph.about_file(file)));
            let folders: BTreeSet<&str> = files.iter().flat_map(|file| folders(file)).collect();
            marked.extend(folders.into_iter().flat_map(|folder| graph.about_folder(folder)));
            marked.extend(documents.iter().flat_map(|id| graph.about_url(id)));
        }
    }
    marked.into_iter().collect()
}

/// The folders a file is in, with a slash at their ends; the outermost has no name.
fn folders(file: &str) -> impl Iterator<Item = &str> {
    let inner = file.match_indices('/').filter_map(|(at, _)| file.get(..=at));
    std::iter::once("").chain(inner)
}

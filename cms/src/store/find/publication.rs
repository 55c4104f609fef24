//! `publicationFilter`: rows by what is known of the other version of their document.

use cms_api::query::{Publication, Status};

use super::Query;
use super::place::Place;

impl<'a> Query<'a> {
    /// Adds ` AND …` for rows of types with drafts.
    pub(super) fn publication(&mut self, place: &Place<'a>) {
        let Some(wanted) = self.scope.publication.filter(|_| place.ty.draft_and_publish) else {
            return;
        };
        let draft = self.scope.status == Status::Draft;
        match wanted {
            Publication::NeverPublished if draft => self.other(place, false, true, ""),
            Publication::NeverPublishedDocument if draft => self.other(place, false, false, ""),
            Publication::PublishedWithoutDraft if !draft => self.other(place, false, true, ""),
            Publication::PublishedWithDraft if !draft => self.other(place, true, true, ""),
            Publication::NeverPublished
            | Publication::NeverPublishedDocument
            | Publication::PublishedWithoutDraft
            | Publication::PublishedWithDraft => self.push(" AND 1 = 0"),
            Publication::HasPublishedVersion => self.other(place, true, true, ""),
            Publication::HasPublishedVersionDocument => self.other(place, true, false, ""),
            Publication::Modified => self.other(place, true, true, if draft { "<" } else { ">" }),
            Publication::Unmodified => {
                self.other(place, true, true, if draft { ">=" } else { "<=" });
            }
        }
    }

    /// Whether there is another version, in the same locale if `paired`, that was updated
    /// before, after or at any time.
    fn other(&mut self, place: &Place<'a>, exists: bool, paired: bool, updated: &str) {
        let (row, other) = (&place.document, self.alias("d"));
        let status = match self.scope.status {
            Status::Draft => Status::Published,
            Status::Published => Status::Draft,
        };
        let not = if exists { "" } else { "NOT " };
        self.push(&format!(
            " AND {not}EXISTS (SELECT 1 FROM documents {other} WHERE {other}.uid = {row}.uid AND \
             {other}.document_id = {row}.document_id AND {other}.status = '{}'",
            status.as_str()
        ));
        if paired {
            self.push(&format!(" AND {other}.locale = {row}.locale"));
        }
        if !updated.is_empty() {
            self.push(&format!(" AND {other}.updated_at {updated} {row}.updated_at"));
        }
        self.push(")");
    }
}

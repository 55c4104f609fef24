//! Drafts of the content server, kept in step with its feed of drafts while somebody looks
//! at previews.

use std::collections::BTreeSet;
use std::sync::Arc;

use cms_api::change::{Op, SyncItem};
use cms_api::temporal::format_datetime;
use serde_json::{Map, Value};

use super::BuildError;
use super::source::{Pulled, Source, SourceError};
use crate::content::{Entry, Snapshot};

/// What every publish sets anew.
const PUBLISHING: [&str; 2] = ["id", "publishedAt"];
const COMPONENT_ID: &str = "id";

/// All drafts as of the last look.
#[derive(Debug, Default)]
pub struct Drafts {
    snapshot: Snapshot,
    cursor: Option<String>,
    /// Grows whenever a look brought something.
    revision: u64,
}

/// Which drafts are published in a preview.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// By documentId; all there are when empty.
    pub documents: BTreeSet<String>,
    /// In this locale alone.
    pub locale: Option<String>,
}

impl Selection {
    fn has(&self, row: &Entry) -> bool {
        let document = self.documents.is_empty() || self.documents.contains(row.document_id());
        let locale =
            self.locale.as_deref().is_none_or(|code| row.locale().is_none_or(|own| own == code));
        document && locale
    }
}

impl Drafts {
    /// Asks the content server what was written since the last look.
    ///
    /// # Errors
    /// When nothing is known and the server does not answer, or what it says makes no sense.
    pub fn refresh(&mut self, source: &dyn Source) -> Result<(), BuildError> {
        let answer = source.drafts(self.cursor.as_deref());
        self.take(answer)
    }

    /// Where in the feed of drafts this stands, to ask from there.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Takes over what a source answered from the cursor.
    ///
    /// # Errors
    /// As [`Drafts::refresh`].
    pub fn take(&mut self, answer: Result<Pulled, SourceError>) -> Result<(), BuildError> {
        let pulled = match answer {
            Ok(pulled) => pulled,
            Err(SourceError::Unreachable(why)) if self.cursor.is_some() => {
                tracing::warn!(why, "drafts are shown as they were; the content server is away");
                return Ok(());
            }
            Err(SourceError::Unreachable(why) | SourceError::Missing(why)) => {
                return Err(BuildError::NoContent(why));
            }
            Err(SourceError::Refused(why) | SourceError::Unauthorized(why)) => {
                return Err(BuildError::Refused(why));
            }
        };
        if pulled.complete {
            self.snapshot = Snapshot::default();
        }
        if pulled.complete || !pulled.items.is_empty() {
            let applied = self.snapshot.apply(&pulled.items);
            let applied = applied.map_err(|error| BuildError::Content(error.to_string()))?;
            self.snapshot = applied.snapshot;
            self.revision += 1;
        }
        self.cursor = Some(pulled.cursor);
        Ok(())
    }

    /// Two looks with the same number saw the same drafts.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What the feed would tell if these drafts were published now: those that say something
    /// else than what is public.
    pub(super) fn publishing(
        &self,
        public: &Snapshot,
        which: &Selection,
        now: i64,
    ) -> Vec<SyncItem> {
        let mut items = Vec::new();
        for ty in public.model().types().filter(|ty| ty.draft_and_publish) {
            let mut next = next_id(public, &ty.uid);
            for draft in self.snapshot.all_entries(&ty.uid).filter(|row| which.has(row)) {
                let row = public.get(&ty.uid, draft.document_id(), draft.locale());
                if row.is_some_and(|row| says_the_same(row, draft)) {
                    continue;
                }
                items.extend(published(public, draft, next, now));
                next += 1;
            }
        }
        items
    }
}

/// The row a publish makes: after all others, at this moment.
fn published(public: &Snapshot, draft: &Arc<Entry>, id: i64, now: i64) -> Option<SyncItem> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(draft.map()) else { return None };
    data.insert("id".to_owned(), id.into());
    data.insert("publishedAt".to_owned(), format_datetime(now.saturating_mul(1_000)).into());
    Some(SyncItem {
        seq: public.seq(),
        op: Op::Upsert,
        uid: draft.uid().to_owned(),
        document_id: draft.document_id().to_owned(),
        locale: draft.locale().map(str::to_owned),
        version: public.seq(),
        published_at: None,
        data: Some(Value::Object(data)),
    })
}

fn next_id(public: &Snapshot, uid: &str) -> i64 {
    public.all_entries(uid).map(|row| row.id()).max().map_or(1, |last| last + 1)
}

/// Whether a publish would change nothing but its own marks. Components are made anew by
/// every publish, so their ids say nothing.
fn says_the_same(public: &Entry, draft: &Entry) -> bool {
    let plain = |row: &Entry| match serde_json::to_value(row.map()) {
        Ok(Value::Object(mut data)) => {
            PUBLISHING.iter().for_each(|name| drop(data.remove(*name)));
            data.values_mut().for_each(without_component_ids);
            data
        }
        _ => Map::new(),
    };
    plain(public) == plain(draft)
}

fn without_component_ids(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_component_ids),
        Value::Object(map) => {
            map.remove(COMPONENT_ID);
            map.values_mut().for_each(without_component_ids);
        }
        _ => {}
    }
}

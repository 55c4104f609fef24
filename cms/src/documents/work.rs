//! One write in progress: its transaction, its moment, and what it changed so far.
//!
//! Verbs note the rows they touch; [`Work::finish`] turns the notes into lines of the feed
//! and into events, once each, so a row that is written twice in one request is one change.

use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use indexmap::IndexMap;

use crate::documents::announce;
use crate::documents::locales::{self, Shared};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};
use crate::store::feed::{self, NewChange};
use crate::store::{Conn, StoreError};

pub(crate) const DRAFT: &str = "draft";
pub(crate) const PUBLISHED: &str = "published";

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Written,
    Deleted,
}

/// Something webhooks want to hear of.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// `entry.publish`
    pub(crate) name: &'static str,
    pub(crate) identity: Identity,
    pub(crate) changed_fields: Vec<String>,
}

/// A write in progress.
pub(crate) struct Work<'c> {
    pub(crate) conn: &'c mut Conn,
    pub(crate) model: &'c ContentModel,
    pub(crate) default_locale: &'c str,
    /// Unix milliseconds; the same for everything this write stamps.
    pub(crate) now: i64,
    changes: IndexMap<Identity, Change>,
    notices: Vec<Notice>,
    /// Rows whose shared values are still to be carried to other locales, and what those were.
    carries: Vec<(Identity, Option<Shared>)>,
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("changes", &self.changes).finish_non_exhaustive()
    }
}

impl<'c> Work<'c> {
    /// Begins a write in an open transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn begin(
        conn: &'c mut Conn,
        model: &'c ContentModel,
        default_locale: &'c str,
        now: i64,
    ) -> Result<Self, StoreError> {
        feed::hold(conn)?;
        Ok(Self::only_check(conn, model, default_locale, now))
    }

    /// Looks at the database as a write would, without becoming one.
    pub(crate) fn only_check(
        conn: &'c mut Conn,
        model: &'c ContentModel,
        default_locale: &'c str,
        now: i64,
    ) -> Self {
        let (changes, notices, carries) = (IndexMap::new(), Vec::new(), Vec::new());
        Self { conn, model, default_locale, now, changes, notices, carries }
    }

    /// The locale a row of this type is stored under.
    pub(crate) fn locale_of(&self, ty: &ContentType, asked: Option<&str>) -> String {
        match asked.filter(|code| !code.is_empty()) {
            _ if !ty.localized => String::new(),
            Some(code) => code.to_owned(),
            None => self.default_locale.to_owned(),
        }
    }

    pub(crate) fn written(&mut self, identity: &Identity) {
        self.changes.insert(identity.clone(), Change::Written);
    }

    pub(crate) fn deleted(&mut self, identity: &Identity) {
        self.changes.insert(identity.clone(), Change::Deleted);
    }

    pub(crate) fn notice(
        &mut self,
        name: &'static str,
        identity: &Identity,
        changed_fields: Vec<String>,
    ) {
        self.notices.push(Notice { name, identity: identity.clone(), changed_fields });
    }

    /// Other locales take over shared values at the end: an answer that shows them shows
    /// what they were, as Strapi's does.
    pub(crate) fn carry(&mut self, written: &Identity, before: Option<Shared>) {
        self.carries.push((written.clone(), before));
    }

    /// Writes the feed and the events; returns the write's place in the feed.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn finish(mut self) -> AppResult<i64> {
        let model = self.model;
        for (written, before) in std::mem::take(&mut self.carries) {
            if let Some(ty) = model.get(&written.uid) {
                locales::propagate(&mut self, ty, &written, before.as_ref())?;
            }
        }
        let places = self.append_changes()?;
        for notice in std::mem::take(&mut self.notices) {
            let last = places
                .iter()
                .filter(|(identity, _)| same_document(identity, &notice.identity))
                .map(|(_, seq)| *seq)
                .max();
            if let Some(seq) = last {
                announce::emit(&mut self, notice, seq)?;
            }
        }
        match places.last() {
            Some((_, seq)) => Ok(*seq),
            None => Ok(feed::newest(self.conn)?),
        }
    }

    fn append_changes(&mut self) -> Result<Vec<(Identity, i64)>, StoreError> {
        let mut places = Vec::new();
        for (identity, change) in std::mem::take(&mut self.changes) {
            let op = match change {
                Change::Written => "upsert",
                Change::Deleted => "delete",
            };
            let line = NewChange {
                op,
                uid: &identity.uid,
                document_id: &identity.document_id,
                locale: &identity.locale,
                status: &identity.status,
                at: self.now,
            };
            let seq = feed::append(self.conn, line)?;
            if change == Change::Written {
                documents::set_version(self.conn, &identity, seq)?;
            }
            places.push((identity, seq));
        }
        Ok(places)
    }
}

fn same_document(a: &Identity, b: &Identity) -> bool {
    a.uid == b.uid && a.document_id == b.document_id && a.locale == b.locale
}

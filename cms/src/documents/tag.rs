//! Entity tags: names for what an answer shows, known without asking the question.
//!
//! A list's tag is `"ANSWER"`, an entry's `"ENTRY.DOCUMENT.ANSWER"`:
//!
//! - ANSWER stands for everything the body depends on: the states of the types the query
//!   touches ([`tallies`]), the query itself, the content model, and what the caller may see.
//!   Equal tags mean equal bodies, so a client that has the tag has the body. The reverse does
//!   not hold: a change the page does not show also makes another tag.
//! - ENTRY stands for the draft and the published row of the document in the locale, DOCUMENT
//!   for its rows in every locale. A write with `If-Match` compares these alone: whatever
//!   query showed the entry, the tag names the same edition. Saving a draft makes another
//!   edition of what is published, too: whoever writes next would overwrite that draft.
//!
//! Nothing here is secret, but nobody can tell from a tag what it stands for.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::query::{Filter, Link, Populate, QuerySpec, SortKey, Status};
use sha2::{Digest, Sha256};

use crate::store::documents::{self, Edition};
use crate::store::tallies::{self, Rows, State};
use crate::store::{Conn, StoreError};

/// Bytes of a digest that are shown: chance finds no second one.
const SHOWN: usize = 12;

/// The answer part of a tag on the answer to a write, which no read ever has.
const WRITTEN: &str = "-";

/// Everything an answer depends on beside stored rows, as a digest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question(Sha256);

impl Question {
    /// Adds a part; where it ends is part of the digest.
    pub(crate) fn part(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// The tag of an answer that depends on rows of these types.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn answer(
        &self,
        conn: &mut Conn,
        touched: &Touched<'_>,
    ) -> Result<String, StoreError> {
        Ok(self.clone().of_states(&touched.states(conn)?))
    }

    /// The tag of an answer that depends on rows in these states.
    pub(crate) fn of_states(self, states: &[State]) -> String {
        let mut question = self;
        for state in states {
            for part in [&state.uid, &state.status, &state.locale] {
                question = question.part(part.as_bytes());
            }
            question = question.part(&state.state.to_le_bytes());
        }
        shown(question)
    }
}

fn shown(question: Question) -> String {
    URL_SAFE_NO_PAD.encode(&question.0.finalize()[..SHOWN])
}

/// The types whose rows an answer may depend on.
#[derive(Debug)]
pub(crate) struct Touched<'q> {
    types: BTreeSet<&'q str>,
    rows: Rows,
}

impl<'q> Touched<'q> {
    /// Any type at all.
    pub(crate) fn everything() -> Self {
        Self { types: BTreeSet::new(), rows: Rows::All }
    }

    /// The states of these rows.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn states(&self, conn: &mut Conn) -> Result<Vec<State>, StoreError> {
        tallies::states(conn, self.types.iter().copied(), self.rows)
    }

    pub(crate) fn by(ty: &'q ContentType, spec: &'q QuerySpec) -> Self {
        let mut walk = Walk { types: BTreeSet::from([ty.uid.as_str()]), ..Walk::default() };
        walk.filter(&spec.filter);
        walk.sort(&spec.sort);
        walk.populate(&spec.populate);
        let published = spec.status == Status::Published && spec.publication.is_none();
        let rows = match (published && !walk.asks_across, walk.leads_on) {
            (false, _) => Rows::All,
            (true, true) => Rows::PublishedAndLinks,
            (true, false) => Rows::Published,
        };
        Self { types: walk.types, rows }
    }
}

#[derive(Debug, Default)]
struct Walk<'q> {
    types: BTreeSet<&'q str>,
    /// Whether links are followed at all.
    leads_on: bool,
    /// Whether a condition or sort key follows them: some of these see rows of every status.
    asks_across: bool,
}

impl<'q> Walk<'q> {
    /// Notes what a link leads to; says whether it leaves the document.
    fn link(&mut self, link: &'q Link) -> bool {
        match link {
            Link::Relation { target, .. } => self.types.insert(target),
            Link::Media { .. } => self.types.insert(builtin::FILE),
            // To rows of the same type.
            Link::Localizations => false,
            Link::Component { .. } | Link::DynamicZone { .. } => return false,
        };
        self.leads_on = true;
        true
    }

    fn filter(&mut self, filter: &'q Filter) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().for_each(|part| self.filter(part));
            }
            Filter::Not(inner) => self.filter(inner),
            Filter::Field { .. } => {}
            Filter::Linked { link, .. } => self.asks_across |= self.link(link),
            Filter::Through { link, filter, .. } => {
                self.asks_across |= self.link(link);
                self.filter(filter);
            }
        }
    }

    fn sort(&mut self, keys: &'q [SortKey]) {
        for (_, link) in keys.iter().flat_map(|key| &key.through) {
            self.asks_across |= self.link(link);
        }
    }

    fn populate(&mut self, wanted: &'q [Populate]) {
        for populate in wanted {
            self.link(&populate.link);
            self.filter(&populate.filter);
            self.sort(&populate.sort);
            self.populate(&populate.populate);
            for (_, part) in populate.on.iter().flatten() {
                self.filter(&part.filter);
                self.sort(&part.sort);
                self.populate(&part.populate);
            }
        }
    }
}

/// Which edition of a document there is, in one locale and in all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryTag {
    /// Whether the document exists in the locale.
    pub(crate) exists: bool,
    pub(crate) exists_anywhere: bool,
    entry: String,
    document: String,
}

impl EntryTag {
    /// # Errors
    /// Those of the database.
    pub(crate) fn of(
        conn: &mut Conn,
        uid: &str,
        document_id: &str,
        locale: &str,
    ) -> Result<Self, StoreError> {
        let editions = documents::editions(conn, uid, document_id)?;
        let here = || editions.iter().filter(|edition| edition.locale == locale);
        Ok(Self {
            exists: here().next().is_some(),
            exists_anywhere: !editions.is_empty(),
            entry: digest(document_id, here()),
            document: digest(document_id, editions.iter()),
        })
    }

    /// The tag of a read that shows the entry.
    pub(crate) fn with(&self, answer: &str) -> String {
        format!("{}.{}.{answer}", self.entry, self.document)
    }

    /// The tag of a write that left this edition.
    pub(crate) fn written(&self) -> String {
        self.with(WRITTEN)
    }

    /// Whether a client's tag names this edition: of the locale, or of the whole document.
    pub(crate) fn is_named(&self, tag: &str, every_locale: bool) -> bool {
        let mut parts = tag.split('.');
        let (entry, document) = (parts.next(), parts.next());
        match every_locale {
            true => document == Some(&self.document),
            false => entry == Some(&self.entry) && document.is_some(),
        }
    }
}

fn digest<'e>(document_id: &str, editions: impl Iterator<Item = &'e Edition>) -> String {
    let mut question = Question::default().part(document_id.as_bytes());
    for edition in editions {
        question = question.part(edition.locale.as_bytes()).part(edition.status.as_bytes());
        for number in [edition.id, edition.version, edition.updated_at] {
            question = question.part(&number.to_le_bytes());
        }
    }
    shown(question)
}

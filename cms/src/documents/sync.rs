//! The change feed: everything there is, then what changed since.
//!
//! An initial listing is pinned to the feed's position at its first page; what changes while
//! it is read arrives with the changes after that position. A delta tells the last state of
//! each document once, as it stands when the page is read. Where the reader is, and what it
//! asked for, is in a signed token, so the server keeps nothing per reader.

mod entry;
pub(crate) mod token;

use std::collections::HashMap;

use cms_api::builtin;
use cms_api::change::{Op, SyncItem};
use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use cms_api::query::Status;
use sha2::{Digest, Sha256};

use super::access::Access;
use crate::clock;
use crate::error::AppResult;
use crate::store::find::Row;
use crate::store::sync::{self, Change, Scope};
use crate::store::{Conn, feed};

use token::{Phase, Token};

/// What is read in, and for whom.
#[derive(Debug)]
pub(crate) struct Feed<'a> {
    pub(crate) conn: &'a mut Conn,
    pub(crate) model: &'a ContentModel,
    pub(crate) access: &'a Access,
}

/// What a reader asked for at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Sorted; all that may be read when empty.
    pub(crate) types: Vec<String>,
    pub(crate) status: Status,
    pub(crate) limit: u32,
}

/// A page and how to go on.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<SyncItem>,
    pub(crate) upto: i64,
    pub(crate) next: Token,
    /// Whether more is there already.
    pub(crate) more: bool,
}

/// Whether documents of the type are part of the feed.
pub(crate) fn is_synced(ty: &ContentType) -> bool {
    ty.uid.starts_with("api::") || ty.uid == builtin::FILE
}

/// A fingerprint of the content model.
pub(crate) fn model_hash(model: &ContentModel) -> String {
    token::fingerprint(&Sha256::digest(model.to_json().to_string()))
}

impl Feed<'_> {
    /// The types a request is about, as long as the caller may read them.
    fn types<'m>(&'m self, request: &'m Request) -> impl Iterator<Item = &'m ContentType> {
        let asked = |ty: &&ContentType| {
            request.types.is_empty() || request.types.binary_search(&ty.uid).is_ok()
        };
        let allowed = |ty: &&ContentType| is_synced(ty) && self.access.may_find(&ty.uid);
        self.model.types().filter(asked).filter(allowed)
    }

    fn scope(&self, request: &Request) -> Scope {
        let mut scope = Scope::default();
        for ty in self.types(request) {
            scope.add(&ty.uid, ty.draft_and_publish, request.status);
        }
        scope
    }

    /// A fingerprint of what the caller may read: with other rights, documents that did not
    /// change would be missing, so the reader has to start again.
    pub(crate) fn rights_hash(&self, request: &Request) -> String {
        let mut hash = Sha256::new();
        for ty in self.types(request) {
            hash.update(ty.uid.as_bytes());
            hash.update([0]);
        }
        token::fingerprint(&hash.finalize())
    }

    /// The first page of everything.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn begin(&mut self, request: Request) -> AppResult<Page> {
        let upto = feed::newest(self.conn)?;
        let token = Token {
            phase: Phase::Initial,
            from: 0,
            upto,
            position: 0,
            rights: self.rights_hash(&request),
            schema: model_hash(self.model),
            expires: token::expiry(clock::now()),
            request,
        };
        let mut page = self.listing(token)?;
        page.items.insert(0, self.schema_item(upto));
        Ok(page)
    }

    /// The place of a reader that saw the feed up to a number, or that wants to hear of what
    /// happens from now on.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn place(&mut self, request: Request, seen: Option<i64>) -> AppResult<Token> {
        let position = match seen {
            Some(seen) => seen,
            None => feed::newest(self.conn)?,
        };
        Ok(Token {
            phase: Phase::Delta,
            from: position,
            upto: position,
            position,
            rights: self.rights_hash(&request),
            schema: model_hash(self.model),
            expires: token::expiry(clock::now()),
            request,
        })
    }

    /// Whether a token knows of changes that never happened here: the database went back in
    /// time (a backup was restored), and numbers the reader has seen will be given out again.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn is_ahead(&mut self, token: &Token) -> AppResult<bool> {
        Ok(token.newest() > feed::newest(self.conn)?)
    }

    /// The page a token asks for.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn go_on(&mut self, mut token: Token) -> AppResult<Page> {
        let schema = model_hash(self.model);
        let changed = token.schema != schema;
        token.schema = schema;
        token.expires = token::expiry(clock::now());
        let mut page = match token.phase {
            Phase::Initial => self.listing(token)?,
            Phase::Delta => self.delta(token)?,
        };
        if changed {
            page.items.insert(0, self.schema_item(page.upto));
        }
        Ok(page)
    }

    fn listing(&mut self, token: Token) -> AppResult<Page> {
        let scope = self.scope(&token.request);
        let limit = i64::from(token.request.limit);
        let mut rows = sync::rows(self.conn, &scope, token.position, token.upto, limit + 1)?;
        let more = rows.len() > token.request.limit as usize;
        rows.truncate(token.request.limit as usize);
        let position = rows.last().map_or(token.position, |row| row.id);
        let seqs: Vec<_> = rows.iter().map(|row| row.version).collect();
        let items = self.upserts(rows)?.into_iter().zip(seqs);
        let items = items.map(|(item, seq)| SyncItem { seq, ..item }).collect();
        Ok(Page { items, upto: token.upto, next: token.after(position, more), more })
    }

    fn delta(&mut self, mut token: Token) -> AppResult<Page> {
        if token.position == token.from {
            token.upto = feed::newest(self.conn)?;
        }
        let scope = self.scope(&token.request);
        let limit = i64::from(token.request.limit);
        let mut changes = sync::changes(self.conn, &scope, token.position, token.upto, limit + 1)?;
        let more = changes.len() > token.request.limit as usize;
        changes.truncate(token.request.limit as usize);
        let position = changes.last().map_or(token.position, |change| change.seq);
        let items = self.states(&scope, changes)?;
        Ok(Page { items, upto: token.upto, next: token.after(position, more), more })
    }

    /// The changed documents as they are now; those without a row are gone.
    fn states(&mut self, scope: &Scope, changes: Vec<Change>) -> AppResult<Vec<SyncItem>> {
        let rows = match changes.is_empty() {
            true => Vec::new(),
            false => sync::rows_of(self.conn, scope, &changes)?,
        };
        let wanted: HashMap<_, _> = changes.iter().map(|change| (key(change), ())).collect();
        let rows: Vec<_> = rows.into_iter().filter(|row| wanted.contains_key(&of(row))).collect();
        let keys: Vec<_> = rows.iter().map(|row| owned(of(row))).collect();
        let items = self.upserts(rows)?;
        let mut states: HashMap<_, _> = keys.into_iter().zip(items).collect();
        let items = changes.into_iter().map(|change| {
            let state = states.remove(&owned(key(&change)));
            match state {
                Some(item) => SyncItem { seq: change.seq, ..item },
                None => deletion(change),
            }
        });
        Ok(items.collect())
    }

    fn upserts(&mut self, rows: Vec<Row>) -> AppResult<Vec<SyncItem>> {
        let links = if rows.is_empty() { Vec::new() } else { sync::links(self.conn, &rows)? };
        let entries = entry::Entries::new(self.model, self.access, links);
        rows.into_iter().map(|row| Ok(entries.item(row)?)).collect()
    }

    fn schema_item(&self, seq: i64) -> SyncItem {
        SyncItem {
            seq,
            op: Op::Schema,
            uid: String::new(),
            document_id: String::new(),
            locale: None,
            version: seq,
            published_at: None,
            data: Some(self.model.to_json()),
        }
    }
}

fn key(change: &Change) -> (&str, &str, &str) {
    (&change.uid, &change.document_id, &change.locale)
}

fn of(row: &Row) -> (&str, &str, &str) {
    (&row.uid, &row.document_id, &row.locale)
}

fn owned((uid, document_id, locale): (&str, &str, &str)) -> (String, String, String) {
    (uid.to_owned(), document_id.to_owned(), locale.to_owned())
}

fn deletion(change: Change) -> SyncItem {
    SyncItem {
        seq: change.seq,
        op: Op::Delete,
        uid: change.uid,
        document_id: change.document_id,
        locale: Some(change.locale).filter(|locale| !locale.is_empty()),
        version: change.seq,
        published_at: None,
        data: None,
    }
}

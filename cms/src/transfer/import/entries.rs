//! Rows: one line of `entities/` each.

use std::collections::{HashMap, HashSet};

use cms_api::builtin;
use cms_api::content_type::ContentType;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::values::Builder;
use super::{Importer, folders, identity, media};
use crate::documents::moment;
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::store::documents::{self, Identity, NewRow, Row};
use crate::store::{archive, feed, sessions};
use crate::transfer::archive::lines::Line;
use crate::transfer::names::{LOCALE, PERMISSION};

/// A line of `entities/`.
#[derive(Debug, Deserialize)]
pub(super) struct EntityLine {
    #[serde(rename = "type")]
    pub(super) uid: String,
    pub(super) id: i64,
    pub(super) data: Map<String, Value>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    Changed,
    Same,
}

/// A row that stands in the database.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) row_id: i64,
    pub(super) identity: Identity,
    pub(super) state: State,
}

/// A component of the archive: whose, where, and its number here.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) entry: usize,
    pub(super) path: String,
    pub(super) component_id: i64,
}

/// Everything that was read, by the numbers the archive uses.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    by_number: HashMap<String, HashMap<i64, usize>>,
    by_component: HashMap<String, HashMap<i64, Spot>>,
    by_document: HashMap<String, HashMap<String, Vec<usize>>>,
}

impl Entries {
    pub(super) fn find(&self, uid: &str, number: i64) -> Option<usize> {
        self.by_number.get(uid)?.get(&number).copied()
    }

    pub(super) fn component(&self, uid: &str, number: i64) -> Option<&Spot> {
        self.by_component.get(uid)?.get(&number)
    }

    pub(super) fn of_document(&self, uid: &str, document_id: &str) -> &[usize] {
        let known = self.by_document.get(uid).and_then(|known| known.get(document_id));
        known.map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, number: i64, entry: Entry) -> usize {
        let at = self.list.len();
        let Identity { uid, document_id, .. } = &entry.identity;
        self.by_number.entry(uid.clone()).or_default().insert(number, at);
        let documents = self.by_document.entry(uid.clone()).or_default();
        documents.entry(document_id.clone()).or_default().push(at);
        self.list.push(entry);
        at
    }

    /// Types with documents in the archive.
    pub(super) fn uids(&self) -> Vec<String> {
        let mut uids: Vec<_> = self.by_document.keys().cloned().collect();
        uids.sort();
        uids
    }
}

impl Importer<'_> {
    /// Takes over one row.
    ///
    /// # Errors
    /// What is wrong with the line; those of the database.
    pub(super) fn entity(&mut self, line: &Line<'_>) -> anyhow::Result<()> {
        let EntityLine { uid, id, mut data } = line.parse()?;
        if uid == LOCALE {
            return Ok(());
        }
        if uid == PERMISSION {
            self.accounts.permission(id, &data);
            return Ok(());
        }
        let model = self.model;
        let Some(ty) = model.get(&uid) else {
            self.report.skip(uid, "this server has no such content type");
            return Ok(());
        };
        match uid.as_str() {
            builtin::FILE => {
                media::settle(&mut data, self.assets);
                folders::move_file(&self.path_ids, &mut data);
            }
            builtin::FOLDER => folders::renumber(&self.path_ids, &mut data),
            builtin::USER => lower_email(&mut data),
            _ => {}
        }
        let head = Head::take(ty, &mut data, &self.default_locale, self.now)
            .map_err(|what| line.refuse(what))?;
        let twin = self.entries.of_document(&uid, &head.identity.document_id).iter().find(|at| {
            self.entries.list.get(**at).is_some_and(|entry| entry.identity == head.identity)
        });
        if let Some(twin) = twin.copied() {
            self.report.skip(uid.as_str(), "the archive has the same document twice");
            self.entries.by_number.entry(uid).or_default().insert(id, twin);
            return Ok(());
        }
        self.store(line, ty, id, head, data)
    }

    fn store(
        &mut self,
        line: &Line<'_>,
        ty: &ContentType,
        id: i64,
        head: Head,
        data: Map<String, Value>,
    ) -> anyhow::Result<()> {
        let before = match self.had_rows(&ty.uid)? {
            true => {
                identity::settle(self, ty, &head.identity, &data)?;
                documents::get(self.conn, &head.identity)?
            }
            false => None,
        };
        let mut builder = Builder::new(self.model, self.left_out);
        let held = before.as_ref().map(|row| &row.data);
        let data = builder
            .document(&ty.uid, &ty.attributes, data, held)
            .map_err(|what| line.refuse(what))?;
        self.highest_component = self.highest_component.max(builder.highest());
        for ((owner, name), _) in std::mem::take(&mut builder.unknown) {
            self.report.skip(format!("{owner}: `{name}`"), "no such attribute");
        }
        let row = head.row(&data);
        let (row_id, state) = match before {
            Some(before) => self.renew(&before, &row)?,
            None => (archive::insert(self.conn, &row, id)?, State::New),
        };
        if ty.uid == builtin::FILE {
            self.note_file(&data);
        }
        if ty.uid == builtin::ROLE {
            self.accounts.role(self.entries.list.len(), &data);
        }
        let entry = self.entries.add(id, Entry { row_id, identity: head.identity, state });
        for part in builder.placed {
            let spot = Spot { entry, path: part.path, component_id: part.ours };
            self.entries.by_component.entry(part.uid).or_default().insert(part.theirs, spot);
        }
        Ok(())
    }

    fn renew(&mut self, before: &Row, row: &NewRow<'_>) -> anyhow::Result<(i64, State)> {
        if archive::is_same(before, row) {
            return Ok((before.id, State::Same));
        }
        archive::replace(self.conn, before.id, row)?;
        let is_user = before.identity.uid == builtin::USER;
        if is_user && before.data.get("password") != row.data.get("password") {
            sessions::revoke_user(self.conn, before.id, None)?;
        }
        Ok((before.id, State::Changed))
    }

    /// Whether the type had rows before the import.
    pub(super) fn had_rows(&mut self, uid: &str) -> anyhow::Result<bool> {
        if let Some(known) = self.had_rows.get(uid) {
            return Ok(*known);
        }
        let had = documents::first_of_type(self.conn, uid)?.is_some();
        self.had_rows.insert(uid.to_owned(), had);
        Ok(had)
    }

    /// Removes locales and states of imported documents that the archive does not have:
    /// a document is imported as a whole.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn remove_leftovers(&mut self) -> anyhow::Result<()> {
        for uid in self.entries.uids() {
            if !self.had_rows(&uid)? {
                continue;
            }
            let imported: HashSet<i64> =
                self.entries.list.iter().map(|entry| entry.row_id).collect();
            for outline in archive::outlines(self.conn, &uid)? {
                let known = !self.entries.of_document(&uid, &outline.document_id).is_empty();
                if known && !imported.contains(&outline.id) {
                    documents::delete(self.conn, outline.id)?;
                    self.report.of(&uid).removed += 1;
                    let archive::Outline { document_id, locale, status, .. } = outline;
                    self.gone.push(Identity { uid: uid.clone(), document_id, locale, status });
                }
            }
        }
        Ok(())
    }

    /// Writes the feed for what changed, and counts.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn announce(&mut self) -> anyhow::Result<()> {
        let gone = std::mem::take(&mut self.gone);
        for identity in gone.iter().filter(|identity| is_fed(&identity.uid)) {
            feed::append(self.conn, identity::change("delete", identity, self.now))?;
        }
        let list = std::mem::take(&mut self.entries.list);
        for Entry { identity, state, .. } in &list {
            let counts = self.report.of(&identity.uid);
            match state {
                State::New => counts.added += 1,
                State::Changed => counts.updated += 1,
                State::Same => counts.unchanged += 1,
            }
            if *state != State::Same && is_fed(&identity.uid) {
                let seq = feed::append(self.conn, identity::change("upsert", identity, self.now))?;
                documents::set_version(self.conn, identity, seq)?;
            }
        }
        self.entries.list = list;
        Ok(())
    }
}

/// Types whose changes are in the feed.
fn is_fed(uid: &str) -> bool {
    uid.starts_with("api::") || uid == builtin::FILE
}

fn lower_email(data: &mut Map<String, Value>) {
    let lower = data.get("email").and_then(Value::as_str).map(str::to_lowercase);
    if let Some(email) = lower {
        data.insert("email".into(), email.into());
    }
}

/// What a row says about itself.
struct Head {
    identity: Identity,
    created_at: i64,
    updated_at: i64,
    published_at: Option<i64>,
}

impl Head {
    /// Takes the system attributes out of `data`.
    fn take(
        ty: &ContentType,
        data: &mut Map<String, Value>,
        default_locale: &str,
        now: i64,
    ) -> Result<Self, String> {
        let mut time = |name: &str| match data.swap_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => millis(&value).map(Some).map_err(|what| format!("`{name}` {what}")),
        };
        let (created, updated) = (time("createdAt")?, time("updatedAt")?);
        let published_at = time("publishedAt")?;
        let mut text = |name: &str| match data.swap_remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        let document_id = text("documentId").ok_or("`documentId` is missing")?;
        let locale = text("locale").unwrap_or_else(|| default_locale.to_owned());
        let locale = if ty.localized { locale } else { String::new() };
        let is_draft = ty.draft_and_publish && published_at.is_none();
        let status = if is_draft { DRAFT } else { PUBLISHED }.to_owned();
        let identity = Identity { uid: ty.uid.clone(), document_id, locale, status };
        let created_at = created.or(updated).unwrap_or(now);
        let updated_at = updated.unwrap_or(created_at);
        Ok(Self { identity, created_at, updated_at, published_at })
    }

    fn row<'a>(&'a self, data: &'a Map<String, Value>) -> NewRow<'a> {
        NewRow {
            identity: &self.identity,
            data,
            created_at: self.created_at,
            updated_at: self.updated_at,
            published_at: self.published_at,
        }
    }
}

/// Unix milliseconds of a moment.
pub(super) fn millis(value: &Value) -> Result<i64, String> {
    let text = moment::datetime(value)?;
    let at: jiff::Timestamp = text.parse().map_err(|_| format!("is no moment: {}", json!(text)))?;
    Ok(at.as_millisecond())
}

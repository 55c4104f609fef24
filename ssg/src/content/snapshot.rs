//! All published content at one point of the feed.
//!
//! A snapshot never changes: applying changes makes another one that shares
//! what stayed the same, so a build keeps its own revision while the next one
//! is prepared. No I/O happens here.

use std::collections::BTreeMap;
use std::sync::Arc;

use cms_api::change::{Op, SyncItem};
use cms_api::model::{ContentModel, ModelError};

use super::entry::{BadEntry, Entry, EntryRef};
use super::remembered::Remembered;
use super::rows::Rows;
use super::shape::Shapes;
use super::value::shared;

/// The locale of content when the CMS names none.
const FALLBACK_LOCALE: &str = "en";

#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    model: Arc<ContentModel>,
    shapes: Arc<Shapes>,
    /// Locale codes of the content, the default one first.
    locales: Arc<[String]>,
    seq: i64,
    types: Arc<BTreeMap<Arc<str>, Arc<Rows>>>,
    /// Derived, and shared by all clones.
    remembered: Arc<Remembered>,
}

/// What happened to one row between two snapshots.
#[derive(Debug, Clone)]
pub struct Change {
    pub key: EntryRef,
    pub old: Option<Arc<Entry>>,
    pub new: Option<Arc<Entry>>,
}

impl Change {
    /// Whether anything differs, the order of keys inside JSON values included.
    fn is_real(&self) -> bool {
        match (&self.old, &self.new) {
            (None, None) => false,
            (Some(old), Some(new)) => !old.says_the_same_as(new),
            _ => true,
        }
    }
}

/// A new snapshot and how it differs from the one before.
#[derive(Debug, Clone)]
pub struct Applied {
    pub snapshot: Snapshot,
    /// One per row, in the order of rows; rows that were written but are the same are left out.
    pub changes: Vec<Change>,
    pub model_changed: bool,
}

/// Why a batch of the feed cannot be applied; the snapshot stays as it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Entry(#[from] BadEntry),
    #[error("the content model of the feed is not valid: {}", list(.0))]
    Model(Vec<ModelError>),
    #[error("item {seq} of the feed ({uid} {document_id}) has no data")]
    NoData { seq: i64, uid: String, document_id: String },
}

fn list(errors: &[ModelError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Snapshot {
    /// A snapshot without entries.
    #[must_use]
    pub fn new(model: Arc<ContentModel>, locales: Vec<String>) -> Self {
        let shapes = Arc::new(Shapes::new(&model));
        let types = model.types().map(|ty| (Arc::from(ty.uid.as_str()), Arc::new(Rows::new(ty))));
        let types = Arc::new(types.collect());
        Self { types, shapes, model, locales: locales.into(), ..Self::default() }
    }

    #[must_use]
    pub fn model(&self) -> &Arc<ContentModel> {
        &self.model
    }

    /// Locale codes of the content, the default one first.
    #[must_use]
    pub fn locales(&self) -> &[String] {
        &self.locales
    }

    #[must_use]
    pub fn default_locale(&self) -> &str {
        self.locales.first().map_or(FALLBACK_LOCALE, String::as_str)
    }

    /// The place in the feed this content stands at.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The row of a document; `locale` is ignored for types that are not localized.
    #[must_use]
    pub fn get(&self, uid: &str, document_id: &str, locale: Option<&str>) -> Option<&Arc<Entry>> {
        let locale = locale.filter(|_| self.is_localized(uid));
        self.rows(uid)?.get(document_id, locale)
    }

    /// Every locale of a document.
    #[must_use]
    pub fn translations(&self, uid: &str, document_id: &str) -> &[Arc<Entry>] {
        self.rows(uid).map_or(&[], |rows| rows.translations(document_id))
    }

    /// The content types that have a document of this id: one, in practice.
    pub fn types_with(&self, document_id: &str) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .filter(move |(_, rows)| !rows.translations(document_id).is_empty())
            .map(|(uid, _)| &**uid)
    }

    /// Rows of a type in one locale by row id; all rows when the type is not localized.
    pub fn entries(&self, uid: &str, locale: &str) -> impl Iterator<Item = &Arc<Entry>> {
        let locale = self.is_localized(uid).then_some(locale);
        self.rows(uid).into_iter().flat_map(move |rows| rows.of_locale(locale))
    }

    /// Every row of a type in every locale.
    pub fn all_entries(&self, uid: &str) -> impl Iterator<Item = &Arc<Entry>> {
        self.rows(uid).into_iter().flat_map(Rows::all)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.types.values().map(|rows| rows.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn is_localized(&self, uid: &str) -> bool {
        self.shapes.get(uid).is_some_and(|shape| shape.localized)
    }

    pub(crate) fn rows(&self, uid: &str) -> Option<&Rows> {
        self.types.get(uid).map(AsRef::as_ref)
    }

    pub(crate) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    /// Gives back the memory that asking took.
    pub fn forget_answers(&self) {
        self.remembered.forget_answers();
    }

    /// The same content with other locales.
    #[must_use]
    pub fn with_locales(&self, locales: Vec<String>) -> Self {
        if *locales == *self.locales {
            return self.clone();
        }
        Self { locales: locales.into(), remembered: Arc::default(), ..self.clone() }
    }

    /// The name of a row under this content model: types that are not localized have no locale.
    #[must_use]
    pub fn key(&self, uid: &str, document_id: &str, locale: Option<&str>) -> EntryRef {
        key(&self.shapes, uid, document_id, locale)
    }

    /// This snapshot, which has no entries yet, with all of them: one per document and locale.
    pub(crate) fn with_entries(&self, entries: Vec<Entry>, seq: i64) -> Self {
        let mut draft = Draft::of(self);
        let mut by_type: BTreeMap<Arc<str>, Vec<Arc<Entry>>> = BTreeMap::new();
        for entry in entries {
            by_type.entry(Arc::clone(&entry.key().uid)).or_default().push(Arc::new(entry));
        }
        for (uid, entries) in by_type {
            match self.model.get(&uid) {
                Some(ty) => drop(draft.types.insert(uid, Arc::new(Rows::filled(ty, entries)))),
                None => entries.into_iter().for_each(|entry| drop(draft.put(entry))),
            }
        }
        Self { types: Arc::new(draft.types), seq, remembered: Arc::default(), ..self.clone() }
    }

    /// The next snapshot: this one with a batch of the feed applied, all of it or nothing.
    /// Applying an item twice has no further effect.
    ///
    /// # Errors
    /// When an item cannot be understood.
    pub fn apply(&self, items: &[SyncItem]) -> Result<Applied, ApplyError> {
        let mut draft = Draft::of(self);
        for item in items {
            draft.seq = draft.seq.max(item.seq);
            match item.op {
                Op::Schema => draft.set_model(item)?,
                Op::Delete => draft.delete(item),
                Op::Upsert => draft.upsert(item)?,
            }
        }
        Ok(draft.finish(self))
    }
}

/// A snapshot in the making.
struct Draft {
    model: Arc<ContentModel>,
    shapes: Arc<Shapes>,
    model_changed: bool,
    seq: i64,
    types: BTreeMap<Arc<str>, Arc<Rows>>,
    changes: BTreeMap<EntryRef, Change>,
}

impl Draft {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            model: Arc::clone(&snapshot.model),
            shapes: Arc::clone(&snapshot.shapes),
            model_changed: false,
            seq: snapshot.seq,
            types: BTreeMap::clone(&snapshot.types),
            changes: BTreeMap::new(),
        }
    }

    fn set_model(&mut self, item: &SyncItem) -> Result<(), ApplyError> {
        let data = item.data.as_ref().ok_or_else(|| no_data(item))?;
        let model = ContentModel::from_json(data).map_err(ApplyError::Model)?;
        if model == *self.model {
            return Ok(());
        }
        self.model_changed = true;
        self.shapes = Arc::new(Shapes::new(&model));
        let empty = model.types().map(|ty| (Arc::from(ty.uid.as_str()), Arc::new(Rows::new(ty))));
        let old = std::mem::replace(&mut self.types, empty.collect());
        self.model = Arc::new(model);
        for entry in old.values().flat_map(|rows| rows.all()) {
            self.put(Arc::new(entry.without_derived()));
        }
        Ok(())
    }

    fn upsert(&mut self, item: &SyncItem) -> Result<(), ApplyError> {
        let data = item.data.as_ref().ok_or_else(|| no_data(item))?;
        let key = self.key(item);
        let entry = Arc::new(Entry::new(key.clone(), data)?);
        let old = self.put(Arc::clone(&entry));
        self.note(key, old, Some(entry));
        Ok(())
    }

    fn delete(&mut self, item: &SyncItem) {
        let key = self.key(item);
        let old = self
            .types
            .get_mut(&key.uid)
            .and_then(|rows| Arc::make_mut(rows).remove(&key.document_id, key.locale.as_deref()));
        self.note(key, old, None);
    }

    /// Rows of a type the model does not know are kept: the model may follow.
    fn put(&mut self, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        let rows = self.types.entry(Arc::clone(&entry.key().uid)).or_default();
        Arc::make_mut(rows).put(entry)
    }

    fn note(&mut self, key: EntryRef, old: Option<Arc<Entry>>, new: Option<Arc<Entry>>) {
        let change = self.changes.entry(key).or_insert_with_key(|key| Change {
            key: key.clone(),
            old,
            new: None,
        });
        change.new = new;
    }

    fn key(&self, item: &SyncItem) -> EntryRef {
        key(&self.shapes, &item.uid, &item.document_id, item.locale.as_deref())
    }

    fn finish(self, before: &Snapshot) -> Applied {
        let changes: Vec<_> = self.changes.into_values().filter(Change::is_real).collect();
        let mut snapshot = Snapshot {
            model: self.model,
            shapes: self.shapes,
            locales: Arc::clone(&before.locales),
            seq: self.seq,
            types: Arc::new(self.types),
            remembered: Arc::default(),
        };
        if !self.model_changed {
            snapshot.remembered = Arc::new(before.remembered.carried(&snapshot, &changes));
        }
        Applied { snapshot, changes, model_changed: self.model_changed }
    }
}

fn key(shapes: &Shapes, uid: &str, document_id: &str, locale: Option<&str>) -> EntryRef {
    let localized = shapes.get(uid).is_none_or(|shape| shape.localized);
    EntryRef {
        uid: shared(uid),
        document_id: Arc::from(document_id),
        locale: locale.filter(|_| localized).map(shared),
    }
}

fn no_data(item: &SyncItem) -> ApplyError {
    ApplyError::NoData {
        seq: item.seq,
        uid: item.uid.clone(),
        document_id: item.document_id.clone(),
    }
}

//! What an edit would reach, found out by making it to a copy of the site in memory.
//!
//! The snapshot and the route table are copied, edited and asked; pages that asked something
//! whose answer differs are rendered, and count when their bytes differ. So the result is
//! exact for the edit that was tried. Asks nothing of the network and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cms_api::change::SyncItem;
use cms_api::content_type::ContentType;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::album::Album;
use super::apply::Applied;
use super::builder::{Builder, Refusal, route_change};
use super::made::Memo;
use super::media::MediaIndex;
use super::memory::{Memory, Traces};
use super::outputs::Outputs;
use super::report::{Action, Failure};
use super::work::{Planned, Work};
use super::world::World;
use super::{BuildError, Paths, check, hypothetical, lock, media, problem};
use crate::content::Edits;
use crate::engine::{ChangeSet, Kind};
use crate::site::RouteTable;
use crate::state::Store;

/// Stands among the fields for the document's disappearance.
pub const UNPUBLISH: &str = "unpublish";

/// For readers of the result.
pub const HINT: &str = "exact for the values tried; another value can move the entry elsewhere \
                        in sorted lists and so change other pages of them";

/// The URLs that would change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    pub uid: String,
    pub document_id: String,
    /// In the order of files.
    pub changes: Vec<UrlImpact>,
    /// What was tried.
    pub edits: Vec<Tried>,
    /// Fields without another value to try: a list with one choice, nothing to link to.
    pub untried: Vec<String>,
    /// Mistakes these edits would cause; the pages would stay as they are.
    pub failed: Vec<WouldFail>,
    pub hint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrlImpact {
    pub url: String,
    pub file: String,
    pub effects: Vec<Effect>,
}

/// What one edit does to a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Or [`UNPUBLISH`].
    pub field: String,
    pub action: Action,
}

/// The value a field was given in one locale; empty for a document that has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    pub field: String,
    pub locale: String,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WouldFail {
    pub field: String,
    pub failure: Failure,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum NoImpact {
    /// No such document; how many there are of each type.
    Document { id: String, types: Vec<(String, usize)> },
    /// No such field that a document stores; those there are.
    Field { field: String, uid: String, fields: Vec<String> },
    /// The site has mistakes that keep it from being built.
    Site(Vec<Failure>),
}

/// Says what would change if a document did: one field, or each in turn and the document's
/// disappearance.
///
/// # Errors
/// When there is no replica, or the cache cannot be used.
pub fn impact(
    paths: &Paths,
    document_id: &str,
    field: Option<&str>,
) -> Result<Result<Impact, NoImpact>, BuildError> {
    let _lock = lock(&paths.cache)?;
    let mut memory = Memory::load(&mut Store::open(&paths.cache)?, Traces::Wanted)?;
    if !memory.has_content() {
        return Err(BuildError::NoContent("an impact is found in the replica".to_owned()));
    }
    let asked = match Asked::find(&memory, document_id, field) {
        Ok(asked) => asked,
        Err(none) => return Ok(Err(none)),
    };
    let now = jiff::Timestamp::now();
    let world = match brought_up_to_date(paths, &mut memory, now.as_second())? {
        Ok(world) => world,
        Err(Refusal(failures)) => return Ok(Err(NoImpact::Site(failures))),
    };
    Ok(Ok(asked.answer(&memory, &world, now.as_millisecond())?))
}

/// The site as the next build would publish it, in memory: what is changed already is no
/// effect of the edit.
fn brought_up_to_date(
    paths: &Paths,
    memory: &mut Memory,
    now: i64,
) -> Result<Result<World, Refusal>, BuildError> {
    let (mut world, changes, planned) = match Builder::plan(&paths.site, memory, false, now)? {
        Ok(planned) => planned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    world.album = Album::new(&memory.pictures, None, Some(&paths.cache));
    let mut work = Work::find(memory, &world, &changes, &planned, &[], None)?;
    work.take_over(memory);
    Applied::default().pages(memory, &world, &work, &Outputs::Nowhere)?;
    Ok(Ok(world))
}

/// A document and the fields to edit.
struct Asked {
    ty: ContentType,
    document_id: String,
    fields: Vec<String>,
    /// Whether to try its disappearance too.
    unpublish: bool,
}

impl Asked {
    fn find(memory: &Memory, document_id: &str, field: Option<&str>) -> Result<Self, NoImpact> {
        let snapshot = &memory.snapshot;
        let model = snapshot.model();
        let found = snapshot.types_with(document_id).find_map(|uid| model.get(uid));
        let Some(ty) = found else {
            let count = |uid: &str| {
                let rows = snapshot.all_entries(uid);
                rows.map(|row| row.document_id()).collect::<BTreeSet<_>>().len()
            };
            let types = model.types().map(|ty| (ty.uid.clone(), count(&ty.uid)));
            let types = types.filter(|(_, count)| *count > 0).collect();
            return Err(NoImpact::Document { id: document_id.to_owned(), types });
        };
        let editable =
            ty.attributes.iter().filter(|(_, attribute)| hypothetical::is_editable(attribute));
        let mut fields: Vec<String> = editable.map(|(name, _)| name.clone()).collect();
        if let Some(field) = field {
            if !fields.iter().any(|known| known == field) {
                let (field, uid) = (field.to_owned(), ty.uid.clone());
                return Err(NoImpact::Field { field, uid, fields });
            }
            fields = vec![field.to_owned()];
        }
        let document_id = document_id.to_owned();
        Ok(Self { ty: ty.clone(), document_id, fields, unpublish: field.is_none() })
    }

    fn answer(self, memory: &Memory, world: &World, now: i64) -> Result<Impact, BuildError> {
        let mut effects = Effects::default();
        let mut result = Impact { hint: HINT, ..Impact::default() };
        let snapshot = &world.snapshot;
        for field in &self.fields {
            let Some(attribute) = self.ty.attributes.get(field) else { continue };
            let id = &self.document_id;
            match hypothetical::edit(snapshot, &self.ty, id, field, attribute, now) {
                None => result.untried.push(field.clone()),
                Some(edit) => {
                    let values = edit.values.into_iter();
                    result.edits.extend(values.map(|(locale, value)| Tried {
                        field: field.clone(),
                        locale,
                        value,
                    }));
                    effects.of(field, Outcome::of(memory, world, &edit.items)?);
                }
            }
        }
        if self.unpublish {
            let items = hypothetical::unpublish(snapshot, &self.ty.uid, &self.document_id);
            effects.of(UNPUBLISH, Outcome::of(memory, world, &items)?);
        }
        result.uid = self.ty.uid;
        result.document_id = self.document_id;
        result.failed = effects.failed;
        let changes = effects.changes.into_iter();
        result.changes =
            changes.map(|(file, (url, effects))| UrlImpact { url, file, effects }).collect();
        Ok(result)
    }
}

/// What all edits do, by output file.
#[derive(Default)]
struct Effects {
    changes: BTreeMap<String, (String, Vec<Effect>)>,
    failed: Vec<WouldFail>,
}

impl Effects {
    fn of(&mut self, field: &str, outcome: Outcome) {
        for (file, (url, action)) in outcome.changes {
            let (_, effects) = self.changes.entry(file).or_insert_with(|| (url, Vec::new()));
            effects.push(Effect { field: field.to_owned(), action });
        }
        let failed = outcome.failed.into_iter();
        self.failed.extend(failed.map(|failure| WouldFail { field: field.to_owned(), failure }));
    }
}

/// What one edit does.
#[derive(Default)]
struct Outcome {
    changes: BTreeMap<String, (String, Action)>,
    failed: Vec<Failure>,
    /// Media URLs with how many pages more show them.
    media: BTreeMap<String, isize>,
}

impl Outcome {
    fn of(memory: &Memory, before: &World, items: &[SyncItem]) -> Result<Self, BuildError> {
        let applied =
            before.snapshot.apply(items).map_err(|error| BuildError::Content(error.to_string()))?;
        let mut changes = ChangeSet::default();
        for change in &applied.changes {
            let json = |row: &Option<Arc<crate::content::Entry>>| {
                row.as_ref().and_then(|row| serde_json::to_value(row.map()).ok())
            };
            let (old, new) = (json(&change.old), json(&change.new));
            let key = &change.key;
            changes.note(&key.uid, &key.document_id, old.as_ref(), new.as_ref());
        }
        let next = |from: &str| memory.graph.next_watch(from);
        changes.watches = applied.snapshot.touched_watches(&applied.changes, &next);
        let mut outcome = Self::default();
        let mut table = RouteTable::clone(&before.table);
        let planned = match table.update(&changes, &applied.snapshot) {
            Ok(change) => Planned::Changed(change),
            Err(errors) => {
                outcome.failed = errors.iter().map(problem::of_site).collect();
                return Ok(outcome);
            }
        };
        outcome.failed = check::places(&before.inputs, &table);
        if !outcome.failed.is_empty() {
            return Ok(outcome);
        }
        changes.routes = route_change(&planned);
        let edits = Edits::of(&applied.changes);
        let mut after = before.with(applied.snapshot, table, edits);
        if let Planned::Changed(planned) = &planned {
            let known = before.everything_made();
            let (made, files) =
                Memo::after(known, planned, &changes, &after.table, &after.snapshot);
            after.made = made;
            changes.routes.add(files.iter().map(|file| file.to_string()));
        }
        outcome.plan_problems(before, &after);
        let work = Work::find(memory, &after, &changes, &planned, &[], None)?;
        outcome.pages(memory, &after, &work);
        outcome.media(memory, &after);
        Ok(outcome)
    }

    /// Entries that have no page any more because of the edit.
    fn plan_problems(&mut self, before: &World, after: &World) {
        let known = before.table.problems();
        let problems = after.table.problems().into_iter();
        let new = problems.filter(|problem| !known.contains(problem));
        self.failed.extend(new.map(|(route, found)| problem::of_plan(&after.table, route, found)));
    }

    fn pages(&mut self, memory: &Memory, after: &World, work: &Work) {
        let files: Vec<&String> = work.dirty.keys().collect();
        let rendered: Vec<_> = files
            .par_iter()
            .filter_map(|file| {
                let page = after.table.page(file)?;
                let result = after.render(page).map(|page| {
                    let hash = *blake3::hash(&page.bytes).as_bytes();
                    (hash, page.media)
                });
                Some((*file, page, result))
            })
            .collect();
        for (file, page, result) in rendered {
            let trace = memory.graph.trace(file);
            match result {
                Ok((hash, media)) => {
                    let action = match trace {
                        None => Action::Add,
                        Some(trace) if trace.output != hash => Action::Change,
                        Some(_) => continue,
                    };
                    self.changes.insert(file.clone(), (page.url.clone(), action));
                    self.count(&media, 1);
                    self.count(trace.map_or(&[], |trace| &trace.about.media), -1);
                }
                Err(fault) => {
                    let failed = trace.map_or_else(
                        || memory.failed_pages.contains(file),
                        |trace| trace.about.failed.is_some(),
                    );
                    if !failed {
                        self.failed.push(problem::of_page(page, &fault));
                    }
                }
            }
        }
        self.failed.sort_by(|one, other| one.url.cmp(&other.url));
        for file in &work.removed {
            let Some(trace) = memory.graph.trace(file) else { continue };
            self.changes.insert(file.clone(), (trace.about.url.to_string(), Action::Remove));
            self.count(&trace.about.media, -1);
        }
    }

    fn count(&mut self, media: &[String], more: isize) {
        for url in media {
            *self.media.entry(url.clone()).or_default() += more;
        }
    }

    /// Media files that are shown for the first time, or no more.
    fn media(&mut self, memory: &Memory, after: &World) {
        let moved: Vec<(String, isize)> = std::mem::take(&mut self.media).into_iter().collect();
        if moved.is_empty() {
            return;
        }
        let index = MediaIndex::new(&after.snapshot);
        for (url, more) in moved {
            let Some(file) = media::file(&url) else { continue };
            let trace = memory.graph.trace(&file);
            let is_published = trace.is_some_and(|trace| trace.about.kind == Kind::Media);
            let before = memory.graph.showing(&url);
            let now = before.saturating_add_signed(more);
            let action = match (before, now) {
                (0, 1..) if index.knows(&url) && !is_published => Action::Add,
                (1.., 0) if is_published => Action::Remove,
                _ => continue,
            };
            self.changes.insert(file, (url, action));
        }
    }
}

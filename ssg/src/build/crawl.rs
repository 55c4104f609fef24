//! A plain Strapi as a source: it has no change feed, so its content is crawled over REST
//! and what differs is told as a feed would.
//!
//! Each pull asks every listing for its newest document and their number, and reads those
//! listings anew that say something else than before, with all that show links to them.
//! Now and then everything is read, for what leaves no such mark. A pull that fails
//! half-way changes nothing: what is known is replaced at its end, or not at all.

mod ask;
mod entry;
mod populate;
mod schemas;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cms_api::change::SyncItem;
use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use tokio::sync::Mutex;

use self::ask::{Mark, Slot, Unread};
use self::entry::{Entries, unite};
use self::populate::Readable;
use self::shelf::{Fresh, Shelf, Shelves};
use super::cursor;
use super::source::Pulled;
use crate::client::{ClientError, Cms};

/// Rounds of reading what changed during the round before.
const MAX_ROUNDS: usize = 5;
/// Tells a cursor of ours from one of a feed.
const CURSOR: &str = "crawl";

/// Reads a plain Strapi.
#[derive(Debug)]
pub struct Crawl {
    /// The `src` folder of the Strapi project.
    schemas: Option<PathBuf>,
    /// How often everything is read.
    full_every: Duration,
    known: Mutex<Option<Known>>,
}

/// What the last pull of this process found.
#[derive(Debug)]
struct Known {
    cursor: String,
    read_all: Instant,
    content: Content,
}

#[derive(Debug, Clone)]
struct Content {
    model: Arc<ContentModel>,
    locales: Option<Vec<String>>,
    marks: BTreeMap<Slot, Mark>,
    shelves: Shelves,
}

impl Crawl {
    #[must_use]
    pub fn new(schemas: Option<PathBuf>, full_every: Duration) -> Self {
        Self { schemas, full_every, known: Mutex::default() }
    }

    /// What differs since a cursor of ours; everything when this process did not hand it out
    /// and the content is another than it names.
    pub(super) async fn pull(
        &self,
        cms: &Cms,
        cursor: Option<&str>,
    ) -> Result<Pulled, ClientError> {
        let model = Arc::new(self.model()?);
        let mut known = self.known.lock().await;
        let before = known.as_ref().filter(|known| {
            Some(known.cursor.as_str()) == cursor
                && known.content.model.fingerprint() == model.fingerprint()
        });
        let recent = before.filter(|known| known.read_all.elapsed() < self.full_every);
        let read_all = recent.map_or_else(Instant::now, |known| known.read_all);
        let mut fresh = Fresh::new();
        let start = recent.map(|known| known.content.clone());
        let mut content = settle(cms, &model, start, &mut fresh).await?;
        let told = match tell(&content, before, cursor, &fresh) {
            Some(told) => told,
            // A file's newest state is on a listing that had no reason to be read.
            None => {
                content = settle(cms, &model, None, &mut fresh).await?;
                tell(&content, before, cursor, &fresh).ok_or_else(busy)?
            }
        };
        if known.is_none() && content.locales.is_none() && model.api_types().any(|ty| ty.localized)
        {
            tracing::warn!(
                "the token may not list the locales of the CMS (i18n, `listLocales`): only \
                 content in the default locale is read"
            );
        }
        *known = Some(Known { cursor: told.cursor.clone(), read_all, content });
        Ok(told)
    }

    fn model(&self) -> Result<ContentModel, ClientError> {
        let Some(folder) = &self.schemas else {
            return Err(ClientError::Contract(
                "there is no change feed (`/sync`); to read a plain Strapi, set SSG_SCHEMA_DIR \
                 to the `src` folder of its project"
                    .to_owned(),
            ));
        };
        schemas::read(folder).map_err(|error| ClientError::Contract(error.to_string()))
    }
}

/// Reads listings until none says something else than when it was read.
async fn settle(
    cms: &Cms,
    model: &Arc<ContentModel>,
    start: Option<Content>,
    fresh: &mut Fresh,
) -> Result<Content, ClientError> {
    let mut content = start.unwrap_or_else(|| Content {
        model: Arc::clone(model),
        locales: None,
        marks: BTreeMap::new(),
        shelves: Shelves::new(),
    });
    for _ in 0..MAX_ROUNDS {
        content.locales = ask::locales(cms).await?;
        let marks = marks(cms, model, content.locales.as_deref()).await?;
        let readable: BTreeSet<String> = marks
            .iter()
            .filter(|(_, mark)| **mark != Mark::Forbidden)
            .map(|((uid, _), _)| uid.clone())
            .collect();
        if readable.is_empty() {
            return Err(ClientError::Permanent {
                status: 403,
                name: "Forbidden".to_owned(),
                message: "none of the content types in SSG_SCHEMA_DIR may be read".to_owned(),
            });
        }
        let stale = stale(model, &content.marks, &marks);
        content.shelves.retain(|slot, _| marks.contains_key(slot));
        content.marks = marks;
        if stale.is_empty() {
            return Ok(content);
        }
        let readable = Readable { model, types: &readable };
        for slot in stale {
            let Some(ty) = model.get(&slot.0) else { continue };
            match shelf(cms, readable, ty, &slot.1, &content, fresh).await {
                Ok(shelf) => drop(content.shelves.insert(slot, Arc::new(shelf))),
                // The next round reads it again.
                Err(Unread::Shifted) => drop(content.marks.remove(&slot)),
                Err(Unread::Failed(error)) => return Err(error),
            }
        }
    }
    Err(busy())
}

fn busy() -> ClientError {
    ClientError::Transient {
        message: "the content keeps changing while it is read".to_owned(),
        retry_after: None,
    }
}

/// Every listing with what it says now.
async fn marks(
    cms: &Cms,
    model: &ContentModel,
    locales: Option<&[String]>,
) -> Result<BTreeMap<Slot, Mark>, ClientError> {
    let unnamed = [String::new()];
    let mut marks = BTreeMap::new();
    for ty in model.api_types() {
        let locales = locales.filter(|_| ty.localized).unwrap_or(&unnamed);
        for locale in locales {
            let mark = ask::mark(cms, ty, locale).await?;
            marks.insert((ty.uid.clone(), locale.clone()), mark);
        }
    }
    Ok(marks)
}

/// Listings that say something else than before, and all that show links to their types:
/// an unpublished author leaves its articles without a trace of its own.
fn stale(
    model: &ContentModel,
    before: &BTreeMap<Slot, Mark>,
    now: &BTreeMap<Slot, Mark>,
) -> Vec<Slot> {
    let changed = |slot: &&Slot| before.get(*slot) != now.get(*slot);
    let types: BTreeSet<&str> =
        now.keys().chain(before.keys()).filter(changed).map(|(uid, _)| uid.as_str()).collect();
    let linking: BTreeSet<&str> = model
        .api_types()
        .filter(|ty| {
            let targets = populate::targets(model, &ty.attributes);
            targets.iter().any(|target| types.contains(target.as_str()))
        })
        .map(|ty| ty.uid.as_str())
        .collect();
    now.keys().filter(|slot| changed(slot) || linking.contains(slot.0.as_str())).cloned().collect()
}

/// Reads a listing.
async fn shelf(
    cms: &Cms,
    readable: Readable<'_>,
    ty: &ContentType,
    locale: &str,
    content: &Content,
    fresh: &mut Fresh,
) -> Result<Shelf, Unread> {
    let slot = (ty.uid.clone(), locale.to_owned());
    if !matches!(content.marks.get(&slot), Some(Mark::There { .. })) {
        return Ok(Shelf::default());
    }
    let mut entries = Entries::new(readable);
    let mut items = BTreeMap::new();
    for locale in views(readable, ty, locale, content.locales.as_deref()) {
        let answers = ask::documents(cms, readable, ty, locale).await?;
        for item in answers.iter().filter_map(|answer| entries.item(ty, answer)) {
            add(&mut items, item);
        }
    }
    Ok(Shelf::fill(entries.files.into_iter().chain(items.into_values()), fresh))
}

/// The locales to ask for: a type that is not localized shows, of localized ones, the links
/// to the documents that exist in the locale asked for.
fn views<'a>(
    readable: Readable<'_>,
    ty: &ContentType,
    locale: &'a str,
    locales: Option<&'a [String]>,
) -> Vec<&'a str> {
    let localized = |uid: &String| readable.model.get(uid).is_some_and(|target| target.localized);
    let many =
        !ty.localized && populate::targets(readable.model, &ty.attributes).iter().any(localized);
    match locales {
        Some(locales) if many => locales.iter().map(String::as_str).collect(),
        _ => vec![locale],
    }
}

fn add(items: &mut BTreeMap<String, SyncItem>, item: SyncItem) {
    match items.get_mut(&item.document_id) {
        None => drop(items.insert(item.document_id.clone(), item)),
        Some(known) => {
            if let (Some(data), Some(other)) = (&mut known.data, &item.data) {
                unite(data, other);
            }
        }
    }
}

/// The content as the answer to a pull; `None` when a row that differs is not at hand.
fn tell(
    content: &Content,
    before: Option<&Known>,
    cursor: Option<&str>,
    fresh: &Fresh,
) -> Option<Pulled> {
    let rows = shelf::rows(&content.shelves);
    let locales = content.locales.clone().unwrap_or_else(|| {
        let seen: BTreeSet<_> = rows.keys().filter_map(|(_, _, locale)| locale.clone()).collect();
        seen.into_iter().collect()
    });
    let named = locales.join(" ");
    let digest = shelf::digest(&rows, &[content.model.fingerprint(), named.as_bytes()]);
    let last = cursor.and_then(|cursor| cursor::parse(CURSOR, cursor));
    if let (Some((seq, known)), Some(cursor)) = (last, cursor)
        && known == digest
    {
        let cursor = cursor.to_owned();
        return Some(Pulled { complete: false, items: Vec::new(), cursor, seq, locales });
    }
    let seq = cursor::next(last.map(|(seq, _)| seq));
    let old = before.map(|known| shelf::rows(&known.content.shelves));
    let complete = old.is_none();
    let mut items = shelf::difference(&old.unwrap_or_default(), &rows, fresh, seq)?;
    if complete {
        items.insert(0, cursor::schema(&content.model, seq));
    }
    let cursor = cursor::write(CURSOR, seq, &digest);
    Some(Pulled { complete, items, cursor, seq, locales })
}

/// Whether a cursor was made here.
pub(super) fn is_cursor(cursor: &str) -> bool {
    cursor::parse(CURSOR, cursor).is_some()
}

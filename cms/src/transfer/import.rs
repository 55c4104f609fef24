//! Taking an archive over: all of it in one transaction, or nothing.

mod accounts;
mod agreement;
mod configuration;
mod entries;
mod folders;
mod identity;
mod links;
mod media;
pub(crate) mod report;
mod unique;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use cms_api::builtin;
use cms_api::model::ContentModel;
use serde::Deserialize;
use serde_json::Value;

use self::accounts::Accounts;
use self::agreement::Agreement;
use self::configuration::Configuration;
use self::entries::{EntityLine, Entries};
use self::folders::PathIds;
use self::links::Pending;
use self::report::Report;
use super::archive::lines;
use super::archive::member::Section;
use super::archive::source::Source;
use super::kept::{self, Kept};
use super::names::LOCALE;
use super::recovery;
use super::staging::{Hold, Staging};
use crate::bootstrap;
use crate::clock;
use crate::config::{Place, Storage as Settings};
use crate::content_types::{self, adopt::adopt};
use crate::documents::components;
use crate::media::storage::Storage;
use crate::store::documents::Identity;
use crate::store::pool::DatabaseUrl;
use crate::store::{Conn, Database, StoreError, archive, backup, feed, registry};

/// What to import, and where to.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) archive: super::Request<'a>,
    /// Report and write nothing.
    pub(crate) dry_run: bool,
    /// Leave out what does not fit the content model.
    pub(crate) force: bool,
}

/// Imports the archive, or says what that would do.
///
/// # Errors
/// [`super::Refused`] for what is wrong with the archive; others for what is wrong here.
pub(crate) fn run(request: &Request<'_>) -> anyhow::Result<Report> {
    let source = Source::open(request.archive.file, request.archive.key)?;
    if request.dry_run { rehearse(request, &source) } else { perform(request, &source) }
}

fn perform(request: &Request<'_>, source: &Source) -> anyhow::Result<Report> {
    let uploads = Storage::open(request.archive.uploads, &request.archive.settings.data_dir())?;
    let hold = Hold::of(&uploads)?
        .context("another import into these uploads is at work; try again when it has ended")?;
    let db = bootstrap::open_database(request.archive.settings)?;
    let schema = &request.archive.settings.schema;
    recovery::recover_held(&hold, &db, &uploads, request.archive.settings)?;
    let mut staging = Staging::unpack(source, &uploads)?;
    let agreement = agree(&staging, schema, request.force)?;
    for new in &agreement.new {
        staging.add_schema(&new.place, &new.text)?;
    }
    let report = db.write_once(|conn| {
        let report = import(conn, &mut staging, &agreement, &uploads, false)?;
        recovery::note(conn, &staging.name()).map_err(anyhow::Error::from)?;
        Ok::<_, Failure>(report)
    });
    let report = report.map_err(|Failure(error)| error)?;
    // Committed. From here on the import is finished, now or by whoever comes next.
    let folder = staging.keep();
    recovery::finish(&db, &uploads, request.archive.settings, &folder).context(
        "the import is done, but its files did not all get their place; start the server or \
         import again to finish",
    )?;
    Ok(report)
}

/// Does everything but keep it.
fn rehearse(request: &Request<'_>, source: &Source) -> anyhow::Result<Report> {
    let aside = tempfile::tempdir()?;
    let (settings, uploads) = stage(request, aside.path())?;
    let db = Database::open(&settings.database_url)?;
    if settings.database_url == request.archive.settings.database_url {
        anyhow::ensure!(
            db.pending_migrations()? == 0,
            "the database is older than this program; run `cms migrate` first"
        );
    } else {
        db.migrate()?;
    }
    let mut staging = Staging::look(source)?;
    let agreement = agree(&staging, &settings.schema, request.force)?;
    let told = db.write_once(|conn| {
        bootstrap::prepare(conn, &settings.locales).map_err(anyhow::Error::from)?;
        let report = import(conn, &mut staging, &agreement, &uploads, true)?;
        // Failing rolls everything back.
        Err::<Report, _>(Rehearsal::Told(Box::new(report)))
    });
    match told {
        Ok(report) => Ok(report),
        Err(Rehearsal::Told(report)) => Ok(*report),
        Err(Rehearsal::Failed(error)) => Err(error),
    }
}

/// A server that does not exist yet must not come into being by a dry run: it is played
/// by an empty one elsewhere.
fn stage(request: &Request<'_>, aside: &Path) -> anyhow::Result<(Settings, Storage)> {
    let mut settings = request.archive.settings.clone();
    if !backup::exists(&settings.database_url)? {
        let path = aside.join("cms.db").to_string_lossy().into_owned();
        settings.database_url = DatabaseUrl::Sqlite(path);
    }
    let uploads = match &request.archive.uploads.place {
        Place::Folder(folder) if !folder.is_dir() => Storage::local(&aside.join("uploads"))?,
        _ => Storage::open(request.archive.uploads, &aside.join("data"))?,
    };
    Ok((settings, uploads))
}

/// How a rehearsal ends.
enum Rehearsal {
    Told(Box<Report>),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Rehearsal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Rehearsal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Lets a transaction fail with any error.
struct Failure(anyhow::Error);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

/// Compares the archive's content types with the server's. A server without a schema folder
/// has none yet.
fn agree(staging: &Staging, schema: &Path, force: bool) -> anyhow::Result<Agreement> {
    let server = match schema.join("api").is_dir() || schema.join("components").is_dir() {
        true => content_types::load(schema)?,
        false => ContentModel::new([], []).unwrap_or_default(),
    };
    let mut schemas: Vec<Value> = Vec::new();
    lines::each(staging.lines(Section::Schemas), |line| {
        schemas.push(line.parse()?);
        Ok(())
    })?;
    agreement::agree(schemas, &server, force)
}

/// An import in progress, inside its transaction.
pub(super) struct Importer<'a> {
    conn: &'a mut Conn,
    model: &'a ContentModel,
    left_out: &'a HashSet<(String, String)>,
    /// Take what breaks rules between documents.
    force: bool,
    /// Uploaded files in the archive.
    assets: &'a BTreeMap<String, u64>,
    now: i64,
    default_locale: String,
    report: Report,
    entries: Entries,
    accounts: Accounts,
    path_ids: PathIds,
    pending: Vec<Pending>,
    shown_files: BTreeSet<String>,
    had_rows: HashMap<String, bool>,
    highest_component: i64,
    /// Rows that are here no longer.
    gone: Vec<Identity>,
}

fn import(
    conn: &mut Conn,
    staging: &mut Staging,
    agreement: &Agreement,
    uploads: &Storage,
    dry_run: bool,
) -> anyhow::Result<Report> {
    feed::hold(conn)?;
    adopt(conn, &agreement.model)?;
    let mut import = Importer {
        conn,
        model: &agreement.model,
        left_out: &agreement.left_out,
        force: agreement.force,
        assets: &staging.assets,
        now: clock::now(),
        default_locale: String::new(),
        report: opening(staging, agreement, dry_run),
        entries: Entries::default(),
        accounts: Accounts::default(),
        path_ids: PathIds::new(),
        pending: Vec::new(),
        shown_files: BTreeSet::new(),
        had_rows: HashMap::new(),
        highest_component: 0,
        gone: Vec::new(),
    };
    import.take_all(staging, agreement)?;
    let (mut report, shown) = (import.report, import.shown_files);
    media::sort(staging, uploads, &shown, &mut report, dry_run)?;
    Ok(report)
}

fn opening(staging: &Staging, agreement: &Agreement, dry_run: bool) -> Report {
    let mut report = Report {
        dry_run,
        created_at: staging.metadata.created_at.clone(),
        strapi_version: staging.metadata.strapi.version.clone(),
        schemas: agreement.new.iter().map(|new| new.uid.clone()).collect(),
        notes: agreement.notes.clone(),
        ..Report::default()
    };
    for (name, reason) in &staging.skipped {
        report.skip(format!("member `{name}`"), *reason);
    }
    report
}

impl Importer<'_> {
    fn take_all(&mut self, staging: &Staging, agreement: &Agreement) -> anyhow::Result<()> {
        let mut configuration = Configuration::default();
        lines::each(staging.lines(Section::Configuration), |line| configuration.read(&line))?;
        let (locales, folders) = early(staging)?;
        self.locales(locales, configuration.default_locale())?;
        self.path_ids = folders::assign(self.conn, folders)?;
        lines::each(staging.lines(Section::Entities), |line| self.entity(&line))?;
        lines::each(staging.lines(Section::Links), |line| self.link(&line))?;
        self.write_links()?;
        self.remove_leftovers()?;
        self.check_unique()?;
        let exact = self.configure(&configuration)?;
        self.write_permissions(exact)?;
        self.announce()?;
        for (uid, schema) in &agreement.foreign {
            Kept::Schema.put(self.conn, uid, schema)?;
        }
        if let Some(version) = &staging.metadata.strapi.version {
            kept::set_version(self.conn, version)?;
        }
        let uids: BTreeSet<_> =
            self.entries.list.iter().map(|entry| entry.identity.uid.clone()).collect();
        for uid in uids {
            archive::settle_numbers(self.conn, &uid)?;
        }
        archive::raise(self.conn, components::COUNTER, self.highest_component)?;
        Ok(registry::touch(self.conn)?)
    }
}

/// Locales and folders: what other lines build on, wherever it stands.
fn early(staging: &Staging) -> anyhow::Result<(Vec<EntityLine>, Vec<EntityLine>)> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        uid: String,
    }
    let (mut locales, mut folders) = (Vec::new(), Vec::new());
    lines::each(staging.lines(Section::Entities), |line| {
        match line.parse::<Kind>()?.uid.as_str() {
            LOCALE => locales.push(line.parse()?),
            builtin::FOLDER => folders.push(line.parse()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok((locales, folders))
}

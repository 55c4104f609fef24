//! Writing everything into an archive, as of one moment.
//!
//! Rows, links and settings come from one snapshot of the database and wait on the disk;
//! uploaded files are streamed. Order and dates follow from the content alone, so equal
//! content makes equal archives.

mod configuration;
mod links;
pub(crate) mod report;
mod rows;
mod spool;

use std::collections::BTreeMap;
use std::path::Path;

use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use self::links::{Links, Targets};
use self::report::Report;
use self::rows::{Numbering, Rows};
use self::spool::Spool;
use super::archive::member::{METADATA, SIDECARS, Section, UPLOADS};
use super::archive::target::{Target, Writer};
use super::kept::{self, Kept};
use super::recovery;
use super::request::Request;
use super::schemas;
use crate::media::storage::{FileName, Storage};
use crate::store::documents::Row;
use crate::store::links::of_source;
use crate::store::{Conn, StoreError, archive, registry};
use crate::{bootstrap, clock, content_types};

/// Schemas Strapi has and we do not, one a line, as version 5.54 writes them. Its importer
/// wants to see all of its own.
const SYSTEM_SCHEMAS: &str = include_str!("export/system_schemas.jsonl");
/// The version whose archives ours are like.
const STRAPI_VERSION: &str = "5.54.0";
/// Rows read at a time.
const PAGE: i64 = 500;
const MILLIS_PER_SECOND: i64 = 1000;

/// Writes the archive.
///
/// # Errors
/// When name and key do not go together, the content model has errors, or the disk refuses.
pub(crate) fn run(request: &Request<'_>) -> anyhow::Result<Report> {
    let target = Target::parse(request.file, request.key)?;
    let db = bootstrap::open_database(request.settings)?;
    let uploads = Storage::open(request.uploads, &request.settings.data_dir())?;
    recovery::recover(&db, &uploads, request.settings)?;
    let model = content_types::load(&request.settings.schema)?;
    let collected = db.read_once(|conn| collect(conn, &model, target.parent()));
    let collected = collected.map_err(|Failure(error)| error)?;
    write(&target, collected, &uploads, request.file)
}

/// Lets a transaction fail with any error.
struct Failure(anyhow::Error);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

/// An uploaded file and what is said about it.
struct Asset {
    name: String,
    about: Value,
}

/// Everything but the uploaded files themselves.
struct Collected {
    schemas: Spool,
    entities: Spool,
    links: Spool,
    configuration: Spool,
    assets: Vec<Asset>,
    /// When the content changed last, in Unix milliseconds.
    newest: i64,
    version: String,
    report: Report,
}

fn collect(conn: &mut Conn, model: &ContentModel, folder: &Path) -> Result<Collected, Failure> {
    let mut all = Collected {
        schemas: Spool::new(Section::Schemas, folder),
        entities: Spool::new(Section::Entities, folder),
        links: Spool::new(Section::Links, folder),
        configuration: Spool::new(Section::Configuration, folder),
        assets: Vec::new(),
        newest: 0,
        version: kept::version(conn)?.unwrap_or_else(|| STRAPI_VERSION.to_owned()),
        report: Report::default(),
    };
    schema_lines(conn, model, &mut all.schemas)?;
    let locales = registry::locales(conn)?;
    let default_locale = locales.first().map_or("en", |locale| locale.code.as_str());
    let mut shared = Shared {
        model,
        default_locale,
        numbering: Numbering::default(),
        targets: Targets::default(),
    };
    for uid in [builtin::FILE, builtin::FOLDER] {
        shared.rows_of(conn, uid, &mut all)?;
    }
    configuration::locales(&locales, &mut all)?;
    configuration::permissions(conn, model, &mut all)?;
    for uid in [builtin::ROLE, builtin::USER] {
        shared.rows_of(conn, uid, &mut all)?;
    }
    for ty in model.api_types() {
        shared.rows_of(conn, &ty.uid, &mut all)?;
    }
    configuration::settings(conn, default_locale, &mut all.configuration)?;
    all.report.links = all.links.lines;
    Ok(all)
}

fn schema_lines(conn: &mut Conn, model: &ContentModel, spool: &mut Spool) -> Result<(), Failure> {
    let mut foreign: BTreeMap<String, Value> = Kept::Schema.all(conn)?.into_iter().collect();
    if foreign.is_empty() {
        for line in SYSTEM_SCHEMAS.lines() {
            let schema: Value = serde_json::from_str(line).map_err(StoreError::unreadable)?;
            let uid = schema.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
            foreign.insert(uid, schema);
        }
    }
    for line in foreign.values() {
        spool.push(line)?;
    }
    for ty in model.api_types() {
        spool.push(&schemas::content_type_line(ty))?;
    }
    for part in model.components() {
        spool.push(&schemas::component_line(&part.uid, &part.source))?;
    }
    Ok(())
}

/// What rows of all types have in common.
struct Shared<'a> {
    model: &'a ContentModel,
    default_locale: &'a str,
    numbering: Numbering,
    targets: Targets,
}

impl Shared<'_> {
    fn rows_of(&mut self, conn: &mut Conn, uid: &str, all: &mut Collected) -> Result<(), Failure> {
        let model = self.model;
        let Some(ty) = model.get(uid) else { return Ok(()) };
        let mut after = 0;
        loop {
            let page = archive::page(conn, uid, after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number;
            for row in &page {
                self.row(conn, ty, row, all)?;
            }
        }
    }

    fn row(
        &mut self,
        conn: &mut Conn,
        ty: &ContentType,
        row: &Row,
        all: &mut Collected,
    ) -> Result<(), Failure> {
        let mut rows = Rows { model: self.model, ty, numbering: &mut self.numbering };
        let (data, parts) = rows.data(row);
        all.newest = all.newest.max(row.updated_at).max(row.published_at.unwrap_or_default());
        if ty.uid == builtin::FILE {
            all.assets.extend(assets(row.number, &data));
        }
        if ty.uid == builtin::USER && !is_strapis(data.get("password")) {
            all.report.unusable_passwords += 1;
        }
        all.entity(&ty.uid, row.number, data)?;
        let (model, default_locale) = (self.model, self.default_locale);
        let mut links = Links { model, default_locale, targets: &mut self.targets };
        for link in of_source(conn, row.id)? {
            for line in links.lines(conn, ty, row, &parts, &link)? {
                all.links.push(&line)?;
            }
        }
        Ok(())
    }
}

impl Collected {
    fn entity(&mut self, uid: &str, id: i64, data: Map<String, Value>) -> std::io::Result<()> {
        *self.report.types.entry(uid.to_owned()).or_default() += 1;
        self.entities.push(&json!({ "type": uid, "id": id, "data": data }))
    }
}

/// Strapi checks bcrypt hashes only; one without a password needs none.
fn is_strapis(password: Option<&Value>) -> bool {
    password.and_then(Value::as_str).is_none_or(|hash| hash.starts_with("$2"))
}

/// The stored files of a row: the original, and its image formats.
fn assets(number: i64, data: &Map<String, Value>) -> Vec<Asset> {
    let name = |of: &Map<String, Value>| {
        let text = |key: &str| of.get(key).and_then(Value::as_str);
        Some(format!("{}{}", text("hash")?, text("ext").unwrap_or_default()))
    };
    let mut assets = Vec::new();
    if let Some(name) = name(data) {
        let mut about = Map::from_iter([("id".to_owned(), Value::from(number))]);
        about.extend(data.clone());
        assets.push(Asset { name, about: about.into() });
    }
    let formats = data.get("formats").and_then(Value::as_object);
    for (kind, format) in formats.into_iter().flatten() {
        let Some(format) = format.as_object() else { continue };
        if let Some(name) = name(format) {
            let mut about = format.clone();
            about.insert("type".into(), kind.as_str().into());
            about.insert("id".into(), number.into());
            about.insert("mainHash".into(), data.get("hash").cloned().unwrap_or_default());
            assets.push(Asset { name, about: about.into() });
        }
    }
    assets
}

fn write(
    target: &Target,
    all: Collected,
    uploads: &Storage,
    file: &Path,
) -> anyhow::Result<Report> {
    let mut report = all.report;
    let seconds = u64::try_from(all.newest / MILLIS_PER_SECOND).unwrap_or_default();
    let mut archive = target.create(seconds)?;
    all.schemas.write(&mut archive)?;
    all.entities.write(&mut archive)?;
    for asset in &all.assets {
        add_asset(&mut archive, asset, uploads, &mut report)?;
    }
    all.links.write(&mut archive)?;
    all.configuration.write(&mut archive)?;
    let metadata = json!({
        "createdAt": clock::iso(all.newest),
        "strapi": { "version": all.version },
    });
    add_text(&mut archive, METADATA, &serde_json::to_string_pretty(&metadata)?)?;
    archive.finish()?;
    report.file = file.display().to_string();
    Ok(report)
}

fn add_asset(
    archive: &mut Writer,
    asset: &Asset,
    uploads: &Storage,
    report: &mut Report,
) -> anyhow::Result<()> {
    let found = match FileName::parse(&asset.name) {
        Some(name) => uploads.read(&name)?,
        None => None,
    };
    let Some((version, mut bytes)) = found else {
        report.missing.push(asset.name.clone());
        return Ok(());
    };
    let size = version.bytes;
    let sidecar = format!("{SIDECARS}/{}.json", asset.name);
    add_text(archive, &sidecar, &asset.about.to_string())?;
    archive.add(&format!("{UPLOADS}/{}", asset.name), size, &mut bytes)?;
    report.files += 1;
    report.bytes += size;
    Ok(())
}

fn add_text(archive: &mut Writer, name: &str, text: &str) -> anyhow::Result<()> {
    archive.add(name, text.len() as u64, &mut text.as_bytes())
}

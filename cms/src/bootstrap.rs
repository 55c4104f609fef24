//! From settings to an [`App`] that is ready to serve: one way in for the program and its tests.

use crate::app::App;
use crate::auth::keys::Keys;
use crate::auth::roles;
use crate::clock;
use crate::config::{Settings, Storage};
use crate::content_types::{self, adopt::adopt};
use crate::locales;
use crate::media;
use crate::store::{Conn, Database, StoreError, registry, settings};
use crate::transfer::recovery;

/// Remembers which default locale the settings last asked for.
const DEFAULT_LOCALE_SETTING: &str = "locales.default";

/// Opens the database and brings it up to date.
///
/// # Errors
/// When it cannot be opened or migrated.
pub fn open_database(storage: &Storage) -> anyhow::Result<Database> {
    let db = Database::open(&storage.database_url)?;
    db.migrate()?;
    db.write::<_, StoreError>(|conn| prepare(conn, &storage.locales))?;
    Ok(db)
}

/// Gives a database what every installation has: locales and the stock roles.
///
/// # Errors
/// Those of the database.
pub(crate) fn prepare(conn: &mut Conn, codes: &[String]) -> Result<(), StoreError> {
    ensure_locales(conn, codes)?;
    roles::ensure_stock(conn, clock::now())
}

/// Opens everything.
///
/// # Errors
/// When the database or the content model cannot be used.
pub fn open(settings: Settings) -> anyhow::Result<App> {
    let db = open_database(&settings.storage)?;
    let uploads =
        media::storage::Storage::open(&settings.serving.uploads, &settings.storage.data_dir())?;
    recovery::recover(&db, &uploads, &settings.storage)?;
    let model = content_types::load(&settings.storage.schema)?;
    db.write::<_, StoreError>(|conn| adopt(conn, &model))?;
    let secret = settings.serving.jwt_secret.as_deref();
    let keys = Keys::load(secret, &settings.storage.data_dir())?;
    uploads.sweep()?;
    Ok(App::new(db, model, settings, keys, uploads))
}

/// Creates the locales that are missing. The first becomes the default one when the settings
/// say so for the first time: a default chosen later on the command line stays.
fn ensure_locales(conn: &mut Conn, codes: &[String]) -> Result<(), StoreError> {
    let known = registry::locales(conn)?;
    for code in codes {
        if !known.iter().any(|locale| &locale.code == code) {
            let name = locales::display_name(code);
            registry::add_locale(conn, code, &name, false, clock::now())?;
        }
    }
    let Some(first) = codes.first() else { return Ok(()) };
    if settings::get(conn, DEFAULT_LOCALE_SETTING)?.as_ref() != Some(first) {
        registry::set_default_locale(conn, first)?;
        settings::set(conn, DEFAULT_LOCALE_SETTING, first)?;
    }
    Ok(())
}

//! From settings to an [`App`] that is ready to serve: one way in for the program and its tests.

use crate::app::App;
use crate::auth::keys::Keys;
use crate::auth::roles;
use crate::clock;
use crate::config::{Settings, Storage};
use crate::content_types::{self, adopt::adopt};
use crate::locales;
use crate::media;
use crate::store::{Conn, Database, StoreError, feed, registry, settings, soundness};
use crate::transfer::recovery;

/// Remembers which default locale the settings last asked for.
const DEFAULT_LOCALE_SETTING: &str = "locales.default";
/// Remembers the name of the key that the last server signed with.
const KEY_SETTING: &str = "auth.key";

/// Opens the database and brings it up to date.
///
/// # Errors
/// When it cannot be opened or migrated.
pub fn open_database(storage: &Storage) -> anyhow::Result<Database> {
    soundness::check(&storage.database_url)?;
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
    // Of servers that start at once one makes them, and the others find them.
    feed::hold(conn)?;
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
    db.write::<_, StoreError>(|conn| compare_keys(conn, &keys))?;
    uploads.sweep()?;
    Ok(App::new(db, model, settings, keys, uploads))
}

/// Servers on one database must sign with one key, or each refuses the logins of the others.
fn compare_keys(conn: &mut Conn, keys: &Keys) -> Result<(), StoreError> {
    let known = settings::get(conn, KEY_SETTING)?;
    if known.as_deref() == Some(keys.id()) {
        return Ok(());
    }
    if known.is_some() {
        tracing::warn!(
            "the signing key is another one than that of the last server on this database: all \
             logins made with that one are void. Several servers need the same CMS_JWT_SECRET"
        );
    }
    settings::set(conn, KEY_SETTING, keys.id())
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

//! Making a content model the current one in the database: a line in the feed when it differs
//! from the last one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cms_api::model::ContentModel;

use crate::clock;
use crate::store::feed::{self, NewChange};
use crate::store::{Conn, StoreError, settings};

/// Remembers the model of the last start or reload.
const HASH_SETTING: &str = "content_model.hash";

/// Whether this is the model of the last start, or there was none.
///
/// # Errors
/// Those of the database.
pub(crate) fn is_known(conn: &mut Conn, model: &ContentModel) -> Result<bool, StoreError> {
    let known = settings::get(conn, HASH_SETTING)?;
    Ok(known.is_none_or(|known| known == hash(model)))
}

fn hash(model: &ContentModel) -> String {
    URL_SAFE_NO_PAD.encode(model.fingerprint())
}

/// # Errors
/// Those of the database.
pub(crate) fn adopt(conn: &mut Conn, model: &ContentModel) -> Result<(), StoreError> {
    feed::hold(conn)?;
    let hash = hash(model);
    let known = settings::get(conn, HASH_SETTING)?;
    if known.as_ref() == Some(&hash) {
        return Ok(());
    }
    settings::set(conn, HASH_SETTING, &hash)?;
    if known.is_none() {
        // The first model is no change: whoever reads the feed begins with it.
        return Ok(());
    }
    let change = NewChange {
        op: "schema",
        uid: "",
        document_id: "",
        locale: "",
        status: "",
        at: clock::now(),
    };
    feed::append(conn, change).map(|_| ())
}

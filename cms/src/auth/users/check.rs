//! What the user type itself demands of a write, with the words of every other content type.
//! Routes have their own, earlier rules about what a body may say.

use cms_api::builtin;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use serde_json::{Map, Value};

use crate::auth::secret;
use crate::documents::create;
use crate::documents::relations::Targets;
use crate::documents::validate::Mode;
use crate::documents::work::Work;
use crate::error::AppResult;
use crate::store::Conn;
use crate::store::documents::Row;

use super::{ROLE_PATH, identity};

/// Codes that prove something: whoever reads the database must not be able to use them.
const CODES: [&str; 2] = ["resetPasswordToken", "confirmationToken"];

/// A write that may be done.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Attributes as they are stored, but for the password, which is still to be hashed.
    pub(crate) data: Map<String, Value>,
    /// The documentId of the role, when the write names one.
    pub(crate) role: Option<String>,
}

/// Checks the attributes of a new user, or those that change on an existing one. A write
/// holds the lock of all who write users before it asks.
///
/// # Errors
/// Every broken rule, together.
pub(crate) fn check(
    conn: &mut Conn,
    model: &ContentModel,
    user: Option<&Row>,
    attributes: &Map<String, Value>,
    now: i64,
) -> AppResult<Checked> {
    let ty = model.get(builtin::USER).ok_or_else(ApiError::not_found)?;
    let identity = user.map_or_else(|| identity(String::new()), |user| user.identity.clone());
    let mode = Mode { creation: user.is_none(), draft: false, stored: false };
    // Users have no locales, so that of the work is of no interest.
    let mut work = Work::only_check(conn, model, "", now);
    let given = Value::Object(attributes.clone());
    let (mut data, targets) = create::check(&mut work, ty, mode, &identity, &given)?;
    let role = data.shift_remove(ROLE_PATH).and_then(|edit| named(&edit, &targets));
    for name in CODES {
        if let Some(Value::String(code)) = data.get(name) {
            let hash = secret::hash(code);
            data.insert(name.into(), hash.into());
        }
    }
    Ok(Checked { data, role })
}

/// The last document an edit of a relation names.
fn named(edit: &Value, targets: &Targets) -> Option<String> {
    let list = edit.get("set").or_else(|| edit.get("connect"))?.as_array()?;
    let id = list.last()?.get("id")?.as_i64()?;
    targets.get(&(builtin::ROLE.to_owned(), id)).map(|target| target.document_id.clone())
}

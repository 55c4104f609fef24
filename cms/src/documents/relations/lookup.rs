//! From the name of a document to a row of it.

use cms_api::error::ApiError;
use serde_json::Value;

use super::Resolver;
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};
use crate::store::links::Target;

impl Resolver<'_, '_> {
    /// The row id a client means by a number, a documentId or an object with either.
    /// A number is kept even when no row has it: that is reported with the other errors.
    ///
    /// # Errors
    /// When a documentId leads nowhere.
    pub(super) fn row_id(
        &mut self,
        uid: &str,
        name: &Value,
        locale: Option<&str>,
    ) -> AppResult<Option<Value>> {
        match name {
            Value::String(document_id) => {
                Ok(Some(self.by_document_id(uid, document_id, locale)?.into()))
            }
            Value::Number(number) => {
                if let Some(id) = number.as_i64() {
                    self.by_id(uid, id)?;
                }
                Ok(Some(name.clone()))
            }
            Value::Object(map) => match map.get("documentId").or_else(|| map.get("id")) {
                Some(Value::Object(_)) | None => Ok(None),
                Some(inner) => self.row_id(uid, inner, locale),
            },
            _ => Ok(None),
        }
    }

    fn by_id(&mut self, uid: &str, id: i64) -> AppResult<bool> {
        let document_id = documents::document_of_number(self.work.conn, uid, id)?;
        let found = document_id.is_some();
        if let Some(document_id) = document_id {
            let target = Target { uid: uid.to_owned(), document_id };
            self.targets.insert((target.uid.clone(), id), target);
        }
        Ok(found)
    }

    fn by_document_id(
        &mut self,
        uid: &str,
        document_id: &str,
        locale: Option<&str>,
    ) -> AppResult<i64> {
        let target_locale = self.target_locale(uid, locale);
        if let Some(ty) = self.work.model.get(uid) {
            let identity = Identity {
                uid: uid.to_owned(),
                document_id: document_id.to_owned(),
                locale: target_locale.clone().unwrap_or_default(),
                status: if ty.draft_and_publish { DRAFT } else { PUBLISHED }.to_owned(),
            };
            if let Some(id) = documents::number_of(self.work.conn, &identity)? {
                let target = Target { uid: identity.uid, document_id: identity.document_id };
                self.targets.insert((target.uid.clone(), id), target);
                return Ok(id);
            }
            // Forms send row ids as text.
            if let Ok(id) = document_id.parse()
                && self.by_id(uid, id)?
            {
                return Ok(id);
            }
        }
        let locale = target_locale.as_deref().unwrap_or("null");
        let message = format!("Document with id \"{document_id}\", locale \"{locale}\" not found");
        Err(ApiError::validation(message).into())
    }

    /// The locale in which the target must exist: that of the source, else the one the
    /// client names, else the default.
    fn target_locale(&self, uid: &str, asked: Option<&str>) -> Option<String> {
        let localized = self.work.model.get(uid).is_some_and(|ty| ty.localized);
        let locale = self.source_locale.as_deref().or(asked).unwrap_or(self.work.default_locale);
        localized.then(|| locale.to_owned())
    }
}

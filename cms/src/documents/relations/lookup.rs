//! From the name of a document to a row of it.

use cms_api::error::ApiError;

use super::{Resolver, Version};
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};

impl Resolver<'_, '_> {
    /// A number is kept even when no row has it: that is reported with the other errors.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn by_id(&mut self, uid: &str, id: i64) -> AppResult<()> {
        if let Some(row) = documents::identity_of_number(self.work.conn, uid, id)? {
            self.targets.insert((uid.to_owned(), id), row);
        }
        Ok(())
    }

    /// The numbers of the document's rows that are linked.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn by_document_id(
        &mut self,
        uid: &str,
        document_id: &str,
        version: Version<'_>,
    ) -> AppResult<Vec<i64>> {
        let target_locale = self.target_locale(uid, version.locale);
        let mut numbers = Vec::new();
        for status in self.target_statuses(uid, version.status) {
            let identity = Identity {
                uid: uid.to_owned(),
                document_id: document_id.to_owned(),
                locale: target_locale.clone().unwrap_or_default(),
                status: (*status).to_owned(),
            };
            if let Some(id) = documents::number_of(self.work.conn, &identity)? {
                self.targets.insert((identity.uid.clone(), id), identity);
                numbers.push(id);
            }
        }
        if !numbers.is_empty() {
            return Ok(numbers);
        }
        let locale = target_locale.as_deref().unwrap_or("null");
        let message = format!("Document with id \"{document_id}\", locale \"{locale}\" not found");
        Err(ApiError::validation(message).into())
    }

    /// The statuses of the rows that are linked: that of the source, else the one the client
    /// names, else both.
    fn target_statuses(&self, uid: &str, asked: Option<&str>) -> &'static [&'static str] {
        let has_drafts = self.work.model.get(uid).is_some_and(|ty| ty.draft_and_publish);
        match asked {
            _ if !has_drafts => &[PUBLISHED],
            _ if self.source_has_drafts => &[DRAFT],
            None => &[DRAFT, PUBLISHED],
            Some(PUBLISHED) => &[PUBLISHED],
            Some(_) => &[DRAFT],
        }
    }

    /// The locale in which the target must exist: that of the source, else the one the
    /// client names, else the default.
    fn target_locale(&self, uid: &str, asked: Option<&str>) -> Option<String> {
        let localized = self.work.model.get(uid).is_some_and(|ty| ty.localized);
        let locale = self.source_locale.as_deref().or(asked).unwrap_or(self.work.default_locale);
        localized.then(|| locale.to_owned())
    }
}

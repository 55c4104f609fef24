//! Values that must be one document's alone, when an archive meets content that is here.
//!
//! An archive by itself is taken as it is: Strapi may have let it be.

use cms_api::content_type::{Attribute, AttributeKind};

use super::Importer;
use crate::store::archive;
use crate::transfer::Refused;

/// How many shared values a complaint lists for each attribute.
const SHOWN: i64 = 5;

impl Importer<'_> {
    /// # Errors
    /// Every attribute with values that two documents hold now, together.
    pub(super) fn check_unique(&mut self) -> anyhow::Result<()> {
        let mut broken = Vec::new();
        for uid in self.entries.uids() {
            let model = self.model;
            let Some(ty) = model.get(&uid).filter(|_| uid.starts_with("api::")) else { continue };
            if !self.had_rows(&uid)? {
                continue;
            }
            for (name, _) in ty.attributes.iter().filter(|(_, attribute)| is_unique(attribute)) {
                for shared in archive::shared_values(self.conn, &uid, name, SHOWN)? {
                    let (value, holders) = (shared.value, shared.holders);
                    broken.push(format!("{uid}: {holders} documents hold the `{name}` `{value}`"));
                }
            }
        }
        if broken.is_empty() || self.force {
            broken.into_iter().for_each(|what| self.report.note(what));
            return Ok(());
        }
        let list = broken.join("\n  ");
        Err(Refused::new(format!(
            "the archive and the server have different documents with the same unique values; \
             change them, or import all the same with `--force`:\n  {list}"
        ))
        .into())
    }
}

fn is_unique(attribute: &Attribute) -> bool {
    attribute.kind.is_scalar()
        && (attribute.unique || matches!(attribute.kind, AttributeKind::Uid { .. }))
}

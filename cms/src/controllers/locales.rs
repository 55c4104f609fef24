//! `GET /api/i18n/locales`: the locales there are, as Strapi's plugin lists them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock;
use crate::response;
use crate::routes::Context;
use crate::store::registry::LocaleRow;

/// What a caller needs to list them.
pub(crate) const PERMISSION: &str = "plugin::i18n.locales.listLocales";

/// Lists the locales, the default one first; parameters have no effect.
pub(crate) fn list(context: &Context) -> HttpResponse {
    let locales: Vec<_> = context.registry.locales().iter().map(shown).collect();
    response::json(StatusCode::OK, &locales)
}

fn shown(locale: &LocaleRow) -> Value {
    let created = clock::iso(locale.created_at);
    json!({
        "id": locale.id,
        "documentId": document_id(&locale.code),
        "name": locale.name,
        "code": locale.code,
        "createdAt": created,
        "updatedAt": created,
        "publishedAt": created,
        "isDefault": locale.is_default,
    })
}

/// Locales are no documents, so their documentId is made from the code: always the same, and
/// of the usual form.
fn document_id(code: &str) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 24;
    let digest = Sha256::digest(format!("locale:{code}"));
    let letters = digest.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    letters.take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_has_a_document_id_of_its_own() {
        let (en, de) = (document_id("en"), document_id("de"));
        assert_eq!((en.len(), document_id("en") == en, de == en), (24, true, false));
    }
}

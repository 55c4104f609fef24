//! `GET /api/i18n/locales`: the locales there are, as Strapi's plugin lists them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::clock;
use crate::derived_id;
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
        "documentId": derived_id::of_locale(&locale.code),
        "name": locale.name,
        "code": locale.code,
        "createdAt": created,
        "updatedAt": created,
        "publishedAt": created,
        "isDefault": locale.is_default,
    })
}

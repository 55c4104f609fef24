//! Reading documents: the rows a query asks for, filled in and shaped as REST shows them.
//!
//! What the caller may read was decided when the query was parsed; nothing here looks at
//! permissions. Answers never hold a private attribute or a password.

use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use cms_api::query::{Locale, QuerySpec};
use serde_json::Value;

use super::populate::{Filler, Holder};
use super::shape;
use crate::store::find::{self, Scope, Selector};
use crate::store::{Conn, StoreError};

/// A transaction to read in, and what every question of a request has in common.
pub struct Reading<'a> {
    pub conn: &'a mut Conn,
    pub model: &'a ContentModel,
    pub default_locale: &'a str,
    /// Whether the caller may read drafts: conditions then see them where Strapi's do.
    pub drafts: bool,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("default_locale", &self.default_locale).finish()
    }
}

/// A page of entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub entries: Vec<Value>,
    /// Rows on all pages, when the query asks for it.
    pub total: Option<u64>,
}

/// The entries a query asks for.
///
/// # Errors
/// Those of the database.
pub fn list(
    reading: &mut Reading<'_>,
    ty: &ContentType,
    spec: &QuerySpec,
) -> Result<Listing, StoreError> {
    let scope = scope(reading, spec);
    let total = match spec.page.with_count {
        true => Some(find::count(reading.conn, scope, ty, spec)?),
        false => None,
    };
    let entries = match total {
        Some(total) if total <= spec.page.start => Vec::new(),
        _ => entries(reading.conn, scope, ty, Selector::All, spec)?,
    };
    Ok(Listing { entries, total })
}

/// One document: by documentId, by numeric id, or the only one of a single type. A document
/// is always asked for in one locale.
///
/// # Errors
/// Those of the database.
pub fn one(
    reading: &mut Reading<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Option<Value>, StoreError> {
    if ty.localized && spec.locale == Locale::All {
        return Ok(None);
    }
    let scope = scope(reading, spec);
    Ok(entries(reading.conn, scope, ty, selector, spec)?.into_iter().next())
}

fn scope<'a>(reading: &Reading<'a>, spec: &'a QuerySpec) -> Scope<'a> {
    let locale = match &spec.locale {
        Locale::Code(code) => code,
        Locale::Default | Locale::All => reading.default_locale,
    };
    Scope { model: reading.model, status: spec.status, locale, every_status: reading.drafts }
}

fn entries(
    conn: &mut Conn,
    scope: Scope<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Vec<Value>, StoreError> {
    let rows = find::rows(conn, scope, ty, selector, spec)?;
    let mut holders = rows.into_iter().map(Holder::document).collect::<Result<Vec<_>, _>>()?;
    Filler { conn, scope }.fill_documents(ty, &mut holders, &spec.populate)?;
    let fields = spec.fields.as_deref();
    Ok(holders.into_iter().map(|holder| shape::document(ty, holder, fields)).collect())
}

//! Reading documents: the rows a query asks for, filled in and shaped as REST shows them.
//!
//! What the caller may read was decided when the query was parsed; nothing here looks at
//! permissions. Answers never hold a private attribute or a password.

use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use cms_api::query::{Locale, QuerySpec};
use serde_json::Value;

use super::cards::Desk;
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
    /// Of reads only.
    pub cards: Option<Desk<'a>>,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("default_locale", &self.default_locale).finish()
    }
}

/// A page of entries: each a tree of values, or its JSON text.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<E = Value> {
    pub entries: Vec<E>,
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
    let Listing { entries, total } = list_text(reading, ty, spec)?;
    let entries = entries.iter().map(|text| tree(text)).collect::<Result<_, _>>()?;
    Ok(Listing { entries, total })
}

/// As [`list`], with each entry as JSON text, ready to be sent.
///
/// # Errors
/// Those of the database.
pub fn list_text(
    reading: &mut Reading<'_>,
    ty: &ContentType,
    spec: &QuerySpec,
) -> Result<Listing<String>, StoreError> {
    let scope = scope(reading, spec);
    let entries = entries(reading, scope, ty, Selector::All, spec)?;
    let total = match spec.page.with_count {
        true => Some(total(reading, scope, ty, spec, entries.len() as u64)?),
        false => None,
    };
    Ok(Listing { entries, total })
}

/// Rows on all pages. A page that is not full is the last one, which says how many there are.
fn total(
    reading: &mut Reading<'_>,
    scope: Scope<'_>,
    ty: &ContentType,
    spec: &QuerySpec,
    found: u64,
) -> Result<u64, StoreError> {
    let page = spec.page;
    if found < page.limit && (found > 0 || page.start == 0) {
        return Ok(page.start + found);
    }
    find::count(reading.conn, scope, ty, spec)
}

/// One document: by documentId, by numeric id, or the only one of a single type.
///
/// # Errors
/// Those of the database.
pub fn one(
    reading: &mut Reading<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Option<Value>, StoreError> {
    one_text(reading, ty, selector, spec)?.map(|text| tree(&text)).transpose()
}

/// As [`one`], as JSON text, ready to be sent.
///
/// # Errors
/// Those of the database.
pub fn one_text(
    reading: &mut Reading<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Option<String>, StoreError> {
    let scope = scope(reading, spec);
    Ok(entries(reading, scope, ty, selector, spec)?.into_iter().next())
}

fn tree(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(StoreError::unreadable)
}

fn scope<'a>(reading: &Reading<'a>, spec: &'a QuerySpec) -> Scope<'a> {
    let locale = match &spec.locale {
        Locale::Code(code) => code,
        Locale::Default | Locale::All => reading.default_locale,
    };
    Scope {
        model: reading.model,
        status: spec.status,
        locale,
        every_status: reading.drafts,
        publication: spec.publication,
    }
}

fn entries(
    reading: &mut Reading<'_>,
    scope: Scope<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Vec<String>, StoreError> {
    let (conn, cards) = (&mut *reading.conn, reading.cards);
    let rows = find::rows(conn, scope, ty, selector, spec)?;
    let mut holders = rows.into_iter().map(Holder::document).collect::<Result<Vec<_>, _>>()?;
    Filler { conn, scope, cards }.fill_documents(ty, &mut holders, &spec.populate)?;
    let fields = spec.fields.as_deref();
    Ok(holders.iter().map(|holder| shape::document(ty, holder, fields)).collect())
}

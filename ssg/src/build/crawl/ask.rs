//! The questions a crawl asks Strapi: which locales, what is newest, every page of a type.

use cms_api::content_type::{ContentType, Kind};
use serde_json::Value;

use super::populate::Readable;
use crate::client::{ClientError, Cms};

/// Strapi gives no more than this on a page unless its project says otherwise.
const PAGE_SIZE: usize = 100;
/// What Strapi calls an address that leads to nothing; a proxy in front of it would not.
const NOT_FOUND: &str = "NotFoundError";

type Query = Vec<(String, String)>;

/// A listing: a type in one locale; an empty one where the type, or the installation, has
/// no locales to ask for.
pub(super) type Slot = (String, String);

/// What a cheap question tells of a listing. Equal marks: nothing was written in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// The caller may not read the type.
    Forbidden,
    /// There is no such document, or no address for the type.
    Absent,
    There {
        total: u64,
        newest: String,
    },
}

/// What went wrong with a listing.
#[derive(Debug)]
pub(super) enum Unread {
    /// It changed while it was read.
    Shifted,
    Failed(ClientError),
}

impl From<ClientError> for Unread {
    fn from(error: ClientError) -> Self {
        Self::Failed(error)
    }
}

/// Locale codes, the default one first; `None` when the caller may not know them.
pub(super) async fn locales(cms: &Cms) -> Result<Option<Vec<String>>, ClientError> {
    let answer = match cms.read("api/i18n/locales", &[]).await {
        Ok(answer) => answer,
        Err(ClientError::Permanent { status: 403, .. }) => return Ok(None),
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let list = answer.as_array().ok_or_else(|| unexpected("/api/i18n/locales", "no list"))?;
    let mut codes: Vec<_> = list
        .iter()
        .filter_map(|locale| {
            let default = locale.get("isDefault").and_then(Value::as_bool).unwrap_or(false);
            Some((!default, locale.get("code")?.as_str()?.to_owned()))
        })
        .collect();
    codes.sort();
    Ok(Some(codes.into_iter().map(|(_, code)| code).collect()))
}

/// Asks for the newest document and their number.
pub(super) async fn mark(cms: &Cms, ty: &ContentType, locale: &str) -> Result<Mark, ClientError> {
    let mut query = base(locale);
    query.push(pair("fields[0]", "updatedAt"));
    query.push(pair("fields[1]", "publishedAt"));
    if ty.kind == Kind::Collection {
        // Publishing does not always touch `updatedAt`.
        let newest = if ty.draft_and_publish { "publishedAt:desc" } else { "updatedAt:desc" };
        query.push(pair("sort", newest));
        query.push(pair("pagination[pageSize]", "1"));
    }
    let answer = match get(cms, ty, &query).await {
        Ok(answer) => answer,
        Err(ClientError::Permanent { status: 403, .. }) => return Ok(Mark::Forbidden),
        Err(error) if is_absent(&error) => return Ok(Mark::Absent),
        Err(error) => return Err(error),
    };
    let newest = answer.get("data").map(Value::to_string).unwrap_or_default();
    let total = match ty.kind {
        Kind::Collection => number(&answer, "total").ok_or_else(|| no_pages(ty))?,
        Kind::Single => 1,
    };
    Ok(Mark::There { total, newest })
}

/// Every document of a type in one locale.
pub(super) async fn documents(
    cms: &Cms,
    readable: Readable<'_>,
    ty: &ContentType,
    locale: &str,
) -> Result<Vec<Value>, Unread> {
    let mut query = base(locale);
    query.extend(readable.populate(&ty.attributes));
    if ty.kind == Kind::Single {
        return Ok(match get(cms, ty, &query).await {
            Ok(mut answer) => answer.get_mut("data").map(Value::take).into_iter().collect(),
            Err(error) if is_absent(&error) => Vec::new(),
            Err(error) => return Err(error.into()),
        });
    }
    // A documentId never changes, unlike the row's id: no document moves between pages.
    query.push(pair("sort", "documentId:asc"));
    query.push(pair("pagination[pageSize]", PAGE_SIZE));
    let mut found: Vec<Value> = Vec::new();
    let mut total = None;
    for page in 1_u64.. {
        let mut query = query.clone();
        query.push(pair("pagination[page]", page));
        let mut answer = get(cms, ty, &query).await?;
        let said = number(&answer, "total").ok_or_else(|| no_pages(ty))?;
        if *total.get_or_insert(said) != said {
            return Err(Unread::Shifted);
        }
        let rows = answer.get_mut("data").map(Value::take);
        let Some(Value::Array(rows)) = rows else { return Err(no_pages(ty).into()) };
        found.extend(rows);
        if page >= number(&answer, "pageCount").ok_or_else(|| no_pages(ty))? {
            break;
        }
    }
    is_whole(&found, total).then_some(found).ok_or(Unread::Shifted)
}

/// An answer about a type. A question Strapi does not understand was made from other schemas.
async fn get(cms: &Cms, ty: &ContentType, query: &Query) -> Result<Value, ClientError> {
    match cms.read(&path(ty), query).await {
        Err(ClientError::Permanent { status: 400, message, .. }) => Err(ClientError::Contract(
            format!("`/{}`: {message}; is SSG_SCHEMA_DIR what this Strapi runs?", path(ty)),
        )),
        answer => answer,
    }
}

/// As many documents as were counted, none of them twice.
fn is_whole(found: &[Value], total: Option<u64>) -> bool {
    let ids: std::collections::BTreeSet<_> =
        found.iter().filter_map(|row| row.get("documentId")?.as_str()).collect();
    u64::try_from(ids.len()).ok() == total && ids.len() == found.len()
}

fn base(locale: &str) -> Query {
    let mut query = vec![pair("status", "published")];
    if !locale.is_empty() {
        query.push(pair("locale", locale));
    }
    query
}

fn pair(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn path(ty: &ContentType) -> String {
    format!("api/{}", ty.route_name())
}

fn number(answer: &Value, name: &str) -> Option<u64> {
    answer.get("meta")?.get("pagination")?.get(name)?.as_u64()
}

fn is_absent(error: &ClientError) -> bool {
    matches!(error, ClientError::Permanent { status: 404, name, .. } if name == NOT_FOUND)
}

fn no_pages(ty: &ContentType) -> ClientError {
    unexpected(&format!("/{}", path(ty)), "no page of a list")
}

fn unexpected(path: &str, what: &str) -> ClientError {
    ClientError::Contract(format!("`{path}` gives {what}"))
}

//! Queries on documents as SQL.
//!
//! A [`QuerySpec`] becomes one statement, whatever it asks; what it populates becomes one more
//! per attribute, whatever the number of rows. Names are written into the text only after the
//! content model has resolved them, values are always bound.

mod column;
mod components;
mod condition;
mod forward;
mod join;
mod json_value;
mod linked;
mod operator;
mod order;
mod place;
mod plan;
mod publication;
mod search;

use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;
use cms_api::query::{Locale, Publication, QuerySpec, Status};
use diesel::sql_types::{BigInt, Nullable, Text};

use super::json::{Json, JsonText};
use super::pool::{Conn, Dialect};
use super::statement::{Statement, quoted};
use super::{StoreError, find::place::Place, tallies};

pub(super) use column::{index_key, push_index_condition};
pub use components::{Selection, select_components};
pub use forward::{Held, documents, held};
pub use linked::{Linked, Parents, linked, paths};
pub use plan::plan;

/// A stored document, as a read finds it.
#[derive(Debug, Clone, diesel::QueryableByName)]
#[diesel(check_for_backend(super::pool::MultiBackend))]
pub struct Row {
    /// The row it was reached from; 0 for a list.
    #[diesel(sql_type = BigInt)]
    pub parent: i64,
    /// The component of that row that holds the link; 0 at the top.
    #[diesel(sql_type = BigInt)]
    pub component: i64,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The id clients see.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Text)]
    pub document_id: String,
    #[diesel(sql_type = Text)]
    pub uid: String,
    #[diesel(sql_type = Text)]
    pub locale: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = JsonText)]
    pub data: Json,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = BigInt)]
    pub created_at: i64,
    #[diesel(sql_type = BigInt)]
    pub updated_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub published_at: Option<i64>,
}

/// Which of a type's documents are meant, before any filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector<'a> {
    All,
    /// By documentId.
    Document(&'a str),
    /// By numeric id, as users and files are addressed.
    Number(i64),
}

/// What a question is asked in the light of.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub model: &'a ContentModel,
    pub status: Status,
    /// The locale of a question that names none, and of links from rows without a locale.
    pub locale: &'a str,
    /// Whether conditions and sort keys look at rows of every status where Strapi does:
    /// backwards from a type without drafts, and at `localizations`.
    pub every_status: bool,
    /// What is asked of the other version of every document that is shown.
    pub publication: Option<Publication>,
}

/// The columns of [`Row`] from the table's alias.
fn row_columns(alias: &str) -> String {
    let names = [
        "id",
        "number",
        "document_id",
        "uid",
        "locale",
        "status",
        "data",
        "version",
        "created_at",
        "updated_at",
        "published_at",
    ];
    names.map(|name| format!("{alias}.{name} AS {name}")).join(", ")
}

/// The columns of a [`Row`] that was reached from nowhere, from the table's alias.
pub(super) fn columns(alias: &str) -> String {
    format!("{NO_ID} AS parent, {NO_ID} AS component, {}", row_columns(alias))
}

/// A zero of the width of an id.
const NO_ID: &str = "CAST(0 AS BIGINT)";

/// The rows a query asks for, in its order and within its page.
///
/// # Errors
/// Those of the database.
pub fn rows(
    conn: &mut Conn,
    scope: Scope<'_>,
    ty: &ContentType,
    selector: Selector<'_>,
    spec: &QuerySpec,
) -> Result<Vec<Row>, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    query.page(ty, selector, spec);
    query.documents(conn)
}

/// How many rows a query finds on all its pages.
///
/// # Errors
/// Those of the database.
pub fn count(
    conn: &mut Conn,
    scope: Scope<'_>,
    ty: &ContentType,
    spec: &QuerySpec,
) -> Result<u64, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    if spec.filter.is_always() && spec.search.is_none() && scope.publication.is_none() {
        let status = query.status_of(ty).as_str();
        let locale = query.locale_asked(ty, spec);
        return tallies::total(conn, &ty.uid, status, locale);
    }
    let place = query.document(ty);
    query.push("SELECT COUNT(*) AS total");
    query.among_documents(&place, ty, Selector::All, spec);
    query.statement.number(conn)
}

fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A statement under construction, with what its parts must agree on.
struct Query<'a> {
    statement: Statement,
    scope: Scope<'a>,
    aliases: usize,
}

impl<'a> Query<'a> {
    /// The rows that a statement of [`columns`] finds, one after another.
    fn documents(self, conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.statement.each(conn, |row| {
            rows.push(row.document()?);
            Ok(())
        })?;
        Ok(rows)
    }

    fn new(dialect: Dialect, scope: Scope<'a>) -> Self {
        Self { statement: Statement::new(dialect), scope, aliases: 0 }
    }

    fn dialect(&self) -> Dialect {
        self.statement.dialect()
    }

    /// The rows of a page in its order.
    fn page(&mut self, ty: &'a ContentType, selector: Selector<'_>, spec: &QuerySpec) {
        let place = self.document(ty);
        self.push(&format!("SELECT {}", columns(&place.document)));
        self.among_documents(&place, ty, selector, spec);
        self.push(" ORDER BY ");
        self.order(&place, &spec.sort);
        self.push(&format!("{}.number LIMIT ", place.document));
        self.statement.bind(clamp(spec.page.limit)).push(" OFFSET ").bind(clamp(spec.page.start));
    }

    fn push(&mut self, sql: &str) {
        self.statement.push(sql);
    }

    /// Binds a text. PostgreSQL has no texts with a zero byte, so one that has it must not
    /// equal anything there.
    fn bind_text(&mut self, text: &str) {
        match self.dialect() {
            Dialect::Postgres => self.statement.bind(text.replace('\0', "\u{fffd}")),
            Dialect::Sqlite => self.statement.bind(text),
        };
    }

    fn alias(&mut self, prefix: &str) -> String {
        self.aliases += 1;
        format!("{prefix}{}", self.aliases)
    }

    fn document(&mut self, ty: &'a ContentType) -> Place<'a> {
        Place::document(self.alias("d"), ty)
    }

    /// The status of the rows of a type: types without drafts only have published ones.
    fn status_of(&self, ty: &ContentType) -> Status {
        if ty.draft_and_publish { self.scope.status } else { Status::Published }
    }

    fn among_documents(
        &mut self,
        place: &Place<'a>,
        ty: &ContentType,
        selector: Selector<'_>,
        spec: &QuerySpec,
    ) {
        let alias = place.document.clone();
        // Written out: the indexes on values are those of one type each, and a bound value would
        // not say which may be used.
        let uid = quoted(&ty.uid);
        self.push(&format!(" FROM documents {alias} WHERE {alias}.uid = {uid}"));
        self.push(&format!(" AND {alias}.status = '{}'", self.status_of(ty).as_str()));
        self.locale(&alias, ty, spec);
        match selector {
            Selector::All => {}
            Selector::Document(id) => {
                self.push(&format!(" AND {alias}.document_id = "));
                self.bind_text(id);
            }
            Selector::Number(id) => {
                self.push(&format!(" AND {alias}.number = "));
                self.statement.bind(id);
            }
        }
        self.publication(place);
        if !spec.filter.is_always() {
            self.push(" AND ");
            self.condition(&spec.filter, place, true);
        }
        if let Some(text) = &spec.search {
            self.push(" AND ");
            self.search(text, place);
        }
    }

    fn locale(&mut self, alias: &str, ty: &ContentType, spec: &QuerySpec) {
        let Some(code) = self.locale_asked(ty, spec) else { return };
        self.push(&format!(" AND {alias}.locale = "));
        self.bind_text(code);
    }

    /// The locale rows must have; `None` when any will do.
    fn locale_asked<'s>(&self, ty: &ContentType, spec: &'s QuerySpec) -> Option<&'s str>
    where
        'a: 's,
    {
        match &spec.locale {
            _ if !ty.localized => Some(""),
            Locale::All => None,
            Locale::Default => Some(self.scope.locale),
            Locale::Code(code) => Some(code),
        }
    }
}

//! A query as both programs understand it, after the grammar and the content
//! model have been checked.
//!
//! `cms` turns it into SQL, `ssg` evaluates it over its replica; both must give
//! the same answer in the same order, so everything here is resolved and typed:
//! names exist, operators are known, relations carry the type they lead to.

use serde_json::Value;

use crate::builtin;

/// A question about the documents of one content type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QuerySpec {
    pub filter: Filter,
    /// Empty: by row id. The row id is always the last key.
    pub sort: Vec<SortKey>,
    pub page: Page,
    /// Scalar attributes to show; `None` shows all. `id` and `documentId` always come.
    pub fields: Option<Vec<String>>,
    pub populate: Vec<Populate>,
    pub status: Status,
    pub locale: Locale,
    /// `_q`: a substring looked for in every searchable text attribute.
    pub search: Option<String>,
    /// Keep rows by what their other version is like, here and wherever documents are
    /// populated.
    pub publication: Option<Publication>,
}

/// `publicationFilter`: what is known of the draft and the published version of a document.
/// Types without drafts are not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// A draft without a published version in its locale.
    NeverPublished,
    /// One without a published version in any locale.
    NeverPublishedDocument,
    /// With both versions in its locale.
    HasPublishedVersion,
    /// With both versions in some locale.
    HasPublishedVersionDocument,
    /// The draft was changed after it was published.
    Modified,
    Unmodified,
    /// A published version whose draft is gone.
    PublishedWithoutDraft,
    PublishedWithDraft,
}

impl Publication {
    /// With the words for them, in the order in which an error lists them.
    pub const ALL: [(&'static str, Self); 8] = [
        ("never-published", Self::NeverPublished),
        ("has-published-version", Self::HasPublishedVersion),
        ("modified", Self::Modified),
        ("unmodified", Self::Unmodified),
        ("never-published-document", Self::NeverPublishedDocument),
        ("has-published-version-document", Self::HasPublishedVersionDocument),
        ("published-without-draft", Self::PublishedWithoutDraft),
        ("published-with-draft", Self::PublishedWithDraft),
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub enum Status {
    #[default]
    Published,
    Draft,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Draft => "draft",
        }
    }
}

/// Which locales of a localized type are asked for; ignored by other types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Locale {
    #[default]
    Default,
    Code(String),
    /// `locale=*`
    All,
}

/// A condition on a document (or on a component or target inside it).
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A condition on a stored value: a scalar attribute or a system field
    /// (`id`, `documentId`, `createdAt`, `updatedAt`, `publishedAt`, `locale`).
    Field {
        name: String,
        kind: FieldKind,
        test: Test,
    },
    /// A condition on what the named attribute leads to. On a to-many attribute one
    /// match is enough; where it leads nowhere, the condition is asked of a row of nulls.
    /// A negation around it is asked of the targets too: `$not` of `author.name = x` finds
    /// rows with an author of another name.
    Through {
        name: String,
        link: Link,
        filter: Box<Filter>,
    },
    /// Whether the attribute leads anywhere: `filters[author][$null]=true`.
    Linked {
        name: String,
        link: Link,
        exists: bool,
    },
}

impl Default for Filter {
    fn default() -> Self {
        Self::And(Vec::new())
    }
}

impl Filter {
    #[must_use]
    pub fn is_always(&self) -> bool {
        matches!(self, Self::And(parts) if parts.iter().all(Self::is_always))
    }
}

/// How an attribute reaches other values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To documents of `target`, of the status asked for. With `mapped_by`, the links are
    /// those of the target's attribute of that name, read backwards.
    ///
    /// Between two localized types, links stay within the locale of the row they start from;
    /// a row that is not localized reaches localized targets in the locale asked for, and
    /// backwards (`mapped_by`) those of every locale.
    Relation {
        target: String,
        mapped_by: Option<String>,
        many: bool,
    },
    Media {
        many: bool,
    },
    Component {
        component: String,
        repeatable: bool,
    },
    /// Only populated, never filtered.
    DynamicZone {
        components: Vec<String>,
    },
    /// `localizations`: the same document in its other locales, same status.
    Localizations,
}

impl Link {
    /// The type of the documents that the row's own links lead to; `None` where links are read
    /// backwards, and where nothing leads out of the row.
    #[must_use]
    pub fn owned_target(&self) -> Option<&str> {
        match self {
            Self::Relation { target, mapped_by: None, .. } => Some(target),
            Self::Media { .. } => Some(builtin::FILE),
            _ => None,
        }
    }
}

/// How values of a field compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// By bytes.
    Text,
    Integer,
    BigInteger,
    Float,
    Boolean,
    /// `YYYY-MM-DD`
    Date,
    /// `HH:MM:SS.mmm`
    Time,
    /// Milliseconds since 1970; stored in documents as RFC 3339 text with milliseconds, UTC.
    DateTime,
    Json,
    /// The numeric row id.
    RowId,
}

/// An operator with its operands, already of the field's kind (null allowed where SQL allows it).
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Eq(Value),
    EqI(Value),
    Ne(Value),
    NeI(Value),
    Lt(Value),
    Lte(Value),
    Gt(Value),
    Gte(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Between(Value, Value),
    Null,
    NotNull,
    Contains { text: String, fold: bool, negated: bool },
    StartsWith { text: String, fold: bool, negated: bool },
    EndsWith { text: String, fold: bool, negated: bool },
}

/// One sort key: a path through to-one relations or components to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// Attributes to walk through, outermost first.
    pub through: Vec<(String, Link)>,
    pub field: String,
    pub kind: FieldKind,
    pub descending: bool,
}

/// Which part of the answer is wanted, and how `meta.pagination` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub start: u64,
    /// Rows to return.
    pub limit: u64,
    pub style: PageStyle,
    /// Whether the total is asked for.
    pub with_count: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { start: 0, limit: 25, style: PageStyle::Page { page: 1 }, with_count: true }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStyle {
    /// `{page, pageSize, pageCount, total}`
    Page { page: u64 },
    /// `{start, limit, total}`
    Offset,
}

/// Some items of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub start: u64,
    pub limit: u64,
}

impl Part {
    /// Whether a list of this length is shown as a whole.
    #[must_use]
    pub fn holds(self, length: u64) -> bool {
        self.start == 0 && length <= self.limit
    }

    /// Whether the item at this place is shown.
    #[must_use]
    pub fn shows(self, place: u64) -> bool {
        place >= self.start && place - self.start < self.limit
    }
}

/// One attribute to fill in, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Populate {
    pub name: String,
    /// The key of what is filled in, where one attribute is filled in twice; `None` is its name.
    pub alias: Option<String>,
    pub link: Link,
    pub fields: Option<Vec<String>>,
    pub filter: Filter,
    pub sort: Vec<SortKey>,
    /// Of documents that are led to: how many of them each row shows. What is left out is not
    /// filled in either.
    pub part: Option<Part>,
    pub populate: Vec<Populate>,
    /// `on`: per component of a dynamic zone; components not listed are left out.
    pub on: Option<Vec<(String, Populate)>>,
    /// `count`: only `{count: n}`.
    pub count: bool,
}

impl Populate {
    /// The attribute as it stands, with nothing below it.
    #[must_use]
    pub fn plain(name: impl Into<String>, link: Link) -> Self {
        Self {
            name: name.into(),
            alias: None,
            link,
            fields: None,
            filter: Filter::default(),
            sort: Vec::new(),
            part: None,
            populate: Vec::new(),
            on: None,
            count: false,
        }
    }

    /// The key of what is filled in.
    #[must_use]
    pub fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

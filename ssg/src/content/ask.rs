//! The engine's questions about content, answered.
//!
//! One place turns a question ([`Key`]) into a value for templates and into the
//! answer the engine remembers, so that a page's read and its later check can
//! never disagree.

use std::sync::Arc;

use cms_api::content_type::ContentType;
use cms_api::error::ApiError;
use cms_api::query::{Locale, PageStyle, QuerySpec};
use cms_api::query_parse::{Limits, QueryParser};
use serde_json::{Map, Value as Json, json};
use tera::Value;

use super::entry::Entry;
use super::projection::{Ids, Projector, Show};
use super::query::Found;
use super::snapshot::Snapshot;
use super::view::{types_of_filter, types_of_sort};
use super::watch::List;
use crate::engine::key::canonical;
use crate::engine::{Answer, Direction, Fingerprint, Footprint, Key};

/// The locale of a question about every locale.
pub const EVERY_LOCALE: &str = "*";
/// The greatest number that queries, whose numbers are JavaScript's, count exactly.
const MOST: u64 = (1 << 53) - 1;
/// A site lists what it has: there is no page size to protect a server with.
const LIMITS: Limits = Limits { default: MOST, max: MOST };

/// An answer with the value it stands for.
#[derive(Debug, Clone)]
pub struct Reply {
    /// A list for queries, a number for counts, an entry or none otherwise.
    pub value: Value,
    /// The number of all matches, when the question asked for it.
    pub total: Option<u64>,
    pub answer: Answer,
}

/// A question's arguments, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub spec: QuerySpec,
    /// The canonical `filters` and `sort`: the list behind the question.
    pub(crate) list: String,
}

/// A question that makes no sense under the content model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("unknown content type `{uid}`; known are {known}")]
    UnknownType { uid: String, known: String },
    /// There is no such field, or it cannot be used like this.
    #[error("{0}")]
    Field(String),
    /// An argument is wrong: the sentence says which and why.
    #[error("{0}")]
    Arguments(String),
}

impl Snapshot {
    /// Answers a question about content. Answers are remembered with the snapshot, since
    /// many pages ask the same.
    ///
    /// # Errors
    /// When the type, a field or an operator does not exist.
    pub fn ask(&self, key: &Key) -> Result<Arc<Reply>, AskError> {
        if let Some(known) = self.replies().get(key) {
            return Ok(known);
        }
        let reply = Arc::new(self.reply(key)?);
        let weight = 1 + reply.value.as_array().map_or(0, <[Value]>::len);
        self.replies().put(key.clone(), Arc::clone(&reply), weight);
        Ok(reply)
    }

    /// The engine's side of [`Snapshot::ask`]: a question that makes no sense (any more) has
    /// no answer.
    #[must_use]
    pub fn answer(&self, key: &Key) -> Answer {
        match self.ask(key) {
            Ok(reply) => reply.answer.clone(),
            Err(_) => Answer::absent(),
        }
    }

    fn reply(&self, key: &Key) -> Result<Reply, AskError> {
        match key {
            Key::Entry { uid, document_id, locale, args } => {
                let parsed = self.spec(uid, locale, args)?;
                let spec = &parsed.spec;
                let entry = self.get(uid, document_id, Some(locale));
                let mut footprint = Footprint::default();
                footprint.document(document_id);
                Ok(self.one(entry, spec, footprint))
            }
            Key::Query { uid, locale, args, total } => {
                let parsed = self.spec(uid, locale, args)?;
                let spec = &parsed.spec;
                let list = List { locale, args: &parsed.list };
                let footprint = self.footprint_of_part(uid, &list, spec, *total);
                Ok(self.list(uid, spec, *total, footprint))
            }
            Key::Count { uid, locale, args } => {
                let parsed = self.spec(uid, locale, args)?;
                let spec = &parsed.spec;
                let total = self.count(uid, spec);
                let answer = Answer {
                    fingerprint: Fingerprint::of_json(&total),
                    footprint: searched(uid, spec),
                };
                Ok(Reply { value: Value::from(total), total: None, answer })
            }
            Key::Neighbour { direction, uid, document_id, locale, args } => {
                let parsed = self.spec(uid, locale, args)?;
                let spec = &parsed.spec;
                let forward = *direction == Direction::Next;
                let entry = self.get(uid, document_id, Some(locale));
                let found = entry.and_then(|entry| {
                    self.neighbour(entry, &spec.filter, &spec.sort, &spec.locale, forward)
                });
                let list = List { locale, args: &parsed.list };
                let mut footprint = self.footprint_of_place(uid, &list, spec, entry);
                footprint.document(document_id);
                Ok(self.one(found.as_ref(), spec, footprint))
            }
            Key::Url { .. }
            | Key::Asset { .. }
            | Key::Template { .. }
            | Key::Config { .. }
            | Key::Page { .. } => Err(AskError::Arguments(format!("`{key}` is not about content"))),
        }
    }

    fn one(&self, entry: Option<&Arc<Entry>>, spec: &QuerySpec, footprint: Footprint) -> Reply {
        let mut projector = Projector::new(self, self.asked_locale(&spec.locale), Ids::Asked);
        let value = entry.map(|entry| projector.entry(entry, Show::of_query(spec)));
        let mut all = projector.into_footprint();
        all.merge(&footprint);
        let fingerprint = value.as_ref().map_or(Fingerprint::ABSENT, Fingerprint::of_json);
        Reply {
            value: value.unwrap_or_else(Value::none),
            total: None,
            answer: Answer { fingerprint, footprint: all },
        }
    }

    fn list(&self, uid: &str, spec: &QuerySpec, with_total: bool, searched: Footprint) -> Reply {
        let found = if with_total {
            self.find(uid, spec)
        } else {
            Found { rows: self.find_rows(uid, spec), total: 0 }
        };
        let mut projector = Projector::new(self, self.asked_locale(&spec.locale), Ids::Asked);
        let rows = found.rows.iter();
        let values: Vec<_> = rows.map(|row| projector.entry(row, Show::of_query(spec))).collect();
        let mut footprint = projector.into_footprint();
        footprint.merge(&searched);
        let value = Value::from(values);
        let total = with_total.then(|| u64::try_from(found.total).unwrap_or(u64::MAX));
        let fingerprint = Fingerprint::of_json(&(&value, total));
        Reply { value, total, answer: Answer { fingerprint, footprint } }
    }

    /// The checked query behind a question's arguments, see [`crate::engine::key::canonical`].
    ///
    /// # Errors
    /// When a field, an operator or a value is not accepted.
    pub fn spec(&self, uid: &str, locale: &str, args: &str) -> Result<Arc<Parsed>, AskError> {
        let name = format!("{uid}\0{locale}\0{args}");
        if let Some(known) = self.specs().get(&name) {
            return Ok(known);
        }
        let spec = self.parse(uid, locale, args)?;
        let parsed = Arc::new(Parsed { spec, list: list_args(args) });
        self.specs().put(name, Arc::clone(&parsed), 1);
        Ok(parsed)
    }

    fn parse(&self, uid: &str, locale: &str, args: &str) -> Result<QuerySpec, AskError> {
        let ty = self.content_type(uid)?;
        let args: Map<String, Json> = serde_json::from_str(args)
            .map_err(|error| AskError::Arguments(format!("unreadable arguments: {error}")))?;
        let parser = QueryParser::unrestricted(self.model(), LIMITS);
        let mut spec = parser.list(ty, &args).map_err(|error| explained(ty, &error))?;
        // The parser leaves out what REST always shows; here the row id has to be asked for.
        if let Some(fields) = spec.fields.as_mut().filter(|_| names_id(args.get("fields"))) {
            fields.push("id".to_owned());
        }
        spec.locale = match locale {
            EVERY_LOCALE => Locale::All,
            _ if args.get("filters").is_some_and(|filters| filters.get("locale").is_some()) => {
                Locale::All
            }
            code => Locale::Code(code.to_owned()),
        };
        spec.page.start = whole(&args, "start")?.unwrap_or(0);
        spec.page.limit = whole(&args, "limit")?.unwrap_or(u64::MAX);
        spec.page.style = PageStyle::Offset;
        Ok(spec)
    }

    fn content_type(&self, uid: &str) -> Result<&ContentType, AskError> {
        self.model().get(uid).ok_or_else(|| AskError::UnknownType {
            uid: uid.to_owned(),
            known: self
                .model()
                .api_types()
                .map(|ty| ty.uid.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}

impl<'a> Show<'a> {
    fn of_query(spec: &'a QuerySpec) -> Self {
        Self { fields: spec.fields.as_deref(), populate: &spec.populate }
    }
}

/// Every row of the type could be in the answer, and every row its conditions look at decides.
fn searched(uid: &str, spec: &QuerySpec) -> Footprint {
    let mut footprint = Footprint::default();
    footprint.content_type(uid);
    types_of_filter(uid, &spec.filter, &mut |uid| footprint.content_type(uid));
    types_of_sort(uid, &spec.sort, &mut |uid| footprint.content_type(uid));
    footprint
}

/// The arguments that make a sorted list, without what is shown of it.
fn list_args(args: &str) -> String {
    let args: Json = serde_json::from_str(args).unwrap_or_default();
    canonical(&json!({ "filters": args.get("filters"), "sort": args.get("sort") }))
}

fn names_id(fields: Option<&Json>) -> bool {
    let one = fields.and_then(Json::as_str);
    let many = fields.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    one.into_iter().chain(many).flat_map(|text| text.split(',')).any(|name| name.trim() == "id")
}

fn whole(args: &Map<String, Json>, name: &str) -> Result<Option<u64>, AskError> {
    match args.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => {
                Err(AskError::Arguments(format!("`{name}` must be a whole number, not `{value}`")))
            }
        },
    }
}

/// The parser's words are Strapi's; somebody who writes a template also wants to know where
/// and what would be accepted.
fn explained(ty: &ContentType, error: &ApiError) -> AskError {
    let details = |name: &str| {
        error.details.as_ref().and_then(|details| details.get(name)).and_then(Json::as_str)
    };
    let Some(key) = details("key") else { return AskError::Arguments(error.message.clone()) };
    let place = details("param").unwrap_or("the query");
    let path = details("path").filter(|path| *path != key).map(|path| format!(" (`{path}`)"));
    let path = path.unwrap_or_default();
    let known = ty.attributes.iter().filter(|(_, attribute)| !attribute.is_hidden());
    let known: Vec<_> = known.map(|(name, _)| name.as_str()).collect();
    AskError::Field(format!(
        "`{key}`{path} is not accepted in {place} of `{}`, whose attributes are {}",
        ty.uid,
        known.join(", ")
    ))
}

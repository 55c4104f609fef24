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
use super::fields_read::FieldsRead;
use super::projection::{Ids, Projector, Show};
use super::query::Found;
use super::snapshot::Snapshot;
use super::value::fingerprint;
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
    pub(crate) list: Arc<str>,
    /// The name of that list among sorted ones.
    pub(crate) view: Arc<str>,
    /// `fields`, `populate` and the locale they are followed in: two questions that say the
    /// same show a row the same way.
    show: Arc<str>,
    pub(crate) read: Arc<FieldsRead>,
}

/// A row as a question shows it. Lists overlap: an article stands in the newest, in its
/// author's and in those of its tags, and looks alike in most of them.
#[derive(Debug)]
pub(crate) struct Card {
    value: Value,
    fingerprint: Fingerprint,
    pub(super) footprint: Footprint,
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

impl Reply {
    fn one(value: Value, fingerprint: Fingerprint, footprint: Footprint) -> Self {
        let answer = Answer { fingerprint, footprint: Arc::new(footprint) };
        Self { value, total: None, answer }
    }

    fn nothing(footprint: Footprint) -> Self {
        Self::one(Value::none(), Fingerprint::ABSENT, footprint)
    }
}

impl Snapshot {
    /// Answers a question about content. Answers are remembered with the snapshot, since
    /// many pages ask the same.
    ///
    /// # Errors
    /// When the type, a field or an operator does not exist.
    pub fn ask(&self, key: &Key) -> Result<Arc<Reply>, AskError> {
        if let Some(known) = self.remembered().replies.get(key) {
            return Ok(known);
        }
        let reply = Arc::new(self.reply(key)?);
        let weight = 1 + reply.value.as_array().map_or(0, <[Value]>::len);
        self.remembered().replies.put(key.clone(), Arc::clone(&reply), weight);
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
                let parsed = self.parsed(uid, locale, args)?;
                let entry = self.get(uid, document_id, Some(locale));
                let mut footprint = Footprint::default();
                footprint.share_document(document_id);
                Ok(self.one(entry, &parsed, footprint))
            }
            Key::Query { uid, locale, args, total } => {
                let parsed = self.parsed(uid, locale, args)?;
                let spec = &parsed.spec;
                let list = List { locale, args: &parsed.list };
                let footprint = self.footprint_of_part(uid, &list, spec, *total);
                Ok(self.list(uid, &parsed, *total, footprint))
            }
            Key::Count { uid, locale, args } => {
                let parsed = self.parsed(uid, locale, args)?;
                let spec = &parsed.spec;
                let total = self.count(uid, spec);
                let answer = Answer {
                    fingerprint: Fingerprint::of_json(&total),
                    footprint: Arc::new(Self::footprint_of_count(uid, spec)),
                };
                Ok(Reply { value: Value::from(total), total: None, answer })
            }
            Key::Neighbour { direction, uid, document_id, locale, args } => {
                let parsed = self.parsed(uid, locale, args)?;
                let spec = &parsed.spec;
                let forward = *direction == Direction::Next;
                let entry = self.get(uid, document_id, Some(locale));
                let found = entry.and_then(|entry| {
                    let view = Some(&parsed.view);
                    self.neighbour(entry, &spec.filter, &spec.sort, &spec.locale, view, forward)
                });
                let list = List { locale, args: &parsed.list };
                let mut footprint = self.footprint_of_place(uid, &list, spec, entry);
                footprint.share_document(document_id);
                let Some(found) = found else { return Ok(Reply::nothing(footprint)) };
                let card = self.card(&found, &parsed);
                footprint.merge(&card.footprint);
                Ok(Reply::one(card.value.clone(), card.fingerprint, footprint))
            }
            Key::Groups { uid, locale, args } => self.reply_with_groups(uid, locale, args),
            Key::Url { .. }
            | Key::Asset { .. }
            | Key::Template { .. }
            | Key::Config { .. }
            | Key::Time { .. }
            | Key::Page { .. }
            | Key::Pages { .. }
            | Key::Made { .. } => Err(AskError::Arguments(format!("`{key}` is not about content"))),
        }
    }

    fn one(&self, entry: Option<&Arc<Entry>>, parsed: &Parsed, footprint: Footprint) -> Reply {
        let Some(entry) = entry else { return Reply::nothing(footprint) };
        let Card { value, fingerprint, footprint: mut all } = self.made_card(entry, parsed);
        all.merge(&footprint);
        Reply::one(value, fingerprint, all)
    }

    fn list(&self, uid: &str, parsed: &Parsed, with_total: bool, searched: Footprint) -> Reply {
        let spec = &parsed.spec;
        let found = if with_total {
            self.find_named(uid, spec, Some(&parsed.view))
        } else {
            Found { rows: self.find_rows_named(uid, spec, Some(&parsed.view)), total: 0 }
        };
        let cards: Vec<_> = found.rows.iter().map(|row| self.card(row, parsed)).collect();
        let mut footprint = searched;
        cards.iter().for_each(|card| footprint.merge(&card.footprint));
        let total = with_total.then(|| u64::try_from(found.total).unwrap_or(u64::MAX));
        let parts = cards.iter().map(|card| card.fingerprint);
        let fingerprint = Fingerprint::combine(parts.chain([Fingerprint::of_json(&total)]));
        let value = Value::from(cards.iter().map(|card| card.value.clone()).collect::<Vec<_>>());
        Reply { value, total, answer: Answer { fingerprint, footprint: Arc::new(footprint) } }
    }

    fn card(&self, row: &Arc<Entry>, parsed: &Parsed) -> Arc<Card> {
        let cards = &self.remembered().cards;
        cards.get(&parsed.show, row).unwrap_or_else(|| {
            let card = Arc::new(self.made_card(row, parsed));
            cards.put(&parsed.show, row, &card);
            card
        })
    }

    fn made_card(&self, row: &Arc<Entry>, parsed: &Parsed) -> Card {
        let spec = &parsed.spec;
        let mut projector = Projector::new(self, self.asked_locale(&spec.locale), Ids::Asked);
        let value = projector.entry(row, Show::of_query(spec));
        let fingerprint = fingerprint(&value);
        Card { value, fingerprint, footprint: projector.into_footprint() }
    }

    /// The checked query of a question about content, `None` for others. Of the parts of one
    /// list it is that of the first part, so that a long list is not understood page by page.
    pub(crate) fn parsed_list(&self, key: &Key) -> Option<Result<Arc<Parsed>, AskError>> {
        match key {
            Key::Query { uid, locale, args, .. } => {
                Some(self.parsed(uid, locale, &without_start(args)))
            }
            Key::Entry { uid, locale, args, .. }
            | Key::Count { uid, locale, args }
            | Key::Neighbour { uid, locale, args, .. } => Some(self.parsed(uid, locale, args)),
            _ => None,
        }
    }

    /// The checked query behind a question's arguments, see [`crate::engine::key::canonical`].
    ///
    /// # Errors
    /// When a field, an operator or a value is not accepted.
    pub fn spec(&self, uid: &str, locale: &str, args: &str) -> Result<Arc<Parsed>, AskError> {
        self.parsed(&uid.into(), &locale.into(), &args.into())
    }

    fn parsed(
        &self,
        uid: &Arc<str>,
        locale: &Arc<str>,
        args: &Arc<str>,
    ) -> Result<Arc<Parsed>, AskError> {
        let name = [uid, locale, args].map(Arc::clone);
        if let Some(known) = self.remembered().specs.get(&name) {
            return Ok(known);
        }
        let parsed = match part_of(args) {
            Some((list, start)) => self.part(uid, locale, &list, start)?,
            None => self.parsed_anew(uid, locale, args)?,
        };
        let parsed = Arc::new(parsed);
        self.remembered().specs.put(name, Arc::clone(&parsed), 1);
        Ok(parsed)
    }

    /// A part of a list from its first part, so that a long list is understood once.
    fn part(
        &self,
        uid: &Arc<str>,
        locale: &Arc<str>,
        list: &Arc<str>,
        start: u64,
    ) -> Result<Parsed, AskError> {
        let mut parsed = Parsed::clone(&*self.parsed(uid, locale, list)?);
        parsed.spec.page.start = start;
        Ok(parsed)
    }

    fn parsed_anew(
        &self,
        uid: &Arc<str>,
        locale: &Arc<str>,
        args: &Arc<str>,
    ) -> Result<Parsed, AskError> {
        let spec = self.parse(uid, locale, args)?;
        // The parser may add to what is shown, so the arguments alone do not tell.
        let show = format!("{locale} {:?} {:?}", spec.fields, spec.populate).into();
        let list = list_args(args).into();
        let view = self.wanted_by(uid, &spec).name();
        let read = Arc::new(FieldsRead::of(uid, &spec));
        Ok(Parsed { spec, list, view, show, read })
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

/// Canonical arguments from the beginning of their list.
fn without_start(args: &Arc<str>) -> Arc<str> {
    part_of(args).map_or_else(|| Arc::clone(args), |(list, _)| list)
}

/// The same with where the part begins; `None` when that is the beginning. `start` is the last
/// of the keys and its value a number, so no other text can end like it.
fn part_of(args: &str) -> Option<(Arc<str>, u64)> {
    const START: &str = "\"start\":";
    let open = args.strip_suffix('}')?;
    let before = open.trim_end_matches(|char: char| char.is_ascii_digit());
    let start = open.strip_prefix(before)?.parse().ok()?;
    let rest = before.strip_suffix(START)?;
    let rest = rest.strip_suffix(',').unwrap_or(rest);
    Some((format!("{rest}}}").into(), start))
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

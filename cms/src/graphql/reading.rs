//! Questions put to the services that REST asks.

use std::sync::Arc;

use cms_api::error::ApiError;
use cms_api::query::QuerySpec;
use serde_json::{Map, Value, json};

use super::describe;
use super::failure::Failure;
use super::window::Window;
use crate::clock;
use crate::derived_id;
use crate::documents::cards::Desk;
use crate::documents::find::{self, Reading};
use crate::documents::tag::Touched;
use crate::error::AppResult;
use crate::extract::query;
use crate::registry::Registry;
use crate::routes::Context;
use crate::store::Conn;
use crate::store::find::Selector;

/// A question about documents.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) uid: String,
    pub(super) is_list: bool,
    pub(super) document_id: Option<String>,
    pub(super) spec: QuerySpec,
}

pub(super) type Outcome = Result<Value, Failure>;

/// Answers all questions on one snapshot of the database. A list is `{ items, total }`.
///
/// # Errors
/// Those of the database.
pub(super) async fn read(
    context: &Context,
    questions: Arc<Vec<Question>>,
) -> AppResult<Vec<Outcome>> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    let cards = context.app.cards.clone();
    let drafts = query::may_read_drafts(context);
    let read = move |conn: &mut Conn| {
        let mut outcomes = Vec::with_capacity(questions.len());
        for question in questions.iter() {
            let ty = model.get(&question.uid).ok_or_else(ApiError::not_found)?;
            let spec = &question.spec;
            let states = Touched::by(ty, spec).states(conn)?;
            let cards = Some(Desk { cards: &cards, model: &model, states: &states });
            let default_locale = registry.default_locale();
            let mut reading =
                Reading { conn: &mut *conn, model: &model, default_locale, drafts, cards };
            let value = match question.is_list {
                true => {
                    let listing = find::list(&mut reading, ty, spec)?;
                    page(listing.entries, listing.total, spec)
                }
                false => {
                    let selector = match &question.document_id {
                        Some(id) if id.contains('\0') => {
                            outcomes.push(Ok(Value::Null));
                            continue;
                        }
                        Some(id) => Selector::Document(id),
                        None => Selector::All,
                    };
                    find::one(&mut reading, ty, selector, spec)?.unwrap_or_default()
                }
            };
            outcomes.push(Ok(value));
        }
        Ok(outcomes)
    };
    context.app.read(read).await
}

fn page(entries: Vec<Value>, total: Option<u64>, spec: &QuerySpec) -> Value {
    let window = Window { start: spec.page.start, limit: spec.page.limit };
    paged(entries, total, window)
}

/// A list and what is known of its pages.
fn paged(items: Vec<Value>, total: Option<u64>, window: Window) -> Value {
    let info = total.map_or(Value::Null, |total| {
        let size = window.limit.max(1);
        json!({
            "total": total,
            "page": window.start / size + 1,
            "pageSize": size,
            "pageCount": total.div_ceil(size),
        })
    });
    json!({ "items": items, "info": info })
}

/// Rows of types that are no documents here.
pub(super) fn kept_elsewhere(context: &Context, uid: &str) -> Option<Vec<Value>> {
    match uid {
        describe::LOCALE => Some(context.registry.locales().iter().map(locale).collect()),
        describe::WORKFLOW | describe::STAGE => Some(Vec::new()),
        _ => None,
    }
}

fn locale(row: &crate::store::registry::LocaleRow) -> Value {
    let created = clock::iso(row.created_at);
    json!({
        "documentId": derived_id::of_locale(&row.code),
        "name": row.name,
        "code": row.code,
        "createdAt": created,
        "updatedAt": created,
        "publishedAt": created,
    })
}

/// What a role of that kind may do.
pub(super) fn permissions(registry: &Registry, kind: &str) -> Vec<Value> {
    let role = registry.role(kind);
    let row = |action: &str| {
        let id = derived_id::of(&format!("permission:{kind}:{action}"));
        json!({ "documentId": id, "action": action })
    };
    role.listed().into_iter().map(row).collect()
}

/// A question about such rows.
pub(super) struct Rows {
    pub(super) rows: Vec<Value>,
    pub(super) args: Map<String, Value>,
    pub(super) window: Window,
    pub(super) is_list: bool,
}

impl Rows {
    pub(super) fn answer(self, with_count: bool) -> Value {
        let Self { mut rows, args, window, is_list } = self;
        if !is_list {
            let id = args.get("documentId");
            return rows.into_iter().find(|row| row.get("documentId") == id).unwrap_or_default();
        }
        if let Some(filters) = args.get("filters") {
            rows.retain(|row| matches(filters, row));
        }
        sort(&mut rows, args.get("sort"));
        let total = with_count.then_some(rows.len() as u64);
        paged(window.cut(rows), total, window)
    }
}

/// Whether conditions hold for a row that lies in memory, with texts only.
fn matches(filters: &Value, row: &Value) -> bool {
    let Some(members) = filters.as_object() else { return true };
    members.iter().filter(|(_, value)| !value.is_null()).all(|(name, value)| match name.as_str() {
        "and" => value.as_array().into_iter().flatten().all(|part| matches(part, row)),
        "or" => value
            .as_array()
            .is_none_or(|parts| parts.is_empty() || parts.iter().any(|part| matches(part, row))),
        "not" => !matches(value, row),
        name => holds(value, row.get(name).and_then(Value::as_str).unwrap_or_default()),
    })
}

fn holds(test: &Value, text: &str) -> bool {
    let Some(members) = test.as_object() else { return true };
    let lower = text.to_lowercase();
    members.iter().all(|(word, operand)| {
        let given = operand.as_str().unwrap_or_default();
        let fold = given.to_lowercase();
        let among = || operand.as_array().into_iter().flatten().any(|one| one == text);
        let bound = |at: usize| operand.get(at).and_then(Value::as_str).unwrap_or_default();
        match word.as_str() {
            "eq" => given == text,
            "ne" => given != text,
            "eqi" => fold == lower,
            "nei" => fold != lower,
            "contains" | "containsi" => lower.contains(&fold),
            "notContains" | "notContainsi" => !lower.contains(&fold),
            "startsWith" => lower.starts_with(&fold),
            "endsWith" => lower.ends_with(&fold),
            "gt" => text > given,
            "gte" => text >= given,
            "lt" => text < given,
            "lte" => text <= given,
            "in" => among(),
            "notIn" => !among(),
            "between" => (bound(0)..=bound(1)).contains(&text),
            "null" => operand != true,
            "notNull" => operand != false,
            "not" => !holds(operand, text),
            _ => true,
        }
    })
}

fn sort(rows: &mut [Value], keys: Option<&Value>) {
    let keys = keys.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let keys: Vec<_> = keys.map(|key| key.split_once(':').unwrap_or((key, "asc"))).collect();
    rows.sort_by(|one, other| {
        keys.iter().fold(std::cmp::Ordering::Equal, |order, (name, direction)| {
            let text = |row: &'_ Value| {
                row.get(*name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let by_key = text(one).cmp(&text(other));
            order.then(if direction.eq_ignore_ascii_case("desc") {
                by_key.reverse()
            } else {
                by_key
            })
        })
    });
}

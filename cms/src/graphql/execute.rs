//! One request from its text to its answer.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::complete::Completer;
use super::failure::{Failure, NOT_RESOLVED, PARSE_FAILED};
use super::limits::{self, Limits};
use super::plan::Planner;
use super::roots::{self, Root};
use super::schema::{QUERY, TypeRef};
use super::select::Selector;
use super::syntax::{self, Document, Operation, OperationKind};
use super::validate::{self, root_type};
use super::{Graph, accounts, content, reading, variables};
use crate::error::AppResult;
use crate::extract::query;
use crate::routes::Context;

/// What a client asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    pub(crate) query: String,
    pub(crate) operation: Option<String>,
    pub(crate) variables: Map<String, Value>,
    /// Whether nothing may be changed.
    pub(crate) reads_only: bool,
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The place of the last change in the feed.
    pub(crate) seq: Option<i64>,
}

impl Answer {
    pub(crate) fn refused(status: u16, failures: &[Failure]) -> Self {
        let errors: Vec<_> = failures.iter().map(Failure::to_json).collect();
        Self { status, body: json!({ "errors": errors }), seq: None }
    }
}

const BAD_REQUEST: u16 = 400;
const METHOD_NOT_ALLOWED: u16 = 405;
pub(super) const OK: u16 = 200;

/// Answers a request; the caller may be anyone.
///
/// # Errors
/// Those that have nothing to do with the question: the database is away.
pub(crate) async fn answer(
    context: &Context,
    graph: &Graph,
    question: &Question,
    limits: Limits,
    introspection: bool,
) -> AppResult<Answer> {
    let document = match read(graph, question, limits, introspection) {
        Ok(document) => document,
        Err(failures) => return Ok(Answer::refused(BAD_REQUEST, &failures)),
    };
    let operation = match choose(&document, question.operation.as_deref()) {
        Ok(operation) => operation,
        Err(failure) => return Ok(Answer::refused(BAD_REQUEST, &[failure])),
    };
    if question.reads_only && operation.kind != OperationKind::Query {
        let kind = operation.kind.as_str();
        let message = format!("GET requests only support query operations, not {kind} operations");
        let failure = Failure::new(super::BAD_REQUEST, message);
        return Ok(Answer::refused(METHOD_NOT_ALLOWED, &[failure]));
    }
    let variables = match variables::coerce(&graph.types, operation, &question.variables) {
        Ok(variables) => variables,
        Err(failures) => return Ok(Answer::refused(BAD_REQUEST, &failures)),
    };
    run(context, graph, &document, operation, &variables).await
}

/// A document that fits schema and limits.
fn read(
    graph: &Graph,
    question: &Question,
    limits: Limits,
    introspection: bool,
) -> Result<Document, Vec<Failure>> {
    let document = syntax::parse(&question.query).map_err(|error| {
        let failure = Failure::new(PARSE_FAILED, error.message);
        vec![failure.at(error.at)]
    })?;
    let limits::Excess { mut failures, is_dear } = limits::check(&document, limits);
    if is_dear {
        return Err(failures);
    }
    failures.extend(validate::validate(&graph.types, &document));
    if !introspection {
        failures.extend(roots::introspective(&document));
    }
    if failures.is_empty() { Ok(document) } else { Err(failures) }
}

fn choose<'d>(document: &'d Document, name: Option<&str>) -> Result<&'d Operation, Failure> {
    let named = |operation: &&Operation| {
        operation.name.as_ref().is_some_and(|own| Some(own.text.as_str()) == name)
    };
    match (name, document.operations.as_slice()) {
        (Some(name), operations) => operations.iter().find(named).ok_or_else(|| {
            Failure::new(NOT_RESOLVED, format!("Unknown operation named \"{name}\"."))
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(Failure::new(NOT_RESOLVED, "Must provide an operation.")),
        (None, _) => Err(Failure::new(
            NOT_RESOLVED,
            "Must provide operation name if query contains multiple operations.",
        )),
    }
}

async fn run(
    context: &Context,
    graph: &Graph,
    document: &Document,
    operation: &Operation,
    variables: &Map<String, Value>,
) -> AppResult<Answer> {
    let Some(root) = root_type(operation.kind) else {
        let message = "Schema is not configured to execute subscription operation.";
        let failure = Failure::plain(message, operation.at);
        let mut answer = Answer::refused(OK, &[failure]);
        answer.body["data"] = Value::Null;
        return Ok(answer);
    };
    let access = query::access(&context.caller, &context.model);
    let readable = |uid: &str| access.may_find(uid);
    let limits = query::limits(&context.app.settings);
    let parser =
        cms_api::query_parse::QueryParser { model: &context.model, limits, readable: &readable };
    let selector = Selector { document, variables };
    let planner = Planner {
        types: &graph.types,
        selector,
        variables,
        parser,
        limits,
        access: &access,
        caller: &context.caller,
    };
    let planned = roots::plan(context, &planner, root, &operation.selection);
    let needs = planned.iter().any(|planned| matches!(planned.root, Root::Introspection { .. }));
    let introspection = match needs {
        true => Some(graph.introspection().await),
        false => None,
    };
    let completer = Completer {
        types: &graph.types,
        registry: &context.registry,
        introspection,
        failures: Vec::new(),
        path: Vec::new(),
    };
    let mut answering = Answering { context, completer, seq: None, status: OK };
    let data = match root {
        QUERY => answering.query(planned).await?,
        _ => answering.mutation(planned).await?,
    };
    Ok(answering.answer(data))
}

struct Answering<'a> {
    context: &'a Context,
    completer: Completer<'a>,
    seq: Option<i64>,
    status: u16,
}

impl Answering<'_> {
    /// Reads all roots on one snapshot.
    async fn query(&mut self, planned: Vec<roots::Planned>) -> AppResult<Value> {
        let mut questions = Vec::new();
        for planned in &planned {
            if let Root::Read(question) = &planned.root {
                questions.push(reading::Question::clone(question));
            }
        }
        let mut read = reading::read(self.context, Arc::new(questions)).await?.into_iter();
        let mut data = Map::new();
        let mut fatal = None;
        for planned in &planned {
            let outcome = match &planned.root {
                Root::Read(_) => read.next().unwrap_or(Ok(Value::Null)),
                Root::Me => accounts::me(self.context, planned.wanted.at).await?,
                other => Ok(roots::ready(other, self.completer.introspection)),
            };
            match self.complete(planned, outcome) {
                Ok(value) => drop(data.insert(planned.wanted.key.clone(), value)),
                Err(failure) => drop(fatal.get_or_insert(failure)),
            }
        }
        self.completer.failures.extend(fatal.clone());
        Ok(fatal.map_or(Value::Object(data), |_| Value::Null))
    }

    /// Writes one after the other, each on its own.
    async fn mutation(&mut self, planned: Vec<roots::Planned>) -> AppResult<Value> {
        let mut data = Map::new();
        for planned in &planned {
            let outcome = match &planned.root {
                Root::Write(write) => {
                    let (outcome, seq) = content::write(self.context, write).await?;
                    self.seq = seq.or(self.seq);
                    outcome
                }
                Root::Change(change) => {
                    let (outcome, status) = accounts::change(self.context, change).await?;
                    self.status = status;
                    outcome
                }
                other => Ok(roots::ready(other, self.completer.introspection)),
            };
            match self.complete(planned, outcome) {
                Ok(value) => drop(data.insert(planned.wanted.key.clone(), value)),
                Err(failure) => {
                    self.completer.failures.push(failure);
                    return Ok(Value::Null);
                }
            }
        }
        Ok(Value::Object(data))
    }

    /// A failure makes the whole answer null.
    fn complete(
        &mut self,
        planned: &roots::Planned,
        outcome: Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let wanted = &planned.wanted;
        self.completer.path = vec![wanted.key.as_str().into()];
        let refused = match &planned.root {
            Root::Refused(failure) => Some(failure.clone()),
            _ => None,
        };
        let completed = match (refused, outcome) {
            (Some(failure), _) | (None, Err(failure)) => Err(self.completer.here(failure)),
            (None, Ok(value)) => self.completer.root(wanted, planned.parent, &value),
        };
        self.completer.settled(completed, &wanted.ty)
    }

    fn answer(self, data: Value) -> Answer {
        let mut body = Map::new();
        if !self.completer.failures.is_empty() {
            let errors = self.completer.failures.iter().map(Failure::to_json);
            body.insert("errors".into(), errors.collect());
        }
        body.insert("data".into(), data);
        Answer { status: self.status, body: Value::Object(body), seq: self.seq }
    }
}

/// The type of lists that stand for an object with pages.
pub(super) fn is_connection(ty: &TypeRef) -> bool {
    ty.name().ends_with("EntityResponseCollection")
}

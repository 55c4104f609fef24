//! What a request asks, and in whose words it is refused that asks nothing.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use serde_json::{Map, Value};

use crate::graphql::Question;

/// Headers that only programs set, and browsers ask before they send them.
const PREFLIGHTED: [&str; 2] = ["x-apollo-operation-name", "apollo-require-preflight"];

/// Types a plain form can have.
const OF_FORMS: [&str; 3] =
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

const FORGED: &str = "This operation has been blocked as a potential Cross-Site Request Forgery \
    (CSRF). Please either specify a 'content-type' header (with a type that is not one of \
    application/x-www-form-urlencoded, multipart/form-data, text/plain) or provide a non-empty \
    value for one of the following headers: x-apollo-operation-name, apollo-require-preflight\n";

const NO_QUERY: &str =
    "GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.";

/// Clients that hear this send the query itself from then on.
pub(super) const NOT_PERSISTED: &str = "PersistedQueryNotSupported";

type Refused = (u16, String);

/// The question of a request.
///
/// # Errors
/// The status and the reason why it asks nothing.
pub(super) fn read(http: &HttpRequest, body: Value) -> Result<Question, Refused> {
    match *http.method() {
        Method::GET | Method::POST if !is_preflighted(http) => Err((400, FORGED.into())),
        Method::GET => of_link(http.query_string()),
        Method::POST => of_body(body),
        _ => Err((405, "Apollo Server supports only GET/POST requests.".into())),
    }
}

fn is_preflighted(http: &HttpRequest) -> bool {
    let text = |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_typed = !kind.is_empty() && !OF_FORMS.contains(&kind.as_str());
    is_typed || PREFLIGHTED.iter().any(|name| text(name).is_some_and(|value| !value.is_empty()))
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Refused> {
    Err((400, message.into()))
}

fn of_body(body: Value) -> Result<Question, Refused> {
    let mut body = match body {
        Value::Array(_) => return refuse("Operation batching disabled."),
        Value::Object(members) if !members.is_empty() => members,
        _ => {
            return refuse("POST body missing, invalid Content-Type, or JSON object has no keys.");
        }
    };
    let variables = match body.shift_remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => members,
        Some(Value::String(_)) => {
            return refuse(
                "`variables` in a POST body should be provided as an object, not a recursively \
                 JSON-encoded string.",
            );
        }
        Some(_) => return refuse("`variables` in a POST body must be an object if provided."),
    };
    let operation = match body.shift_remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => {
            return refuse("`operationName` in a POST body must be a string if provided.");
        }
    };
    let query = match body.shift_remove("query") {
        None | Some(Value::Null) if is_persisted(body.get("extensions")) => {
            return Err((200, NOT_PERSISTED.into()));
        }
        None | Some(Value::Null) => return refuse(NO_QUERY),
        Some(Value::String(query)) if query.is_empty() => return refuse(NO_QUERY),
        Some(Value::String(query)) => query,
        Some(_) => return refuse("GraphQL queries must be strings."),
    };
    Ok(Question { query, operation, variables, reads_only: false })
}

fn of_link(parameters: &str) -> Result<Question, Refused> {
    let mut question = Question { reads_only: true, ..Question::default() };
    let mut seen = Vec::new();
    let mut persisted = false;
    for (name, value) in url::form_urlencoded::parse(parameters.as_bytes()) {
        let is_known = ["query", "variables", "operationName", "extensions"];
        if !is_known.contains(&name.as_ref()) {
            continue;
        }
        if seen.contains(&name) {
            return refuse(format!("The '{name}' search parameter may only be specified once."));
        }
        match name.as_ref() {
            "query" => question.query = value.into_owned(),
            "operationName" => question.operation = Some(value.into_owned()),
            "variables" => question.variables = variables(&value)?,
            _ => {
                let extensions = serde_json::from_str(&value).ok();
                persisted = is_persisted(extensions.as_ref());
            }
        }
        seen.push(name);
    }
    match question.query.is_empty() {
        true if persisted => Err((200, NOT_PERSISTED.into())),
        true => refuse(NO_QUERY),
        false => Ok(question),
    }
}

/// Whether a query is named by its digest.
fn is_persisted(extensions: Option<&Value>) -> bool {
    extensions.is_some_and(|known| known.get("persistedQuery").is_some())
}

fn variables(text: &str) -> Result<Map<String, Value>, Refused> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => refuse("The variables search parameter should contain a JSON-encoded object."),
        Err(_) => refuse("The variables search parameter contains invalid JSON."),
    }
}

//! One operation: what is asked, who may, and every answer there is.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::answer::{self, Refusal};

#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// As OpenAPI writes it: `/api/articles/{documentId}`.
    pub(super) path: String,
    pub(super) tag: String,
    id: String,
    summary: String,
    /// What the caller's role or token must allow.
    permission: Option<String>,
    /// Whether the public role may be allowed to, or anybody.
    is_open: bool,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
}

impl Operation {
    pub(super) fn new(method: Method, path: &str, tag: &str, id: &str, summary: &str) -> Self {
        let mut parameters = Vec::new();
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let name = name.trim_end_matches('}');
            parameters.push(json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string" }
            }));
        }
        Self {
            method,
            path: path.to_owned(),
            tag: tag.to_owned(),
            id: id.to_owned(),
            summary: summary.to_owned(),
            permission: None,
            is_open: true,
            parameters,
            body: None,
            answers: Map::new(),
        }
    }

    /// 401 for a credential that is none, 403 where it does not allow this.
    pub(super) fn needs(mut self, permission: impl Into<String>) -> Self {
        self.permission = Some(permission.into());
        self.refuses(&[Refusal::Unauthorized, Refusal::Forbidden])
    }

    /// Nobody may without a credential of some kind.
    pub(super) fn needs_credentials(mut self) -> Self {
        self.is_open = false;
        self.refuses(&[Refusal::Unauthorized])
    }

    pub(super) fn takes(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self.refuses(&[Refusal::Bad])
    }

    /// A body in JSON.
    pub(super) fn body(self, schema: &Value) -> Self {
        self.body_as("application/json", schema)
    }

    pub(super) fn body_as(mut self, kind: &str, schema: &Value) -> Self {
        self.body = Some(json!({ "required": true, "content": { kind: { "schema": schema } } }));
        self.refuses(&[Refusal::Bad, Refusal::TooLarge])
    }

    pub(super) fn answers(self, status: u16, description: &str, schema: &Value) -> Self {
        self.answers_as(status, description, "application/json", schema)
    }

    pub(super) fn answers_as(
        mut self,
        status: u16,
        description: &str,
        kind: &str,
        schema: &Value,
    ) -> Self {
        let answer =
            json!({ "description": description, "content": { kind: { "schema": schema } } });
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// An answer without a body.
    pub(super) fn answers_bare(mut self, status: u16, description: &str) -> Self {
        self.answers.insert(status.to_string(), json!({ "description": description }));
        self
    }

    /// The answer has a tag, with which it need not be sent twice.
    pub(super) fn tagged(mut self) -> Self {
        let tag = json!({ "ETag": { "schema": { "type": "string" } } });
        for status in ["200", "201"] {
            if let Some(answer) = self.answers.get_mut(status) {
                answer["headers"] = tag.clone();
            }
        }
        self.answers_bare(304, "Nothing changed since the tag in `If-None-Match`")
    }

    pub(super) fn refuses(mut self, refusals: &[Refusal]) -> Self {
        for refusal in refusals {
            let (status, answer) = answer::of(*refusal);
            self.answers.entry(status.to_string()).or_insert(answer);
        }
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let mut shown = json!({
            "tags": [self.tag], "operationId": self.id, "summary": self.summary,
        });
        if let Some(permission) = &self.permission {
            shown["x-permission"] = permission.as_str().into();
        }
        let mut security = vec![json!({ "user": [] }), json!({ "apiToken": [] })];
        if self.is_open {
            security.insert(0, json!({}));
        }
        shown["security"] = security.into();
        if !self.parameters.is_empty() {
            shown["parameters"] = self.parameters.clone().into();
        }
        if let Some(body) = &self.body {
            shown["requestBody"] = body.clone();
        }
        let mut answers = self.answers.clone();
        answers.sort_keys();
        shown["responses"] = Value::Object(answers);
        shown
    }
}

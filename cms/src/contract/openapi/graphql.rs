//! The one route of GraphQL; what can be asked there its own schema tells.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::operation::Operation;
use super::reference;

const TAG: &str = "GraphQL";

pub(super) fn operations() -> Vec<Operation> {
    let query = |name: &str, description: &str| {
        json!({
            "name": name, "in": "query", "description": description,
            "schema": { "type": "string" },
        })
    };
    let get = Operation::new(Method::GET, "/graphql", TAG, "graphql_get", "Reads content").takes([
        query("query", "The document"),
        query("operationName", "Which of its operations"),
        query("variables", "JSON"),
    ]);
    let text = json!({ "type": ["string", "null"] });
    let body = json!({
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": { "type": "string" },
            "operationName": text,
            "variables": { "type": ["object", "null"] },
        },
    });
    let post = Operation::new(Method::POST, "/graphql", TAG, "graphql", "Reads or writes content")
        .body(&body)
        .refuses(&[Refusal::TooLarge]);
    [get, post].map(answered).into()
}

/// What cannot be asked at all is told in the same shape.
fn answered(operation: Operation) -> Operation {
    let answer = reference("GraphqlAnswer");
    let refused = [
        (400, "The document or a variable is wrong"),
        (405, "Mutations are posted"),
        (406, "No `Accept` that can be met"),
        (415, "The body is no JSON"),
        (500, "A fault of the server"),
    ];
    let operation = operation
        .answers(200, "The data, and what of it could not be had", &answer)
        .refuses(&[Refusal::Unauthorized]);
    refused.into_iter().fold(operation, |operation, (status, description)| {
        operation.answers(status, description, &answer)
    })
}

pub(super) fn schemas() -> Map<String, Value> {
    let error = json!({
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": { "type": "string" },
            "locations": { "type": "array", "items": { "type": "object" } },
            "path": { "type": "array", "items": { "type": ["string", "integer"] } },
            "extensions": { "type": "object" },
        },
    });
    let answer = json!({
        "type": "object",
        "properties": {
            "data": { "type": ["object", "null"] },
            "errors": { "type": "array", "items": error },
        },
    });
    Map::from_iter([("GraphqlAnswer".to_owned(), answer)])
}

//! OpenAPI 3.1 of the running server: every route, parameter, body, answer and webhook.
//!
//! An answer that is not in here is a mistake of this document or of the server. Which routes
//! there are is the URL table's to say; a test walks both.

mod accounts;
mod answer;
mod content;
mod feed;
mod graphql;
mod operation;
mod schema;
mod server;
mod uploads;
mod webhooks;

use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use self::operation::Operation;

/// What the document may say beyond the content model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers {
    /// The publishing actions.
    pub actions: bool,
}

/// The document of a model.
#[must_use]
pub fn document(model: &ContentModel, offers: Offers) -> Value {
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for operation in operations(model, offers) {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag.clone());
        }
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        let method = operation.method.as_str().to_ascii_lowercase();
        path[method] = operation.to_json();
    }
    let tags: Vec<Value> = tags.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Content API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The REST API of this content server, made of its content model. \
                            It speaks the dialect of Strapi 5.",
            "x-powered-by": "galley",
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks::all(),
        "components": {
            "schemas": schemas(model),
            "responses": answer::shared(),
            "parameters": content::parameters(),
            "securitySchemes": {
                "user": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The `jwt` that `POST /api/auth/local` answers.",
                },
                "apiToken": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API token, as `cms token create` makes it.",
                },
            },
        },
    })
}

fn operations(model: &ContentModel, offers: Offers) -> Vec<Operation> {
    let mut all: Vec<Operation> =
        model.api_types().flat_map(|ty| content::operations(ty, offers.actions)).collect();
    all.extend(uploads::operations());
    all.extend(accounts::operations());
    all.extend(feed::operations());
    all.extend(graphql::operations());
    all.extend(server::operations());
    all
}

fn schemas(model: &ContentModel) -> Value {
    let mut schemas = schema::of_model(model);
    schemas.extend(content::schemas());
    schemas.extend(accounts::schemas());
    schemas.extend(feed::schemas());
    schemas.extend(graphql::schemas());
    schemas.extend(answer::schemas());
    Value::Object(schemas)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

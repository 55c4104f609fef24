//! The routes of content types, and the parameters that reading them takes.

use actix_web::http::Method;
use cms_api::content_type::{ContentType, Kind};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::operation::Operation;
use super::reference;
use super::schema::{input_name, required};
use crate::contract::names;

/// Every operation on a type.
pub(super) fn operations(ty: &ContentType, actions: bool) -> Vec<Operation> {
    let route = Route { ty, name: names::of_type(ty) };
    let mut all = match ty.kind {
        Kind::Collection => vec![
            route.list(),
            route.create(),
            route.one("findOne", "Shows one entry"),
            route.update("Changes an entry, and publishes it"),
            route.delete(),
        ],
        Kind::Single => vec![
            route.one("find", "Shows the entry"),
            route.update("Changes or makes the entry, and publishes it"),
            route.delete(),
        ],
    };
    if actions {
        all.extend(ACTIONS.map(|action| route.action(action)));
    }
    all
}

/// Word in the path, permission, what it does.
const ACTIONS: [(&str, &str, &str); 3] = [
    ("publish", "publish", "Publishes the draft"),
    ("unpublish", "unpublish", "Takes the entry back, which leaves its draft"),
    ("discard-draft", "discardDraft", "Makes the draft what is published"),
];

struct Route<'a> {
    ty: &'a ContentType,
    name: String,
}

impl Route<'_> {
    fn path(&self) -> String {
        format!("/api/{}", self.ty.route_name())
    }

    fn entry_path(&self) -> String {
        match self.ty.kind {
            Kind::Collection => format!("{}/{{documentId}}", self.path()),
            Kind::Single => self.path(),
        }
    }

    fn operation(&self, method: Method, path: &str, verb: &str, summary: &str) -> Operation {
        let id = format!("{}_{verb}", names::pascal(&self.ty.singular_name));
        let permission = format!("{}.{verb}", self.ty.uid);
        Operation::new(method, path, &self.ty.display_name, &id, summary).needs(permission)
    }

    fn shaping(&self) -> Vec<Value> {
        let mut names = vec!["fields", "populate"];
        if self.ty.localized {
            names.push("locale");
        }
        if self.ty.draft_and_publish {
            names.push("status");
        }
        names.into_iter().map(parameter).collect()
    }

    fn entry(&self) -> Value {
        json!({
            "type": "object",
            "required": ["data", "meta"],
            "properties": { "data": reference(&self.name), "meta": { "type": "object" } },
        })
    }

    fn list(&self) -> Operation {
        let listing = json!({
            "type": "object",
            "required": ["data", "meta"],
            "properties": {
                "data": { "type": "array", "items": reference(&self.name) },
                "meta": {
                    "type": "object",
                    "properties": { "pagination": reference("Pagination") },
                },
            },
        });
        let asking =
            ["filters", "sort", "page", "pageSize", "start", "limit", "withCount", "search"];
        self.operation(Method::GET, &self.path(), "find", "Lists entries")
            .takes(asking.map(parameter))
            .takes(self.shaping())
            .answers(200, "A page of entries", &listing)
            .tagged()
    }

    fn one(&self, verb: &str, summary: &str) -> Operation {
        self.operation(Method::GET, &self.entry_path(), verb, summary)
            .takes([parameter("filters")])
            .takes(self.shaping())
            .answers(200, "The entry", &self.entry())
            .refuses(&[Refusal::NotFound])
            .tagged()
    }

    fn create(&self) -> Operation {
        let made = json!({ "required": required(&self.ty.attributes) });
        let data = json!({ "allOf": [reference(&input_name(self.ty)), made] });
        self.operation(Method::POST, &self.path(), "create", "Makes an entry, and publishes it")
            .takes(self.shaping())
            .body(&in_data(&data))
            .answers(201, "The new entry", &self.entry())
            .refuses(&[Refusal::NotFound])
    }

    fn update(&self, summary: &str) -> Operation {
        self.operation(Method::PUT, &self.entry_path(), "update", summary)
            .takes(self.shaping())
            .takes([parameter("If-Match")])
            .body(&in_data(&reference(&input_name(self.ty))))
            .answers(200, "The entry as it is now", &self.entry())
            .refuses(&[Refusal::NotFound, Refusal::Outdated])
    }

    fn delete(&self) -> Operation {
        let locale = self.ty.localized.then(|| parameter("locale"));
        self.operation(Method::DELETE, &self.entry_path(), "delete", "Deletes the entry")
            .takes(locale)
            .takes([parameter("If-Match")])
            .answers_bare(204, "It is gone")
            .refuses(&[Refusal::NotFound, Refusal::Outdated])
    }

    fn action(&self, (word, verb, summary): (&str, &str, &str)) -> Operation {
        let path = format!("{}/actions/{word}", self.entry_path());
        self.operation(Method::POST, &path, verb, summary)
            .takes(self.shaping())
            .takes([parameter("If-Match")])
            .answers(200, "The entry as it is now", &self.entry())
            .refuses(&[Refusal::NotFound, Refusal::Outdated, Refusal::TooLarge])
    }
}

fn in_data(data: &Value) -> Value {
    json!({ "type": "object", "required": ["data"], "properties": { "data": data } })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// By the names that [`parameter`] knows.
pub(super) fn parameters() -> Value {
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let number = |name: &str, least: u64, description: &str| {
        query(
            &format!("pagination[{name}]"),
            description,
            json!({ "type": "integer", "minimum": least }),
        )
    };
    let names = json!({
        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
    });
    json!({
        "filters": {
            "name": "filters", "in": "query", "style": "deepObject", "explode": true,
            "description": "Conditions as `filters[title][$eq]=x`; deeper ones go on in brackets, \
                            `filters[author][name][$contains]=x`",
            "schema": { "type": "object", "additionalProperties": true },
        },
        "sort": query("sort", "`title:asc`, several of them, or through relations `author.name`", names.clone()),
        "page": number("page", 1, "Which page"),
        "pageSize": number("pageSize", 1, "Entries on a page"),
        "start": number("start", 0, "How many entries to leave out, instead of pages"),
        "limit": number("limit", 1, "How many entries to show, instead of pages"),
        "withCount": query("pagination[withCount]", "Whether to count all of them", json!({ "type": "boolean" })),
        "search": query("_q", "Text that an attribute must contain", json!({ "type": "string" })),
        "fields": query("fields", "Attributes to show; all without", names.clone()),
        "populate": query(
            "populate",
            "Relations, media, components and zones to show: `*`, names, or by `populate[author][fields]=name`",
            names,
        ),
        "locale": query("locale", "The locale, as `en`; the default one without", json!({ "type": "string" })),
        "status": query("status", "Which version", json!({ "enum": ["draft", "published"] })),
        "If-Match": {
            "name": "If-Match", "in": "header", "schema": { "type": "string" },
            "description": "The `ETag` of the edition that may be written over",
        },
    })
}

/// What is the same for every type.
pub(super) fn schemas() -> Map<String, Value> {
    let number = json!({ "type": "integer", "minimum": 0 });
    let pagination = json!({
        "type": "object",
        "properties": {
            "page": number, "pageSize": number, "pageCount": number,
            "start": number, "limit": number, "total": number,
        },
    });
    let link = json!({
        "anyOf": [
            { "type": "string", "description": "A documentId" },
            { "type": "integer", "description": "An id" },
            {
                "type": "object",
                "properties": {
                    "documentId": { "type": "string" },
                    "id": { "type": "integer" },
                    "locale": { "type": ["string", "null"] },
                    "status": { "enum": ["draft", "published"] },
                    "position": {
                        "type": "object",
                        "properties": {
                            "before": { "type": ["string", "integer"] },
                            "after": { "type": ["string", "integer"] },
                            "start": { "type": "boolean" },
                            "end": { "type": "boolean" },
                        },
                    },
                },
            },
        ],
    });
    let list = json!({ "type": "array", "items": reference("Link") });
    let links = json!({
        "description": "Documents that a relation leads to: all of them, or what changes",
        "anyOf": [
            { "type": "null" },
            reference("Link"),
            list,
            {
                "type": "object",
                "properties": { "set": list, "connect": list, "disconnect": list },
            },
        ],
    });
    [("Pagination", pagination), ("Link", link), ("Links", links)]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}

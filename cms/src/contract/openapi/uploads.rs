//! The media library.

use actix_web::http::Method;
use cms_api::builtin;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::operation::Operation;
use super::reference;

const TAG: &str = "Files";

pub(super) fn operations() -> Vec<Operation> {
    let files = json!({ "type": "array", "items": reference("UploadFile") });
    let file = reference("UploadFile");
    let page = json!({
        "type": "object",
        "required": ["data", "meta"],
        "properties": { "data": files, "meta": { "type": "object" } },
    });
    let on = |method, path: &str, id: &str, action: &str, summary: &str| {
        Operation::new(method, path, TAG, id, summary)
            .needs(format!("plugin::upload.content-api.{action}"))
    };
    let changed = json!({
        "name": "id", "in": "query", "schema": { "type": "integer" },
        "description": "A file to change instead of a new one",
    });
    let upload = on(Method::POST, "/api/upload", "upload", "upload", "Takes files")
        .takes([changed])
        .body_as("multipart/form-data", &form())
        .answers(201, "The new files", &files)
        .answers(200, "The file that was changed", &file)
        .refuses(&[Refusal::NotFound]);
    vec![
        upload,
        on(Method::GET, "/api/upload/files", "files_find", "find", "Lists files")
            .takes([])
            .answers(200, "All of them", &files)
            .tagged(),
        on(
            Method::GET,
            "/api/upload/files/page",
            "files_findPage",
            "findPage",
            "Lists files by pages",
        )
        .takes([])
        .answers(200, "A page", &page)
        .tagged(),
        on(Method::GET, "/api/upload/files/{id}", "files_findOne", "findOne", "Shows a file")
            .takes([])
            .answers(200, "The file", &file)
            .refuses(&[Refusal::NotFound])
            .tagged(),
        on(Method::DELETE, "/api/upload/files/{id}", "files_destroy", "destroy", "Deletes a file")
            .answers(200, "The file that is gone", &file)
            .refuses(&[Refusal::Bad, Refusal::NotFound]),
        Operation::new(Method::GET, "/uploads/{name}", TAG, "files_get", "A file's bytes")
            .answers_as(200, "The bytes", "*/*", &json!({ "type": "string", "format": "binary" }))
            .answers_as(
                206,
                "The part that `Range` names",
                "*/*",
                &json!({ "type": "string", "format": "binary" }),
            )
            .answers_bare(304, "Nothing changed since the tag in `If-None-Match`")
            .answers_bare(307, "In a bucket, at the address in `Location`")
            .answers_bare(412, "It is no longer what `If-Match` names")
            .answers_bare(416, "It has no such part")
            .refuses(&[Refusal::Bad, Refusal::Forbidden, Refusal::NotFound]),
    ]
}

fn form() -> Value {
    let bytes = json!({ "type": "string", "format": "binary" });
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["files"],
        "properties": {
            "files": { "anyOf": [bytes, { "type": "array", "items": bytes }] },
            "fileInfo": text("JSON: `name`, `alternativeText`, `caption`; a list for several files"),
            "ref": text(&format!("The type of an entry that gets the files, as `{}`", builtin::USER)),
            "refId": text("The entry"),
            "field": text("Its attribute"),
        },
    })
}

//! The content types every installation has: files, folders, users and roles.
//!
//! They are content types like any other, so one read path serves filters and
//! populate on them; what differs is that their own controllers write them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::content_type::{ContentType, parse_content_type};

pub const FILE: &str = "plugin::upload.file";
pub const FOLDER: &str = "plugin::upload.folder";
pub const USER: &str = "plugin::users-permissions.user";
pub const ROLE: &str = "plugin::users-permissions.role";
pub const ADMINISTRATOR: &str = "admin::user";

/// Whether a type is one of these, and no content type of the site.
#[must_use]
pub fn is_builtin(uid: &str) -> bool {
    [FILE, FOLDER, USER, ROLE, ADMINISTRATOR].contains(&uid)
}

/// What `createdBy` and `updatedBy` lead to. There are no such documents here, and nobody may
/// ask for them; but a query that names something else below them is told so first.
#[must_use]
pub fn administrator() -> Option<&'static ContentType> {
    static TYPE: LazyLock<Option<ContentType>> =
        LazyLock::new(|| parse_content_type(ADMINISTRATOR, &administrators()).ok());
    TYPE.as_ref()
}

/// The built-in types, with the attributes Strapi 5 gives them.
#[must_use]
pub fn content_types() -> Vec<ContentType> {
    [(FILE, file()), (FOLDER, folder()), (USER, user()), (ROLE, role())]
        .iter()
        .filter_map(|(uid, source)| parse_content_type(uid, source).ok())
        .collect()
}

fn collection(singular: &str, plural: &str, attributes: Value) -> Value {
    json!({
        "kind": "collectionType",
        "collectionName": plural,
        "info": { "singularName": singular, "pluralName": plural, "displayName": singular },
        "options": { "draftAndPublish": false },
        "attributes": attributes,
    })
}

fn file() -> Value {
    collection(
        "file",
        "files",
        json!({
            "name": { "type": "string", "required": true },
            "alternativeText": { "type": "text" },
            "caption": { "type": "text" },
            "focalPoint": { "type": "json" },
            "width": { "type": "integer" },
            "height": { "type": "integer" },
            "formats": { "type": "json" },
            "hash": { "type": "string", "required": true },
            "ext": { "type": "string" },
            "mime": { "type": "string", "required": true },
            "size": { "type": "decimal", "required": true },
            "url": { "type": "text", "required": true },
            "previewUrl": { "type": "text" },
            "provider": { "type": "string", "required": true },
            "provider_metadata": { "type": "json" },
            "related": { "type": "relation", "relation": "morphToMany" },
            "folder": {
                "type": "relation", "relation": "manyToOne", "target": FOLDER,
                "inversedBy": "files", "private": true
            },
            "folderPath": { "type": "string", "private": true, "searchable": false },
        }),
    )
}

fn folder() -> Value {
    collection(
        "folder",
        "folders",
        json!({
            "name": { "type": "string", "required": true },
            "pathId": { "type": "integer", "unique": true, "required": true },
            "parent": {
                "type": "relation", "relation": "manyToOne", "target": FOLDER,
                "inversedBy": "children"
            },
            "children": {
                "type": "relation", "relation": "oneToMany", "target": FOLDER,
                "mappedBy": "parent"
            },
            "files": {
                "type": "relation", "relation": "oneToMany", "target": FILE, "mappedBy": "folder"
            },
            "path": { "type": "string", "required": true },
        }),
    )
}

fn user() -> Value {
    collection(
        "user",
        "users",
        json!({
            "username": {
                "type": "string", "minLength": 3, "unique": true, "required": true
            },
            "email": { "type": "email", "minLength": 6, "required": true },
            "provider": { "type": "string" },
            "password": { "type": "password", "minLength": 6, "private": true, "searchable": false },
            "resetPasswordToken": { "type": "string", "private": true, "searchable": false },
            "confirmationToken": { "type": "string", "private": true, "searchable": false },
            "confirmed": { "type": "boolean", "default": false },
            "blocked": { "type": "boolean", "default": false },
            "role": {
                "type": "relation", "relation": "manyToOne", "target": ROLE, "inversedBy": "users"
            },
        }),
    )
}

fn role() -> Value {
    collection(
        "role",
        "roles",
        json!({
            "name": { "type": "string", "minLength": 3, "required": true },
            "description": { "type": "string" },
            "type": { "type": "string", "unique": true },
            "users": {
                "type": "relation", "relation": "oneToMany", "target": USER, "mappedBy": "role"
            },
        }),
    )
}

fn administrators() -> Value {
    collection(
        "user",
        "users",
        json!({
            "firstname": { "type": "string" },
            "lastname": { "type": "string" },
            "username": { "type": "string" },
            "email": { "type": "email", "private": true },
            "password": { "type": "password", "private": true },
            "resetPasswordToken": { "type": "string", "private": true },
            "registrationToken": { "type": "string", "private": true },
            "isActive": { "type": "boolean", "private": true },
            "roles": {
                "type": "relation", "relation": "manyToMany", "target": "admin::role",
                "private": true
            },
            "blocked": { "type": "boolean", "private": true },
            "preferedLanguage": { "type": "string" },
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_schema_is_valid() {
        let uids: Vec<_> = content_types().into_iter().map(|ty| ty.uid).collect();
        assert_eq!(uids, [FILE, FOLDER, USER, ROLE]);
        assert!(administrator().is_some());
    }
}

//! Content types of Strapi's own plugins, beside those a site defines.
//!
//! Locales and permissions are kept elsewhere than documents, and there are no review
//! workflows here; but clients written for Strapi name their types.

use cms_api::builtin;
use cms_api::content_type::{ContentType, parse_content_type};
use cms_api::model::ContentModel;
use serde_json::{Value, json};

pub(in super::super) const LOCALE: &str = "plugin::i18n.locale";
pub(in super::super) const PERMISSION: &str = "plugin::users-permissions.permission";
pub(in super::super) const WORKFLOW: &str = "plugin::review-workflows.workflow";
pub(in super::super) const STAGE: &str = "plugin::review-workflows.workflow-stage";

/// In the order in which their fields stand.
pub(super) fn content_types(model: &ContentModel) -> Vec<ContentType> {
    let made = |uid: &str, singular: &str, attributes: Value| {
        let source = json!({
            "kind": "collectionType",
            "info": {
                "singularName": singular, "pluralName": format!("{singular}s"),
                "displayName": singular,
            },
            "options": { "draftAndPublish": false },
            "attributes": attributes,
        });
        parse_content_type(uid, &source).ok()
    };
    let role = model.get(builtin::ROLE).map(|role| with_permissions(role.clone()));
    let plugins = [
        model.get(builtin::FILE).cloned(),
        made(LOCALE, "locale", json!({ "name": text(), "code": text() })),
        made(WORKFLOW, "workflow", workflow()),
        made(STAGE, "workflow-stage", stage()),
        made(PERMISSION, "permission", permission()),
        role,
        model.get(builtin::USER).cloned(),
    ];
    plugins.into_iter().flatten().chain(model.api_types().cloned()).collect()
}

/// What a role may do, as a relation: Strapi keeps a row per permission.
fn with_permissions(mut role: ContentType) -> ContentType {
    let relation = json!({
        "kind": "collectionType",
        "info": { "singularName": "x", "pluralName": "xs", "displayName": "x" },
        "attributes": { "permissions": {
            "type": "relation", "relation": "oneToMany", "target": PERMISSION, "mappedBy": "role",
        } },
    });
    let relation = parse_content_type("api::x.x", &relation).ok();
    let relation = relation.and_then(|mut holder| holder.attributes.shift_remove("permissions"));
    if let Some(relation) = relation {
        let at = role.attributes.get_index_of("users").unwrap_or(role.attributes.len());
        role.attributes.shift_insert(at, "permissions".into(), relation);
    }
    role
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn permission() -> Value {
    json!({
        "action": { "type": "string", "required": true },
        "role": {
            "type": "relation", "relation": "manyToOne", "target": builtin::ROLE,
            "inversedBy": "permissions",
        },
    })
}

fn workflow() -> Value {
    json!({
        "name": { "type": "string", "required": true },
        "stages": {
            "type": "relation", "relation": "oneToMany", "target": STAGE, "mappedBy": "workflow",
        },
        "stageRequiredToPublish": {
            "type": "relation", "relation": "oneToOne", "target": STAGE,
        },
        "contentTypes": { "type": "json", "required": true },
    })
}

fn stage() -> Value {
    json!({
        "name": text(),
        "color": text(),
        "workflow": {
            "type": "relation", "relation": "manyToOne", "target": WORKFLOW,
            "inversedBy": "stages",
        },
    })
}

//! What is no row here but one there: locales, permissions, settings, webhooks.

use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use super::spool::Spool;
use super::{Collected, Failure};
use crate::auth::permission::Permissions;
use crate::auth::roles;
use crate::clock;
use crate::derived_id;
use crate::store::registry::LocaleRow;
use crate::store::{Conn, StoreError, registry, webhooks};
use crate::transfer::kept::Kept;
use crate::transfer::names::{DEFAULT_LOCALE, LOCALE, OWN_PERMISSIONS, OWN_WEBHOOKS, PERMISSION};

const ROLE: &str = cms_api::builtin::ROLE;

/// Locales by their numbers.
pub(super) fn locales(locales: &[LocaleRow], all: &mut Collected) -> Result<(), Failure> {
    let mut locales: Vec<&LocaleRow> = locales.iter().collect();
    locales.sort_by_key(|locale| locale.id);
    for (at, locale) in (1..).zip(locales) {
        let mut data = head(&derived_id::of_locale(&locale.code));
        data.insert("name".into(), locale.name.clone().into());
        data.insert("code".into(), locale.code.clone().into());
        times(&mut data, locale.created_at);
        all.entity(LOCALE, at, data)?;
    }
    Ok(())
}

/// What each role may do: every action that exists and is allowed. Wildcards stand in the
/// configuration, for servers that know them.
pub(super) fn permissions(
    conn: &mut Conn,
    model: &ContentModel,
    all: &mut Collected,
) -> Result<(), Failure> {
    let rows = registry::permissions(conn)?;
    let mut number = 0;
    for role in roles::all(conn)? {
        let kind = roles::kind(&role);
        let own = rows.iter().filter(|row| row.role == kind).map(|row| row.action.clone());
        let tree = roles::tree(model, &Permissions::of(own));
        for (place, action) in (1..).zip(roles::enabled_actions(&tree)) {
            number += 1;
            let mut data = head(&derived_id::of(&format!("permission:{kind}:{action}")));
            data.insert("action".into(), action.into());
            times(&mut data, role.created_at);
            all.entity(PERMISSION, number, data)?;
            all.links.push(&json!({
                "kind": "relation.basic",
                "relation": "manyToOne",
                "left": { "type": PERMISSION, "field": "role", "ref": number },
                "right": { "type": ROLE, "field": "permissions", "ref": role.number, "pos": place },
            }))?;
        }
    }
    Ok(())
}

/// Rows of Strapi's key-value store and webhooks.
pub(super) fn settings(
    conn: &mut Conn,
    default_locale: &str,
    spool: &mut Spool,
) -> Result<(), Failure> {
    let mut rows = Kept::CoreStore.all(conn)?;
    rows.push((DEFAULT_LOCALE.into(), setting(default_locale.into(), "string")));
    rows.push((OWN_PERMISSIONS.into(), setting(own_permissions(conn)?, "object")));
    let hooks = webhooks::all(conn)?;
    if !hooks.is_empty() {
        let own: Map<String, Value> = hooks
            .iter()
            .map(|hook| {
                let list = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
                let beyond = json!({
                    "secret": hook.secret,
                    "dialect": hook.dialect,
                    "allowPrivate": hook.allow_private,
                    "types": list(&hook.types),
                    "locales": list(&hook.locales),
                    "coalesce": hook.coalesce,
                });
                (hook.name.clone(), beyond)
            })
            .collect();
        rows.push((OWN_WEBHOOKS.into(), setting(own.into(), "object")));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    for (id, (key, row)) in (1..).zip(rows) {
        let mut value = json!({ "id": id, "key": key });
        for name in ["value", "type", "environment", "tag"] {
            value[name] = row.get(name).cloned().unwrap_or_default();
        }
        spool.push(&json!({ "type": "core-store", "value": value }))?;
    }
    for (id, hook) in (1..).zip(hooks) {
        let parsed = |text: &str| -> Result<Value, StoreError> {
            serde_json::from_str(text).map_err(StoreError::unreadable)
        };
        spool.push(&json!({
            "type": "webhook",
            "value": {
                "id": id,
                "name": hook.name,
                "url": hook.url,
                "headers": parsed(&hook.headers)?,
                "events": parsed(&hook.events)?,
                "enabled": hook.enabled,
            },
        }))?;
    }
    Ok(())
}

fn setting(value: Value, kind: &str) -> Value {
    json!({ "value": value, "type": kind, "environment": null, "tag": null })
}

fn own_permissions(conn: &mut Conn) -> Result<Value, StoreError> {
    let mut own = Map::new();
    for role in roles::all(conn)? {
        own.insert(roles::kind(&role).to_owned(), json!([]));
    }
    for row in registry::permissions(conn)? {
        if let Some(Value::Array(actions)) = own.get_mut(&row.role) {
            actions.push(row.action.into());
        }
    }
    Ok(own.into())
}

fn head(document_id: &str) -> Map<String, Value> {
    Map::from_iter([("documentId".to_owned(), document_id.into())])
}

fn times(data: &mut Map<String, Value>, created_at: i64) {
    for name in ["createdAt", "updatedAt", "publishedAt"] {
        data.insert(name.into(), clock::iso(created_at).into());
    }
    data.insert("locale".into(), Value::Null);
}

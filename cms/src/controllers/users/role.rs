//! How a body names the role of a user: by a number or documentId, or as an edit of the
//! relation. A user is never left without one.

use serde_json::Value;

use crate::extract::form::{Form, echo, wrong_type};

const ROLE: &str = "role";

/// A new user must say which role it has.
pub(super) fn required(form: &mut Form<'_>) {
    match form.value(ROLE) {
        None => form.error(ROLE, "role is a required field".into()),
        Some(edit) if is_edit(edit) => {
            if !edit.is_object() {
                return form.error(ROLE, wrong_type(ROLE, "object", edit));
            }
            match edit.get("connect") {
                None => {
                    let message = "role.connect is a required field".into();
                    form.error_at(&[ROLE, "connect"], message, None);
                }
                Some(Value::Array(items)) if items.is_empty() => {
                    let message = "Users must have a role".into();
                    form.error_at(&[ROLE, "connect"], message, Some(Value::Array(Vec::new())));
                }
                Some(list) => entries(form, "connect", list),
            }
        }
        Some(id) => id_of_role(form, id),
    }
}

/// An existing user may get another role.
pub(super) fn optional(form: &mut Form<'_>) {
    let Some(edit) = form.value(ROLE) else { return };
    if !is_edit(edit) {
        return id_of_role(form, edit);
    }
    if !edit.is_object() {
        return form.error(ROLE, wrong_type(ROLE, "object", edit));
    }
    for word in ["connect", "disconnect"] {
        if let Some(list) = edit.get(word) {
            entries(form, word, list);
        }
    }
    let count = |word| edit.get(word).and_then(Value::as_array).map_or(0, Vec::len);
    if count("connect") == 0 && count("disconnect") > 0 {
        let value = edit.get("disconnect").map(echo);
        form.error_at(&[ROLE, "disconnect"], "Cannot remove role".into(), value);
    }
}

/// JavaScript calls null an object too.
fn is_edit(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_) | Value::Null)
}

fn is_id(value: &Value) -> bool {
    value.is_string() || value.as_u64().is_some()
}

fn id_of_role(form: &mut Form<'_>, id: &Value) {
    if !is_id(id) {
        form.error(ROLE, wrong_type(ROLE, "strapiID", id));
    }
}

fn entries(form: &mut Form<'_>, word: &str, list: &Value) {
    let Value::Array(items) = list else {
        let message = wrong_type(&format!("{ROLE}.{word}"), "array", list);
        return form.error_at(&[ROLE, word], message, Some(echo(list)));
    };
    for (at, item) in items.iter().enumerate() {
        entry(form, word, at, item);
    }
}

fn entry(form: &mut Form<'_>, word: &str, at: usize, item: &Value) {
    let name = format!("{ROLE}.{word}[{at}]");
    let at = at.to_string();
    let path = [ROLE, word, &at];
    let Value::Object(map) = item else {
        return form.error_at(&path, wrong_type(&name, "object", item), Some(echo(item)));
    };
    for key in ["id", "documentId"] {
        if let Some(id) = map.get(key).filter(|id| !is_id(id)) {
            let message = wrong_type(&format!("{name}.{key}"), "strapiID", id);
            form.error_at(&[ROLE, word, &at, key], message, Some(echo(id)));
            return;
        }
    }
    if !map.contains_key("id") && !map.contains_key("documentId") {
        let message = "Relation entry must include an id or documentId".into();
        form.error_at(&path, message, Some(echo(item)));
    }
}

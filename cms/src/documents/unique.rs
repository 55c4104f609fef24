//! Values that may be held once: among the documents of a type in one locale and status, and
//! inside components also within the document itself. Drafts may hold anything twice.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use serde_json::Value;

use super::coerce;
use super::validate::Spot;
use super::work::Work;
use crate::error::AppResult;
use crate::store::documents::{self, Identity};

/// Whether `value`, held by the document `own` at this spot, is held a second time. `data` is
/// the document being written.
///
/// # Errors
/// Those of the database.
pub(super) fn is_taken(
    work: &mut Work<'_>,
    ty: &ContentType,
    own: &Identity,
    data: &Value,
    spot: &Spot,
    value: &Value,
) -> AppResult<bool> {
    // An empty text is as good as none.
    if value.as_str() == Some("") {
        return Ok(false);
    }
    match spot {
        Spot::Path(path) => {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            let Some(attribute) = attribute(work.model, ty, &names) else { return Ok(false) };
            if count(data, &names, value) > 1 {
                return Ok(true);
            }
            let value = coerce::scalar(&attribute.kind, value.clone())?;
            Ok(documents::is_taken(work.conn, own, &names, &value)?)
        }
        Spot::Zone { zone, component, name } => {
            let part = work.model.component(component);
            let Some(attribute) = part.and_then(|part| part.attributes.get(name)) else {
                return Ok(false);
            };
            if count_in_zone(data, zone, component, name, value) > 1 {
                return Ok(true);
            }
            let value = coerce::scalar(&attribute.kind, value.clone())?;
            let conn = &mut *work.conn;
            Ok(documents::is_taken_in_zone(conn, own, zone, component, name, &value)?)
        }
    }
}

/// The attribute at a path through components.
fn attribute<'a>(
    model: &'a ContentModel,
    ty: &'a ContentType,
    names: &[&str],
) -> Option<&'a Attribute> {
    let (first, rest) = names.split_first()?;
    let mut attribute = ty.attributes.get(*first)?;
    for name in rest {
        let AttributeKind::Component { component, .. } = &attribute.kind else { return None };
        attribute = model.component(component)?.attributes.get(*name)?;
    }
    Some(attribute)
}

/// How often the value stands at the path in the items of a list of components. Deeper lists
/// do not count, as in Strapi: what is in them is compared with other documents alone.
fn count(data: &Value, names: &[&str], value: &Value) -> usize {
    let [list, rest @ ..] = names else { return 0 };
    let items = data.get(*list).and_then(Value::as_array).into_iter().flatten();
    items.filter(|item| below(item, rest) == Some(value)).count()
}

fn below<'v>(item: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().try_fold(item, |value, name| value.as_object()?.get(*name))
}

/// How many components of the kind a zone holds with this value.
fn count_in_zone(data: &Value, zone: &str, component: &str, name: &str, value: &Value) -> usize {
    let items = data.get(zone).and_then(Value::as_array).into_iter().flatten();
    let of_kind = |item: &&Value| item.get("__component").is_some_and(|kind| kind == component);
    items.filter(of_kind).filter(|item| item.get(name) == Some(value)).count()
}

#[cfg(test)]
mod tests {
    use super::{count, count_in_zone};
    use serde_json::json;

    #[test]
    fn values_are_counted_in_the_outermost_list() {
        let row = |key| json!({"key": key, "one": {"key": key}, "cells": [{"key": 1}, {"key": 1}]});
        let data = json!({"rows": [row(1), row(2), row(1)], "one": {"key": 1}});
        assert_eq!(count(&data, &["rows", "key"], &json!(1)), 2);
        assert_eq!(count(&data, &["rows", "one", "key"], &json!(1)), 2);
        assert_eq!(count(&data, &["rows", "cells", "key"], &json!(1)), 0);
        assert_eq!(count(&data, &["one", "key"], &json!(1)), 0);
    }

    #[test]
    fn zones_are_counted_kind_by_kind() {
        let part = |kind, key| json!({"__component": kind, "key": key});
        let data = json!({"zone": [part("a.a", 1), part("a.b", 1), part("a.a", 1)]});
        assert_eq!(count_in_zone(&data, "zone", "a.a", "key", &json!(1)), 2);
        assert_eq!(count_in_zone(&data, "zone", "a.b", "key", &json!(1)), 1);
    }
}

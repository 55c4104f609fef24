//! Values that may be held once: among the documents of a type in one locale and status, and
//! inside components also within the document itself.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use serde_json::Value;

use super::coerce;
use super::work::Work;
use crate::error::AppResult;
use crate::store::documents::{self, Identity};

/// Whether `value`, held by the document `own` at this path, is held a second time. `data` is
/// the document being written.
///
/// # Errors
/// Those of the database.
pub(super) fn is_taken(
    work: &mut Work<'_>,
    ty: &ContentType,
    own: &Identity,
    data: &Value,
    path: &str,
    value: &Value,
) -> AppResult<bool> {
    // An empty text is as good as none.
    if value.as_str() == Some("") {
        return Ok(false);
    }
    let names: Vec<&str> = path.split('.').collect();
    let Some(attribute) = attribute(work.model, ty, &names) else { return Ok(false) };
    if names.len() > 1 && count(data, &names, value) > 1 {
        return Ok(true);
    }
    let value = coerce::scalar(&attribute.kind, value.clone())?;
    Ok(documents::is_taken(work.conn, own, &names, &value)?)
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

/// How often the value stands at the path, in any item of the lists on the way.
fn count(data: &Value, names: &[&str], value: &Value) -> usize {
    match (data, names.split_first()) {
        (Value::Array(items), _) => items.iter().map(|item| count(item, names, value)).sum(),
        (_, None) => usize::from(data == value),
        (_, Some((name, rest))) => data.get(*name).map_or(0, |below| count(below, rest, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::count;
    use serde_json::json;

    #[test]
    fn values_are_counted_through_lists() {
        let data = json!({"rows": [{"cells": [{"key": 1}]}, {"cells": [{"key": 2}, {"key": 1}]}]});
        assert_eq!(count(&data, &["rows", "cells", "key"], &json!(1)), 2);
        assert_eq!(count(&data, &["rows", "cells", "key"], &json!(2)), 1);
        assert_eq!(count(&data, &["rows", "none"], &json!(1)), 0);
    }
}

//! What a client says about the files it uploads, or about one it uploaded before.

use cms_api::error::{ApiError, FieldError};
use serde_json::{Map, Value};

use crate::documents::validate::{number, plain, print};
use crate::extract::form::{echo, wrong_type};

const FILE_INFO: &str = "fileInfo";
const TEXTS: [&str; 3] = ["name", "alternativeText", "caption"];
const FOCAL_POINT: &str = "focalPoint";
/// The place in a picture that stays visible, in percent of each side.
const FOCAL_RANGE: (f64, f64) = (0.0, 100.0);

/// What is said about one file: texts, or null to have none. Anything else is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FileInfo(Map<String, Value>);

impl FileInfo {
    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The attributes it sets on a file that exists already; null leaves them as they are.
    pub(crate) fn changes(&self) -> Map<String, Value> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// The `fileInfo` parts of an upload as one value: the only one, or a list of all. `None`
/// when there is none.
///
/// # Errors
/// 400 when a part is no JSON.
pub(crate) fn of_parts<'a>(
    parts: impl Iterator<Item = &'a str>,
) -> Result<Option<Value>, ApiError> {
    let texts: Vec<&str> = parts.collect();
    let parse = |text: &&str| {
        serde_json::from_str(text)
            .map_err(|error| ApiError::validation(format!("{FILE_INFO} is no JSON: {error}")))
    };
    match texts.as_slice() {
        [] => Ok(None),
        [""] => Ok(Some(Value::String(String::new()))),
        [text] => parse(text).map(Some),
        many => Ok(Some(many.iter().map(parse).collect::<Result<Value, _>>()?)),
    }
}

/// Leaves out what is said about refused files; a list with one thing left is that thing.
pub(crate) fn without(said: Option<Value>, refused: &[usize]) -> Option<Value> {
    let Some(Value::Array(items)) = said else { return said };
    let kept = items.into_iter().enumerate().filter(|(at, _)| !refused.contains(at));
    let mut kept: Vec<Value> = kept.map(|(_, item)| item).collect();
    match kept.len() {
        1 => kept.pop(),
        _ => Some(Value::Array(kept)),
    }
}

/// What is said about so many files.
///
/// # Errors
/// Every broken rule, together.
pub(crate) fn for_files(said: Option<&Value>, files: usize) -> Result<Vec<FileInfo>, ApiError> {
    let mut errors = Vec::new();
    let infos = match said {
        None => Vec::new(),
        Some(value) if files > 1 => match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    let path = [FILE_INFO.to_owned(), at.to_string()];
                    one(&format!("{FILE_INFO}[{at}]"), &path, item, &mut errors)
                })
                .collect(),
            other => {
                let path = vec![FILE_INFO.to_owned()];
                errors.push(FieldError::new(path, uncast(FILE_INFO, "array", other), Value::Null));
                Vec::new()
            }
        },
        Some(value) => vec![one(FILE_INFO, &[FILE_INFO.to_owned()], value, &mut errors)],
    };
    if errors.is_empty() { Ok(infos) } else { Err(ApiError::invalid_fields(&errors)) }
}

/// What is said about one file that exists; the value may be JSON text.
///
/// # Errors
/// Every broken rule, together.
pub(crate) fn for_file(said: Option<&Value>) -> Result<FileInfo, ApiError> {
    let parsed = said.and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    let said = parsed.as_ref().filter(|value: &&Value| value.is_object()).or(said);
    Ok(for_files(said, 1)?.pop().unwrap_or_default())
}

fn uncast(name: &str, kind: &str, value: &Value) -> String {
    let message = wrong_type(name, kind, &Value::Null);
    if value.is_null() {
        return message;
    }
    let shown = message.trim_end_matches('.');
    format!("{shown} (cast from the value `{}`).", print(value))
}

fn one(name: &str, path: &[String], value: &Value, errors: &mut Vec<FieldError>) -> FileInfo {
    let Value::Object(map) = value else {
        errors.push(FieldError::new(path.to_vec(), uncast(name, "object", value), Value::Null));
        return FileInfo::default();
    };
    let mut info = Map::new();
    for key in TEXTS {
        match map.get(key) {
            None => {}
            Some(value @ (Value::Object(_) | Value::Array(_))) => {
                let message = wrong_type(&format!("{name}.{key}"), "string", value);
                errors.push(FieldError::new(below(path, &[key]), message, echo(value)));
            }
            Some(value) => {
                info.insert(key.into(), plain(value).map_or(Value::Null, Value::String));
            }
        }
    }
    let point = map.get(FOCAL_POINT).and_then(Value::as_object);
    let point = point.map(|point| focal_point(name, path, point, errors));
    info.insert(FOCAL_POINT.into(), point.map_or(Value::Null, Value::Object));
    FileInfo(info)
}

fn focal_point(
    name: &str,
    path: &[String],
    point: &Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> Map<String, Value> {
    let mut checked = point.clone();
    for axis in ["x", "y"] {
        let name = format!("{name}.{FOCAL_POINT}.{axis}");
        let path = below(path, &[FOCAL_POINT, axis]);
        match point.get(axis).map(|value| (value, to_number(value))) {
            None => {
                errors.push(FieldError::without_value(path, format!("{name} is a required field")));
            }
            Some((value, None)) => {
                errors.push(FieldError::new(path, no_number(&name, value), Value::Null))
            }
            Some((_, Some(at))) => {
                if let Some(message) = out_of_range(&name, at) {
                    errors.push(FieldError::new(path, message, number(at)));
                }
                checked.insert(axis.into(), number(at));
            }
        }
    }
    checked
}

fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| !number.is_nan()),
        other => other.as_f64(),
    }
}

fn no_number(name: &str, value: &Value) -> String {
    let message = format!("{name} must be a `number` type, but the final value was: `NaN`");
    match value {
        Value::Null => format!("{message}."),
        other => format!("{message} (cast from the value `{}`).", print(other)),
    }
}

fn out_of_range(name: &str, at: f64) -> Option<String> {
    let (least, most) = FOCAL_RANGE;
    match at {
        at if at < least => Some(format!("{name} must be greater than or equal to {least}")),
        at if at > most => Some(format!("{name} must be less than or equal to {most}")),
        _ => None,
    }
}

fn below(path: &[String], keys: &[&str]) -> Vec<String> {
    path.iter().cloned().chain(keys.iter().map(ToString::to_string)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(said: &Value, files: usize) -> Vec<String> {
        let details = for_files(Some(said), files).unwrap_err().details.unwrap();
        let errors = details["errors"].as_array().unwrap().iter();
        errors.map(|error| error["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn texts_are_taken_and_the_rest_is_left_out() {
        let said =
            json!({ "name": 5, "caption": null, "hash": "x", "focalPoint": { "x": "5", "y": 6 } });
        let info = for_files(Some(&said), 1).unwrap().pop().unwrap();
        assert_eq!((info.text("name"), info.get("caption")), (Some("5"), Some(&Value::Null)));
        assert_eq!(info.get("hash"), None);
        assert_eq!(info.changes()["focalPoint"], json!({ "x": 5, "y": 6 }));
        assert_eq!(info.changes().get("caption"), None);
    }

    #[test]
    fn wrong_types_are_named_with_their_place() {
        assert_eq!(
            refused(&json!([5, { "name": {} }]), 2),
            [
                "fileInfo[0] must be a `object` type, but the final value was: `null` (cast from the value `5`).",
                "fileInfo[1].name must be a `string` type, but the final value was: `{}`.",
            ]
        );
        assert_eq!(
            refused(&json!({ "focalPoint": { "x": 101 } }), 1),
            [
                "fileInfo.focalPoint.x must be less than or equal to 100",
                "fileInfo.focalPoint.y is a required field",
            ]
        );
        assert!(refused(&json!({}), 2)[0].starts_with("fileInfo must be a `array` type"));
    }

    #[test]
    fn what_is_said_of_refused_files_is_left_out() {
        let said = Some(json!([{ "name": "a" }, { "name": "b" }]));
        assert_eq!(without(said.clone(), &[0]), Some(json!({ "name": "b" })));
        assert_eq!(without(said.clone(), &[]), said);
    }

    #[test]
    fn a_file_is_described_by_an_object_or_its_text() {
        let info = for_file(Some(&json!("{\"name\":\"x\"}"))).unwrap();
        assert_eq!(info.text("name"), Some("x"));
        assert!(for_file(Some(&json!("[]"))).is_err());
        assert_eq!(for_file(None).unwrap(), FileInfo::default());
    }
}

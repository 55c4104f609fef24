//! Reads the bodies of the login and user routes, with the messages Strapi's validator
//! (yup) gives.

use cms_api::error::ApiError;
use serde_json::{Map, Value, json};

/// What a text must be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) required: bool,
    pub(crate) email: bool,
    /// In characters.
    pub(crate) min_length: usize,
    /// In bytes; the message speaks of a password.
    pub(crate) max_bytes: Option<usize>,
}

/// A text that must be there.
pub(crate) const REQUIRED: Rules =
    Rules { required: true, email: false, min_length: 0, max_bytes: None };
/// An e-mail address that must be there.
pub(crate) const REQUIRED_EMAIL: Rules = Rules { email: true, ..REQUIRED };

/// A body under examination; every broken rule is collected.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    body: &'a Map<String, Value>,
    errors: Vec<(String, String, Option<Value>)>,
}

impl<'a> Form<'a> {
    pub(crate) fn new(body: &'a Map<String, Value>) -> Self {
        Self { body, errors: Vec::new() }
    }

    /// The text of a field, or an empty one when a rule is broken or it is absent.
    pub(crate) fn text(&mut self, name: &str, rules: Rules) -> String {
        match self.body.get(name) {
            None if rules.required => self.error(name, format!("{name} is a required field"), None),
            None => {}
            Some(Value::String(text)) => {
                self.check(name, text, rules);
                return text.clone();
            }
            Some(other) => {
                let message = format!(
                    "{name} must be a `string` type, but the final value was: `{}`.",
                    show(other)
                );
                self.error(name, message, Some(other.clone()));
            }
        }
        String::new()
    }

    fn check(&mut self, name: &str, text: &str, rules: Rules) {
        let value = Some(Value::String(text.to_owned()));
        if text.is_empty() {
            if rules.required {
                self.error(name, format!("{name} is a required field"), value);
            }
            return;
        }
        if rules.email && !is_email(text) {
            self.error(name, format!("{name} must be a valid email"), value.clone());
        }
        if text.chars().count() < rules.min_length {
            let message = format!("{name} must be at least {} characters", rules.min_length);
            self.error(name, message, value.clone());
        }
        if rules.max_bytes.is_some_and(|max| text.len() > max) {
            let limit = rules.max_bytes.unwrap_or_default() + 1;
            self.error(name, format!("Password must be less than {limit} bytes"), value);
        }
    }

    /// Notes a broken rule; `value` is absent when the field is.
    pub(crate) fn error(&mut self, name: &str, message: String, value: Option<Value>) {
        self.errors.push((name.to_owned(), message, value));
    }

    /// # Errors
    /// 400 with every broken rule.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        let message = match self.errors.as_slice() {
            [] => return Ok(()),
            [(_, message, _)] => message.clone(),
            many => format!("{} errors occurred", many.len()),
        };
        let errors: Vec<Value> = self.errors.into_iter().map(describe).collect();
        Err(ApiError::validation(message).with_details(json!({ "errors": errors })))
    }
}

fn describe((name, message, value): (String, String, Option<Value>)) -> Value {
    let mut error = Map::new();
    error.insert("path".into(), json!([name]));
    error.insert("message".into(), message.into());
    error.insert("name".into(), "ValidationError".into());
    if let Some(value) = value {
        error.insert("value".into(), value);
    }
    Value::Object(error)
}

/// A value as yup shows it: scalars bare, everything inside an object as text.
fn show(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(&as_texts(value)).unwrap_or_default()
        }
        Value::String(text) => format!("\"{text}\""),
        scalar => scalar.to_string(),
    }
}

fn as_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), as_texts(value))).collect()
        }
        scalar => Value::String(show(scalar)),
    }
}

/// Something, `@`, and a domain of at least two labels.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[],;:\\\"".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && !local.contains('@')
        && local.chars().all(plain)
        && !local.split('.').any(str::is_empty)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_local_part_and_a_domain() {
        for good in ["a@b.test", "a.b+c@d-e.example.org", "ö@müller.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "x", "a@b", "@b.test", "a@.test", "a b@c.de", "a@b@c.de", ".a@b.de"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn objects_are_shown_with_their_values_as_text() {
        assert_eq!(show(&json!({ "$ne": null })), "{\n  \"$ne\": \"null\"\n}");
        assert_eq!(show(&json!(5)), "5");
    }

    #[test]
    fn several_broken_rules_are_counted() {
        let body = json!({ "email": "x" });
        let mut form = Form::new(body.as_object().unwrap());
        form.text("email", REQUIRED_EMAIL);
        form.text("password", REQUIRED);
        let error = form.finish().unwrap_err();
        assert_eq!(error.message, "2 errors occurred");
        let details = error.details.unwrap();
        assert_eq!(details["errors"][0]["value"], "x");
        assert_eq!(details["errors"][1].get("value"), None);
    }
}

//! Reads the bodies of the login and user routes, with the messages Strapi's validator
//! (yup) gives.

use cms_api::error::{ApiError, FieldError};
use serde_json::Value;

use crate::documents::validate::{is_email, number, print};

/// What a text must be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) required: bool,
    pub(crate) email: bool,
    /// Not empty, which is a rule of its own beside `required`.
    pub(crate) filled: bool,
    /// In bytes; the message speaks of a password.
    pub(crate) max_bytes: Option<usize>,
}

/// A text that must be there.
pub(crate) const REQUIRED: Rules =
    Rules { required: true, email: false, filled: false, max_bytes: None };
/// An e-mail address that must be there.
pub(crate) const REQUIRED_EMAIL: Rules = Rules { email: true, ..REQUIRED };

/// A body under examination; every broken rule is collected.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    body: &'a Value,
    errors: Vec<FieldError>,
}

impl<'a> Form<'a> {
    /// No body at all is an empty object.
    ///
    /// # Errors
    /// 400 when the body is anything but an object: nothing else can be said of it then.
    pub(crate) fn new(body: &'a Value) -> Result<Self, ApiError> {
        if !matches!(body, Value::Object(_) | Value::Null) {
            let message = wrong_type("this", "object", body);
            return Err(ApiError::invalid_fields(&[FieldError::new(
                Vec::new(),
                message,
                echo(body),
            )]));
        }
        Ok(Self { body, errors: Vec::new() })
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.body.get(name)
    }

    /// The text of a field, or an empty one when a rule is broken or it is absent.
    pub(crate) fn text(&mut self, name: &str, rules: Rules) -> String {
        let problems = of_text(name, self.value(name), rules);
        problems.into_iter().for_each(|message| self.error(name, message));
        self.value(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A new password that is given twice, as `password` and `passwordConfirmation`.
    ///
    /// Wrong types and a wrong repetition are found before anything else is looked at, and
    /// the repetition is looked at first: that is the order of the messages.
    pub(crate) fn new_password(&mut self, rules: Rules) -> String {
        const AGAIN: &str = "passwordConfirmation";
        let (password, again) = (self.value("password"), self.value(AGAIN));
        let of_password = of_text("password", password, rules);
        let mut of_again = of_text(AGAIN, again, REQUIRED);
        let mut is_early = again.is_some_and(|value| !value.is_string());
        if again.is_some_and(|again| !same(Some(again), password)) {
            of_again.retain(|_| is_early);
            of_again.push("Passwords do not match".into());
            is_early = true;
        }
        let mut fields = [("password", of_password), (AGAIN, of_again)];
        let password_is_early = password.is_some_and(|value| !value.is_string());
        if is_early || !password_is_early {
            fields.reverse();
        }
        for (name, problems) in fields {
            problems.into_iter().for_each(|message| self.error(name, message));
        }
        password.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Refuses every other field.
    pub(crate) fn only(&mut self, names: &[&str]) {
        let members = self.body.as_object().into_iter().flatten();
        let unknown: Vec<&str> =
            members.map(|(key, _)| key.as_str()).filter(|key| !names.contains(key)).collect();
        if !unknown.is_empty() {
            let message = format!("this field has unspecified keys: {}", unknown.join(", "));
            self.errors.push(FieldError::new(Vec::new(), message, echo(self.body)));
        }
    }

    /// Notes a broken rule of a field.
    pub(crate) fn error(&mut self, name: &str, message: String) {
        let value = self.value(name).map(echo);
        self.error_at(&[name], message, value);
    }

    /// Notes a broken rule somewhere below; `value` is absent when the field is.
    pub(crate) fn error_at(&mut self, path: &[&str], message: String, value: Option<Value>) {
        let path = path.iter().map(ToString::to_string).collect();
        let error = FieldError::without_value(path, message);
        self.errors.push(FieldError { value, ..error });
    }

    /// # Errors
    /// 400 with every broken rule.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(&self.errors)) }
    }
}

/// The rules a text breaks; one of another type breaks only that.
fn of_text(name: &str, value: Option<&Value>, rules: Rules) -> Vec<String> {
    let required = || format!("{name} is a required field");
    let text = match value {
        None if rules.required => return vec![required()],
        None => return Vec::new(),
        Some(Value::String(text)) => text,
        Some(other) => return vec![wrong_type(name, "string", other)],
    };
    let mut problems = Vec::new();
    if rules.email && !text.is_empty() && !is_email(text) {
        problems.push(format!("{name} must be a valid email"));
    }
    if rules.filled && text.is_empty() {
        problems.push(format!("{name} must be at least 1 characters"));
    }
    if rules.required && text.is_empty() {
        problems.push(required());
    }
    if let Some(max) = rules.max_bytes.filter(|max| text.len() > *max) {
        problems.push(format!("Password must be less than {} bytes", max + 1));
    }
    problems
}

/// The message for a value of the wrong type.
pub(crate) fn wrong_type(name: &str, kind: &str, value: &Value) -> String {
    format!("{name} must be a `{kind}` type, but the final value was: `{}`.", print(value))
}

/// Whether JavaScript calls the two values equal: lists and objects never are.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    a == b && !a.is_some_and(|value| value.is_array() || value.is_object())
}

/// A value as it stands in an answer: numbers have the precision of JavaScript.
pub(crate) fn echo(value: &Value) -> Value {
    match value {
        Value::Number(given) => given.as_f64().map_or(Value::Null, number),
        Value::Array(items) => items.iter().map(echo).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), echo(value))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(form: Form<'_>) -> Vec<String> {
        let details = form.finish().unwrap_err().details.unwrap();
        let errors = details["errors"].as_array().unwrap().iter();
        errors.map(|error| error["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn several_broken_rules_are_counted() {
        let body = json!({ "email": "x" });
        let mut form = Form::new(&body).unwrap();
        form.text("email", REQUIRED_EMAIL);
        form.text("password", REQUIRED);
        let error = form.finish().unwrap_err();
        assert_eq!(error.message, "2 errors occurred");
        let details = error.details.unwrap();
        assert_eq!(details["errors"][0]["value"], "x");
        assert_eq!(details["errors"][1].get("value"), None);
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_as_a_whole() {
        let error = Form::new(&json!([1])).unwrap_err();
        let shown = "this must be a `object` type, but the final value was: `[\n  \"1\"\n]`.";
        assert_eq!(error.message, shown);
        assert_eq!(error.details.unwrap()["errors"][0]["path"], json!([]));
        assert!(Form::new(&Value::Null).is_ok());
    }

    #[test]
    fn values_are_shown_with_the_precision_of_javascript() {
        let body = json!({ "identifier": 123_456_789_012_345_678_i64 });
        let mut form = Form::new(&body).unwrap();
        form.text("identifier", REQUIRED);
        let error = form.finish().unwrap_err();
        assert!(error.message.ends_with("`123456789012345680`."), "{}", error.message);
    }

    #[test]
    fn the_repetition_of_a_password_is_judged_before_the_password() {
        const LIMITED: Rules = Rules { max_bytes: Some(3), ..REQUIRED };
        let of = |body: Value| {
            let mut form = Form::new(&body).unwrap();
            form.new_password(LIMITED);
            messages(form).join(" | ")
        };
        let (mismatch, long) = ("Passwords do not match", "Password must be less than 4 bytes");
        let password = "password must be a `string` type, but the final value was: `null`.";
        let again = "passwordConfirmation is a required field";
        let no_text = "passwordConfirmation must be a `string` type, but the final value was: `5`.";
        assert_eq!(
            of(json!({ "password": "abcd", "passwordConfirmation": "x" })),
            [mismatch, long].join(" | ")
        );
        assert_eq!(of(json!({ "password": null })), [password, again].join(" | "));
        assert_eq!(
            of(json!({ "password": null, "passwordConfirmation": "" })),
            [mismatch, password].join(" | ")
        );
        assert_eq!(
            of(json!({ "password": "abc", "passwordConfirmation": 5 })),
            [no_text, mismatch].join(" | ")
        );
        assert_eq!(of(json!({})), [again, "password is a required field"].join(" | "));
    }
}

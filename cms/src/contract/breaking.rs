//! What one edition of the OpenAPI document takes away from clients of an earlier one.
//!
//! Whoever wrote a client by the old document must be able to go on: routes and answers stay,
//! nothing new is demanded, nothing that was accepted is refused. What is new besides breaks
//! nobody.

use std::collections::HashSet;

use serde_json::Value;

/// The incompatible changes, each with its place; none when old clients can go on.
#[must_use]
pub fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut compare = Compare { old, new, found: Vec::new(), seen: HashSet::new() };
    for (path, item) in members(&old["paths"]) {
        for (method, operation) in members(item) {
            let place = format!("{} {path}", method.to_ascii_uppercase());
            match &new["paths"][path][method] {
                Value::Null => compare.found.push(format!("{place}: the route is gone")),
                other => compare.operation(&place, operation, other),
            }
        }
    }
    for (name, _) in members(&old["webhooks"]) {
        if new["webhooks"][name].is_null() {
            compare.found.push(format!("webhook {name}: it is no longer sent"));
        }
    }
    compare.found
}

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// Clients send it: what was accepted must be.
    Taken,
    /// Clients get it: what they relied on must come.
    Given,
}

struct Compare<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
    /// Named schemas that were compared already; they may hold themselves.
    seen: HashSet<(String, Way)>,
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a `$ref` leads to, and its name.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> (&'a Value, Option<&'a str>) {
    let Some(path) = value["$ref"].as_str() else { return (value, None) };
    let found = path.strip_prefix('#').and_then(|path| document.pointer(path));
    (found.unwrap_or(&Value::Null), Some(path))
}

impl<'a> Compare<'a> {
    fn say(&mut self, place: &str, what: &str) {
        let line = format!("{place}: {what}");
        if !self.found.contains(&line) {
            self.found.push(line);
        }
    }

    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        self.parameters(place, old, new);
        self.security(place, old, new);
        let (taken, now) = (&old["requestBody"], &new["requestBody"]);
        if taken.is_null() && now["required"] == true {
            self.say(place, "a body is required");
        }
        for (kind, media) in members(&taken["content"]) {
            match &now["content"][kind] {
                Value::Null => self.say(place, &format!("a body of {kind} is not taken")),
                other => {
                    self.schema(
                        &format!("{place} body"),
                        &media["schema"],
                        &other["schema"],
                        Way::Taken,
                    );
                }
            }
        }
        for (status, answer) in
            members(&old["responses"]).filter(|(status, _)| status.starts_with('2'))
        {
            match &new["responses"][status] {
                Value::Null => self.say(place, &format!("it no longer answers {status}")),
                other => self.answer(&format!("{place} {status}"), answer, other),
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let of = |document: &'a Value, operation: &'a Value| -> Vec<&'a Value> {
            items(&operation["parameters"]).map(|one| resolved(document, one).0).collect()
        };
        let (before, after) = (of(self.old, old), of(self.new, new));
        let same =
            |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for one in &before {
            let name = one["name"].as_str().unwrap_or_default();
            match after.iter().find(|other| same(one, other)) {
                None => self.say(place, &format!("the parameter `{name}` is gone")),
                Some(other) => {
                    let place = format!("{place} parameter `{name}`");
                    if other["required"] == true && one["required"] != true {
                        self.say(&place, "it is required now");
                    }
                    self.schema(&place, &one["schema"], &other["schema"], Way::Taken);
                }
            }
        }
        for one in after.iter().filter(|one| one["required"] == true) {
            if !before.iter().any(|other| same(one, other)) {
                let name = one["name"].as_str().unwrap_or_default();
                self.say(place, &format!("the parameter `{name}` is required"));
            }
        }
    }

    fn security(&mut self, place: &str, old: &Value, new: &Value) {
        let open = |operation: &Value| {
            items(&operation["security"])
                .any(|one| one.as_object().is_some_and(|one| one.is_empty()))
        };
        if open(old) && !open(new) {
            self.say(place, "a credential is required");
        }
    }

    fn answer(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let (old, new) = (resolved(self.old, old).0, resolved(self.new, new).0);
        for (kind, media) in members(&old["content"]) {
            match &new["content"][kind] {
                Value::Null => self.say(place, &format!("it is no longer {kind}")),
                other => self.schema(place, &media["schema"], &other["schema"], Way::Given),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        let ((old, name), (new, _)) = (resolved(self.old, old), resolved(self.new, new));
        let mut place = place.to_owned();
        if let Some(name) = name {
            if !self.seen.insert((name.to_owned(), way)) {
                return;
            }
            // The same wherever it is used.
            place = name.rsplit('/').next().unwrap_or_default().to_owned();
        }
        if new.is_null() {
            return self.say(&place, "the shape is gone");
        }
        self.kinds(&place, old, new, way);
        self.values(&place, old, new, way);
        self.properties(&place, old, new, way);
        if way == Way::Taken {
            self.limits(&place, old, new);
        }
        self.schema_if_both(&format!("{place}[]"), &old["items"], &new["items"], way);
        for word in ["anyOf", "allOf"] {
            let pairs = items(&old[word]).zip(items(&new[word]));
            pairs.for_each(|(one, other)| self.schema(&place, one, other, way));
        }
    }

    fn schema_if_both(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        if !old.is_null() && !new.is_null() {
            self.schema(place, old, new, way);
        }
    }

    fn kinds(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        let (before, after) = (kinds(old), kinds(new));
        if before.is_empty() && after.is_empty() {
            return;
        }
        // The side that must be able to deal with everything the other has.
        let (has, knows) = if way == Way::Taken { (&before, &after) } else { (&after, &before) };
        let covers =
            |kind: &str| knows.contains(&kind) || (kind == "integer" && knows.contains(&"number"));
        let is_any = knows.is_empty();
        if !is_any && (has.is_empty() || has.iter().any(|kind| !covers(kind))) {
            let shown = |kinds: &[&str]| match kinds {
                [] => "anything".to_owned(),
                kinds => kinds.join(" or "),
            };
            let what = format!("{} became {}", shown(&before), shown(&after));
            self.say(place, &what);
        }
    }

    fn values(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        let (Some(before), Some(after)) = (old["enum"].as_array(), new["enum"].as_array()) else {
            if way == Way::Taken && old["enum"].is_null() && !new["enum"].is_null() {
                self.say(place, "only some values are taken now");
            }
            return;
        };
        let (has, knows) = if way == Way::Taken { (before, after) } else { (after, before) };
        for value in has.iter().filter(|value| !knows.contains(value)) {
            let what = if way == Way::Taken { "is not taken" } else { "may come now" };
            self.say(place, &format!("{value} {what}"));
        }
    }

    fn properties(&mut self, place: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, after) = (&old["properties"], &new["properties"]);
        for (name, one) in members(before) {
            let place = format!("{place}.{name}");
            match &after[name] {
                Value::Null => self.say(&place, "it is gone"),
                other => self.schema(&place, one, other, way),
            }
        }
        let requires =
            |schema: &Value, name: &Value| items(&schema["required"]).any(|one| one == name);
        let (more, less) = if way == Way::Taken { (new, old) } else { (old, new) };
        let what = if way == Way::Taken { "it is required" } else { "it may be missing" };
        for name in items(&more["required"]).filter(|name| !requires(less, name)) {
            let name = name.as_str().unwrap_or_default();
            // What is gone was named above.
            if way == Way::Taken || !after[name].is_null() {
                self.say(&format!("{place}.{name}"), what);
            }
        }
    }

    fn limits(&mut self, place: &str, old: &Value, new: &Value) {
        for (word, is_upper) in LIMITS {
            let tighter = match (old[word].as_f64(), new[word].as_f64()) {
                (None, Some(_)) => true,
                (Some(before), Some(after)) if is_upper => after < before,
                (Some(before), Some(after)) => after > before,
                _ => false,
            };
            if tighter {
                self.say(place, &format!("{word} is {} now", new[word]));
            }
        }
        if !new["pattern"].is_null() && old["pattern"] != new["pattern"] {
            self.say(place, &format!("it must match {} now", new["pattern"]));
        }
    }
}

/// Rules with a number, and whether it is the most.
const LIMITS: [(&str, bool); 6] = [
    ("minimum", false),
    ("maximum", true),
    ("minLength", false),
    ("maxLength", true),
    ("minItems", false),
    ("maxItems", true),
];

/// The types of a schema; none stands for any.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

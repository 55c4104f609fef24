//! What a schema says of itself, asked once and read from then on like any answer.

use std::collections::HashMap;

use async_graphql::dynamic::Schema;
use serde_json::Value;

/// Everything there is to know. Types inside types are asked for by their names only.
const EVERYTHING: &str = "
    { __schema {
        description
        queryType { name kind } mutationType { name kind } subscriptionType { name kind }
        types { ...Whole }
        directives { name description isRepeatable locations args { ...Input } }
    } }
    fragment Whole on __Type {
        kind name description specifiedByURL
        fields(includeDeprecated: true) {
            name description args { ...Input } type { ...Ref } isDeprecated deprecationReason
        }
        inputFields { ...Input }
        interfaces { ...Ref }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        possibleTypes { ...Ref }
    }
    fragment Input on __InputValue { name description type { ...Ref } defaultValue }
    fragment Ref on __Type {
        kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
    }";

/// Directives of the language; async-graphql may list others of its own.
const DIRECTIVES: [&str; 5] = ["include", "skip", "deprecated", "specifiedBy", "oneOf"];

#[derive(Debug, Default)]
pub(super) struct Introspection {
    pub(super) schema: Value,
    types: HashMap<String, Value>,
}

impl Introspection {
    pub(super) async fn of(schema: &Schema) -> Self {
        let answer = schema.execute(EVERYTHING).await.data.into_json().unwrap_or_default();
        let mut schema = answer.get("__schema").cloned().unwrap_or_default();
        complete(&mut schema);
        let listed = schema.get("types").and_then(Value::as_array);
        let types = listed
            .into_iter()
            .flatten()
            .filter_map(|ty| Some((ty.get("name")?.as_str()?.to_owned(), ty.clone())));
        let types = types.collect();
        if let Some(directives) = schema.get_mut("directives").and_then(Value::as_array_mut) {
            directives.retain(|directive| {
                directive.get("name").is_some_and(|name| DIRECTIVES.iter().any(|one| name == one))
            });
        }
        Self { schema, types }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.types.get(name)
    }
}

/// What clients may ask of every input value, and async-graphql does not say.
fn complete(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(complete),
        Value::Object(members) => {
            if members.contains_key("defaultValue") {
                members.insert("isDeprecated".into(), false.into());
                members.insert("deprecationReason".into(), Value::Null);
            }
            if members.get("kind").is_some_and(|kind| kind == "INPUT_OBJECT") {
                members.insert("isOneOf".into(), false.into());
            }
            members.values_mut().for_each(complete);
        }
        _ => {}
    }
}

//! The schema as async-graphql has it: it checks that the types make a schema, and describes
//! them to clients that ask (introspection) and in the schema language.

use async_graphql::dynamic::{
    self, Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Object, Scalar, Schema,
    SchemaError, Union,
};
use async_graphql::{Name, Value};

use super::schema::{self, MUTATION, QUERY, Type, TypeKind, TypeRef, Types};

/// Scalars of the language itself.
const BUILT_IN: [&str; 5] = ["ID", "Int", "Float", "String", "Boolean"];

/// The schema of these types.
///
/// # Errors
/// When they make none.
pub(super) fn schema(types: &Types) -> Result<Schema, SchemaError> {
    let mut schema = Schema::build(QUERY, Some(MUTATION), None);
    let own = types
        .iter()
        .filter(|ty| !ty.name.starts_with("__") && !BUILT_IN.contains(&ty.name.as_str()));
    for ty in own {
        schema = match &ty.kind {
            TypeKind::Scalar(_) => schema.register(scalar(ty)),
            TypeKind::Enum(members) => {
                let items = members.keys().map(EnumItem::new);
                schema.register(described(Enum::new(&ty.name).items(items), ty))
            }
            TypeKind::Input(fields) => {
                let mut input = InputObject::new(&ty.name);
                for (name, field) in fields {
                    input = input.field(input_value(types, name, field));
                }
                schema.register(input)
            }
            TypeKind::Union(members) => {
                let union = Union::new(&ty.name);
                schema.register(members.iter().fold(union, Union::possible_type))
            }
            TypeKind::Object(object) => {
                let mut shown = Object::new(&ty.name);
                for (name, known) in
                    object.fields.iter().filter(|(name, _)| !name.starts_with("__"))
                {
                    shown = shown.field(field(types, name, known));
                }
                schema.register(shown)
            }
        };
    }
    schema.finish()
}

fn described(item: Enum, ty: &Type) -> Enum {
    match ty.description {
        Some(text) => item.description(text),
        None => item,
    }
}

/// What JSON is.
const JSON_URL: &str = "http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf";

fn scalar(ty: &Type) -> Scalar {
    let scalar = match ty.name.as_str() {
        "JSON" => Scalar::new(&ty.name).specified_by_url(JSON_URL),
        name => Scalar::new(name),
    };
    match ty.description {
        Some(text) => scalar.description(text),
        None => scalar,
    }
}

fn type_ref(ty: &TypeRef) -> dynamic::TypeRef {
    match ty {
        TypeRef::Named(name) => dynamic::TypeRef::named(name),
        TypeRef::List(inner) => dynamic::TypeRef::List(Box::new(type_ref(inner))),
        TypeRef::NonNull(inner) => dynamic::TypeRef::NonNull(Box::new(type_ref(inner))),
    }
}

fn input_value(types: &Types, name: &str, known: &schema::InputValue) -> InputValue {
    let mut value = InputValue::new(name, type_ref(&known.ty));
    if let Some(text) = known.description {
        value = value.description(text);
    }
    match &known.default {
        Some(default) => value.default_value(default_value(types, &known.ty, default)),
        None => value,
    }
}

/// A default as it is written: the values of enumerations have names.
fn default_value(types: &Types, ty: &TypeRef, value: &serde_json::Value) -> Value {
    if let Some(TypeKind::Enum(members)) = types.get(ty.name()).map(|ty| &ty.kind) {
        let named = members.iter().find(|(_, stored)| value == stored.as_str());
        return named.map_or(Value::Null, |(name, _)| Value::Enum(Name::new(name)));
    }
    Value::from_json(value.clone()).unwrap_or_default()
}

/// What documents hold is read elsewhere: these fields only say that they are there.
fn field(types: &Types, name: &str, known: &schema::Field) -> Field {
    let mut field = Field::new(name, type_ref(&known.ty), |_| FieldFuture::from_value(None));
    for (name, argument) in &known.args {
        field = field.argument(input_value(types, name, argument));
    }
    match known.description {
        Some(text) => field.description(text),
        None => field,
    }
}

//! The types in which a schema is described.

use indexmap::IndexMap;
use serde_json::json;

use super::super::schema::{
    Field, InputValue, Object, QUERY, Role, Root, TypeKind, TypeRef, Types,
};

fn named(name: &str) -> TypeRef {
    TypeRef::named(name)
}

fn listed(name: &str) -> TypeRef {
    named(name).required().list()
}

fn deprecated(mut field: Field) -> Field {
    let flag = InputValue { default: Some(json!(false)), ..InputValue::new(named("Boolean")) };
    field.args.insert("includeDeprecated".into(), flag);
    field
}

/// Adds them, and the two fields that lead to them.
pub(super) fn add(types: &mut Types) {
    let mut object = |name: &str, fields: Vec<(&str, TypeRef)>| {
        let fields: IndexMap<_, _> = fields
            .into_iter()
            .map(|(name, ty)| {
                let field = Field::new(ty, Role::Member);
                let has_old = ["fields", "args", "inputFields", "enumValues"].contains(&name);
                (name.to_owned(), if has_old { deprecated(field) } else { field })
            })
            .collect();
        types.add(name, TypeKind::Object(Object { fields, uid: None }));
    };
    let (text, flag) = (|| named("String"), || named("Boolean").required());
    let name = || named("String").required();
    object(
        "__Schema",
        vec![
            ("description", text()),
            ("types", listed("__Type").required()),
            ("queryType", named("__Type").required()),
            ("mutationType", named("__Type")),
            ("subscriptionType", named("__Type")),
            ("directives", listed("__Directive").required()),
        ],
    );
    object(
        "__Type",
        vec![
            ("kind", named("__TypeKind").required()),
            ("name", text()),
            ("description", text()),
            ("specifiedByURL", text()),
            ("fields", listed("__Field")),
            ("interfaces", listed("__Type")),
            ("possibleTypes", listed("__Type")),
            ("enumValues", listed("__EnumValue")),
            ("inputFields", listed("__InputValue")),
            ("ofType", named("__Type")),
            ("isOneOf", named("Boolean")),
        ],
    );
    let field = |name: TypeRef| {
        vec![
            ("name", name),
            ("description", text()),
            ("isDeprecated", flag()),
            ("deprecationReason", text()),
        ]
    };
    let mut of_field = field(name());
    of_field.insert(2, ("args", listed("__InputValue").required()));
    of_field.insert(3, ("type", named("__Type").required()));
    object("__Field", of_field);
    let mut of_input = field(name());
    of_input.insert(2, ("type", named("__Type").required()));
    of_input.insert(3, ("defaultValue", text()));
    object("__InputValue", of_input);
    object("__EnumValue", field(name()));
    object(
        "__Directive",
        vec![
            ("name", name()),
            ("description", text()),
            ("isRepeatable", flag()),
            ("locations", listed("__DirectiveLocation").required()),
            ("args", listed("__InputValue").required()),
        ],
    );
    add_words(types);
    if let Some(query) = types.object_mut(QUERY) {
        let schema = Field::new(named("__Schema").required(), Role::Root(Root::Schema));
        let by_name = Field::new(named("__Type"), Role::Root(Root::TypeByName))
            .with("name", named("String").required());
        query.fields.insert("__schema".into(), schema);
        query.fields.insert("__type".into(), by_name);
    }
}

fn add_words(types: &mut Types) {
    let mut words = |name: &str, words: &str| {
        let words = words.split(' ').map(|word| (word.to_owned(), word.to_owned())).collect();
        types.add(name, TypeKind::Enum(words));
    };
    words("__TypeKind", "SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL");
    words(
        "__DirectiveLocation",
        "QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT \
         VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE \
         UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION",
    );
}

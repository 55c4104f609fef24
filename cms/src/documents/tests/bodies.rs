//! Any body is accepted or refused in words; none is a failure of ours.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::world::World;
use crate::documents::keys;

const TYPES: [&str; 4] =
    ["api::article.article", "api::event.event", "api::author.author", "api::homepage.homepage"];

/// Values of every kind, with those among them that mean something somewhere.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3..12_i64).prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        proptest::sample::select(vec![
            "",
            " ",
            "1",
            "-1.5e3",
            "0x1F",
            "true",
            "null",
            "{\"a\":1}",
            "[]",
            "2024-02-29",
            "2024-13-01",
            "2024-02-29T10:00:00+02:00",
            "23:59:59",
            "24:00",
            "a@b.co",
            "news",
            "AB-0001",
            "ünïcode 北京",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "9999999999999999999999",
            "blocks.quote",
            "$.x'\"",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = proptest::sample::select(vec![
            "id",
            "documentId",
            "set",
            "connect",
            "disconnect",
            "position",
            "before",
            "after",
            "start",
            "__component",
            "__type",
            "text",
            "author",
            "images",
            "label",
            "url",
            "metaTitle",
            "links",
            "type",
            "children",
            "image",
            "locale",
            "status",
            "nope",
        ]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..4).prop_map(|pairs| {
                let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value));
                pairs.collect::<Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_body_has_an_answer(
        bodies in proptest::collection::vec((0..TYPES.len(), any::<bool>(), any::<prop::sample::Index>(), value()), 40),
    ) {
        let world = World::new();
        let mut known = Vec::new();
        for (kind, publish, attribute, value) in bodies {
            let uid = TYPES[kind];
            let ty = world.model.get(uid).unwrap();
            let name = attribute.get(&ty.attributes.keys().collect::<Vec<_>>()).to_string();
            let mut body = json!({
                "title": "Some title", "name": "Some name", "headline": "Some", "code": "AB-0001",
                "startsAt": "2024-01-01T00:00:00Z",
            });
            let map = body.as_object_mut().unwrap();
            map.retain(|key, _| ty.attributes.contains_key(key));
            map.insert(name, value);
            if keys::check(&world.model, ty, &body, &|_| true).is_err() {
                continue;
            }
            // Anything but an answer panics in here.
            let created = world.try_create(uid, "", publish, &body);
            known.extend(created.ok().map(|identity| (uid, identity.document_id)));
            if let Some((uid, id)) = known.last() {
                let locale = if publish { "de" } else { "" };
                let _answer = world.try_update(uid, id, locale, publish, &body);
            }
        }
    }
}

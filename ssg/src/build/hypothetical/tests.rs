//! Each kind of attribute gets another value that its kind allows.

use cms_api::content_type::{Relation, RelationKind};
use cms_api::model::ContentModel;

use super::*;

fn snapshot() -> Snapshot {
    let ty = |name: &str| {
        json!({
            "kind": "collectionType",
            "info": { "singularName": name, "pluralName": format!("{name}s") },
            "options": { "draftAndPublish": name == "a" },
            "attributes": { "title": { "type": "string" }, "rank": { "type": "integer" } },
        })
    };
    let part = json!({ "info": {}, "attributes": {
        "label": { "type": "string" }, "count": { "type": "integer" }, "file": { "type": "media" },
    }});
    let model = json!({
        "components": { "x.part": part },
        "types": { "api::a.a": ty("a"), "api::b.b": ty("b") },
    });
    let model = ContentModel::from_json(&model).unwrap();
    let rows = [("api::a.a", "one", 1), ("api::a.a", "two", 7), ("api::b.b", "three", 3)];
    let items: Vec<_> = rows
        .iter()
        .map(|(uid, document_id, id)| SyncItem {
            seq: 1,
            op: Op::Upsert,
            uid: (*uid).to_owned(),
            document_id: (*document_id).to_owned(),
            locale: None,
            version: 1,
            published_at: None,
            data: Some(json!({ "id": id, "documentId": document_id, "title": "T", "rank": null })),
        })
        .collect();
    Snapshot::new(Arc::new(model), Vec::new()).apply(&items).unwrap().snapshot
}

fn other(kind: &AttributeKind, before: Value) -> Option<Value> {
    let snapshot = snapshot();
    Other { snapshot: &snapshot, document_id: "one" }.value(kind, &before)
}

#[test]
fn every_kind_has_another_value() {
    use AttributeKind as Kind;
    let enumeration = Kind::Enumeration { values: vec!["x".into(), "y".into()] };
    let zone = Kind::DynamicZone { components: vec!["x.part".into()] };
    let part = json!({ "id": 1, "label": TEXT, "count": 1, "file": null });
    let mut in_zone = json!({ "__component": "x.part" });
    in_zone.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    let component = |repeatable| Kind::Component { component: "x.part".into(), repeatable };
    for (kind, before, after) in [
        (Kind::String, json!("a"), json!("a (changed)")),
        (Kind::Uid { target_field: None }, json!("a"), json!("a-changed")),
        (Kind::Email, json!("a@b.c"), json!("changeda@b.c")),
        (Kind::Email, json!(null), json!("changed@example.org")),
        (Kind::Integer, json!(-1), json!(0)),
        (Kind::BigInteger, json!("9007199254740993"), json!("9007199254740994")),
        (Kind::Decimal, json!(1.5), json!(2.5)),
        (Kind::Float, json!(null), json!(1)),
        (Kind::Boolean, json!(true), json!(false)),
        (Kind::Boolean, json!(null), json!(true)),
        (Kind::Date, json!("2024-02-29"), json!("2024-03-01")),
        (Kind::Date, json!(null), json!("2001-09-09")),
        (Kind::Time, json!("23:30:00.000"), json!("00:30:00.000")),
        (Kind::DateTime, json!("2024-12-31T10:00:00.000Z"), json!("2025-01-01T10:00:00.000Z")),
        (enumeration.clone(), json!("x"), json!("y")),
        (enumeration, json!(null), json!("x")),
        (Kind::Json, json!({ "a": 1 }), json!({ "a": 1, "changed": 2 })),
        (Kind::Json, json!([1]), json!([1, "changed"])),
        (component(false), json!(null), part.clone()),
        (component(true), json!([]), json!([part])),
        (component(true), json!([{ "id": 4 }]), json!([])),
        (zone, json!([]), json!([in_zone])),
    ] {
        assert_eq!(other(&kind, before.clone()), Some(after), "{kind:?} {before}");
    }
    assert_eq!(other(&Kind::Enumeration { values: vec!["x".into()] }, json!("x")), None);
    let blocks = other(&Kind::Blocks, json!([])).unwrap();
    assert_eq!(blocks[0]["children"][0]["text"], "(changed)");
}

#[test]
fn links_are_emptied_or_lead_to_another_document() {
    let relation = |kind, target: &str| {
        let target = target.to_owned();
        AttributeKind::Relation(Relation { kind, target, inversed_by: None, mapped_by: None })
    };
    let one = relation(RelationKind::ManyToOne, "api::a.a");
    assert_eq!(other(&one, json!("two")), Some(json!(null)));
    assert_eq!(other(&one, json!(null)), Some(json!("two")), "not itself");
    let many = relation(RelationKind::ManyToMany, "api::b.b");
    assert_eq!(other(&many, json!([])), Some(json!(["three"])));
    assert_eq!(other(&many, json!(["three"])), Some(json!([])));
    let media = AttributeKind::Media { multiple: false, allowed_types: Vec::new() };
    assert_eq!(other(&media, json!(null)), None, "there is no file");
}

#[test]
fn a_publish_makes_another_row_unless_the_type_has_no_drafts() {
    let snapshot = snapshot();
    let edited = |uid: &str, id: &str| {
        let ty = snapshot.model().get(uid).unwrap();
        let edit = edit(&snapshot, ty, id, "title", &ty.attributes["title"], 0).unwrap();
        assert_eq!(edit.values, [(String::new(), json!("T (changed)"))]);
        edit.items[0].data.clone().unwrap()
    };
    let with_drafts = edited("api::a.a", "one");
    assert_eq!((&with_drafts["id"], &with_drafts["title"]), (&json!(8), &json!("T (changed)")));
    let without = edited("api::b.b", "three");
    assert_eq!((&without["id"], &without["publishedAt"]), (&json!(3), &json!(null)));
    assert_eq!(without["updatedAt"], "1970-01-01T00:00:00.000Z");
}

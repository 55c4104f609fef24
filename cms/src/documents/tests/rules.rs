//! What is refused, and in which words.

use serde_json::{Value, json};

use super::world::{ARTICLE, World};
use crate::documents::create;
use crate::error::AppError;

/// The error of creating a published document.
fn refused(world: &World, uid: &str, data: &Value) -> (String, Value) {
    let ty = world.model.get(uid).unwrap();
    let result = world.db.write::<_, AppError>(|conn| {
        let mut work = crate::documents::work::Work::begin(conn, &world.model, "en", 1)?;
        let locale = work.locale_of(ty, None);
        create::create(&mut work, ty, &locale, true, data)
    });
    match result {
        Err(AppError::Api(error)) => (error.message, error.details.unwrap_or_default()),
        other => panic!("{data} was not refused: {other:?}"),
    }
}

#[test]
fn messages_are_those_clients_know() {
    let world = World::new();
    for (uid, data, message) in [
        (ARTICLE, json!({}), "title must be a `string` type, but the final value was: `null`."),
        (ARTICLE, json!({"title": ""}), "title must be at least 3 characters"),
        (
            ARTICLE,
            json!({"title": 12}),
            "title must be a `string` type, but the final value was: `12`.",
        ),
        (
            ARTICLE,
            json!({"title": "bad", "rating": "abc"}),
            "rating must be a `number` type, but the final value was: `NaN` (cast from the value `\"abc\"`).",
        ),
        (ARTICLE, json!({"title": "bad", "views": 1.5}), "views must be an integer"),
        (ARTICLE, json!({"title": "bad", "bigviews": "abc"}), "bigviews must be a valid integer"),
        (
            ARTICLE,
            json!({"title": "bad", "kind": ""}),
            "kind must be one of the following values: news, opinion, review, how_to, ",
        ),
        (
            ARTICLE,
            json!({"title": "bad", "slug": "has space"}),
            "slug must match the following: \"/^[A-Za-z0-9-_.~]*$/\"",
        ),
        (ARTICLE, json!({"title": "bad", "contactEmail": ""}), "contactEmail cannot be empty"),
        (
            ARTICLE,
            json!({"title": "bad", "bodyBlocks": [{"type": "nope"}]}),
            "Block node is of invalid type",
        ),
        (
            ARTICLE,
            json!({"title": "x", "publishedOn": "tomorrow", "rating": 99}),
            "rating must be less than or equal to 10",
        ),
        (
            ARTICLE,
            json!({"title": "x", "publishedOn": "tomorrow", "startsAt": "soon"}),
            "Invalid format, expected yyyy-MM-dd",
        ),
        (
            ARTICLE,
            json!({"title": "bad", "seo": "x"}),
            "seo must be a `object` type, but the final value was: `\"x\"`.",
        ),
        (
            ARTICLE,
            json!({"title": "bad", "author": "a".repeat(24)}),
            "Document with id \"aaaaaaaaaaaaaaaaaaaaaaaa\", locale \"null\" not found",
        ),
        (
            ARTICLE,
            json!({"title": "bad", "related": ["a"]}),
            "Document with id \"a\", locale \"en\" not found",
        ),
        (
            ARTICLE,
            json!([]),
            "this must be a `object` type, but the final value was: `null` (cast from the value `[]`).",
        ),
        (
            "api::tag.tag",
            json!({"name": "t", "color": "red"}),
            "color must match the following: \"/^#[0-9a-f]{6}$/\"",
        ),
        (
            "api::author.author",
            json!({"name": "A", "address": {"street": "s"}}),
            "address.city must be defined.",
        ),
        ("api::event.event", json!({}), "3 errors occurred"),
    ] {
        assert_eq!(refused(&world, uid, &data).0, message, "{data}");
    }
}

#[test]
fn a_draft_is_checked_before_the_published_state() {
    let world = World::new();
    let data = json!({"title": "x", "rating": 99, "kind": "zz", "contactEmail": "q"});
    let (message, details) = refused(&world, ARTICLE, &data);
    assert_eq!(message, "2 errors occurred");
    let paths: Vec<_> = details["errors"].as_array().unwrap().iter().map(|e| &e["path"]).collect();
    assert_eq!(paths, [&json!(["rating"]), &json!(["kind"])]);
}

#[test]
fn errors_below_components_come_in_schema_order() {
    let world = World::new();
    let data = json!({"title": "bad", "seo": {"links": [{}, {"label": "a"}]}});
    let (_, details) = refused(&world, ARTICLE, &data);
    let paths: Vec<_> = details["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            error["path"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p.as_str().unwrap())
                .collect::<Vec<_>>()
                .join(".")
        })
        .collect();
    assert_eq!(paths, ["seo.metaTitle", "seo.links.0.label", "seo.links.0.url", "seo.links.1.url"]);
}

#[test]
fn an_unknown_zone_component_names_the_known_ones_and_quotes_the_body() {
    let world = World::new();
    let data = json!({"title": "bad", "sections": [{"__component": "blocks.nope"}]});
    let (_, details) = refused(&world, ARTICLE, &data);
    assert_eq!(
        details["errors"][0]["message"],
        "sections[0].__component must be one of the following values: shared.ticket, shared.seo, \
         shared.link, shared.address, blocks.rich-text, blocks.quote, blocks.image-set"
    );
    assert_eq!(
        details["errors"][1],
        json!({"path": [], "message": "Invalid relations", "name": "ValidationError", "value": {
            "locale": "en", "publishedAt": null, "sections": [{"__component": "blocks.nope"}],
            "featured": false, "views": 0, "title": "bad"
        }})
    );
}

#[test]
fn a_row_id_nobody_has_is_reported_with_the_body() {
    let world = World::new();
    let (message, details) = refused(&world, ARTICLE, &json!({"title": "bad", "cover": 999}));
    assert_eq!(
        message,
        "1 relation(s) of type plugin::upload.file associated with this entity do not exist"
    );
    assert_eq!(details["errors"][0]["value"]["cover"], json!({"set": [{"id": 999}]}));
}

#[test]
fn a_missing_value_is_not_shown() {
    let world = World::new();
    let (_, details) = refused(&world, "api::author.author", &json!({}));
    assert_eq!(
        details["errors"][0],
        json!({"path": ["name"], "message": "name must be defined.", "name": "ValidationError"})
    );
}

#[test]
fn a_unique_value_counts_once_it_is_published() {
    let world = World::new();
    let uid = "api::category.category";
    let data = json!({"name": "A", "slug": "a"});
    let draft = world.try_create(uid, "", false, &data).unwrap();
    world.create(uid, &data);
    assert_eq!(
        world.try_update(uid, &draft.document_id, "", true, &json!({})).unwrap_err(),
        "2 errors occurred"
    );
    // What was refused left nothing behind.
    assert!(world.data(uid, &draft.document_id, "", "draft")["name"] == "A");
}

#[test]
fn values_are_stored_in_one_form() {
    let world = World::new();
    let id = world.create(
        ARTICLE,
        &json!({
            "title": "Forms", "score": "12.5", "featured": "true", "views": null, "meta": "{\"a\":[1]}",
            "publishedOn": "2024-02-29T23:59:59.000Z", "startsAt": 1_700_000_000_000_i64,
            "atTime": "08:30:15", "bigviews": 123, "bodyBlocks": "text", "rating": 7.0,
            "sections": [{"__component": "shared.ticket", "label": "dropped"}],
        }),
    );
    let data = world.data(ARTICLE, &id, "en", "published");
    for (name, value) in [
        ("score", json!(12.5)),
        ("featured", json!(true)),
        ("views", Value::Null),
        ("meta", json!({"a": [1]})),
        ("publishedOn", json!("2024-02-29")),
        ("startsAt", json!("2023-11-14T22:13:20.000Z")),
        ("atTime", json!("08:30:15.000")),
        ("bigviews", json!("123")),
        ("bodyBlocks", Value::Null),
        ("rating", json!(7)),
        ("sections", json!([])),
        ("slug", Value::Null),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
}

#[test]
fn components_are_replaced_unless_they_name_their_number() {
    let world = World::new();
    let id = world
        .create(ARTICLE, &json!({"title": "Comp", "seo": {"metaTitle": "A", "keywords": "k"}}));
    let seo = |world: &World| world.data(ARTICLE, &id, "en", "draft")["seo"].clone();
    let first = seo(&world);
    world.update(ARTICLE, &id, &json!({"seo": {"id": first["id"], "metaTitle": "B"}}));
    assert_eq!(
        seo(&world),
        json!({"id": first["id"], "metaTitle": "B", "metaDescription": null, "keywords": "k", "links": []})
    );
    world.update(ARTICLE, &id, &json!({"seo": {"metaTitle": "C"}}));
    assert_ne!(seo(&world)["id"], first["id"]);
    assert_eq!(seo(&world)["keywords"], Value::Null);
    assert_eq!(
        world
            .try_update(ARTICLE, &id, "", true, &json!({"seo": {"id": 999, "metaTitle": "D"}}))
            .unwrap_err(),
        "Some of the provided components in seo are not related to the entity"
    );
}

#[test]
fn values_inside_components_may_be_unique_too() {
    let label = json!({"type": "string", "unique": true});
    let world = World::with_schema("components/shared/link.json", "/attributes/label", label);
    let links = |labels: &[&str]| {
        let links: Vec<_> =
            labels.iter().map(|label| json!({"label": label, "url": "u"})).collect();
        json!({"title": "Linked", "seo": {"metaTitle": "M", "links": links}})
    };
    let id = world.create(ARTICLE, &links(&["a", "b"]));
    let (message, details) = refused(&world, ARTICLE, &links(&["c", "b"]));
    assert_eq!(message, "This attribute must be unique");
    assert_eq!(details["errors"][0]["path"], json!(["seo", "links", "1", "label"]));
    // What stands below one component is compared with other documents alone.
    world.create(ARTICLE, &links(&["x", "x"]));
    // Its own values and those of another locale do not count.
    world.update(ARTICLE, &id, &links(&["b", "a"]));
    world.try_update(ARTICLE, &id, "de", true, &links(&["a"])).unwrap();
}

#[test]
fn values_inside_a_list_of_components_are_unique_in_it() {
    let label = json!({"type": "string", "unique": true});
    let world = World::with_schema("components/shared/ticket.json", "/attributes/label", label);
    let event = |code: &str, labels: &[&str]| {
        let tickets: Vec<_> = labels.iter().map(|label| json!({"label": label})).collect();
        json!({"name": "Ev", "code": code, "startsAt": "2024-01-01", "tickets": tickets})
    };
    let uid = "api::event.event";
    assert_eq!(refused(&world, uid, &event("AA-0001", &["a", "a"])).0, "2 errors occurred");
    let id = world.create(uid, &event("AA-0001", &["a", "b"]));
    let taken = refused(&world, uid, &event("AA-0002", &["c", "b"])).1;
    assert_eq!(taken["errors"][0]["path"], json!(["tickets", "1", "label"]));
    world.update(uid, &id, &event("AA-0001", &["b", "a"]));
}

#[test]
fn values_inside_a_zone_are_unique_among_its_published_components_of_that_kind() {
    let cite = json!({"type": "string", "unique": true});
    let world = World::with_schema("components/blocks/quote.json", "/attributes/cite", cite);
    let quotes = |cites: &[&str]| {
        let quote = |cite| json!({"__component": "blocks.quote", "text": "t", "cite": cite});
        let sections: Vec<_> = cites.iter().map(quote).collect();
        json!({"title": "Quoted", "sections": sections})
    };
    let id = world.create(ARTICLE, &quotes(&["a", "b", "", ""]));
    let (message, details) = refused(&world, ARTICLE, &quotes(&["c", "b"]));
    assert_eq!(message, "This attribute must be unique");
    assert_eq!(details["errors"][0]["path"], json!(["sections", "1", "cite"]));
    assert_eq!(refused(&world, ARTICLE, &quotes(&["x", "x"])).0, "2 errors occurred");
    world.update(ARTICLE, &id, &quotes(&["b", "a"]));
    world.try_update(ARTICLE, &id, "de", true, &quotes(&["a"])).unwrap();
    // A draft may hold it until it is to be published.
    let draft = world.try_create(ARTICLE, "en", false, &quotes(&["a", "a"])).unwrap();
    let publish = world.try_update(ARTICLE, &draft.document_id, "en", true, &json!({}));
    assert_eq!(publish.unwrap_err(), "2 errors occurred");
}

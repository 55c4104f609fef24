//! What webhooks are told, in the transaction of the write.

use serde_json::{Value, json};

use super::world::{ARTICLE, World};
use crate::store::StoreError;
use crate::store::statement::Statement;
use crate::store::webhooks::{self, WebhookRow};

fn listen(world: &World) {
    let hook = WebhookRow {
        id: 0,
        name: "site".into(),
        url: "https://example.test/hook".into(),
        events: json!(["entry.*"]).to_string(),
        types: "[]".into(),
        locales: "[]".into(),
        headers: "{}".into(),
        secret: "whsec_x".into(),
        old_secret: None,
        old_until: None,
        dialect: "strapi".into(),
        allow_private: false,
        coalesce: false,
        enabled: true,
        created_at: 0,
    };
    world.db.write::<_, StoreError>(|conn| webhooks::add(conn, &hook)).unwrap();
}

/// The bodies queued so far.
fn bodies(world: &World) -> Vec<Value> {
    #[derive(diesel::QueryableByName)]
    struct Job {
        #[diesel(sql_type = diesel::sql_types::Text)]
        payload: String,
    }
    let jobs: Vec<Job> = world.read(|conn| {
        let mut query = Statement::new(conn.dialect());
        query.push("SELECT payload FROM jobs ORDER BY id");
        query.load(conn).unwrap()
    });
    let parse = |job: &Job| serde_json::from_str::<Value>(&job.payload).unwrap()["body"].clone();
    jobs.iter().map(parse).collect()
}

fn names(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["event"].as_str().unwrap()).collect()
}

#[test]
fn a_published_document_is_created_and_published() {
    let world = World::new();
    let author =
        world.create("api::author.author", &json!({"name": "Ada", "accessCode": "secret-1"}));
    listen(&world);
    let seo = json!({"metaTitle": "M", "links": [{"label": "l", "url": "u"}]});
    let id = world.create(
        ARTICLE,
        &json!({"title": "News", "author": author, "seo": seo, "secretNote": "hidden"}),
    );
    let told = bodies(&world);
    assert_eq!(names(&told), ["entry.create", "entry.publish"]);
    let last = world.changes(0).last().unwrap().2;
    let body = &told[1];
    assert_eq!(body["seq"], last);
    assert_eq!(body["documentId"], id);
    assert_eq!(body["locale"], "en");
    assert_eq!(body["model"], "article");
    let entry = &body["entry"];
    assert_eq!(entry["author"]["name"], "Ada");
    assert_eq!(entry["author"].get("accessCode"), None);
    assert_eq!(entry.get("secretNote"), None);
    assert_eq!(entry["seo"]["links"][0]["label"], "l");
    assert_eq!(told[0]["changedFields"], json!(["title", "secretNote", "seo", "author"]));
}

#[test]
fn each_verb_has_its_event() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "News"}));
    listen(&world);
    world.try_update(ARTICLE, &id, "", false, &json!({"title": "Newer"})).unwrap();
    world.act("discard", ARTICLE, &id, "en").unwrap();
    world.act("unpublish", ARTICLE, &id, "en").unwrap();
    world.act("publish", ARTICLE, &id, "en").unwrap();
    world.delete(ARTICLE, &id, None);
    let told = bodies(&world);
    assert_eq!(
        names(&told),
        ["entry.update", "entry.draft-discard", "entry.unpublish", "entry.publish", "entry.delete"]
    );
    assert_eq!(told[0]["changedFields"], json!(["title"]));
    assert_eq!(told[2].get("entry"), None);
    assert_eq!(told[4].get("entry"), None);
    let seqs: Vec<_> = told.iter().map(|body| body["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
}

#[test]
fn a_shared_value_tells_of_every_locale_it_reaches() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "English", "views": 1}));
    world.try_update(ARTICLE, &id, "de", true, &json!({"title": "Deutsch"})).unwrap();
    listen(&world);
    world.try_update(ARTICLE, &id, "de", true, &json!({"views": 2})).unwrap();
    let told = bodies(&world);
    let locales: Vec<_> = told
        .iter()
        .map(|body| (body["event"].as_str().unwrap(), body["locale"].as_str().unwrap()))
        .collect();
    assert_eq!(locales, [("entry.update", "de"), ("entry.publish", "de"), ("entry.update", "en")]);
}

#[test]
fn a_write_that_fails_tells_nobody() {
    let world = World::new();
    listen(&world);
    world.try_create(ARTICLE, "", true, &json!({"title": "x"})).unwrap_err();
    assert_eq!(bodies(&world), Vec::<Value>::new());
}

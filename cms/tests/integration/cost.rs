//! What an answer costs the database: a number of statements that follows from the question,
//! not from how much there is.

use cms::documents::bulk;
use cms::documents::find::{self, Reading};
use cms::error::AppError;
use cms::store::find::Selector;
use cms::store::{Database, StoreError};
use cms_api::content_type::ContentType;
use cms_api::query_parse::{Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Value, json};

use super::harness::TestApp;

/// More than the longest page, so that every page is full.
const ARTICLES: usize = 110;

/// More than a page of targets, too.
const TAGS: usize = 60;

#[actix_web::test]
async fn the_length_of_a_page_costs_no_statements() {
    let app = TestApp::start().await;
    let app = &app;
    let few_and_many = fill(app).await;
    // A database of its own: nothing in the background is counted.
    let database = Database::open(&app.database().parse().unwrap()).unwrap();
    let questions = [
        "sort=title",
        "populate=*",
        "filters[author][name]=Ada&populate[author][populate]=articles",
        "populate[author][populate][articles][populate]=*&populate[tags][populate]=*",
        "populate[seo][populate]=*&populate[sections][populate]=*",
        "populate[sections][on][blocks.quote][populate]=author&populate[tags][sort]=name",
        "populate[author][populate][articles][populate][tags][filters][name]=red",
    ];
    for question in questions {
        let costs = [25, 100].map(|size| page(app, &database, question, size));
        assert_eq!(costs[0], costs[1], "{question}");
        assert!(costs[0] <= 40, "{question}: {} statements", costs[0]);
        if !question.starts_with("filters") {
            let costs = few_and_many.each_ref().map(|id| one(app, &database, question, id));
            assert_eq!(costs[0], costs[1], "one document: {question}");
            assert!(costs[0] <= 40, "one document: {question}: {} statements", costs[0]);
        }
    }
    assert!(page(app, &database, "populate=*", 25) <= 12);
    assert!(one(app, &database, "populate=*", &few_and_many[1]) <= 8);
}

/// Statements for one page of this size, which must be full.
fn page(app: &TestApp, database: &Database, question: &str, size: usize) -> u64 {
    let query = format!("{question}&pagination[pageSize]={size}");
    cost(app, database, |parser, ty, reading| {
        let spec = parser.list(ty, &query_string::parse(&query).unwrap()).unwrap();
        let found = find::list_text(reading, ty, &spec).unwrap();
        assert_eq!(found.entries.len(), size);
    })
}

/// Statements for this document, which must be there.
fn one(app: &TestApp, database: &Database, question: &str, id: &str) -> u64 {
    cost(app, database, |parser, ty, reading| {
        let spec = parser.one(ty, &query_string::parse(question).unwrap()).unwrap();
        let found = find::one_text(reading, ty, Selector::Document(id), &spec).unwrap();
        assert!(found.is_some());
    })
}

fn cost(
    app: &TestApp,
    database: &Database,
    ask: impl Fn(&QueryParser<'_>, &ContentType, &mut Reading<'_>),
) -> u64 {
    let model = app.app.model();
    let ty = model.get("api::article.article").unwrap();
    let parser = QueryParser::unrestricted(&model, Limits::default());
    // A pool may hand out a connection that is new, and has more to ask the first time.
    let costs = [(); 3].map(|()| {
        let before = database.statements();
        let read = database.read_once::<_, StoreError>(|conn| {
            let (model, default_locale) = (&model, "en");
            let mut reading = Reading { conn, model, default_locale, drafts: true, cards: None };
            ask(&parser, ty, &mut reading);
            Ok(())
        });
        read.unwrap();
        database.statements() - before
    });
    costs.into_iter().min().unwrap()
}

/// Articles that all lead somewhere; returns one with few tags and one with many.
async fn fill(app: &TestApp) -> [String; 2] {
    let client = app.full_access();
    let mut ids = Vec::new();
    let tags = (0..TAGS).map(|n| ("tags", if n == 0 { "red".into() } else { format!("tag {n}") }));
    for (path, name) in std::iter::once(("authors", "Ada".to_owned())).chain(tags) {
        let body = json!({"data": {"name": name}});
        let made = client.post(&format!("/api/{path}"), body).await.expect(201);
        ids.push(made.body["data"]["documentId"].clone());
    }
    let articles: Vec<Value> = (0..ARTICLES)
        .map(|n| {
            json!({
                "title": format!("Article {n}"), "author": ids[0], "tags": [ids[1], ids[2]],
                "seo": {"metaTitle": "m", "links": [{"label": "l", "url": "/"}]},
                "sections": [
                    {"__component": "blocks.quote", "text": "q", "author": ids[0]},
                    {"__component": "blocks.rich-text", "body": "b"},
                ],
            })
        })
        .collect();
    let model = app.app.model();
    app.app
        .db
        .write::<_, AppError>(|conn| {
            bulk::create(conn, &model, "en", "api::article.article", &articles)
        })
        .unwrap();
    let mut made = Vec::new();
    for (title, tags) in [("Few", &ids[1..=1]), ("Many", &ids[1..])] {
        let body = json!({"data": {"title": title, "author": ids[0], "tags": tags}});
        let article = client.post("/api/articles", body).await.expect(201);
        made.push(article.body["data"]["documentId"].as_str().unwrap().to_owned());
    }
    made.try_into().unwrap()
}

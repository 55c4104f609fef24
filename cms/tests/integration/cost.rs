//! What an answer costs the database: a number of statements that follows from the question,
//! not from how much there is.

use cms::documents::bulk;
use cms::documents::find::{self, Reading};
use cms::error::AppError;
use cms::store::{Database, StoreError};
use cms_api::query_parse::{Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Value, json};

use super::harness::TestApp;

/// More than the longest page, so that every page is full.
const ARTICLES: usize = 110;

#[actix_web::test]
async fn the_length_of_a_page_costs_no_statements() {
    let app = TestApp::start().await;
    fill(&app).await;
    // A database of its own: nothing in the background is counted.
    let url = format!("sqlite:{}", app.path("cms.db").display()).parse().unwrap();
    let database = Database::open(&url).unwrap();
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
        let costs = [25, 100].map(|size| cost(&app, &database, question, size));
        assert_eq!(costs[0], costs[1], "{question}");
        assert!(costs[0] <= 40, "{question}: {} statements", costs[0]);
    }
    assert!(cost(&app, &database, "populate=*", 25) <= 12);
}

/// Statements for one page of this size, which must be full.
fn cost(app: &TestApp, database: &Database, question: &str, size: usize) -> u64 {
    let model = app.app.model();
    let ty = model.get("api::article.article").unwrap();
    let query = format!("{question}&pagination[pageSize]={size}");
    let tree = query_string::parse(&query).unwrap();
    let parser = QueryParser::unrestricted(&model, Limits::default());
    let spec = parser.list(ty, &tree).unwrap();
    let before = database.statements();
    let found = database.read::<_, StoreError>(|conn| {
        let mut reading = Reading { conn, model: &model, default_locale: "en", drafts: true };
        find::list_text(&mut reading, ty, &spec)
    });
    let cost = database.statements() - before;
    assert_eq!(found.unwrap().entries.len(), size);
    cost
}

async fn fill(app: &TestApp) {
    let client = app.full_access();
    let mut ids = Vec::new();
    for (path, name) in [("authors", "Ada"), ("tags", "red"), ("tags", "blue")] {
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
}

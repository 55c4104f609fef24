//! Lists are sorted and filtered by indexes that follow the content model.

use cms::app::App;
use cms::content_types;
use cms::documents::bulk;
use cms::error::AppError;
use cms::store::find::{self, Scope};
use cms::store::statement::Statement;
use cms::store::{Database, Dialect, StoreError, indexes};
use cms_api::model::ContentModel;
use cms_api::query::{Filter, QuerySpec, Status};
use cms_api::query_parse::{Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Value, json};

use super::databases;
use super::harness::{CONFORMANCE_SCHEMA, TestApp};

const ARTICLE: &str = "api::article.article";
/// More than are indexed in one transaction.
const ARTICLES: usize = 2_000;

#[actix_web::test]
async fn sqlite_walks_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("cms.db").display());
    let app = TestApp::start_with(&["--database-url", &url]).await;
    follow_the_model(&app.app);
    let by_title = plan(&app.app, "sort=title");
    assert!(by_title.contains("documents_value_title_"), "{by_title}");
    assert!(!by_title.contains("TEMP B-TREE"), "{by_title}");
    for question in ["sort=title:desc", "sort=publishedAt:desc", "sort=views,title"] {
        let plan = plan(&app.app, question);
        assert!(!plan.contains("B-TREE FOR ORDER BY"), "{question}: {plan}");
    }
    for question in ["filters[slug]=article-7", "filters[views]=7", "filters[bigviews]=7"] {
        let plan = plan(&app.app, question);
        assert!(plan.contains("documents_value_") && plan.contains("<expr>=?"), "{plan}");
    }
}

#[actix_web::test]
async fn postgres_walks_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::on_postgres(folder.path());
    let app = TestApp::start_with(&["--database-url", url]).await;
    follow_the_model(&app.app);
    run(&app.app.db, "ANALYZE documents");
    for (question, index) in [
        ("sort=title", "documents_value_title_"),
        ("sort=title:desc", "documents_value_title_"),
        ("sort=views", "documents_value_views_"),
        ("filters[slug]=article-7", "documents_value_slug_"),
        ("filters[slug][$in]=article-7", "documents_value_slug_"),
        ("filters[views]=7", "documents_value_views_"),
        ("filters[bigviews]=7", "documents_value_bigviews_"),
    ] {
        let plan = plan(&app.app, question);
        assert!(plan.contains(index), "{question}: {plan}");
    }
    longer_texts_than_an_index_holds(&app).await;
}

/// Makes, repairs and drops indexes on a table with many rows.
fn follow_the_model(app: &App) {
    let model = app.model();
    let articles: Vec<Value> = (0..ARTICLES)
        .map(|n| {
            let title = format!("Article {}", (n * 7_919) % ARTICLES);
            json!({"title": title, "slug": format!("article-{n}"), "views": n, "bigviews": n.to_string()})
        })
        .collect();
    app.db
        .write::<_, AppError>(|conn| bulk::create(conn, &model, "en", ARTICLE, &articles))
        .unwrap();

    // The server makes them by itself too; both together change nothing.
    while !indexes::update(&app.db, &model, || true).unwrap() {}
    let all = names(&app.db);
    assert!(all.len() > 20, "{all:?}");
    assert!(!all.iter().any(|name| name.contains("summary")), "{all:?}");

    let by_title = all.iter().find(|name| name.contains("_title_")).unwrap();
    match app.db.dialect() {
        Dialect::Sqlite => run(&app.db, &format!("DROP INDEX {by_title}")),
        // As a server leaves it that was stopped while it made the index.
        Dialect::Postgres => run(
            &app.db,
            &format!(
                "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = '{by_title}'::regclass"
            ),
        ),
    }
    let fewer = without_slugs();
    assert!(!indexes::update(&app.db, &fewer, || false).unwrap(), "it was told to stop");
    while !indexes::update(&app.db, &fewer, || true).unwrap() {}
    let left = names(&app.db);
    assert!(left.contains(by_title));
    assert!(!left.iter().any(|name| name.contains("_slug_")), "{left:?}");
    while !indexes::update(&app.db, &model, || true).unwrap() {}
    assert_eq!(names(&app.db), all);
}

fn without_slugs() -> ContentModel {
    let folder = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp")
        .args(["-r", CONFORMANCE_SCHEMA])
        .arg(folder.path().join("src"))
        .status();
    assert!(copied.unwrap().success());
    for file in walkdir::WalkDir::new(folder.path()).into_iter().map(Result::unwrap) {
        if file.file_name() == "schema.json" {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            schema["attributes"].as_object_mut().unwrap().remove("slug");
            std::fs::write(file.path(), schema.to_string()).unwrap();
        }
    }
    content_types::load(&folder.path().join("src")).unwrap()
}

/// The names of the indexes that serve.
fn names(db: &Database) -> Vec<String> {
    let mut names = db.read::<_, StoreError>(indexes::names).unwrap();
    names.sort();
    names
}

fn run(db: &Database, sql: &str) {
    db.write::<_, StoreError>(|conn| {
        let mut statement = Statement::new(conn.dialect());
        statement.push(sql);
        statement.execute(conn)
    })
    .unwrap();
}

fn plan(app: &App, question: &str) -> String {
    let model = app.model();
    let ty = model.get(ARTICLE).unwrap();
    let tree = query_string::parse(question).unwrap();
    let spec: QuerySpec =
        QueryParser::unrestricted(&model, Limits::default()).list(ty, &tree).unwrap();
    assert!(!spec.sort.is_empty() || spec.filter != Filter::And(Vec::new()));
    let scope = Scope {
        model: &model,
        status: Status::Published,
        locale: "en",
        every_status: false,
        publication: None,
    };
    app.db.read::<_, StoreError>(|conn| find::plan(conn, scope, ty, &spec)).unwrap().join("\n")
}

/// Texts that begin with more letters than an index holds are told apart all the same.
async fn longer_texts_than_an_index_holds(app: &TestApp) {
    let client = app.full_access();
    let long = "ß".repeat(250);
    for end in ["b", "a", ""] {
        let body = json!({"data": {"name": format!("{long}{end}")}});
        client.post("/api/tags", body).await.expect(201);
    }
    let found = client.get("/api/tags?sort=name&fields=name").await.expect(200);
    let ends: Vec<_> = found.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap().trim_start_matches('ß').to_owned())
        .collect();
    assert_eq!(ends, ["", "a", "b"]);
    for (operator, count) in
        [("$eq", 1), ("$gt", 1), ("$gte", 2), ("$lt", 1), ("$ne", 2), ("$in", 1)]
    {
        let url = format!("/api/tags?filters[name][{operator}]={long}a");
        let found = client.get(&url).await.expect(200);
        assert_eq!(found.body["data"].as_array().unwrap().len(), count, "{operator}");
    }
}

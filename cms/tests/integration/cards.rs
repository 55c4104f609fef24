//! What an answer showed is shown again only while it is true.

use cms::store::statement::Statement;
use cms::store::{Database, Dialect, StoreError};
use serde_json::{Value, json};

use super::harness::TestApp;

const PAGE: &str = "/api/articles?populate=*";

#[actix_web::test]
async fn a_changed_target_is_shown_at_once() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = client.post("/api/authors", json!({"data": {"name": "Ada"}})).await.expect(201);
    let author = author.body["data"]["documentId"].clone();
    let body = json!({"data": {"title": "Engines", "author": author, "reviewer": author}});
    client.post("/api/articles", body).await.expect(201);
    let names = |page: &Value| {
        ["author", "reviewer"].map(|who| page["data"][0][who]["name"].as_str().map(str::to_owned))
    };
    let both = |name: &str| [Some(name.to_owned()), Some(name.to_owned())];
    for _ in 0..2 {
        assert_eq!(names(&client.get(PAGE).await.expect(200).body), both("Ada"));
    }

    let path = format!("/api/authors/{}", author.as_str().unwrap());
    client.put(&path, json!({"data": {"name": "Grace"}})).await.expect(200);
    assert_eq!(names(&client.get(PAGE).await.expect(200).body), both("Grace"));

    // Another process.
    let database = Database::open(&app.database().parse().unwrap()).unwrap();
    let renamed = database.write::<_, StoreError>(|conn| {
        let mut statement = Statement::new(conn.dialect());
        statement.push(match conn.dialect() {
            Dialect::Sqlite => "UPDATE documents SET data = json_set(data, '$.name', 'Edith') ",
            Dialect::Postgres => {
                "UPDATE documents SET data = jsonb_set(data, '{name}', '\"Edith\"') "
            }
        });
        statement.push("WHERE uid = 'api::author.author'");
        statement.execute(conn)
    });
    assert!(renamed.unwrap() > 0);
    assert_eq!(names(&client.get(PAGE).await.expect(200).body), both("Edith"));

    // Other fields make other cards.
    let fields = "/api/articles?populate[author][fields]=email&populate[reviewer]=true";
    let page = client.get(fields).await.expect(200).body;
    assert_eq!(names(&page), [None, Some("Edith".to_owned())]);

    client.delete(&path).await.expect(204);
    assert_eq!(names(&client.get(PAGE).await.expect(200).body), [None, None]);
}

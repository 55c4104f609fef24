//! Components of an entry that are changed in place, by the number they have.

use serde_json::{Value, json};

use super::harness::TestApp;

const UNRELATED: &str = "are not related to the entity";

#[actix_web::test]
async fn only_a_number_of_the_entry_names_a_component() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let data = json!({
        "title": "Parts",
        "seo": { "metaTitle": "m" },
        "sections": [{ "__component": "blocks.quote", "text": "q" }],
    });
    let made = client.post("/api/articles", json!({ "data": data })).await.expect(201);
    let path = format!("/api/articles/{}", made.body["data"]["documentId"].as_str().unwrap());
    for id in [json!(null), json!("x"), json!(""), json!(true), json!(1.5), json!([]), json!(9999)]
    {
        let seo = json!({ "data": { "seo": { "id": id, "metaTitle": "n" } } });
        let refused = client.put(&path, seo).await.expect(400);
        assert!(refused.message().ends_with(UNRELATED), "{id}");
        assert_eq!(refused.body["error"]["name"], "ApplicationError");
        let section = json!({ "__component": "blocks.quote", "id": id, "text": "n" });
        let refused = client.put(&path, json!({ "data": { "sections": [section] } })).await;
        let error = &refused.expect(400).body["error"];
        assert_eq!((&error["name"], error.get("details")), (&json!("Error"), None), "{id}");
    }
    let kept = client.get(&format!("{path}?populate=*")).await.expect(200);
    assert_eq!(kept.body["data"]["seo"]["metaTitle"], "m");
    assert_eq!(kept.body["data"]["sections"][0]["text"], "q");
}

#[actix_web::test]
async fn a_component_named_twice_is_one() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let links = json!([{ "label": "a", "url": "u" }, { "label": "b", "url": "v" }]);
    let data = json!({ "title": "Parts", "seo": { "metaTitle": "m", "links": links } });
    let query = "populate[seo][populate]=links&status=draft";
    let made = client.post(&format!("/api/articles?{query}"), json!({ "data": data })).await;
    let made = made.expect(201).body["data"].clone();
    let path = format!("/api/articles/{}?{query}", made["documentId"].as_str().unwrap());
    let (seo, a, b) =
        (&made["seo"]["id"], &made["seo"]["links"][0]["id"], &made["seo"]["links"][1]["id"]);
    let links = json!([{ "id": b }, { "id": a }, { "id": b, "label": "twice" }]);
    let data = json!({ "data": { "seo": { "id": seo, "links": links } } });
    let changed = client.put(&path, data).await.expect(200).body["data"]["seo"].clone();
    let labels: Vec<&Value> =
        changed["links"].as_array().unwrap().iter().map(|link| &link["label"]).collect();
    assert_eq!(labels, ["twice", "a"]);
    assert_eq!(changed["links"][0]["url"], "v");
}

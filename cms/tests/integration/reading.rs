//! Reads over HTTP: what REST answers for filters, populate, status and locale.

use serde_json::{Value, json};

use super::harness::{Client, TestApp};

async fn create(client: &Client<'_>, path: &str, data: Value) -> String {
    let answer = client.post(path, json!({ "data": data })).await.expect(201);
    answer.body["data"]["documentId"].as_str().unwrap().to_owned()
}

async fn titles(client: &Client<'_>, path: &str) -> Vec<String> {
    let answer = client.get(path).await.expect(200);
    let entries = answer.body["data"].as_array().unwrap().iter();
    entries.map(|entry| entry["title"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn keys_come_in_schema_order_and_relations_only_when_asked_for() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = create(&client, "/api/authors", json!({"name": "Ada"})).await;
    create(&client, "/api/articles", json!({"title": "One", "author": author})).await;

    let entry = client.get("/api/articles").await.expect(200).body["data"][0].clone();
    let keys: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys[..5], ["id", "documentId", "title", "slug", "summary"]);
    assert_eq!(keys[keys.len() - 4..], ["createdAt", "updatedAt", "publishedAt", "locale"]);
    assert!(!keys.contains(&"author") && !keys.contains(&"secretNote"));

    let path = "/api/articles?fields=slug&populate[tags]=true&populate[author][fields]=name";
    let entry = client.get(path).await.expect(200).body["data"][0].clone();
    assert_eq!(entry["author"]["name"], "Ada");
    assert_eq!(entry["author"].get("email"), None);
    let keys: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "documentId", "slug", "tags", "author"]);
}

#[actix_web::test]
async fn a_relation_condition_needs_one_match_and_a_negation_one_that_differs() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut tags = Vec::new();
    for name in ["red", "blue"] {
        tags.push(create(&client, "/api/tags", json!({"name": name})).await);
    }
    let with = |title: &str, tags: &[String]| json!({"title": title, "tags": tags});
    create(&client, "/api/articles", with("both", &tags)).await;
    create(&client, "/api/articles", with("only red", &tags[..1])).await;
    create(&client, "/api/articles", with("none", &[])).await;

    let cases = [
        ("filters[tags][name]=red", vec!["both", "only red"]),
        ("filters[tags][name][$ne]=red", vec!["both"]),
        ("filters[$not][tags][name]=red", vec!["both"]),
        ("filters[tags][$null]=true", vec!["none"]),
        ("filters[tags][name][$null]=true", vec!["none"]),
        ("filters[$not][tags][name][$null]=true", vec!["both", "only red"]),
        ("filters[$or][0][tags][name]=blue&filters[$or][1][title]=none", vec!["both", "none"]),
        ("filters[$and][0][tags][name]=blue&filters[$and][1][tags][name]=red", vec!["both"]),
    ];
    for (filter, expected) in cases {
        let found = titles(&client, &format!("/api/articles?{filter}&sort=title")).await;
        assert_eq!(found, expected, "{filter}");
    }
}

#[actix_web::test]
async fn drafts_and_locales_are_read_apart() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = create(&client, "/api/articles", json!({"title": "English"})).await;
    let draft = json!({"data": {"title": "English, edited"}});
    client.put(&format!("/api/articles/{id}?status=draft"), draft).await.expect(200);
    let german = json!({"data": {"title": "Deutsch"}});
    client.put(&format!("/api/articles/{id}?locale=de"), german).await.expect(200);

    for (query, expected) in [
        ("", vec!["English"]),
        ("?status=draft", vec!["English, edited"]),
        ("?locale=de", vec!["Deutsch"]),
        ("?locale=fr", vec![]),
        ("?locale=*", vec!["English", "Deutsch"]),
        ("?locale[]=de&locale[]=fr", vec!["Deutsch"]),
        ("?filters[locale]=de", vec!["Deutsch"]),
    ] {
        assert_eq!(titles(&client, &format!("/api/articles{query}")).await, expected, "{query}");
    }
    client.get(&format!("/api/articles/{id}?locale=fr")).await.expect(404);
    client.get(&format!("/api/articles/{id}?locale=*")).await.expect(404);
    let path = format!("/api/articles/{id}?populate=localizations");
    let entry = client.get(&path).await.expect(200);
    assert_eq!(entry.body["data"]["localizations"][0]["title"], "Deutsch");
}

#[actix_web::test]
async fn the_public_reads_published_entries_of_granted_types_only() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = create(&client, "/api/authors", json!({"name": "Ada"})).await;
    create(&client, "/api/articles", json!({"title": "One", "author": author})).await;
    app.grant("public", &["api::article.article.find", "api::article.article.findOne"]);

    let public = app.anonymous();
    let entry = public.get("/api/articles?populate=*").await.expect(200);
    assert_eq!(entry.body["data"][0].get("author"), None);
    let refused = public.get("/api/articles?filters[author][name]=Ada").await.expect(400);
    assert_eq!(refused.message(), "Invalid key author");
    public.get("/api/articles?status=draft").await.expect(403);
    public.get("/api/authors").await.expect(403);
}

#[actix_web::test]
async fn components_and_zones_are_filled_filtered_and_sorted() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = create(&client, "/api/authors", json!({"name": "Ada"})).await;
    let article = json!({
        "title": "Parts",
        "seo": {"metaTitle": "M", "links": [
            {"label": "b", "url": "u"}, {"label": "a", "url": "u", "external": true}
        ]},
        "sections": [
            {"__component": "blocks.quote", "text": "Q", "author": author},
            {"__component": "blocks.rich-text", "body": "B"},
        ],
    });
    let id = create(&client, "/api/articles", article).await;
    let get = async |query: &str| {
        let answer = client.get(&format!("/api/articles/{id}?fields=id&{query}")).await.expect(200);
        answer.body["data"].clone()
    };

    assert_eq!(get("populate=seo").await["seo"].get("links"), None);
    let sorted = get("populate[seo][populate][links][sort]=label").await;
    assert_eq!(sorted["seo"]["links"][0]["label"], "a");
    let filtered = get("populate[seo][populate][links][filters][external]=true").await;
    assert_eq!(filtered["seo"]["links"].as_array().unwrap().len(), 1);
    let counted = get("populate[seo][populate][links][count]=true").await;
    assert_eq!(counted["seo"]["links"], json!({"count": 2}));
    let zone = get("populate[sections][on][blocks.quote][populate]=author").await;
    assert_eq!(zone["sections"][0]["author"]["name"], "Ada");
    assert_eq!(zone["sections"].as_array().unwrap().len(), 1);
    assert_eq!(zone["sections"][0].as_object().unwrap().keys().next_back().unwrap(), "__component");
    for list in ["[seo][0][documentId]=x", "[seo][links][0][documentId]=x"] {
        let none = client.get(&format!("/api/articles?filters{list}")).await.expect(200).body;
        assert_eq!(none["data"], json!([]), "{list}");
    }
    client.get("/api/articles?filters[seo][documentId]=x").await.expect(400);
    client.get("/api/articles?filters[seo][$or][0][documentId]=x").await.expect(400);
    let by_part = "/api/articles?filters[seo][links][external]=true&filters[seo][metaTitle]=M";
    assert_eq!(titles(&client, by_part).await, ["Parts"]);
}

#[actix_web::test]
async fn texts_in_conditions_have_no_wildcards_and_fold_ascii_only() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for title in ["100% sure", "snake_case", "Ärger", "back\\slash"] {
        create(&client, "/api/articles", json!({ "title": title })).await;
    }
    for (filter, expected) in [
        ("filters[title][$contains]=%25", vec!["100% sure"]),
        ("filters[title][$contains]=_", vec!["snake_case"]),
        ("filters[title][$contains]=\\", vec!["back\\slash"]),
        ("filters[title][$startsWith]=SNAKE", vec!["snake_case"]),
        ("filters[title][$containsi]=ä", vec![]),
        ("filters[title][$eqi]=SNAKE_CASE", vec!["snake_case"]),
        ("_q=SURE", vec!["100% sure"]),
        ("_q=%25%25", vec![]),
    ] {
        assert_eq!(titles(&client, &format!("/api/articles?{filter}")).await, expected, "{filter}");
    }
}

#[actix_web::test]
async fn as_many_alternatives_as_a_query_can_hold_are_answered() {
    let app = TestApp::start().await;
    let client = app.full_access();
    create(&client, "/api/tags", json!({"name": "t499"})).await;
    let alternatives: Vec<_> = (0..500).map(|n| format!("filters[$or][{n}][name]=t{n}")).collect();
    let path = format!("/api/tags?{}", alternatives.join("&"));
    assert_eq!(client.get(&path).await.expect(200).body["meta"]["pagination"]["total"], 1);
}

#[actix_web::test]
async fn locales_are_listed_for_those_who_may() {
    let app = TestApp::start().await;
    let answer = app.full_access().get("/api/i18n/locales").await.expect(200);
    let codes: Vec<_> = answer.body.as_array().unwrap().iter().map(|l| l["code"].clone()).collect();
    assert_eq!(codes, ["en", "de", "fr"]);
    assert_eq!(answer.body[0]["isDefault"], true);
    app.anonymous().get("/api/i18n/locales").await.expect(403);
}

#[actix_web::test]
async fn json_that_spells_a_number_compares_as_one_and_comes_before_other_json() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for (title, meta) in [
        ("text", json!("alpha")),
        ("digits", json!("007")),
        ("number", json!(10)),
        ("truth", json!(true)),
        ("object", json!({"k": [1, "a b"]})),
    ] {
        create(&client, "/api/articles", json!({ "title": title, "meta": meta })).await;
    }
    let cases = [
        ("[$eq]=7", vec!["digits"]),
        ("[$in][]= 1&filters[meta][$in][]=alpha", vec!["truth", "text"]),
        ("[$gt]=7.0", vec!["number", "text", "object"]),
        ("[$lt]=a", vec!["truth", "digits", "number"]),
        ("[$contains]=[1,\"a b\"]", vec!["object"]),
        ("[$not][$eq]=7", vec!["truth", "number", "text", "object"]),
    ];
    for (condition, expected) in cases {
        let path = format!("/api/articles?filters[meta]{condition}&sort=meta");
        assert_eq!(titles(&client, &path).await, expected, "{condition}");
    }
}

//! Relations over HTTP: which rows a name means, and what a save reads of its query.

use serde_json::{Value, json};

use super::harness::{Client, TestApp};

async fn created(client: &Client<'_>, path: &str, data: Value) -> Value {
    client.post(path, json!({ "data": data })).await.expect(201).body["data"].clone()
}

fn id_of(entry: &Value) -> &str {
    entry["documentId"].as_str().unwrap()
}

/// The titles of an author's articles.
async fn titles(client: &Client<'_>, author: &Value, status: &str) -> Value {
    let path =
        format!("/api/authors/{}?populate[articles][fields]=title&status={status}", id_of(author));
    let shown = client.get(&path).await.expect(200).body;
    shown["data"]["articles"].as_array().unwrap().iter().map(|it| it["title"].clone()).collect()
}

#[actix_web::test]
async fn a_number_links_that_row_alone_to_a_type_without_drafts() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let public = created(&client, "/api/articles", json!({ "title": "A story" })).await;
    let path = format!("/api/articles/{}?status=draft", id_of(&public));
    let draft = client.get(&path).await.expect(200).body["data"].clone();
    let of_draft = json!({ "name": "Ada", "articles": draft["id"] });
    let of_draft = created(&client, "/api/authors", of_draft).await;
    assert_eq!(titles(&client, &of_draft, "draft").await, json!(["A story"]));
    assert_eq!(titles(&client, &of_draft, "published").await, json!([]));
    let of_public = json!({ "name": "Bob", "articles": { "connect": [public["id"]] } });
    let of_public = created(&client, "/api/authors", of_public).await;
    assert_eq!(titles(&client, &of_public, "draft").await, json!([]));
    assert_eq!(titles(&client, &of_public, "published").await, json!(["A story"]));
    assert_eq!(titles(&client, &of_draft, "draft").await, json!(["A story"]));
    // A documentId names both.
    let of_both = json!({ "name": "Cid", "articles": [id_of(&public)] });
    let of_both = created(&client, "/api/authors", of_both).await;
    for status in ["draft", "published"] {
        assert_eq!(titles(&client, &of_both, status).await, json!(["A story"]), "{status}");
        assert_eq!(titles(&client, &of_draft, status).await, json!([]), "{status}");
    }
}

#[actix_web::test]
async fn a_type_without_locales_links_the_locale_that_is_named() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let story = created(&client, "/api/articles", json!({ "title": "In English" })).await;
    let german = format!("/api/articles/{}?locale=de", id_of(&story));
    client.put(&german, json!({ "data": { "title": "Auf Deutsch" } })).await.expect(200);
    let named = json!([{ "documentId": story["documentId"], "locale": "de" }]);
    let ada = created(&client, "/api/authors", json!({ "name": "Ada", "articles": named })).await;
    let default = json!([story["documentId"]]);
    let bob = json!({ "name": "Bob", "articles": default });
    let bob = created(&client, "/api/authors", bob).await;
    for status in ["draft", "published"] {
        assert_eq!(titles(&client, &ada, status).await, json!(["Auf Deutsch"]), "{status}");
        assert_eq!(titles(&client, &bob, status).await, json!(["In English"]), "{status}");
    }
    let both = json!([story["documentId"], { "documentId": story["documentId"], "locale": "de" }]);
    let cid = created(&client, "/api/authors", json!({ "name": "Cid", "articles": both })).await;
    let shown = json!(["In English", "Auf Deutsch"]);
    assert_eq!(titles(&client, &cid, "published").await, shown, "in the order they were named");
    for (author, named) in [(&ada, named), (&bob, default)] {
        let path = format!("/api/authors/{}", id_of(author));
        client.put(&path, json!({ "data": { "articles": named } })).await.expect(200);
    }
    // A list replaces what is linked in any locale; an edit leaves the rest alone.
    let path = format!("/api/authors/{}", id_of(&ada));
    let edit = json!({ "data": { "articles": { "disconnect": [story["documentId"]] } } });
    client.put(&path, edit).await.expect(200);
    assert_eq!(titles(&client, &ada, "published").await, json!(["Auf Deutsch"]));
    client.put(&path, json!({ "data": { "articles": [] } })).await.expect(200);
    assert_eq!(titles(&client, &ada, "published").await, json!([]));
    assert_eq!(titles(&client, &ada, "draft").await, json!([]));
    assert_eq!(titles(&client, &bob, "published").await, json!(["In English"]));
}

/// The names of an article's categories, in one status of both.
async fn categories(client: &Client<'_>, story: &Value, status: &str) -> Value {
    let path = format!("/api/articles/{}?populate=categories&status={status}", id_of(story));
    let shown = client.get(&path).await.expect(200).body;
    let list = shown["data"]["categories"].as_array().unwrap().clone();
    // A filter and a count lead the same way as what is shown.
    for name in ["A", "B"] {
        let filter = format!(
            "/api/articles?status={status}&filters[documentId]={}&filters[categories][name]={name}",
            id_of(story)
        );
        let found = client.get(&filter).await.expect(200).body["meta"]["pagination"]["total"] == 1;
        assert_eq!(found, list.iter().any(|it| it["name"] == name), "{name} {status}");
    }
    list.iter().map(|it| it["name"].clone()).collect()
}

#[actix_web::test]
async fn a_draft_that_names_a_published_row_shows_it_once_it_is_published() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut rows = Vec::new();
    for name in ["A", "B"] {
        let data = json!({ "name": name, "slug": name.to_lowercase() });
        let public = created(&client, "/api/categories", data).await;
        let draft = format!("/api/categories/{}?status=draft", id_of(&public));
        let draft = client.get(&draft).await.expect(200).body["data"].clone();
        rows.push((draft["id"].clone(), public));
    }
    let [(draft_a, a), (draft_b, b)] = &rows[..] else { panic!() };
    let data = json!({ "title": "A story", "categories": [a["id"], draft_b] });
    let story = created(&client, "/api/articles", data).await;
    assert_eq!(categories(&client, &story, "draft").await, json!(["B"]));
    assert_eq!(categories(&client, &story, "published").await, json!(["A", "B"]));
    let path = format!("/api/articles/{}", id_of(&story));
    let edit = |edit: Value| json!({ "data": { "categories": edit } });
    client.put(&path, edit(json!({ "connect": [draft_a] }))).await.expect(200);
    assert_eq!(categories(&client, &story, "draft").await, json!(["B", "A"]));
    assert_eq!(categories(&client, &story, "published").await, json!(["A", "B"]));
    client.put(&path, edit(json!({ "disconnect": [a["id"], b["id"]] }))).await.expect(200);
    for status in ["draft", "published"] {
        assert_eq!(categories(&client, &story, status).await, json!(["B", "A"]), "{status}");
    }
    // The row that was named goes with its document's published state, the other one stays.
    client.put(&path, edit(json!([a["id"], draft_b]))).await.expect(200);
    let unpublish = format!("/api/categories/{}/actions/unpublish", id_of(a));
    client.post(&unpublish, json!({})).await.expect(200);
    let publish = format!("/api/categories/{}/actions/publish", id_of(a));
    client.post(&publish, json!({})).await.expect(200);
    client.put(&path, json!({ "data": {} })).await.expect(200);
    assert_eq!(categories(&client, &story, "published").await, json!(["B"]));
}

#[actix_web::test]
async fn a_number_leads_to_the_locale_of_its_row() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let other = created(&client, "/api/articles", json!({ "title": "In English" })).await;
    let german = format!("/api/articles/{}?locale=de", id_of(&other));
    let german =
        client.put(&german, json!({ "data": { "title": "Auf Deutsch" } })).await.expect(200);
    let of_draft = format!("/api/articles/{}?locale=de&status=draft", id_of(&other));
    let of_draft = client.get(&of_draft).await.expect(200).body["data"]["id"].clone();
    let story = json!({ "title": "A story", "related": [of_draft] });
    let story = created(&client, "/api/articles", story).await;
    let shown = async |status: &str| {
        let path = format!("/api/articles/{}?populate=related&status={status}", id_of(&story));
        let shown = client.get(&path).await.expect(200).body["data"]["related"].clone();
        shown.as_array().unwrap().iter().map(|it| it["title"].clone()).collect::<Value>()
    };
    assert_eq!(shown("draft").await, json!(["Auf Deutsch"]));
    // A published row of a type that leads to itself has both.
    assert_eq!(shown("published").await, json!(["In English", "Auf Deutsch"]));
    let id = german.body["data"]["documentId"].as_str().unwrap();
    client.delete(&format!("/api/articles/{id}?locale=de")).await.expect(204);
    assert_eq!(shown("draft").await, json!([]));
}

#[actix_web::test]
async fn of_several_for_one_place_a_list_keeps_the_last_and_a_list_in_it_the_first() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut ids = Vec::new();
    for name in ["Ada", "Bob", "Cid"] {
        let author = created(&client, "/api/authors", json!({ "name": name })).await;
        ids.push(author["documentId"].clone());
    }
    let cases = [
        (json!({ "set": [ids[0], ids[1]] }), "Bob"),
        (json!([ids[1], ids[0]]), "Ada"),
        (json!({ "set": [[ids[1], [ids[2]]]] }), "Bob"),
        (json!({ "set": [ids[0], [ids[2], ids[1]]] }), "Cid"),
    ];
    for (author, name) in cases {
        let data = json!({ "title": "A story", "author": author });
        let shown = created(&client, "/api/articles?populate=author", data).await;
        assert_eq!(shown["author"]["name"], name, "{author}");
    }
}

#[actix_web::test]
async fn a_save_reads_what_to_show_and_only_checks_the_names_of_the_rest() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let entry = created(&client, "/api/articles", json!({ "title": "A story" })).await;
    let path = format!("/api/articles/{}", id_of(&entry));
    let body = json!({ "data": { "title": "A title" } });
    let unread = [
        "sort=title:up",
        "sort[0][title]=up",
        "filters=x",
        "filters[startsAt]=never",
        "filters[views][$between]=1",
        "filters[$and]=x",
        "page=-1",
        "start=-1",
        "limit=x",
        "_q[a]=b",
        "hasPublishedVersion=maybe",
    ];
    for query in unread {
        client.post(&format!("/api/articles?{query}"), body.clone()).await.expect(201);
        client.put(&format!("{path}?{query}"), body.clone()).await.expect(200);
    }
    let shown = format!("{path}?fields=title&sort=rating&filters[author][name]=x");
    let shown = client.put(&shown, body.clone()).await.expect(200).body;
    let keys: Vec<&String> = shown["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "documentId", "title"]);
    let refused = [
        ("sort=nope", "Invalid key nope"),
        ("filters[nope]=1", "Invalid key nope"),
        ("filters[title][$nope]=1", "Invalid key $nope at title"),
        (
            "populate[categories][sort]=name:up",
            "Invalid order. order can only be one of asc|desc|ASC|DESC",
        ),
    ];
    for (query, message) in refused {
        let answer = client.put(&format!("{path}?{query}"), body.clone()).await.expect(400);
        assert_eq!(answer.message(), message, "{query}");
    }
    // A removal is of the rows that are meant.
    client.delete(&format!("{path}?sort=title:up")).await.expect(400);
    client.get(&path).await.expect(200);
}

#[actix_web::test]
async fn a_message_about_a_new_locale_quotes_what_it_takes_over() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let story = created(&client, "/api/articles", json!({ "title": "A story", "rating": 2 })).await;
    let path = format!("/api/articles/{}?locale=de", id_of(&story));
    let body = json!({ "data": { "title": "Auf Deutsch", "author": 999, "cover": null } });
    let answer = client.put(&path, body).await.expect(400);
    let quoted = &answer.body["error"]["details"]["errors"][0]["value"];
    let keys = ["documentId", "locale", "title", "rating", "cover", "gallery", "author"];
    let shown: Vec<&Value> = keys.iter().map(|key| quoted.get(key).unwrap()).collect();
    let expected = json!([
        story["documentId"], "de", "Auf Deutsch", 2, null, { "set": [] }, { "set": [{ "id": 999 }] }
    ]);
    assert_eq!(json!(shown), expected);
}

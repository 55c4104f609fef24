//! Conditional requests: reads that are answered with 304, writes that need the right edition.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, Client, TestApp, send};

async fn create(client: &Client<'_>, path: &str, data: Value) -> String {
    let answer = client.post(path, json!({ "data": data })).await.expect(201);
    answer.body["data"]["documentId"].as_str().unwrap().to_owned()
}

async fn ask(client: &Client<'_>, path: &str, tag: &str) -> Answer {
    send(client.request(Method::GET, path).header("if-none-match", tag)).await
}

async fn put_over(client: &Client<'_>, path: &str, tag: &str, data: Value) -> Answer {
    let request = client.request(Method::PUT, path).header("if-match", tag);
    send(request.json(&json!({ "data": data }))).await
}

#[actix_web::test]
async fn a_known_answer_is_not_sent_again_until_it_changes() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = create(&client, "/api/authors", json!({"name": "Ada"})).await;
    let article = create(&client, "/api/articles", json!({"title": "One", "author": author})).await;
    let paths = [
        "/api/articles",
        "/api/articles?populate=author",
        &format!("/api/articles/{article}?populate=*"),
    ];
    for path in paths {
        let first = client.get(path).await.expect(200);
        let again = ask(&client, path, first.header("etag")).await.expect(304);
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.text, "");
        ask(&client, path, &format!("\"x\", W/{}", first.header("etag"))).await.expect(304);
        ask(&client, path, "\"x\"").await.expect(200);
        ask(&client, path, "*").await.expect(304);
    }
    let tags = |answers: &[Answer]| -> Vec<String> {
        answers.iter().map(|answer| answer.header("etag").to_owned()).collect()
    };
    let read = async || {
        let mut answers = Vec::new();
        for path in paths {
            answers.push(client.get(path).await.expect(200));
        }
        tags(&answers)
    };
    let before = read().await;
    // A type that nothing here shows.
    create(
        &client,
        "/api/events",
        json!({"name": "Elsewhere", "code": "EV-0001", "startsAt": "2026-01-01T00:00:00.000Z"}),
    )
    .await;
    assert_eq!(read().await, before);
    // A draft that is not published changes nothing that is shown, but the entry's edition.
    let draft = json!({"data": {"title": "Draft"}});
    client.put(&format!("/api/articles/{article}?status=draft"), draft).await.expect(200);
    let drafted = read().await;
    assert_eq!(drafted[..2], before[..2]);
    assert_ne!(drafted[2], before[2]);
    // The plain list does not show authors.
    let name = json!({"data": {"name": "Grace"}});
    client.put(&format!("/api/authors/{author}"), name).await.expect(200);
    let renamed = read().await;
    assert_eq!(renamed[0], before[0]);
    assert_ne!(renamed[1], before[1]);
}

#[actix_web::test]
async fn a_tag_is_worth_nothing_to_whoever_may_see_something_else() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author = create(&client, "/api/authors", json!({"name": "Ada"})).await;
    create(&client, "/api/articles", json!({"title": "One", "author": author})).await;
    let path = "/api/articles?populate=author";
    let full = client.get(path).await.expect(200);
    app.grant("public", &["api::article.article.find"]);
    let public = app.anonymous();
    ask(&public, path, full.header("etag")).await.expect(200);
    let without_author = public.get(path).await.expect(200);
    assert_eq!(without_author.body["data"][0].get("author"), None);
    app.grant("public", &["api::author.author.find"]);
    ask(&public, path, without_author.header("etag")).await.expect(200);
    // What is refused is refused whatever the client knows.
    let hidden = client.get("/api/tags").await.expect(200);
    ask(&public, "/api/tags", hidden.header("etag")).await.expect(403);
}

#[actix_web::test]
async fn users_and_files_are_known_until_anything_changes() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for path in ["/api/users", "/api/upload/files"] {
        let first = client.get(path).await.expect(200);
        ask(&client, path, first.header("etag")).await.expect(304);
        let user = json!({
            "username": path.replace('/', "-"), "email": format!("{}@example.test", path.len()),
            "password": "Secret-1", "role": 1,
        });
        client.post("/api/users", user).await.expect(201);
        ask(&client, path, first.header("etag")).await.expect(200);
    }
}

/// Every read below, after every one of many random writes: a client that is told that it has
/// the answer has the answer.
#[actix_web::test]
async fn nobody_is_left_with_an_old_answer() {
    const WRITES: usize = 120;
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut random = Random(20_260_123);
    let mut ids: [Vec<String>; 3] = Default::default();
    for name in ["a", "b", "c"] {
        ids[0].push(create(&client, "/api/authors", json!({"name": name})).await);
        ids[1].push(create(&client, "/api/tags", json!({"name": name})).await);
        ids[2].push(create(&client, "/api/articles", json!({"title": name.repeat(3)})).await);
    }
    let paths = [
        "/api/articles".to_owned(),
        "/api/articles?populate=*".to_owned(),
        "/api/articles?status=draft&populate=*".to_owned(),
        "/api/articles?locale=de&populate=*".to_owned(),
        "/api/articles?populate[author][populate]=articles&populate[tags]=true".to_owned(),
        "/api/articles?filters[author][name][$startsWith]=a&sort=title".to_owned(),
        "/api/articles?filters[tags][name]=b&sort=author.name".to_owned(),
        "/api/authors?populate[articles][count]=true".to_owned(),
        "/api/authors?filters[articles][title][$notNull]=true".to_owned(),
        "/api/tags?populate=*".to_owned(),
        format!("/api/articles/{}?populate=*", ids[2][0]),
        format!("/api/articles/{}?populate=localizations", ids[2][0]),
        "/api/homepage?populate=*".to_owned(),
    ];
    let mut known: Vec<Option<(String, String)>> = vec![None; paths.len()];
    let mut saved = 0;
    for _ in 0..WRITES {
        write(&client, &mut random, &mut ids).await;
        for (path, known) in paths.iter().zip(&mut known) {
            let now = client.get(path).await;
            if let Some((tag, body)) = known {
                let answer = ask(&client, path, tag).await;
                if answer.status == 304 {
                    assert_eq!(&now.text, body, "{path}");
                    saved += 1;
                }
            }
            *known = (now.status == 200).then(|| (now.header("etag").to_owned(), now.text));
        }
    }
    // It would be easy to be right by never saying 304.
    assert!(saved > WRITES, "{saved} answers were not sent again");
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// One random write; refused ones do no harm.
async fn write(client: &Client<'_>, random: &mut Random, ids: &mut [Vec<String>; 3]) {
    let word = |random: &mut Random| ["abc", "bcd", "cde", "def"][random.below(4)];
    let author = ids[0][random.below(ids[0].len())].clone();
    let tag = ids[1][random.below(ids[1].len())].clone();
    let article = ids[2][random.below(ids[2].len())].clone();
    let body = json!({"data": {
        "title": word(random), "author": author, "tags": {"connect": [tag]},
        "seo": {"metaTitle": word(random)},
    }});
    let path = format!("/api/articles/{article}");
    match random.below(12) {
        0 => drop(
            client
                .put(&format!("/api/authors/{author}"), json!({"data": {"name": word(random)}}))
                .await,
        ),
        1 => drop(
            client.put(&format!("/api/tags/{tag}"), json!({"data": {"name": word(random)}})).await,
        ),
        2 => drop(client.put(&path, body).await),
        3 => drop(client.put(&format!("{path}?status=draft"), body).await),
        4 => drop(client.put(&format!("{path}?locale=de"), body).await),
        5 => drop(client.post(&format!("{path}/actions/unpublish"), json!({})).await),
        6 => drop(client.post(&format!("{path}/actions/publish"), json!({})).await),
        7 => drop(client.post(&format!("{path}/actions/discard-draft"), json!({})).await),
        8 => drop(client.delete(&format!("{path}?locale=de")).await),
        9 => drop(client.put("/api/homepage", json!({"data": {"headline": word(random)}})).await),
        10 => {
            // From the other side: only links change in the articles.
            let set = json!({"data": {"articles": {"set": [article]}}});
            drop(client.put(&format!("/api/authors/{author}"), set).await);
        }
        _ => ids[2].push(create(client, "/api/articles", json!({"title": word(random)})).await),
    }
}

#[actix_web::test]
async fn only_the_edition_the_client_saw_is_written_over() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let made = client.post("/api/articles", json!({"data": {"title": "One"}})).await.expect(201);
    let path = format!("/api/articles/{}", made.body["data"]["documentId"].as_str().unwrap());
    let named = |title: &str| json!({ "title": title });

    // Whatever query showed it, also the answer of a write, the edition is the same.
    let read = client.get(&format!("{path}?populate=*&fields=title")).await.expect(200);
    let first = put_over(&client, &path, made.header("etag"), named("Two")).await.expect(200);
    let late = put_over(&client, &path, read.header("etag"), named("Three")).await.expect(412);
    assert_eq!(late.body["error"]["name"], "PreconditionFailedError");
    assert_eq!(late.body["error"]["status"], 412);
    assert_eq!(client.get(&path).await.body["data"]["title"], "Two");

    // A draft is an edition that the published entry's reader has not seen.
    let published = client.get(&path).await.expect(200);
    let weak = format!("W/{}", first.header("etag"));
    let draft = format!("{path}?status=draft");
    put_over(&client, &draft, &weak, named("Draft")).await.expect(200);
    put_over(&client, &path, published.header("etag"), named("Four")).await.expect(412);
    let seen = client.get(&draft).await.expect(200);
    let publish = client.request(Method::POST, &format!("{path}/actions/publish"));
    let published = send(publish.header("if-match", seen.header("etag"))).await.expect(200);

    // Other locales are other entries; all of them together are the document.
    let german = format!("{path}?locale=de");
    put_over(&client, &german, "*", named("Deutsch")).await.expect(412);
    client.put(&german, json!({"data": named("Deutsch")})).await.expect(200);
    put_over(&client, &path, published.header("etag"), named("Five")).await.expect(200);
    let delete = async |path: &str, tag: &str| {
        send(client.request(Method::DELETE, path).header("if-match", tag)).await
    };
    delete(&format!("{path}?locale=*"), published.header("etag")).await.expect(412);
    let whole = client.get(&german).await.expect(200);
    delete(&format!("{path}?locale=*"), whole.header("etag")).await.expect(204);
    delete(&path, whole.header("etag")).await.expect(412);
    put_over(&client, &path, whole.header("etag"), named("Gone")).await.expect(404);
}

#[actix_web::test]
async fn a_single_type_that_is_not_there_matches_nothing() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let title = json!({"headline": "Home"});
    put_over(&client, "/api/homepage", "*", title.clone()).await.expect(412);
    let made = client.put("/api/homepage", json!({ "data": title })).await.expect(200);
    put_over(&client, "/api/homepage", made.header("etag"), title.clone()).await.expect(200);
    put_over(&client, "/api/homepage", made.header("etag"), title.clone()).await.expect(412);
    put_over(&client, "/api/homepage", "*", title).await.expect(200);
}

#[actix_web::test]
async fn of_editors_who_saw_the_same_edition_one_wins() {
    let app = TestApp::start_with(&["--workers", "4"]).await;
    let client = app.full_access();
    let made = client.post("/api/articles", json!({"data": {"title": "Old"}})).await.expect(201);
    let path = format!("/api/articles/{}", made.body["data"]["documentId"].as_str().unwrap());
    for round in 0..5 {
        let seen = client.get(&path).await.expect(200).header("etag").to_owned();
        let writes = (0..8).map(|editor| {
            let (client, path, seen) = (client.clone(), path.clone(), seen.clone());
            async move {
                let title = format!("Round {round} editor {editor}");
                put_over(&client, &path, &seen, json!({ "title": title })).await
            }
        });
        let answers = futures_util::future::join_all(writes).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|answer| answer.status == 412));
        assert_eq!(client.get(&path).await.body["data"]["title"], won[0].body["data"]["title"]);
    }
}

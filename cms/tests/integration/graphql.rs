//! GraphQL as its clients use it, beyond what the recorded suite asks.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::files;
use super::harness::{Answer, Client, TestApp};

/// Statements that a page of related entries may take, beside those that find out who asks and
/// the two that hold the snapshot.
const MOST_STATEMENTS: u64 = 6;
/// As many when what is related has been shown before.
const MOST_REPEATED: u64 = 3;
/// The beginning and the end of a transaction.
const SNAPSHOT: u64 = 2;
/// Little even for a test build on a busy machine; a release build takes about a twentieth.
const LITTLE: Duration = Duration::from_millis(300);

const PICTURE: &[u8] =
    br#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8"/></svg>"#;

const PAGE: &str = "{ articles(pagination: {pageSize: 25}) { documentId title \
    author { name } categories { name } cover { url } } }";

async fn ask(client: &Client<'_>, query: &str) -> Answer {
    client.post("/graphql", json!({ "query": query })).await
}

async fn data(client: &Client<'_>, query: &str) -> Value {
    let answer = ask(client, query).await.expect(200);
    assert_eq!(answer.body.get("errors"), None, "{query}");
    answer.body["data"].clone()
}

async fn create(client: &Client<'_>, path: &str, data: Value) -> Value {
    let made = client.post(&format!("/api/{path}"), json!({ "data": data })).await.expect(201);
    made.body["data"]["documentId"].clone()
}

#[actix_web::test]
async fn a_page_of_related_entries_takes_few_statements_however_many_there_are() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut categories = Vec::new();
    for n in 0..4 {
        let name = format!("Category {n}");
        categories.push(
            create(&client, "categories", json!({ "name": name, "slug": format!("c{n}") })).await,
        );
    }
    let cover = files::upload(&client, "a.svg", "image/svg+xml", PICTURE).await;
    let mut authors = Vec::new();
    for n in 0..26 {
        let author = create(&client, "authors", json!({ "name": format!("Author {n}") })).await;
        let article = json!({
            "title": format!("Article {n}"), "author": author, "categories": categories,
            "cover": cover["id"],
        });
        create(&client, "articles", article).await;
        authors.push(author);
    }
    let (mut first, mut repeated) = (u64::MAX, u64::MAX);
    for round in 0..4 {
        // Who asks, as the cheapest question tells: connections that are new ask more.
        let asked = statements(&app, "{ __typename }").await;
        // A change of each type: nothing that was shown before holds.
        let author = format!("/api/authors/{}", authors[0].as_str().unwrap());
        client.put(&author, json!({ "data": { "bio": format!("{round}") } })).await.expect(200);
        let category = format!("/api/categories/{}", categories[0].as_str().unwrap());
        let position = json!({ "data": { "position": round } });
        client.put(&category, position).await.expect(200);
        files::upload(&client, "b.svg", "image/svg+xml", PICTURE).await;
        let asked = asked.min(statements(&app, "{ __typename }").await);
        let took = |all: u64| all.saturating_sub(asked + SNAPSHOT);
        first = first.min(took(statements(&app, PAGE).await));
        repeated = repeated.min(took(statements(&app, PAGE).await));
    }
    assert!((3..=MOST_STATEMENTS).contains(&first), "{first}");
    assert!(repeated <= MOST_REPEATED, "{repeated}");
    let found = data(&client, PAGE).await;
    let articles = found["articles"].as_array().unwrap();
    assert_eq!(articles.len(), 25);
    assert_eq!(articles[3]["author"]["name"], "Author 3");
    assert_eq!(articles[3]["categories"].as_array().unwrap().len(), 4);
    assert!(cover["url"].is_string());
    assert_eq!(articles[3]["cover"]["url"], cover["url"]);
}

/// Statements that one question takes.
async fn statements(app: &TestApp, query: &str) -> u64 {
    let client = app.full_access();
    let before = app.app.db.statements();
    data(&client, query).await;
    app.app.db.statements() - before
}

#[actix_web::test]
async fn bombs_are_refused_at_once() {
    let app = TestApp::start().await;
    let client = app.full_access();
    data(&client, "{ __typename }").await;
    let deep = format!("{{ {}name{} }}", "articles { author { ".repeat(20), " } }".repeat(20));
    let aliases = (0..5000).fold(String::new(), |mut all, n| {
        let _ = write!(all, " a{n}: articles {{ title }}");
        all
    });
    let aliases = format!("{{{aliases} }}");
    let mut doubling = "{ articles { ...F0 } }".to_owned();
    for n in 0..100 {
        let next = n + 1;
        let _ = write!(doubling, " fragment F{n} on Article {{ ...F{next} ...F{next} }}");
    }
    doubling.push_str(" fragment F100 on Article { title }");
    let nested = format!("{{ articles(filters: {}", "{and:[".repeat(50_000));
    for (bomb, word) in
        [(deep, "depth"), (aliases, "cost"), (doubling, "cost"), (nested, "nests deeper")]
    {
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let answer = ask(&client, &bomb).await.expect(400);
            quickest = quickest.min(began.elapsed());
            let message = answer.body["errors"][0]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(word), "{message}");
        }
        assert!(quickest < LITTLE, "{word}: {quickest:?}");
    }
}

#[actix_web::test]
async fn limits_and_switches_are_settings() {
    let flags = [
        ("--graphql-depth-limit", "2"),
        ("--graphql-cost-limit", "30"),
        ("--graphql-introspection", "false"),
        ("--graphql-playground", "false"),
    ];
    let flags: Vec<_> = flags.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let app = TestApp::start_with(&flags).await;
    let client = app.full_access();
    data(&client, "{ articles { author { name } } }").await;
    for query in [
        "{ articles { author { articles { title } } } }",
        "{ a: articles { title } b: articles { title } c: articles { title } }",
        "{ __schema { queryType { name } } }",
        "{ __type(name: \"Article\") { name } }",
    ] {
        let answer = ask(&client, query).await.expect(400);
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    }
    let page = client.request(Method::GET, "/graphql").header("accept", "text/html");
    assert_eq!(page.send().await.unwrap().status(), 400);
}

#[actix_web::test]
async fn the_playground_is_one_file_that_loads_nothing() {
    let app = TestApp::start().await;
    let page = app.anonymous();
    let page = page.request(Method::GET, "/graphql").header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"));
    let text = page.text().await.unwrap();
    assert!(text.starts_with("<!doctype html>"));
    for elsewhere in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
}

#[actix_web::test]
async fn one_relation_can_be_asked_in_several_ways() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut tags = Vec::new();
    for name in ["red", "green", "blue"] {
        tags.push(create(&client, "tags", json!({ "name": name })).await);
    }
    create(&client, "articles", json!({ "title": "One", "tags": tags })).await;
    let found = data(
        &client,
        "{ articles { all: tags { name } first: tags(sort: \"name\", pagination: {limit: 1}) { name }
           rest: tags(sort: \"name\", pagination: {start: 1}) { name }
           red: tags_connection(filters: {name: {eq: \"red\"}}) { nodes { name } }
           categories { name } } }",
    )
    .await;
    assert_eq!(
        found["articles"][0],
        json!({
            "all": [{"name": "red"}, {"name": "green"}, {"name": "blue"}],
            "first": [{"name": "blue"}],
            "rest": [{"name": "green"}, {"name": "red"}],
            "red": {"nodes": [{"name": "red"}]},
            "categories": [],
        })
    );
}

#[actix_web::test]
async fn of_long_lists_only_what_is_shown_is_filled_in() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut tags = Vec::new();
    for n in 0..30 {
        tags.push(create(&client, "tags", json!({ "name": format!("tag {n:02}") })).await);
    }
    let reversed: Vec<_> = tags.iter().rev().collect();
    for (title, tags) in [("One", json!(tags)), ("Two", json!(reversed)), ("Few", json!([tags[3]]))]
    {
        create(&client, "articles", json!({ "title": title, "tags": tags })).await;
    }
    let found = data(
        &client,
        "{ articles { tags { name articles(pagination: {limit: 1}, sort: \"title\") { title } }
           last: tags(pagination: {start: 28}) { name } related { title } author { name } } }",
    )
    .await;
    let names = |article: usize, key: &str| {
        let tags = found["articles"][article][key].as_array().unwrap().clone();
        tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let shown = |range: std::ops::Range<u32>| range.map(|n| format!("tag {n:02}"));
    assert_eq!(names(0, "tags"), shown(0..25).collect::<Vec<_>>());
    assert_eq!(names(0, "last"), shown(28..30).collect::<Vec<_>>());
    assert_eq!(names(1, "tags"), shown(5..30).rev().collect::<Vec<_>>());
    assert_eq!(names(1, "last"), ["tag 01", "tag 00"]);
    assert_eq!((names(2, "tags"), names(2, "last").len()), (vec!["tag 03".to_owned()], 0));
    let of_tag = |article: usize, tag: usize| &found["articles"][article]["tags"][tag]["articles"];
    assert_eq!(of_tag(0, 0), &json!([{ "title": "One" }]));
    assert_eq!(of_tag(2, 0), &json!([{ "title": "Few" }]));
}

#[actix_web::test]
async fn what_rest_does_not_show_graphql_does_not_show() {
    let app = TestApp::start().await;
    let client = app.full_access();
    create(&client, "authors", json!({ "name": "Ada", "accessCode": "secret-1" })).await;
    let found = data(&client, "{ authors { name accessCode } }").await;
    assert_eq!(found["authors"][0], json!({ "name": "Ada", "accessCode": null }));
    for (query, status) in [
        ("{ usersPermissionsUsers { password } }", 400),
        ("{ authors(filters: {accessCode: {notNull: true}}) { name } }", 200),
    ] {
        let answer = ask(&client, query).await.expect(status);
        assert!(answer.body["errors"][0]["message"].is_string(), "{query}");
    }
    let nobody = app.anonymous();
    let answer = ask(&nobody, "{ authors { name } }").await.expect(200);
    assert_eq!(answer.body["data"], Value::Null);
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[actix_web::test]
async fn a_mutation_is_a_write_like_any_other() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let made =
        ask(&client, "mutation { createTag(data: {name: \"new\"}) { documentId name } }").await;
    let seq: i64 = made.header("x-galley-seq").parse().unwrap();
    assert!(seq > 0);
    let id = made.body["data"]["createTag"]["documentId"].as_str().unwrap().to_owned();
    let shown = client.get(&format!("/api/tags/{id}")).await.expect(200);
    assert_eq!(shown.body["data"]["name"], "new");
    let removed =
        ask(&client, &format!("mutation {{ deleteTag(documentId: \"{id}\") {{ documentId }} }}"))
            .await
            .expect(200);
    assert_eq!(removed.body["data"]["deleteTag"]["documentId"], id.as_str());
    client.get(&format!("/api/tags/{id}")).await.expect(404);
}

/// Longest time an edit of the model may take to be in use.
const DEADLINE: Duration = Duration::from_secs(20);

fn write_note(schema: &std::path::Path, attribute: &str) {
    let folder = schema.join("api/note/content-types/note");
    std::fs::create_dir_all(&folder).unwrap();
    let text = json!({
        "kind": "collectionType",
        "info": {"singularName": "note", "pluralName": "notes", "displayName": "Note"},
        "attributes": {
            attribute: {"type": "string"},
            "size": {"type": "enumeration", "enum": ["very small", "Größe 2"]},
            "grade": {"type": "enumeration", "enum": ["1st", "2nd"]},
        },
    });
    std::fs::write(folder.join("schema.json"), text.to_string()).unwrap();
}

#[actix_web::test]
async fn the_schema_follows_the_content_model_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema");
    write_note(&schema, "title");
    let app = TestApp::start_in(folder, &["--schema", schema.to_str().unwrap()]).await;
    let client = app.full_access();
    data(&client, "{ notes { title } }").await;
    write_note(&schema, "headline");
    let deadline = Instant::now() + DEADLINE;
    while ask(&client, "{ notes { headline } }").await.status != 200 {
        assert!(Instant::now() < deadline, "the edit was never in use");
    }
    let old = ask(&client, "{ notes { title } }").await.expect(400);
    let message = old.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Cannot query field \"title\" on type \"Note\"."), "{message}");
    let fields = data(&client, "{ __type(name: \"Note\") { fields { name } } }").await;
    let names = fields["__type"]["fields"].as_array().unwrap();
    assert!(names.contains(&json!({ "name": "headline" })));
    // What cannot be spelled as a name stays a text.
    let made = data(
        &client,
        "mutation { createNote(data: {size: very_small, grade: \"2nd\"}) { size grade } }",
    );
    assert_eq!(made.await["createNote"], json!({ "size": "very_small", "grade": "2nd" }));
}

#[actix_web::test]
async fn requests_that_are_none_are_told_so_before_anything_is_done() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let write = json!({ "query": "mutation { createTag(data: {name: \"x\"}) { name } }" });
    let post = |kind: &str| client.request(Method::POST, "/graphql").header("content-type", kind);
    let forged = post("text/plain").body(write.to_string());
    assert_eq!(forged.send().await.unwrap().status(), 400);
    let unwanted = post("application/json").header("accept", "image/png").body(write.to_string());
    assert_eq!(unwanted.send().await.unwrap().status(), 406);
    let link = "/graphql?query=mutation{createTag(data:{name:%22x%22}){name}}";
    let read = client.request(Method::GET, link).header("content-type", "application/json");
    let answer = read.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
    assert_eq!(client.get("/api/tags").await.expect(200).body["meta"]["pagination"]["total"], 0);
    let digest = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "0" } } });
    let answer = client.post("/graphql", digest).await.expect(200);
    assert_eq!(answer.body["errors"][0]["message"], "PersistedQueryNotSupported");
}

/// Documents that do not fit the schema, with what graphql-js says of them and where.
const MISFITS: [(&str, &str, &[u64]); 34] = [
    (
        "{ articles { titel } }",
        r#"Cannot query field "titel" on type "Article". Did you mean "title"?"#,
        &[14],
    ),
    (
        "{ articles { sections { text } } }",
        r#"Cannot query field "text" on type "ArticleSectionsDynamicZone". Did you mean to use an inline fragment on "ComponentBlocksQuote"?"#,
        &[25],
    ),
    (
        "{ articles }",
        r#"Field "articles" of type "[Article]!" must have a selection of subfields. Did you mean "articles { ... }"?"#,
        &[3],
    ),
    (
        "{ articles { title { x } } }",
        r#"Field "title" must not have a selection since type "String!" has no subfields."#,
        &[20],
    ),
    (
        "{ articles(filter: 1) { title } }",
        r#"Unknown argument "filter" on field "Query.articles". Did you mean "filters"?"#,
        &[12],
    ),
    (
        "{ article { title } }",
        r#"Field "article" argument "documentId" of type "ID!" is required, but it was not provided."#,
        &[3],
    ),
    (
        "{ article(documentId: null) { title } }",
        r#"Expected value of type "ID!", found null."#,
        &[23],
    ),
    (
        "{ article(documentId: true) { title } }",
        "ID cannot represent a non-string and non-integer value: true",
        &[23],
    ),
    (
        r#"{ articles(filters: {title: "x"}) { title } }"#,
        r#"Expected value of type "StringFilterInput", found "x"."#,
        &[29],
    ),
    (
        r#"{ articles(filters: {title: {eqq: "x"}}) { title } }"#,
        r#"Field "eqq" is not defined by type "StringFilterInput". Did you mean "eq" or "eqi"?"#,
        &[30],
    ),
    (
        r#"{ articles(pagination: {limit: "3"}) { title } }"#,
        r#"Int cannot represent non-integer value: "3""#,
        &[32],
    ),
    (
        "{ articles(pagination: {limit: 99999999999}) { title } }",
        "Int cannot represent non 32-bit signed integer value: 99999999999",
        &[32],
    ),
    (
        "{ articles(pagination: {limit: 1, limit: 2}) { title } }",
        r#"There can be only one input field named "limit"."#,
        &[25, 35],
    ),
    (
        r#"{ articles(sort: "a", sort: "b") { title } }"#,
        r#"There can be only one argument named "sort"."#,
        &[12, 23],
    ),
    (
        "{ articles(status: NOPE) { title } }",
        r#"Value "NOPE" does not exist in "PublicationStatus" enum."#,
        &[20],
    ),
    (
        r#"{ articles(status: "DRAFT") { title } }"#,
        r#"Enum "PublicationStatus" cannot represent non-enum value: "DRAFT". Did you mean the enum value "DRAFT"?"#,
        &[20],
    ),
    (
        r#"{ articles(locale: "xx") { title } }"#,
        r#"Expected value of type "I18NLocaleCode", found "xx"; Unknown locale supplied"#,
        &[20],
    ),
    (
        r#"{ articles(filters: {publishedOn: {eq: "2010-13-01"}}) { title } }"#,
        "Date cannot represent an invalid date-string 2010-13-01.",
        &[40],
    ),
    (
        r#"{ articles(filters: {startsAt: {gt: "2023-01-01"}}) { title } }"#,
        "DateTime cannot represent an invalid date-time-string 2023-01-01.",
        &[37],
    ),
    (
        r#"{ articles(filters: {atTime: {gt: "10:00"}}) { title } }"#,
        r#"Expected value of type "Time", found "10:00"; Invalid time format, expected HH:mm:ss.SSS"#,
        &[35],
    ),
    (
        "{ articles(filters: {bigviews: {gt: 1.5}}) { title } }",
        r#"Expected value of type "Long", found 1.5; Cannot convert 1.5 to a BigInt"#,
        &[37],
    ),
    (
        "{ articles { a: title a: slug } }",
        r#"Fields "a" conflict because "title" and "slug" are different fields. Use different aliases on the fields to fetch both if this was intentional."#,
        &[14, 23],
    ),
    (
        r#"{ articles { tags { name } tags(sort: "name") { name } } }"#,
        r#"Fields "tags" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional."#,
        &[14, 28],
    ),
    (
        "{ articles { ... on Tag { name } } }",
        r#"Fragment cannot be spread here as objects of type "Article" can never be of type "Tag"."#,
        &[14],
    ),
    ("{ articles { ... on Nope { name } } }", r#"Unknown type "Nope"."#, &[21]),
    ("{ articles { ...F } }", r#"Unknown fragment "F"."#, &[17]),
    ("fragment F on Article { title } { tags { name } }", r#"Fragment "F" is never used."#, &[1]),
    (
        "fragment F on Article { related { ...F } } { articles { ...F } }",
        r#"Cannot spread fragment "F" within itself."#,
        &[35],
    ),
    ("{ articles { title @foo } }", r#"Unknown directive "@foo"."#, &[20]),
    (
        "{ articles { title @include } }",
        r#"Directive "@include" argument "if" of type "Boolean!" is required, but it was not provided."#,
        &[20],
    ),
    ("query($n: Int) { tags { name } }", r#"Variable "$n" is never used."#, &[7]),
    ("{ tags(pagination: {limit: $n}) { name } }", r#"Variable "$n" is not defined."#, &[28, 1]),
    (
        "query($n: String) { tags(pagination: {limit: $n}) { name } }",
        r#"Variable "$n" of type "String" used in position expecting type "Int"."#,
        &[7, 46],
    ),
    (
        "query($t: Tag) { tags(filters: $t) { name } }",
        r#"Variable "$t" cannot be non-input type "Tag"."#,
        &[11],
    ),
];

#[actix_web::test]
async fn what_does_not_fit_is_told_in_the_words_clients_know() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for (query, message, columns) in MISFITS {
        let answer = ask(&client, query).await.expect(400);
        let error = &answer.body["errors"][0];
        assert_eq!(error["message"], message, "{query}");
        let at: Vec<_> =
            columns.iter().map(|column| json!({ "line": 1, "column": column })).collect();
        assert_eq!(error["locations"], json!(at), "{query}");
        assert_eq!(error["extensions"], json!({ "code": "GRAPHQL_VALIDATION_FAILED" }), "{query}");
    }
}

#[actix_web::test]
async fn variables_are_checked_against_their_types() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for (ty, value, message) in [
        (
            "Int",
            json!("a"),
            r#"Variable "$v" got invalid value "a"; Int cannot represent non-integer value: "a""#,
        ),
        ("Int!", json!(null), r#"Variable "$v" of non-null type "Int!" must not be null."#),
    ] {
        let query = format!("query($v: {ty}) {{ tags(pagination: {{limit: $v}}) {{ name }} }}");
        let body = json!({ "query": query, "variables": { "v": value } });
        let answer = client.post("/graphql", body).await.expect(400);
        assert_eq!(answer.body["errors"][0]["message"], message);
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }
    let query = "query($f: TagFiltersInput) { tags(filters: $f) { name } }";
    let body = json!({ "query": query, "variables": { "f": { "name": { "foo": 1 } } } });
    let answer = client.post("/graphql", body).await.expect(400);
    assert_eq!(
        answer.body["errors"][0]["message"],
        r#"Variable "$f" got invalid value { foo: 1 } at "f.name"; Field "foo" is not defined by type "StringFilterInput". Did you mean "not" or "or"?"#
    );
}

#[actix_web::test]
async fn conditions_are_no_larger_than_a_query_string_could_say() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let deep = format!("{}name: {{eq: \"x\"}}{}", "parent: {".repeat(60), "}".repeat(60));
    let deep = format!("{{ categories(filters: {{{deep}}}) {{ name }} }}");
    let many =
        format!("{{ tags(filters: {{name: {{in: [{}]}}}}) {{ name }} }}", "\"x\" ".repeat(5000));
    for query in [deep, many] {
        let answer = ask(&client, &query).await.expect(200);
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{}", error["message"]);
    }
}

//! Forms of the static site: who may send, what arrives in the CMS, what the sender is told.

use actix_web::HttpResponse;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::bench::{Bench, Script, Seen};

const FORM: &str = r#"
[[form]]
path = "/contact/send"
collection = "messages"
fields = ["name", "text", "topics"]
required = ["name"]
success = "/thanks/"
failure = "/contact/?again=1"
honeypot = "website"
rate = "100/1m"
max_size = "1KB"
as = "site"
"#;

fn cms() -> Script {
    Script::new(|_| HttpResponse::Created().json(json!({ "data": {} })))
}

fn from_here(bench: &Bench) -> RequestBuilder {
    bench.client.post(bench.url("/contact/send")).header("Origin", bench.daemon.url())
}

async fn send(bench: &Bench, body: &'static str) -> Seen {
    let kind = "application/x-www-form-urlencoded";
    bench.send(from_here(bench).header("Content-Type", kind).body(body)).await
}

async fn send_json(bench: &Bench, body: Value) -> Seen {
    bench.send(from_here(bench).json(&body)).await
}

fn arrived(script: &Script) -> Vec<Value> {
    let bodies = script.cms.asked().into_iter().map(|asked| asked.body);
    bodies.map(|body| serde_json::from_str::<Value>(&body).unwrap()["data"].clone()).collect()
}

#[tokio::test]
async fn a_form_becomes_an_entry_however_it_is_sent() {
    let script = cms();
    let bench = Bench::start(&script.cms, FORM).await;
    let sent = send(&bench, "name=%C3%84nn&text=a+b&topics=x&topics=y&website=").await;
    assert_eq!((sent.status, sent.header("location")), (303, "/thanks/"));
    let parts = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nBob\r\n--B--\r\n";
    let multipart = from_here(&bench).header("Content-Type", "multipart/form-data; boundary=B");
    assert_eq!(bench.send(multipart.body(parts)).await.status, 303);
    let told = send_json(&bench, json!({ "name": "Cid" })).await;
    assert_eq!((told.status, told.json()), (200, json!({ "data": { "accepted": true } })));
    let expected = [
        json!({ "name": "Änn", "text": "a b", "topics": ["x", "y"] }),
        json!({ "name": "Bob" }),
        json!({ "name": "Cid" }),
    ];
    assert_eq!(arrived(&script), expected);
    let asked = &script.cms.asked()[0];
    assert_eq!(asked.path, "/api/messages");
    assert_eq!(asked.header("authorization"), Some("Bearer the-site's-own"));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn other_sites_cannot_send_it() {
    let script = cms();
    let bench = Bench::start(&script.cms, FORM).await;
    for headers in [
        vec![],
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "https://site.example"), ("Sec-Fetch-Site", "cross-site")],
    ] {
        let request = bench.client.post(bench.url("/contact/send")).json(&json!({ "name": "x" }));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let seen = bench.send(request).await;
        assert_eq!((seen.status, seen.error().as_str()), (403, "ForbiddenError"), "{headers:?}");
    }
    assert_eq!(arrived(&script), Vec::<Value>::new());
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_is_not_in_the_form_is_refused_and_programs_learn_nothing() {
    let script = cms();
    let bench = Bench::start(&script.cms, FORM).await;
    let wrong = send_json(&bench, json!({ "text": "x", "admin": true })).await;
    assert_eq!((wrong.status, wrong.error().as_str()), (400, "ValidationError"));
    let details = &wrong.json()["error"]["details"];
    assert_eq!(details["errors"].as_array().unwrap().len(), 2);
    assert_eq!(details["requestId"], wrong.header("x-request-id"));
    let page = send(&bench, "admin=1").await;
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/contact/?again=1&error=ValidationError")
    );
    let spam = send(&bench, "name=x&website=http://spam").await;
    assert_eq!(spam.header("location"), "/thanks/");
    let large = send_json(&bench, json!({ "name": "x".repeat(2_000) })).await;
    assert_eq!(large.status, 413);
    let odd = bench.send(from_here(&bench).header("Accept", "application/json").body("x")).await;
    assert_eq!(odd.status, 415);
    assert_eq!(arrived(&script), Vec::<Value>::new());
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_form_that_asks_for_time_must_be_opened_first() {
    let script = cms();
    let bench =
        Bench::start(&script.cms, &format!("{FORM}min_time = \"3s\"\nmax_time = \"1h\"\n")).await;
    let without = send_json(&bench, json!({ "name": "x" })).await;
    assert_eq!(without.status, 403);
    let opened = bench.get_with("/contact/send", &[("Accept", "application/json")]).await;
    assert_eq!(opened.header("cache-control"), "private, no-store");
    let token = opened.json()["token"].clone();
    let body = json!({ "name": "x", "_token": token });
    assert_eq!(send_json(&bench, body.clone()).await.status, 403, "nobody is that fast");
    bench.wait(3);
    assert_eq!(send_json(&bench, body.clone()).await.status, 200);
    assert_eq!(send_json(&bench, body).await.status, 403, "once is enough");
    let field = bench.get("/contact/send").await.body;
    assert!(field.starts_with("<input type=\"hidden\" name=\"_token\""), "{field}");
    assert_eq!(arrived(&script).len(), 1);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn nobody_sends_without_end() {
    let script = cms();
    let bench = Bench::start(&script.cms, &FORM.replace("100/1m", "2/1m")).await;
    for expected in [200, 200, 429] {
        assert_eq!(send_json(&bench, json!({ "name": "x" })).await.status, expected);
    }
    let busy = send_json(&bench, json!({ "name": "x" })).await;
    assert_eq!((busy.header("retry-after"), busy.error().as_str()), ("30", "RateLimitError"));
    bench.wait(30);
    assert_eq!(send_json(&bench, json!({ "name": "x" })).await.status, 200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_the_cms_has_against_it_is_told() {
    let script = cms();
    let bench = Bench::start(&script.cms, FORM).await;
    script.now(|_| {
        let error = json!({ "status": 400, "name": "ValidationError", "message": "text is too long", "details": {} });
        HttpResponse::BadRequest().json(json!({ "data": null, "error": error }))
    });
    let wrong = send_json(&bench, json!({ "name": "x" })).await;
    assert_eq!(
        (wrong.status, wrong.json()["error"]["message"].as_str()),
        (400, Some("text is too long"))
    );
    script
        .now(|_| HttpResponse::Forbidden().json(json!({ "error": { "name": "ForbiddenError" } })));
    assert_eq!(
        send_json(&bench, json!({ "name": "x" })).await.status,
        502,
        "it is the site that may not"
    );
    script.cms.stop().await;
    let away = send(&bench, "name=x").await;
    assert_eq!(away.header("location"), "/contact/?again=1&error=BadGatewayError");
    bench.daemon.stop().await;
}

//! A code from `cms pair` and what a site gets for it.

use serde_json::{Value, json};

use super::harness::TestApp;

const HOOK: &str = "http://127.0.0.1:9/hooks/cms";

async fn redeem(app: &TestApp, code: &str, hook: Option<&str>) -> super::harness::Answer {
    let body = match hook {
        Some(hook) => json!({ "code": code, "hook": hook }),
        None => json!({ "code": code }),
    };
    app.anonymous().post("/-/pair", body).await
}

fn token(answer: &Value) -> String {
    answer["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_code_buys_a_token_that_reads_and_a_webhook_once() {
    let app = TestApp::start().await;
    let code = app.admin(&["pair", "--allow-private"]).await;

    let answer = redeem(&app, &code, Some(HOOK)).await.expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body["name"], "site");
    assert!(answer.body["secret"].as_str().unwrap().starts_with("whsec_"));
    let site = app.with_bearer(token(&answer.body));
    site.get("/sync?initial=true").await.expect(200);
    site.post("/api/articles", json!({ "data": { "title": "no" } })).await.expect(403);
    let hooks = app.admin(&["webhook", "list"]).await;
    assert!(hooks.contains("site") && hooks.contains(HOOK) && hooks.contains("thin"), "{hooks}");

    let again = redeem(&app, &code, Some(HOOK)).await.expect(403);
    assert_eq!(again.body["error"]["name"], "PairingCodeError");
    redeem(&app, "made up", None).await.expect(403);
}

#[actix_web::test]
async fn a_code_that_waited_too_long_is_worth_nothing() {
    let app = TestApp::start().await;
    let code = app.admin(&["pair", "--expires", "0s"]).await;
    redeem(&app, &code, None).await.expect(403);
}

#[actix_web::test]
async fn a_mistake_does_not_use_the_code_up() {
    let app = TestApp::start().await;
    let code = app.admin(&["pair"]).await;
    let wrong = redeem(&app, &code, Some("hooks/cms")).await.expect(400);
    assert!(wrong.text.contains("is no URL"), "{}", wrong.text);
    app.anonymous().post("/-/pair", json!({ "kode": code })).await.expect(400);
    let answer = redeem(&app, &code, None).await.expect(201);
    assert_eq!(answer.body.get("secret"), None);
}

#[actix_web::test]
async fn pairing_again_replaces_what_the_site_had() {
    let app = TestApp::start().await;
    let first = app.admin(&["pair", "--allow-private", "--name", "blog"]).await;
    let first = redeem(&app, &first, Some(HOOK)).await.expect(201);
    let second = app.admin(&["pair", "--allow-private", "--name", "blog"]).await;
    let other = "http://127.0.0.1:9/moved/hooks/cms";
    let second = redeem(&app, &second, Some(other)).await.expect(201);

    assert_ne!(first.body["secret"], second.body["secret"]);
    // The site runs with the first until it starts again.
    for answer in [&first, &second] {
        app.with_bearer(token(&answer.body)).get("/sync?initial=true").await.expect(200);
    }
    let hooks = app.admin(&["webhook", "list"]).await;
    assert!(hooks.contains(other) && !hooks.contains(HOOK), "{hooks}");
}

#[actix_web::test]
async fn a_site_never_takes_over_a_token_that_may_write() {
    let app = TestApp::start().await;
    app.admin(&["token", "create", "--name", "editor", "--type", "full-access"]).await;
    let code = app.admin(&["pair", "--name", "editor"]).await;
    let refused = redeem(&app, &code, None).await.expect(409);
    assert!(refused.text.contains("not read-only"), "{}", refused.text);
}

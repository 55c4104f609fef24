//! The command line, on the database of a running server.

use serde_json::{Value, json};

use super::harness::TestApp;

#[actix_web::test]
async fn a_token_made_and_revoked_on_the_command_line_counts_at_once() {
    let app = TestApp::start().await;
    let token = app.admin(&["token", "create", "--name", "site", "--type", "read-only"]).await;
    app.with_bearer(&token).get("/api/tags").await.expect(200);
    app.with_bearer(&token).delete("/api/tags/x").await.expect(403);
    let (code, _, stderr) = app.cms(&["token", "create", "--name", "site"]).await;
    assert_eq!((code, stderr.contains("exists already")), (2, true));
    assert!(!app.admin(&["token", "list"]).await.contains(&token));
    app.admin(&["token", "revoke", "--name", "site"]).await;
    app.with_bearer(&token).get("/api/tags").await.expect(401);
}

#[actix_web::test]
async fn a_token_ends_when_it_says() {
    let app = TestApp::start().await;
    let create = |name, life| {
        let app = &app;
        async move { app.admin(&["token", "create", "--name", name, "--expires", life]).await }
    };
    let (ended, living) = (create("a", "0s").await, create("b", "1d").await);
    app.with_bearer(ended).get("/api/tags").await.expect(401);
    app.with_bearer(living).get("/api/tags").await.expect(200);
}

#[actix_web::test]
async fn a_rotated_token_works_until_its_overlap_ends() {
    let app = TestApp::start().await;
    let old = app.admin(&["token", "create", "--name", "site", "--expires", "30d"]).await;
    let new = app.admin(&["token", "rotate", "site", "--overlap", "1h"]).await;
    for token in [&old, &new] {
        app.with_bearer(token).get("/api/tags").await.expect(200);
    }
    let newest = app.admin(&["token", "rotate", "site"]).await;
    app.with_bearer(&old).get("/api/tags").await.expect(200);
    app.with_bearer(&new).get("/api/tags").await.expect(401);
    app.with_bearer(&newest).get("/api/tags").await.expect(200);
    let list = app.admin(&["token", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let state = |at: usize| list[at]["state"].as_str().unwrap();
    assert_eq!([state(0), state(1), state(2)], ["live", "expired", "live"], "{list}");
    assert_eq!(list[2]["name"], "site");
    assert!(list[2]["expires"].is_string() && list[2]["lastUsed"].is_string());
    let (code, _, stderr) = app.cms(&["token", "rotate", "nobody"]).await;
    assert_eq!((code, stderr.contains("no live token named `nobody`")), (2, true));
}

/// Reason and facts of `cms token inspect`, and its exit code.
async fn inspect(app: &TestApp, token: &str) -> (i32, Value) {
    let (code, stdout, stderr) = app.cms(&["token", "inspect", token, "--json"]).await;
    (code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}")))
}

#[actix_web::test]
async fn a_token_is_inspected_by_itself_or_by_name() {
    let app = TestApp::start().await;
    let create = |name, life| {
        let app = &app;
        async move { app.admin(&["token", "create", "--name", name, "--expires", life]).await }
    };
    let (living, ended) = (create("living", "1d").await, create("ended", "0s").await);
    let report = inspect(&app, &living).await;
    assert_eq!(
        (report.0, &report.1["reason"], &report.1["name"]),
        (0, &json!("ok"), &json!("living"))
    );
    assert!(!report.1.to_string().contains(&living));
    assert_eq!(inspect(&app, "living").await.1["reason"], "ok");
    assert_eq!(inspect(&app, &ended).await.1["reason"], "expired");
    app.admin(&["token", "revoke", "--name", "living"]).await;
    let (code, report) = inspect(&app, &living).await;
    assert_eq!((code, &report["reason"]), (1, &json!("revoked")));
    let stranger = cms::auth::secret::random_text().unwrap();
    assert_eq!(inspect(&app, &stranger).await.1["reason"], "unknown");
    assert_eq!(inspect(&app, "no token").await.1["reason"], "malformed");
}

#[actix_web::test]
async fn tokens_of_users_are_inspected_too() {
    let app = TestApp::start().await;
    let body = json!({ "username": "ada", "email": "ada@example.test", "password": "Secret-1" });
    let session = app.anonymous().post("/api/auth/local/register", body).await.expect(200).body;
    let text = |session: &Value, name: &str| session[name].as_str().unwrap().to_owned();
    let (jwt, first) = (text(&session, "jwt"), text(&session, "refreshToken"));
    let (code, report) = inspect(&app, &jwt).await;
    assert_eq!(
        (code, &report["user"], &report["sessionState"]),
        (0, &json!("ada"), &json!("live"))
    );
    let reason = |token: String| {
        let app = &app;
        async move { inspect(app, &token).await.1["reason"].as_str().unwrap().to_owned() }
    };
    assert_eq!(reason(first.clone()).await, "ok");
    let refresh = json!({ "refreshToken": first });
    let next = app.anonymous().post("/api/auth/refresh", refresh).await.expect(200).body;
    assert_eq!(reason(first).await, "used");
    app.with_bearer(&jwt).post("/api/auth/logout", json!({})).await.expect(200);
    assert_eq!(reason(text(&next, "refreshToken")).await, "session-revoked");
    let (code, report) = inspect(&app, &jwt).await;
    assert_eq!((code, &report["sessionState"]), (0, &json!("ended")));
    assert_eq!(report["reason"], "ok-session-ended");
    let tail = jwt.rsplit_once('.').unwrap().0;
    assert_eq!(reason(format!("{tail}.{}", "A".repeat(43))).await, "bad-signature");
    // `{"alg":"HS256","typ":"JWT"}`, as other servers sign.
    let foreign =
        format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}.x", jwt.split('.').nth(1).unwrap());
    assert_eq!(reason(foreign).await, "wrong-kind");
    app.full_access().put("/api/users/1", json!({ "blocked": true })).await.expect(200);
    assert_eq!(reason(jwt.clone()).await, "user-blocked");
    app.full_access().delete("/api/users/1").await.expect(200);
    assert_eq!(reason(jwt).await, "user-unknown");
}

#[actix_web::test]
async fn permissions_are_granted_and_revoked_by_pattern() {
    let app = TestApp::start().await;
    app.anonymous().get("/api/tags").await.expect(403);
    app.admin(&["permission", "grant", "public", "api::*.find", "api::*.findOne"]).await;
    app.anonymous().get("/api/tags").await.expect(200);
    app.anonymous().get("/api/events").await.expect(200);
    app.admin(&["permission", "revoke", "public", "api::tag.tag.find"]).await;
    app.anonymous().get("/api/tags").await.expect(403);
    app.anonymous().get("/api/events").await.expect(200);
    app.admin(&["permission", "grant", "public", "api::tag.tag.find"]).await;
    app.anonymous().get("/api/tags").await.expect(200);
    app.admin(&["permission", "revoke", "public", "api::*"]).await;
    app.anonymous().get("/api/events").await.expect(403);
    let (code, _, stderr) = app.cms(&["permission", "grant", "nobody", "api::*.find"]).await;
    assert_eq!(code, 2);
    assert!(stderr.contains("there is no role `nobody`; known are `authenticated`, `public`"));
}

#[actix_web::test]
async fn a_service_account_logs_in() {
    let app = TestApp::start().await;
    let create = ["user", "create", "--email", "Site@example.test", "--password", "Secret-1"];
    app.admin(&create).await;
    let login = json!({ "identifier": "site@example.test", "password": "Secret-1" });
    app.anonymous().post("/api/auth/local", login).await.expect(200);
    let (code, _, stderr) = app.cms(&create).await;
    assert_eq!((code, stderr.contains("taken already")), (2, true));
    let (code, _, _) = app.cms(&["user", "create", "--email", "x", "--password", "Secret-1"]).await;
    assert_eq!(code, 2);
}

#[actix_web::test]
async fn a_reset_code_sets_a_new_password_once() {
    let app = TestApp::start().await;
    app.admin(&["user", "create", "--email", "a@example.test", "--password", "Secret-1"]).await;
    let code = app.admin(&["user", "reset", "--email", "A@example.test"]).await;
    let reset =
        json!({ "code": code, "password": "Another-1", "passwordConfirmation": "Another-1" });
    app.anonymous().post("/api/auth/reset-password", reset.clone()).await.expect(200);
    app.anonymous().post("/api/auth/reset-password", reset).await.expect(400);
    let login = json!({ "identifier": "a@example.test", "password": "Another-1" });
    app.anonymous().post("/api/auth/local", login).await.expect(200);
}

#[actix_web::test]
async fn a_reset_code_survives_strangers_and_is_good_for_one_of_two_at_once() {
    let app = TestApp::start().await;
    app.admin(&["user", "create", "--email", "a@example.test", "--password", "Secret-1"]).await;
    let code = app.admin(&["user", "reset", "--email", "a@example.test"]).await;
    let forgot = json!({ "email": "a@example.test" });
    app.anonymous().post("/api/auth/forgot-password", forgot).await.expect(200);
    let client = app.anonymous();
    let reset = |password: &str| {
        let body = json!({ "code": code, "password": password, "passwordConfirmation": password });
        client.post("/api/auth/reset-password", body)
    };
    let (one, two) = tokio::join!(reset("Another-1"), reset("Another-2"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[actix_web::test]
async fn a_blocked_user_resets_no_password() {
    let app = TestApp::start().await;
    app.admin(&["user", "create", "--email", "a@example.test", "--password", "Secret-1"]).await;
    let code = app.admin(&["user", "reset", "--email", "a@example.test"]).await;
    let user = app.full_access().get("/api/users").await.expect(200).body[0]["id"].clone();
    let path = format!("/api/users/{user}");
    app.full_access().put(&path, json!({ "blocked": true })).await.expect(200);
    let reset =
        json!({ "code": code, "password": "Another-1", "passwordConfirmation": "Another-1" });
    let answer = app.anonymous().post("/api/auth/reset-password", reset).await.expect(400);
    assert!(answer.message().contains("blocked"), "{}", answer.text);
}

#[actix_web::test]
async fn a_new_locale_is_known_at_once() {
    let app = TestApp::start().await;
    app.admin(&["locale", "add", "it"]).await;
    let listed = app.admin(&["locale", "list"]).await;
    assert_eq!(listed.lines().next(), Some("en\tEnglish (en)\tdefault"));
    assert!(listed.contains("it\tItalian (it)"));
    app.admin(&["locale", "add", "it", "--default"]).await;
    assert!(app.admin(&["locale", "list"]).await.starts_with("it\t"));
    let (code, _, stderr) = app.cms(&["locale", "add", "de"]).await;
    assert_eq!((code, stderr.contains("exists already")), (2, true));
}

#[actix_web::test]
async fn schema_mistakes_are_all_named_with_file_and_line() {
    let app = TestApp::start().await;
    let folder = app.path("schema/api/note/content-types/note");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("schema.json"),
        "{\n  \"kind\": \"collectionType\",\n  \"info\": {\"singularName\": \"note\", \
         \"pluralName\": \"notes\"},\n  \"attributes\": {\n    \"title\": {\"type\": \"strin\"}\n  }\n}",
    )
    .unwrap();
    let components = app.path("schema/components/shared");
    std::fs::create_dir_all(&components).unwrap();
    std::fs::write(components.join("seo.json"), "{\n  \"attributes\": {,}\n}").unwrap();
    let (code, _, stderr) = app.cms(&["schema", "check", "--schema", "schema"]).await;
    assert_eq!(code, 1);
    assert!(stderr.contains("note/schema.json:5: unknown attribute type `strin`"), "{stderr}");
    assert!(stderr.contains("shared/seo.json:2: not valid JSON"), "{stderr}");
    app.admin(&["schema", "check"]).await;
}

#[actix_web::test]
async fn the_doctor_finds_a_healthy_installation_healthy() {
    let app = TestApp::start().await;
    let report = app.admin(&["doctor", "--json", "--uploads", "uploads"]).await;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let states: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert!(states.iter().all(|state| *state == "ok"), "{report}");
    let (code, stdout, _) =
        app.cms(&["doctor", "--schema", "nowhere", "--uploads", "uploads"]).await;
    assert_eq!((code, stdout.contains("no content model here")), (2, true));
}

#[actix_web::test]
async fn bad_settings_are_refused_before_anything_starts() {
    let app = TestApp::start().await;
    for (arguments, expected) in [
        (&["serve", "--body-limit", "many"][..], "is no size"),
        (&["serve", "--auth-rate-limit", "5"], "is no rate"),
        (&["serve", "--jwt-secret", "short", "--uploads", "uploads"], "at least 32"),
        (&["serve", "--database-url", "mysql://x"], "is no database URL"),
        (&["nonsense"], "unrecognized subcommand"),
    ] {
        let (code, _, stderr) = app.cms(arguments).await;
        assert_eq!(code, 2, "{arguments:?}");
        assert!(stderr.contains(expected), "{stderr}");
    }
}

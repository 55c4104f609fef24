//! Users: registering, logging in, sessions that rotate, passwords, roles.

use cms::auth::users;
use cms::store::StoreError;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, TestApp, send};

const PASSWORD: &str = "Secret-ada-1";

async fn register(app: &TestApp, name: &str) -> Value {
    let body = json!({
        "username": name, "email": format!("{name}@example.test"), "password": PASSWORD,
    });
    app.anonymous().post("/api/auth/local/register", body).await.expect(200).body
}

async fn login(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anonymous()
        .post("/api/auth/local", json!({ "identifier": name, "password": password }))
        .await
}

async fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.anonymous().post("/api/auth/refresh", json!({ "refreshToken": token })).await
}

fn jwt(session: &Value) -> &str {
    session["jwt"].as_str().unwrap()
}

#[actix_web::test]
async fn a_registered_user_logs_in_by_name_or_address_and_sees_itself() {
    let app = TestApp::start().await;
    register(&app, "ada").await;
    login(&app, "ADA@example.test", PASSWORD).await.expect(200);
    let session = login(&app, "ada", PASSWORD).await.expect(200).body;
    let me = app.with_bearer(jwt(&session)).get("/api/users/me").await.expect(200);
    assert_eq!(me.body["username"], "ada");
    assert_eq!(me.body.get("password"), None);
    assert_eq!(me.body.get("role"), None);
}

#[actix_web::test]
async fn wrong_passwords_and_unknown_users_get_the_same_answer() {
    let app = TestApp::start().await;
    register(&app, "ada").await;
    for (name, password) in [("ada", "wrong-1"), ("nobody", PASSWORD), ("ADA", PASSWORD)] {
        let answer = login(&app, name, password).await.expect(400);
        assert_eq!(answer.message(), "Invalid identifier or password");
    }
}

#[actix_web::test]
async fn a_name_or_address_is_given_once() {
    let app = TestApp::start().await;
    register(&app, "ada").await;
    for (username, email) in [
        ("ada", "other@example.test"),
        ("other", "Ada@Example.test"),
        ("ada@example.test", "third@example.test"),
    ] {
        let body = json!({ "username": username, "email": email, "password": PASSWORD });
        let answer = app.anonymous().post("/api/auth/local/register", body).await.expect(400);
        assert_eq!(answer.message(), "Email or Username are already taken");
    }
}

#[actix_web::test]
async fn a_refresh_token_works_once_and_its_second_use_ends_the_login() {
    let app = TestApp::start().await;
    let first = register(&app, "ada").await;
    let second = refresh(&app, &first["refreshToken"]).await.expect(200).body;
    let third = refresh(&app, &second["refreshToken"]).await.expect(200).body;
    // The thief or the owner comes with the old one: nobody can tell, so both are out.
    refresh(&app, &first["refreshToken"]).await.expect(401);
    refresh(&app, &third["refreshToken"]).await.expect(401);
    login(&app, "ada", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn within_the_grace_a_lost_answer_is_repeated() {
    let app = TestApp::start_with(&["--refresh-grace", "1h"]).await;
    let first = register(&app, "ada").await;
    let second = refresh(&app, &first["refreshToken"]).await.expect(200).body;
    let again = refresh(&app, &first["refreshToken"]).await.expect(200).body;
    assert_eq!(again["refreshToken"], second["refreshToken"]);
    // Once the successor is used the old token is a stolen one.
    refresh(&app, &second["refreshToken"]).await.expect(200);
    refresh(&app, &first["refreshToken"]).await.expect(401);
}

#[actix_web::test]
async fn sessions_survive_a_restart_and_expire_when_idle() {
    let app = TestApp::start().await;
    let session = register(&app, "ada").await;
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &["--refresh-idle-ttl", "0s"]).await;
    app.with_bearer(jwt(&session)).get("/api/users/me").await.expect(200);
    let next = refresh(&app, &session["refreshToken"]).await.expect(200).body;
    refresh(&app, &next["refreshToken"]).await.expect(401);
}

#[actix_web::test]
async fn logging_out_ends_this_session_or_all_of_them() {
    let app = TestApp::start().await;
    let phone = register(&app, "ada").await;
    let laptop = login(&app, "ada", PASSWORD).await.body;
    let tablet = login(&app, "ada", PASSWORD).await.body;
    let client = app.with_bearer(jwt(&phone));
    let sessions = client.get("/api/auth/sessions").await.expect(200).body;
    assert_eq!(sessions["data"].as_array().unwrap().len(), 3);
    assert_eq!(sessions["data"][0]["current"], true);
    client.post("/api/auth/logout", json!({})).await.expect(200);
    refresh(&app, &phone["refreshToken"]).await.expect(401);
    let laptop = refresh(&app, &laptop["refreshToken"]).await.expect(200).body;
    client.post("/api/auth/logout", json!({ "scope": "all" })).await.expect(200);
    refresh(&app, &laptop["refreshToken"]).await.expect(401);
    refresh(&app, &tablet["refreshToken"]).await.expect(401);
    app.anonymous().post("/api/auth/logout", json!({})).await.expect(403);
}

#[actix_web::test]
async fn changing_the_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let first = register(&app, "ada").await;
    let other = login(&app, "ada", PASSWORD).await.body;
    let change = |current: &str, new: &str, again: &str| json!({ "currentPassword": current, "password": new, "passwordConfirmation": again });
    let client = app.with_bearer(jwt(&first));
    let path = "/api/auth/change-password";
    let answer = client.post(path, change("wrong-1", "Another-1", "Another-1")).await.expect(400);
    assert_eq!(answer.message(), "The provided current password is invalid");
    let answer = client.post(path, change(PASSWORD, "Another-1", "Another-2")).await.expect(400);
    assert_eq!(answer.message(), "Passwords do not match");
    let fresh = client.post(path, change(PASSWORD, "Another-1", "Another-1")).await.expect(200);
    refresh(&app, &other["refreshToken"]).await.expect(401);
    refresh(&app, &fresh.body["refreshToken"]).await.expect(200);
    login(&app, "ada", PASSWORD).await.expect(400);
    login(&app, "ada", "Another-1").await.expect(200);
}

#[actix_web::test]
async fn a_blocked_or_deleted_user_is_out_at_once() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let session = register(&app, "ada").await;
    let id = session["user"]["id"].clone();
    let user = format!("/api/users/{id}");
    admin.put(&user, json!({ "blocked": true })).await.expect(200);
    let refused = app.with_bearer(jwt(&session)).get("/api/users/me").await.expect(401);
    assert_eq!(refused.message(), "Invalid credentials");
    refresh(&app, &session["refreshToken"]).await.expect(401);
    let answer = login(&app, "ada", PASSWORD).await.expect(400);
    assert_eq!(answer.message(), "Your account has been blocked by an administrator");
    admin.delete(&user).await.expect(200);
    admin.get(&user).await.expect(204);
    login(&app, "ada", PASSWORD).await.expect(400);
}

#[actix_web::test]
async fn administrators_keep_users() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let roles = admin.get("/api/users-permissions/roles").await.expect(200).body;
    let role = &roles["roles"][0]["id"];
    let body = json!({
        "username": "bob", "email": "Bob@example.test", "password": PASSWORD, "role": role,
    });
    let bob = admin.post("/api/users", body.clone()).await.expect(201).body;
    assert_eq!(bob["email"], "bob@example.test");
    assert_eq!(bob["role"]["type"], "authenticated");
    let again = admin.post("/api/users", body.clone()).await.expect(400);
    assert_eq!(again.message(), "Email already taken");
    let mut other = body;
    other["email"] = "other@example.test".into();
    let again = admin.post("/api/users", other).await.expect(400);
    assert_eq!(again.message(), "This attribute must be unique");
    assert_eq!(admin.get("/api/users/count").await.expect(200).body, 1);
    let path = format!("/api/users/{}?populate=role", bob["id"]);
    assert_eq!(admin.get(&path).await.expect(200).body["role"]["name"], "Authenticated");
    let changed = admin.put(&path, json!({ "username": "robert", "password": "Another-1" }));
    assert_eq!(changed.await.expect(200).body["username"], "robert");
    login(&app, "robert", "Another-1").await.expect(200);
}

#[actix_web::test]
async fn a_role_saved_over_http_decides_at_once() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let session = register(&app, "ada").await;
    let ada = app.with_bearer(jwt(&session));
    ada.get("/api/tags").await.expect(403);
    let roles = admin.get("/api/users-permissions/roles").await.body;
    let role = format!("/api/users-permissions/roles/{}", roles["roles"][0]["id"]);
    let body = json!({
        "name": "Members",
        "permissions": { "api::tag": { "controllers": { "tag": { "find": { "enabled": true } } } } },
    });
    admin.put(&role, body).await.expect(200);
    ada.get("/api/tags").await.expect(200);
    // Everything that was not named is gone.
    ada.get("/api/users/me").await.expect(403);
    let saved = admin.get(&role).await.expect(200).body;
    assert_eq!(saved["role"]["name"], "Members");
    let tag = &saved["role"]["permissions"]["api::tag"]["controllers"]["tag"];
    assert_eq!((&tag["find"]["enabled"], &tag["create"]["enabled"]), (&json!(true), &json!(false)));
}

#[actix_web::test]
async fn a_new_role_can_be_given_and_taken_away() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let body = json!({ "name": "Site Editor", "description": "", "permissions": {} });
    admin.post("/api/users-permissions/roles", body).await.expect(200);
    let roles = admin.get("/api/users-permissions/roles").await.body["roles"].clone();
    assert_eq!(roles[2]["type"], "site_editor");
    let session = register(&app, "ada").await;
    let user = format!("/api/users/{}", session["user"]["id"]);
    admin.put(&user, json!({ "role": roles[2]["id"] })).await.expect(200);
    app.with_bearer(jwt(&session)).get("/api/users/me").await.expect(403);
    let path = |role: &Value| format!("/api/users-permissions/roles/{}", role["id"]);
    admin.delete(&path(&roles[2])).await.expect(200);
    admin.delete(&path(&roles[1])).await.expect(400);
    let user = admin.get(&format!("{user}?populate=role")).await.body;
    assert_eq!(user["role"]["type"], "public");
}

#[actix_web::test]
async fn logging_in_too_often_has_to_wait() {
    let app = TestApp::start_with(&["--auth-rate-limit", "2/1h"]).await;
    for _ in 0..2 {
        login(&app, "nobody", PASSWORD).await.expect(400);
    }
    let refused = login(&app, "nobody", PASSWORD).await.expect(429);
    assert_eq!(refused.body["error"]["name"], "RateLimitError");
    // Another client behind the same proxy is not concerned.
    let request = app
        .anonymous()
        .request(Method::POST, "/api/auth/local")
        .header("x-forwarded-for", "198.51.100.7")
        .json(&json!({ "identifier": "nobody", "password": PASSWORD }));
    send(request).await.expect(400);
}

#[actix_web::test]
async fn a_reset_code_is_needed_and_secret() {
    let app = TestApp::start().await;
    register(&app, "ada").await;
    let forgot = json!({ "email": "ada@example.test" });
    let answer = app.anonymous().post("/api/auth/forgot-password", forgot).await.expect(200);
    assert_eq!(answer.body, json!({ "ok": true }));
    let reset =
        json!({ "code": "guess", "password": "Another-1", "passwordConfirmation": "Another-1" });
    let answer = app.anonymous().post("/api/auth/reset-password", reset).await.expect(400);
    assert_eq!(answer.message(), "Incorrect code provided");
    let users = app.full_access().get("/api/users").await.expect(200).body;
    assert_eq!(users[0].get("resetPasswordToken"), None);
}

#[actix_web::test]
async fn an_imported_bcrypt_hash_logs_in_and_is_replaced() {
    let app = TestApp::start().await;
    let user = register(&app, "ada").await["user"].clone();
    let id = user["id"].as_i64().unwrap();
    let stored = "$2a$10$5LWvE5y2Ps7k2mM/kUlYKecmAComwOl9vzcUndO3IPyp5M1iQ5Lfm";
    set_hash(&app, id, stored);
    login(&app, "ada", "Secret-ada-2").await.expect(400);
    assert_eq!(hash_of(&app, id), stored);
    let after = login(&app, "ada", PASSWORD).await.expect(200).body;
    assert_eq!(after["user"]["updatedAt"], user["updatedAt"]);
    assert!(hash_of(&app, id).starts_with("$argon2id$"));
    login(&app, "ada", PASSWORD).await.expect(200);
}

fn hash_of(app: &TestApp, id: i64) -> String {
    let user =
        app.app.db.read::<_, StoreError>(|conn| users::by_number(conn, id)).unwrap().unwrap();
    users::text(&user, "password").unwrap().to_owned()
}

fn set_hash(app: &TestApp, id: i64, hash: &str) {
    let set = |conn: &mut _| {
        let user = users::by_number(conn, id)?.unwrap();
        users::renew_hash(conn, &user, hash)
    };
    app.app.db.write::<_, StoreError>(set).unwrap();
}

#[actix_web::test]
async fn sessions_tell_where_they_are_and_are_ended_one_by_one() {
    let app = TestApp::start().await;
    let phone = register(&app, "ada").await;
    let request = app
        .anonymous()
        .request(Method::POST, "/api/auth/local")
        .header("user-agent", "X11; Linux Firefox/1")
        .json(&json!({ "identifier": "ada", "password": PASSWORD, "deviceId": "desk" }));
    let desk = send(request).await.expect(200).body;
    let client = app.with_bearer(jwt(&phone));
    let list = client.get("/api/auth/sessions").await.expect(200).body["data"].clone();
    assert_eq!((&list[0]["current"], &list[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&list[1]["deviceId"], &list[1]["deviceName"]),
        (&json!("desk"), &json!("Firefox on Linux"))
    );
    assert!(list[1]["loginAt"].is_string() && list[1]["lastActiveAt"].is_string());
    let path = format!("/api/auth/sessions/{}", list[1]["id"].as_str().unwrap());
    assert_eq!(client.delete(&path).await.expect(200).body, json!({ "data": {} }));
    client.delete(&path).await.expect(404);
    refresh(&app, &desk["refreshToken"]).await.expect(401);
    // A refresh token in the body says which login ends.
    let body = json!({ "refreshToken": phone["refreshToken"] });
    let other = login(&app, "ada", PASSWORD).await.expect(200).body;
    app.with_bearer(jwt(&other)).post("/api/auth/logout", body).await.expect(200);
    refresh(&app, &phone["refreshToken"]).await.expect(401);
    refresh(&app, &other["refreshToken"]).await.expect(200);
}

#[actix_web::test]
async fn a_refresh_token_travels_in_a_cookie_over_https_alone() {
    let app = TestApp::start_with(&["--trusted-proxies", "127.0.0.1/32"]).await;
    register(&app, "ada").await;
    let cookie = async |path: &str, body: Value, headers: &[(&str, &str)]| {
        let request = app.anonymous().request(Method::POST, path).json(&body);
        let request = request.header("x-strapi-refresh-cookie", "httpOnly");
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
            .await
    };
    let body = json!({ "identifier": "ada", "password": PASSWORD });
    let plain = cookie("/api/auth/local", body.clone(), &[]).await.expect(400);
    assert_eq!(plain.message(), "Cannot send secure cookie over unencrypted connection");
    let https = ("x-forwarded-proto", "https");
    let answer = cookie("/api/auth/local", body, &[https]).await.expect(200);
    assert_eq!(answer.body.get("refreshToken"), None);
    let set = answer.header("set-cookie").to_owned();
    assert!(set.ends_with("; path=/; samesite=lax; secure; httponly"), "{set}");
    let held = ("cookie", set.split(';').next().unwrap());
    // What cannot be handed out is not exchanged either.
    cookie("/api/auth/refresh", json!({}), &[held]).await.expect(400);
    let next = cookie("/api/auth/refresh", json!({ "refreshToken": "x" }), &[https, held]).await;
    let next = next.expect(200);
    assert_eq!((next.body.get("refreshToken"), next.body["jwt"].is_string()), (None, true));
    cookie("/api/auth/refresh", json!({}), &[https, held]).await.expect(401);
    let bearer = format!("Bearer {}", jwt(&next.body));
    let ended = cookie("/api/auth/logout", json!({}), &[https, ("authorization", &bearer)]).await;
    assert!(ended.expect(200).header("set-cookie").starts_with("strapi_up_refresh=; expires="));
}

#[actix_web::test]
async fn a_second_role_of_a_type_shares_nothing_with_the_first() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let body = json!({
        "name": "Public",
        "permissions": { "api::tag": { "controllers": { "tag": { "find": { "enabled": true } } } } },
    });
    admin.post("/api/users-permissions/roles", body).await.expect(200);
    app.anonymous().get("/api/tags").await.expect(403);
    let roles = admin.get("/api/users-permissions/roles").await.body["roles"].clone();
    assert_eq!((&roles[1]["type"], &roles[2]["type"]), (&json!("public"), &json!("public")));
    let session = register(&app, "ada").await;
    let user = format!("/api/users/{}", session["user"]["id"]);
    admin.put(&user, json!({ "role": roles[2]["id"] })).await.expect(200);
    app.with_bearer(jwt(&session)).get("/api/tags").await.expect(200);
}

#[actix_web::test]
async fn users_are_checked_like_other_documents() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    let user = |role: Value, blocked: Value| {
        json!({
            "username": "bob", "email": "bob@example.test", "password": PASSWORD,
            "role": role, "blocked": blocked,
        })
    };
    for (body, message) in [
        (user(json!({}), json!(false)), "role.connect is a required field"),
        (
            user(json!(9_999), json!(false)),
            "1 relation(s) of type plugin::users-permissions.role associated with this entity do not exist",
        ),
        (
            user(json!(1), json!("x")),
            "blocked must be a `boolean` type, but the final value was: `\"x\"`.",
        ),
    ] {
        assert_eq!(admin.post("/api/users", body).await.expect(400).message(), message);
    }
    let bob = admin.post("/api/users", user(json!(1), json!("true"))).await.expect(201).body;
    assert_eq!(bob["blocked"], true);
    let path = format!("/api/users/{}", bob["id"]);
    let left = json!({ "role": { "disconnect": [{ "id": 1 }] } });
    assert_eq!(admin.put(&path, left).await.expect(400).message(), "Cannot remove role");
    // An administrator may hand out a code; only its hash is kept.
    admin.put(&path, json!({ "blocked": false, "resetPasswordToken": "code" })).await.expect(200);
    let reset =
        json!({ "code": "code", "password": "Another-1", "passwordConfirmation": "Another-1" });
    app.anonymous().post("/api/auth/reset-password", reset).await.expect(200);
    assert_eq!(admin.get("/api/users?start=1&limit=1").await.expect(200).body, json!([]));
}

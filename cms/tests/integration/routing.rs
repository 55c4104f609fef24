//! Which paths and methods exist, who may use them, and what every answer carries.

use cms::auth::api_token::TokenKind;
use reqwest::Method;

use super::harness::{TestApp, send};

#[actix_web::test]
async fn a_wrong_method_says_which_ones_the_path_knows() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for (method, path, allow) in [
        (Method::PATCH, "/api/articles", "HEAD, GET, POST"),
        (Method::POST, "/api/articles/x", "HEAD, GET, PUT, DELETE"),
        (Method::POST, "/api/homepage", "HEAD, GET, PUT, DELETE"),
        (Method::PUT, "/api/email", "HEAD, GET, POST"),
    ] {
        let answer = send(client.request(method, path)).await.expect(405);
        assert_eq!(answer.text, "Method Not Allowed");
        assert_eq!(answer.header("allow"), allow, "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    let options = send(client.request(Method::OPTIONS, "/api/articles")).await.expect(200);
    assert_eq!(options.header("allow"), "HEAD, GET, POST");
    let trace = send(client.request(Method::TRACE, "/api/articles")).await.expect(501);
    assert_eq!(trace.text, "Not Implemented");
}

#[actix_web::test]
async fn unknown_paths_are_not_found_for_everyone() {
    let app = TestApp::start().await;
    for path in ["/nope", "/api/nope", "/api/", "/api//articles", "/api/articles/x/extra"] {
        let answer = app.anonymous().get(path).await.expect(404);
        assert_eq!(answer.body["error"]["name"], "NotFoundError", "{path}");
    }
}

#[actix_web::test]
async fn nobody_is_there_to_send_a_message() {
    let app = TestApp::start().await;
    let message = || serde_json::json!({ "to": "a@example.test", "subject": "x", "text": "y" });
    app.anonymous().post("/api/email", message()).await.expect(403);
    app.read_only().post("/api/email", message()).await.expect(403);
    app.full_access().post("/api/email", message()).await.expect(500);
    app.full_access().get("/api/email").await.expect(404);
}

#[actix_web::test]
async fn every_answer_carries_security_headers_and_an_id() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/api/nope").await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("vary"), "Origin");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(!answer.header("x-request-id").is_empty());
    let request = app.anonymous().request(Method::GET, "/_health").header("x-request-id", "abc-1");
    assert_eq!(send(request).await.expect(204).header("x-request-id"), "abc-1");
}

#[actix_web::test]
async fn a_preflight_is_answered_for_allowed_origins_only() {
    let app = TestApp::start_with(&["--cors-origins", "https://a.test,https://b.test"]).await;
    let preflight = |origin: &'static str| {
        app.anonymous()
            .request(Method::OPTIONS, "/api/articles/x")
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
    };
    let allowed = send(preflight("https://b.test")).await.expect(204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://b.test");
    assert_eq!(
        allowed.header("access-control-allow-methods"),
        "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
    );
    let refused = send(preflight("https://evil.test")).await.expect(204);
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(refused.header("access-control-allow-credentials"), "");
}

#[actix_web::test]
async fn health_routes_answer_without_credentials() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/_health").await.expect(204).text, "");
    app.anonymous().get("/healthz").await.expect(200);
    assert_eq!(app.anonymous().get("/readyz").await.expect(200).body["ready"], true);
}

#[actix_web::test]
async fn access_is_checked_before_existence() {
    let app = TestApp::start().await;
    app.anonymous().get("/api/articles/aaaaaaaaaaaaaaaaaaaaaaaa").await.expect(403);
    app.grant("public", &["api::article.article.findOne"]);
    app.anonymous().get("/api/articles/aaaaaaaaaaaaaaaaaaaaaaaa").await.expect(404);
    app.with_bearer("unknown").get("/api/articles/x").await.expect(401);
}

#[actix_web::test]
async fn tokens_may_do_what_their_kind_says() {
    let app = TestApp::start().await;
    app.read_only().get("/api/articles/x").await.expect(404);
    app.read_only().delete("/api/articles/x").await.expect(403);
    let custom = app.token("custom", TokenKind::Custom, &["api::tag.*"]);
    app.with_bearer(&custom).get("/api/tags/x").await.expect(404);
    app.with_bearer(&custom).get("/api/articles/x").await.expect(403);
}

#[actix_web::test]
async fn a_request_line_may_hold_what_node_takes() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = TestApp::start().await;
    app.grant("public", &["api::tag.tag.find"]);
    let address = app.base.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let ask = "GET /api/tags?filters[name]=<b>\"Füße\"</b> HTTP/1.1\r\nHost: x\r\n";
    let requests = format!("{ask}\r\n{ask}Connection: close\r\n\r\n");
    socket.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    socket.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[actix_web::test]
async fn a_path_that_can_be_no_file_is_refused_for_that() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for path in ["/api/articles/%FF", "/nothing/%E0%A4%A"] {
        assert_eq!(client.get(path).await.expect(400).message(), "failed to decode", "{path}");
    }
    for path in ["//api/articles", "/api/articles/%00"] {
        assert_eq!(client.get(path).await.expect(400).message(), "Malicious Path", "{path}");
    }
    let missing = client.get("/uploads/nothing.png").await.expect(404);
    assert_eq!(missing.header("accept-ranges"), "bytes");
    client.get("/api/connect").await.expect(404);
}

#[actix_web::test]
async fn health_is_told_whatever_the_method_and_only_continuing_can_be_expected() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::DELETE] {
        send(client.request(method, "/_health")).await.expect(204);
    }
    let asks_nothing = client.request(Method::OPTIONS, "/api/articles");
    send(asks_nothing.header("access-control-request-method", "")).await.expect(200);
    let more = client.request(Method::GET, "/_health").header("expect", "more");
    send(more).await.expect(417);
}

#[actix_web::test]
async fn the_icon_of_the_site_knows_methods_of_its_own() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let ask = |method: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        send(client.request(method, "/favicon.ico"))
    };
    let options = ask("OPTIONS").await.expect(200);
    assert_eq!((options.text.as_str(), options.header("allow")), ("OK", "GET, HEAD, OPTIONS"));
    for method in ["PUT", "PROPFIND"] {
        let refused = ask(method).await.expect(405);
        assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS", "{method}");
    }
    ask("GET").await.expect(404);
}

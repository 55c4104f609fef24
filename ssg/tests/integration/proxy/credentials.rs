//! The site's own credentials: added here, renewed once, never seen by a browser.

use actix_web::HttpResponse;
use serde_json::json;
use ssg::config::Credentials;

use super::bench::{Bench, Script};

const AS_SITE: &str = "[[proxy.route]]\npath = \"/api/members\"\nas = \"site\"\ncache = true\n";

fn login() -> Credentials {
    Credentials::Login { identifier: "site".into(), password: "secret".into() }
}

/// Tokens `jwt-1`, `jwt-2` … in order; only `valid` is accepted.
fn accounts(valid: &'static str) -> Script {
    let logins = std::sync::atomic::AtomicUsize::new(0);
    Script::new(move |asked| match asked.path.as_str() {
        "/api/auth/local" | "/api/auth/refresh" => {
            let number = logins.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            HttpResponse::Ok().json(json!({ "jwt": format!("jwt-{number}"), "refreshToken": "r" }))
        }
        _ => match asked.header("authorization") {
            Some(given) if given == format!("Bearer {valid}") => {
                HttpResponse::Ok().json(json!({ "data": "members" }))
            }
            _ => HttpResponse::Unauthorized()
                .json(json!({ "error": { "name": "UnauthorizedError" } })),
        },
    })
}

#[tokio::test]
async fn the_sites_token_goes_where_the_route_says_so_and_nowhere_else() {
    let script = Script::new(|asked| {
        HttpResponse::Ok().json(json!({ "seen": asked.header("authorization").is_some() }))
    });
    let bench = Bench::start(&script.cms, AS_SITE).await;
    let members = bench.get("/api/members").await;
    assert_eq!(members.json()["seen"], true);
    assert_eq!(bench.get("/api/members").await.cache(), "ssg; hit; ttl=5");
    assert_eq!(bench.get("/api/articles").await.json()["seen"], false);
    let own = "Bearer the-site's-own";
    assert_eq!(script.cms.asked()[0].header("authorization"), Some(own));
    let all = members.headers.iter().map(|(_, value)| value.as_str());
    assert!(!all.chain([members.body.as_str()]).any(|text| text.contains("the-site's-own")));
    // A visitor with a token is that visitor.
    bench.get_with("/api/members", &[("Authorization", "Bearer visitor")]).await;
    assert_eq!(script.cms.asked()[2].header("authorization"), Some("Bearer visitor"));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_the_site_sees_is_kept_only_where_the_route_says_so() {
    let script = Script::new(|_| HttpResponse::Ok().json(json!({ "data": 1 })));
    let route = "[[proxy.route]]\npath = \"/api/members\"\nas = \"site\"\n";
    let bench = Bench::start(&script.cms, route).await;
    for _ in 0..2 {
        assert_eq!(bench.get("/api/members").await.cache(), "ssg; fwd=bypass; fwd-status=200");
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_nobody_notices() {
    let script = accounts("jwt-2");
    let bench = Bench::start_as(&script.cms, AS_SITE, login()).await;
    let seen = bench.get("/api/members").await;
    assert_eq!((seen.status, seen.json()["data"].as_str()), (200, Some("members")));
    let paths: Vec<_> = script.cms.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/api/auth/local", "/api/members", "/api/auth/refresh", "/api/members"]);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_renewed_token_that_is_refused_is_not_renewed_again() {
    let script = accounts("none");
    let bench = Bench::start_as(&script.cms, AS_SITE, login()).await;
    let seen = bench.get("/api/members").await;
    assert_eq!((seen.status, seen.error().as_str()), (502, "BadGatewayError"));
    assert!(!seen.body.contains("jwt-"));
    assert_eq!(script.cms.asked_for("/api/members"), 2);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_revoked_token_leaves_what_is_known() {
    let script = Script::new(|_| HttpResponse::Ok().json(json!({ "data": "members" })));
    let bench = Bench::start(&script.cms, AS_SITE).await;
    bench.get("/api/members").await;
    script.now(|_| {
        HttpResponse::Unauthorized().json(json!({ "error": { "name": "UnauthorizedError" } }))
    });
    bench.wait(120);
    let known = bench.get("/api/members").await;
    assert_eq!((known.status, known.json()["data"].as_str()), (200, Some("members")));
    assert_eq!(known.cache(), "ssg; fwd=stale; fwd-status=502; ttl=-115; detail=sie");
    let unknown = bench.get("/api/members?page=2").await;
    assert_eq!((unknown.status, unknown.error().as_str()), (502, "BadGatewayError"));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_visitors_own_401_is_the_visitors() {
    let script = Script::new(|_| {
        HttpResponse::Unauthorized().json(json!({ "error": { "name": "UnauthorizedError" } }))
    });
    let bench = Bench::start(&script.cms, "").await;
    let seen = bench.get_with("/api/articles", &[("Authorization", "Bearer old")]).await;
    assert_eq!((seen.status, seen.error().as_str()), (401, "UnauthorizedError"));
    assert_eq!(script.cms.asked().len(), 1);
    bench.daemon.stop().await;
}

//! No kept answer ever reaches anybody but those it is for.
//!
//! The CMS says of each answer who asked for it; visitors with all sorts of credentials,
//! cookies, languages and origins ask in random order, at random times.

use actix_web::HttpResponse;
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::TestRunner};
use serde_json::{Value, json};

use super::bench::{Bench, Script};

#[derive(Debug, Clone)]
struct Visit {
    path: &'static str,
    authorization: Option<&'static str>,
    cookie: Option<&'static str>,
    language: Option<&'static str>,
    origin: Option<&'static str>,
    wait: u64,
}

fn visit() -> impl Strategy<Value = Visit> {
    (
        select(vec![
            "/api/plain",
            "/api/vary",
            "/api/private",
            "/api/cookie",
            "/api/members",
            "/api/wild",
        ]),
        option::weighted(0.3, select(vec!["Bearer ann", "Bearer bob"])),
        option::weighted(0.3, select(vec!["session=ann", "session=bob"])),
        option::of(select(vec!["en", "de"])),
        option::of(select(vec!["https://a.example", "https://b.example"])),
        select(vec![0, 0, 1, 4, 30, 120]),
    )
        .prop_map(|(path, authorization, cookie, language, origin, wait)| Visit {
            path,
            authorization,
            cookie,
            language,
            origin,
            wait,
        })
}

fn cms() -> Script {
    Script::new(|asked| {
        let path = asked.path.as_str();
        let header = |name: &str| asked.header(name).map(str::to_owned);
        let mut response = HttpResponse::Ok();
        match path {
            "/api/vary" => response.insert_header(("Vary", "Accept-Language, Origin")),
            "/api/private" => response.insert_header(("Cache-Control", "private, max-age=60")),
            "/api/cookie" => response.insert_header(("Set-Cookie", "session=new")),
            "/api/wild" => response.insert_header(("Vary", "*")),
            _ => &mut response,
        };
        response.json(json!({
            "authorization": header("authorization"),
            "cookie": header("cookie"),
            "language": header("accept-language"),
            "origin": header("origin"),
            "request": header("x-request-id"),
        }))
    })
}

/// What the answer to a visit must say.
fn check(visit: &Visit, seen: &Value, id: &str) {
    let expected = match visit.authorization {
        None if visit.path == "/api/members" => Some("Bearer the-site's-own"),
        own => own,
    };
    assert_eq!(seen["authorization"].as_str(), expected, "{visit:?}");
    assert_eq!(seen["cookie"], Value::Null, "cookies stay here");
    let personal = visit.authorization.is_some() || visit.cookie.is_some();
    if personal || ["/api/private", "/api/cookie", "/api/wild"].contains(&visit.path) {
        assert_eq!(seen["request"], id, "{visit:?} got another's answer");
    }
    if personal || visit.path == "/api/vary" {
        assert_eq!(seen["language"].as_str(), visit.language, "{visit:?}");
        assert_eq!(seen["origin"].as_str(), visit.origin, "{visit:?}");
    }
}

async fn run(visits: Vec<Visit>) {
    let script = cms();
    let route = "[[proxy.route]]\npath = \"/api/members\"\nas = \"site\"\ncache = true\n";
    let bench = Bench::start(&script.cms, route).await;
    for (number, visit) in visits.iter().enumerate() {
        bench.wait(visit.wait);
        let id = format!("visit-{number}");
        let mut headers = vec![("X-Request-Id", id.as_str())];
        headers.extend(visit.authorization.map(|value| ("Authorization", value)));
        headers.extend(visit.cookie.map(|value| ("Cookie", value)));
        headers.extend(visit.language.map(|value| ("Accept-Language", value)));
        headers.extend(visit.origin.map(|value| ("Origin", value)));
        let seen = bench.get_with(visit.path, &headers).await;
        assert_eq!(seen.header("set-cookie"), "");
        check(visit, &seen.json(), &id);
    }
    bench.daemon.stop().await;
}

#[test]
fn no_kept_answer_ever_crosses_users() {
    let config =
        ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&vec(visit(), 20..60), |visits| {
            runtime.block_on(run(visits));
            Ok(())
        })
        .unwrap();
}

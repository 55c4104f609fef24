//! The proxy and a real content server: tokens that end, a server that is killed, changes that
//! come by the feed, entries that come by a form.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::integration::end_to_end::{
    http::{Answer, Http},
    process::eventually,
    stack::{Stack, Wiring},
};

const MANY: usize = 200;
/// Every question is asked again, and what was known excuses a failure.
const ASKED_AGAIN: &str = "cache = { ttl = \"0s\", stale_while_revalidate = \"0s\" }\n";
const KEPT: &str = "cache = { ttl = \"1h\" }\n";
const AS_SITE: &str = "[[proxy.route]]\npath = \"/api/articles\"\nas = \"site\"\n";
const PUBLIC: [&str; 2] = ["api::article.*", "api::tag.*"];

/// A daemon with these rules before a content server with two articles and a tag.
fn start(wiring: Wiring, rules: &str) -> Stack {
    let mut stack = Stack::start(wiring);
    let site = format!(
        "[site]\ntitle = \"T\"\nbase_url = \"https://site.example\"\nlocales = [\"en\", \"de\"]\n\n\
         [[route]]\npath = \"/\"\ntemplate = \"home.html\"\n\n{rules}"
    );
    stack.use_site(&[("site.toml", &site), ("home.html", "home")]);
    let tag = stack.create("tags", &json!({ "name": "sea", "slug": "sea" }));
    for name in ["one", "two"] {
        let article = json!({ "title": name, "slug": name, "summary": "s", "body": "b",
            "publishedOn": "2026-01-01", "tags": [tag["documentId"]] });
        stack.create("articles", &article);
    }
    stack.start_daemon();
    stack
}

fn open_to_all(stack: &Stack) {
    stack.cms_admin(&["permission", "grant", "public", PUBLIC[0], PUBLIC[1]]);
}

fn get(stack: &Stack, path: &str) -> Answer {
    stack.visitor.get(&format!("{}{path}", stack.ssg_url))
}

fn cache(answer: &Answer) -> &str {
    answer.header("cache-status")
}

fn titles(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = answer.json()["data"].as_array().unwrap().clone();
    let mut titles: Vec<_> =
        data.iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

/// How often the content server was asked for this path.
fn asked(stack: &Stack, line: &str) -> usize {
    stack
        .cms
        .log()
        .lines()
        .filter(|text| text.contains("cms::access") && text.contains(line))
        .count()
}

/// An error in the one shape that there is, which names the request and no secret.
fn envelope(answer: &Answer, status: u16, name: &str) {
    let body = answer.json();
    assert_eq!((answer.status, body["error"]["name"].as_str()), (status, Some(name)), "{body}");
    assert_eq!(body["data"], Value::Null);
    assert_eq!(body["error"]["details"]["requestId"], answer.header("x-request-id"));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[test]
fn tokens_that_expire_between_requests_are_renewed_and_nobody_notices() {
    let stack = start(Wiring::ShortLivedLogin, &format!("{AS_SITE}{ASKED_AGAIN}"));
    let renewed = || asked(&stack, "POST /api/auth/refresh");
    let before = renewed();
    eventually("three renewals", || {
        assert_eq!(titles(&get(&stack, "/api/articles")), ["one", "two"]);
        (renewed() >= before + 3).then_some(())
    });
    assert_eq!(asked(&stack, "POST /api/auth/local"), 1, "one login is enough");
}

#[test]
fn a_token_that_is_revoked_leaves_what_is_known_and_says_so_of_the_rest() {
    let stack = start(Wiring::PollingOnly, &format!("{AS_SITE}{ASKED_AGAIN}"));
    let known = get(&stack, "/api/articles");
    assert_eq!(titles(&known), ["one", "two"]);
    stack.cms_admin(&["token", "revoke", "--name", "site"]);
    let stale = eventually("the revocation to be felt", || {
        let answer = get(&stack, "/api/articles");
        assert_eq!(answer.body, known.body);
        cache(&answer).ends_with("detail=sie").then_some(answer)
    });
    assert!(cache(&stale).contains("fwd-status=502"), "{}", cache(&stale));
    envelope(&get(&stack, "/api/articles?sort=slug"), 502, "BadGatewayError");
}

#[test]
fn a_killed_content_server_is_covered_for_until_it_is_back() {
    let rules = format!("[proxy]\nfailures = 1000\n{ASKED_AGAIN}");
    let mut stack = start(Wiring::Webhooks, &rules);
    open_to_all(&stack);
    let known = get(&stack, "/api/articles");
    assert_eq!(titles(&known), ["one", "two"]);
    stack.cms.kill();
    let stale = get(&stack, "/api/articles");
    assert_eq!((stale.status, &stale.body), (200, &known.body));
    assert!(cache(&stale).ends_with("detail=sie"), "{}", cache(&stale));
    envelope(&get(&stack, "/api/tags"), 502, "BadGatewayError");
    stack.restart_cms();
    let path = format!("articles/{}", stack.article("one"));
    stack.edit(&path, &json!({ "title": "once more" }));
    let fresh = get(&stack, "/api/articles");
    assert_eq!(titles(&fresh), ["once more", "two"], "{}", cache(&fresh));
    assert_eq!(get(&stack, "/api/tags").status, 200);
}

#[test]
fn two_hundred_who_ask_at_once_are_one_request() {
    let stack = start(Wiring::Webhooks, &format!("[proxy]\n{KEPT}"));
    open_to_all(&stack);
    let url = format!("{}/api/articles?sort=slug", stack.ssg_url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bodies = runtime.block_on(async {
        let client = reqwest::Client::new();
        let visits = (0..MANY).map(|_| async {
            let answer = client.get(&url).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        });
        join_all(visits).await
    });
    assert_eq!(bodies.len(), MANY);
    assert!(bodies.iter().all(|one| one.0 == 200 && *one == bodies[0]), "{:?}", bodies[0]);
    // Lines come in the order of the requests.
    get(&stack, "/api/tags");
    eventually("the next request's line", || (asked(&stack, "GET /api/tags") > 0).then_some(()));
    assert_eq!(asked(&stack, "GET /api/articles"), 1);
}

#[test]
fn a_change_in_the_feed_takes_the_answers_that_show_it_and_no_others() {
    let stack = start(Wiring::PollingOnly, &format!("[proxy]\n{KEPT}"));
    open_to_all(&stack);
    let one = format!("/api/articles/{}", stack.article("one"));
    let lists = ["/api/articles", "/api/tags?populate=articles"];
    let two = format!("/api/articles/{}", stack.article("two"));
    let others = ["/api/tags", "/api/tags?sort=name", &two];
    let all: Vec<&str> = lists.into_iter().chain(others).chain([one.as_str()]).collect();
    // The permission is a change as well, after which nothing old is left.
    eventually("kept answers", || {
        let is_hit = |path: &&str| cache(&get(&stack, path)).starts_with("ssg; hit");
        all.iter().all(is_hit).then_some(())
    });
    let edited = stack.edit(one.trim_start_matches("/api/"), &json!({ "title": "another" }));
    stack.caught_up(&edited);
    for path in [lists[0], lists[1], &one] {
        let answer = get(&stack, path);
        assert!(answer.body.contains("\"another\""), "{path}: {}", answer.body);
        assert!(!cache(&answer).starts_with("ssg; hit"), "{path}: {}", cache(&answer));
    }
    for path in others {
        let answer = get(&stack, path);
        assert!(cache(&answer).starts_with("ssg; hit"), "{path}: {}", cache(&answer));
    }
}

#[test]
fn a_form_makes_an_entry_that_the_next_visitor_reads() {
    let form = "[[form]]\npath = \"/suggest\"\ncollection = \"tags\"\nfields = [\"name\", \"slug\"]\n\
                required = [\"name\"]\nsuccess = \"/\"\n";
    let stack = start(Wiring::Webhooks, &format!("[proxy]\n{KEPT}\n{form}"));
    open_to_all(&stack);
    let names = || get(&stack, "/api/tags?sort=name").body;
    assert!(!names().contains("Spring tide"));
    let url = format!("{}/suggest", stack.ssg_url);
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let sent =
        |origin: &str, body: &str| stack.visitor.post_raw(&url, &[kind, ("Origin", origin)], body);
    let elsewhere = sent("https://evil.example", "name=Evil&slug=evil");
    assert_eq!(elsewhere.status, 403, "{}", elsewhere.body);
    let here = sent("https://site.example", "name=Spring+tide&slug=spring-tide");
    assert_eq!((here.status, here.header("location")), (303, "/"), "{}", here.body);
    assert!(names().contains("Spring tide") && !names().contains("Evil"));
    let stored = stack.editor.get(&format!("{}/api/tags?filters[slug]=spring-tide", stack.cms_url));
    assert_eq!(stored.json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn what_one_member_reads_no_other_visitor_gets() {
    let me = format!("[[proxy.route]]\npath = \"/api/users/me\"\n{KEPT}");
    let stack = start(Wiring::Webhooks, &format!("[proxy]\n{KEPT}\n{me}"));
    stack.cms_admin(&[
        "permission",
        "grant",
        "authenticated",
        "plugin::users-permissions.user.me",
        PUBLIC[0],
    ]);
    let member = |name: &str| {
        let (mail, password) = (format!("{name}@example.org"), "Correct-horse-1");
        stack.cms_admin(&["user", "create", "--email", &mail, "--password", password]);
        let login = json!({ "identifier": mail, "password": password });
        let answer = Http::new(None).post(&format!("{}/api/auth/local", stack.cms_url), &login);
        (mail, answer.json()["jwt"].as_str().unwrap().to_owned())
    };
    let members = [member("ann"), member("bob")];
    let [me, articles] =
        ["/api/users/me", "/api/articles"].map(|path| format!("{}{path}", stack.ssg_url));
    for _ in 0..5 {
        for (mail, token) in &members {
            let own = stack.visitor.get_as(&me, token);
            assert_eq!(own.json()["email"], json!(mail), "{}", cache(&own));
            assert!(
                !cache(&own).contains("hit") && !cache(&own).contains("stored"),
                "{}",
                cache(&own)
            );
            assert_eq!(stack.visitor.get_as(&articles, token).status, 200);
        }
        // Somebody without a name sees nothing of what members may.
        for path in ["/api/users/me", "/api/articles"] {
            let refused = get(&stack, path);
            assert!(matches!(refused.status, 401 | 403), "{path}: {}", refused.body);
        }
    }
}

//! Events on their way to endpoints: signed, in order, and not lost.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use cms_api::webhook::{Secret, verify};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::harness::TestApp;

/// Longest time a delivery may take in a test.
const DEADLINE: Duration = Duration::from_secs(30);
/// Shorter than what a delivery to an endpoint that does not answer takes.
const HANGING: Duration = Duration::from_secs(14);

/// What an endpoint asks for that has too much to do, in seconds.
const RETRY_AFTER: i64 = 60;

/// One received request.
struct Delivery {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Delivery {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An endpoint that answers what it is told to, 204 once it has run out of answers.
struct Receiver {
    base: String,
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    handle: ServerHandle,
}

impl Receiver {
    async fn start(answers: &[u16]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), answers)
    }

    fn listen(listener: TcpListener, answers: &[u16]) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (tell, deliveries) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers.iter().rev().copied().collect::<Vec<_>>()));
        let server = HttpServer::new(move || {
            let (tell, answers) = (tell.clone(), Arc::clone(&answers));
            actix_web::App::new().default_service(web::to(
                move |request: HttpRequest, body: web::Bytes| {
                    let status = answers.lock().unwrap().pop().unwrap_or(204);
                    let headers = request.headers().iter();
                    let delivery = Delivery {
                        path: request.path().to_owned(),
                        headers: headers
                            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
                            .collect(),
                        body: body.to_vec(),
                    };
                    tell.send(delivery).unwrap();
                    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
                    answer.insert_header(("location", "/elsewhere"));
                    if status == 429 {
                        answer.insert_header(("retry-after", RETRY_AFTER));
                    }
                    async move { answer.finish() }
                },
            ))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { base, deliveries, handle }
    }

    async fn next(&mut self) -> Delivery {
        tokio::time::timeout(DEADLINE, self.deliveries.recv()).await.unwrap().unwrap()
    }

    async fn next_event(&mut self) -> String {
        self.next().await.json()["event"].as_str().unwrap().to_owned()
    }
}

async fn add(app: &TestApp, receiver: &Receiver, further: &[&str]) -> Secret {
    let url = format!("{}/hooks/cms", receiver.base);
    let mut arguments = vec!["webhook", "add", "--name", "site", "--url", &url];
    arguments.extend(further);
    Secret::parse(&app.admin(&arguments).await).unwrap()
}

async fn create_tag(app: &TestApp, name: &str) -> Value {
    let body = json!({ "data": { "name": name } });
    app.full_access().post("/api/tags", body).await.expect(201).body["data"].clone()
}

#[actix_web::test]
async fn a_delivery_is_strapis_and_signed() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[]).await;
    let secret =
        add(&app, &receiver, &["--allow-private", "--header", "Authorization: Bearer x"]).await;
    let tag = create_tag(&app, "one").await;
    let delivery = receiver.next().await;
    assert_eq!(delivery.path, "/hooks/cms");
    assert_eq!(delivery.header("authorization"), "Bearer x");
    let body = delivery.json();
    assert_eq!(delivery.header("x-strapi-event"), body["event"].as_str().unwrap());
    assert_eq!(body["uid"], "api::tag.tag");
    assert_eq!(body["model"], "tag");
    assert_eq!(body["documentId"], tag["documentId"]);
    assert!(body["seq"].as_i64().unwrap() > 0);
    let now = cms::clock::now() / 1_000;
    let (id, at) = (delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
    verify(&[secret], id, at, delivery.header("webhook-signature"), &delivery.body, now).unwrap();
}

#[actix_web::test]
async fn deliveries_to_one_endpoint_come_in_order_and_only_as_asked() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create,entry.delete"]).await;
    let mut expected = Vec::new();
    for name in ["one", "two", "three"] {
        let tag = create_tag(&app, name).await;
        let path = format!("/api/tags/{}", tag["documentId"].as_str().unwrap());
        app.full_access().put(&path, json!({ "data": { "color": "#000000" } })).await.expect(200);
        app.full_access().delete(&path).await.expect(204);
        expected.extend(["entry.create", "entry.delete"]);
    }
    let mut seen = Vec::new();
    for _ in 0..expected.len() {
        seen.push(receiver.next_event().await);
    }
    assert_eq!(seen, expected);
}

#[actix_web::test]
async fn a_failed_delivery_comes_again_with_the_same_id() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[500]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    create_tag(&app, "two").await;
    let first = receiver.next().await;
    let again = receiver.next().await;
    assert_eq!(first.header("webhook-id"), again.header("webhook-id"));
    assert_eq!(first.body, again.body);
    let second = receiver.next().await;
    assert_ne!(second.header("webhook-id"), first.header("webhook-id"));
}

#[actix_web::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[302]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    assert_eq!(receiver.next().await.path, "/hooks/cms");
    assert_eq!(receiver.next().await.path, "/hooks/cms");
}

#[actix_web::test]
async fn an_endpoint_that_is_gone_is_disabled() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[410]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    receiver.next().await;
    let deadline = std::time::Instant::now() + DEADLINE;
    while !app.admin(&["webhook", "list"]).await.contains("disabled") {
        assert!(std::time::Instant::now() < deadline, "still enabled");
    }
}

#[actix_web::test]
async fn a_private_address_is_refused_unless_allowed() {
    let app = TestApp::start_with(&["--webhook-allow", "127.0.0.2/32"]).await;
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let mut allowed = Receiver::listen(listener, &[]);
    let mut refused = Receiver::start(&[]).await;
    let url = format!("{}/", refused.base);
    app.admin(&["webhook", "add", "--name", "refused", "--url", &url]).await;
    add(&app, &allowed, &["--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    allowed.next().await;
    let reason = app.app.db.read::<_, cms::store::StoreError>(cms::store::jobs::errors);
    let deadline = std::time::Instant::now() + DEADLINE;
    let mut reasons = reason.unwrap();
    while reasons.is_empty() {
        assert!(std::time::Instant::now() < deadline, "no attempt was made");
        tokio::task::yield_now().await;
        reasons = app.app.db.read::<_, cms::store::StoreError>(cms::store::jobs::errors).unwrap();
    }
    assert!(reasons[0].contains("no public address"), "{reasons:?}");
    assert!(refused.deliveries.try_recv().is_err());
}

#[actix_web::test]
async fn what_was_queued_before_a_crash_is_delivered_after_it() {
    let app = TestApp::start().await;
    let receiver = Receiver::start(&[]).await;
    let address = receiver.base.trim_start_matches("http://").to_owned();
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    receiver.handle.stop(false).await;
    drop(receiver);
    create_tag(&app, "one").await;
    let folder = app.stop().await;
    let listener = TcpListener::bind(&address).unwrap();
    let mut receiver = Receiver::listen(listener, &[]);
    let _app = TestApp::start_in(folder, &[]).await;
    assert_eq!(receiver.next_event().await, "entry.create");
}

#[actix_web::test]
async fn files_have_events_of_their_own() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[]).await;
    add(&app, &receiver, &["--allow-private", "--events", "media.*", "--dialect", "standard"])
        .await;
    let form = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n";
    let request = app
        .full_access()
        .request(reqwest::Method::POST, "/api/upload")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form);
    let file = super::harness::send(request).await.expect(201).body[0].clone();
    app.full_access().delete(&format!("/api/upload/files/{}", file["id"])).await.expect(200);
    let created = receiver.next().await.json();
    assert_eq!(created["type"], "media.create");
    assert_eq!(created["data"]["media"]["name"], "a.txt");
    assert_eq!(receiver.next().await.json()["type"], "media.delete");
}

#[actix_web::test]
async fn what_an_endpoint_finds_too_large_does_not_hold_up_the_rest() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[413]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    create_tag(&app, "two").await;
    let refused = receiver.next().await;
    let next = receiver.next().await;
    assert_ne!(next.header("webhook-id"), refused.header("webhook-id"));
    assert!(!app.admin(&["webhook", "list"]).await.contains("disabled"));
}

#[actix_web::test]
async fn a_hanging_endpoint_delays_nobody_else() {
    let app = TestApp::start().await;
    // Connections are accepted by the system; nobody ever answers.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", hanging.local_addr().unwrap());
    let arguments = ["webhook", "add", "--name", "hanging", "--url", &url, "--allow-private"];
    app.admin(&arguments).await;
    let mut receiver = Receiver::start(&[]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    let began = std::time::Instant::now();
    for name in ["one", "two", "three"] {
        create_tag(&app, name).await;
        assert_eq!(receiver.next_event().await, "entry.create");
    }
    assert!(began.elapsed() < HANGING, "{:?}", began.elapsed());
}

#[actix_web::test]
async fn an_endpoint_hears_of_its_types_and_locales_only() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[]).await;
    let filters =
        ["--allow-private", "--types", "api::article.*,api::tag.tag", "--only-locales", "de"];
    add(&app, &receiver, &filters).await;
    let client = app.full_access();
    client.post("/api/authors", json!({ "data": { "name": "Ada" } })).await.expect(201);
    let english = json!({ "data": { "title": "In English" } });
    let english = client.post("/api/articles", english).await.expect(201).body["data"].clone();
    let german = format!("/api/articles/{}?locale=de", english["documentId"].as_str().unwrap());
    client.put(&german, json!({ "data": { "title": "Auf Deutsch" } })).await.expect(200);
    let first = receiver.next().await.json();
    assert_eq!((&first["uid"], &first["locale"]), (&json!("api::article.article"), &json!("de")));
    assert_eq!(receiver.next().await.json()["locale"], "de");
    create_tag(&app, "one").await;
    let tag = receiver.next().await.json();
    assert_eq!((&tag["uid"], &tag["locale"]), (&json!("api::tag.tag"), &Value::Null));
}

#[actix_web::test]
async fn after_a_rotation_both_secrets_verify_until_the_overlap_ends() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[]).await;
    let old = add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    let verifies = |delivery: &Delivery, secret: &Secret| {
        let (id, at) = (delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
        let signature = delivery.header("webhook-signature");
        let now = cms::clock::now() / 1_000;
        verify(std::slice::from_ref(secret), id, at, signature, &delivery.body, now).is_ok()
    };
    let new = app.admin(&["webhook", "rotate", "--name", "site"]).await;
    let new = Secret::parse(&new).unwrap();
    create_tag(&app, "one").await;
    let delivery = receiver.next().await;
    assert!(verifies(&delivery, &old) && verifies(&delivery, &new));
    let newest = app.admin(&["webhook", "rotate", "--name", "site", "--overlap", "0"]).await;
    let newest = Secret::parse(&newest).unwrap();
    create_tag(&app, "two").await;
    let delivery = receiver.next().await;
    assert!(verifies(&delivery, &newest));
    assert!(!verifies(&delivery, &new) && !verifies(&delivery, &old));
    let (code, _, error) = app.cms(&["webhook", "rotate", "--name", "nope"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("there is no webhook named `nope`"), "{error}");
}

/// The lines of `webhook log`, oldest first, each as its fields.
async fn log(app: &TestApp, further: &[&str]) -> Vec<Vec<String>> {
    let mut arguments = vec!["webhook", "log", "--name", "site"];
    arguments.extend(further);
    let text = app.admin(&arguments).await;
    let fields = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().rev().map(fields).collect()
}

/// The log once `count` deliveries are in this state.
async fn log_of(app: &TestApp, state: &str, count: usize) -> Vec<Vec<String>> {
    let deadline = std::time::Instant::now() + DEADLINE;
    loop {
        let lines = log(app, &["--state", state]).await;
        if lines.len() == count {
            return lines;
        }
        assert!(std::time::Instant::now() < deadline, "{lines:?}");
    }
}

#[actix_web::test]
async fn deliveries_are_logged_and_sent_once_more_under_the_same_id() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[413]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    let tag = create_tag(&app, "one").await;
    create_tag(&app, "two").await;
    let refused = receiver.next().await;
    let fine = receiver.next().await;
    let dead = log_of(&app, "dead", 1).await.remove(0);
    assert_eq!(dead[3..6], ["entry.create", "api::tag.tag", tag["documentId"].as_str().unwrap()]);
    assert_eq!(dead[8], "the endpoint answered 413");
    log_of(&app, "done", 1).await;
    let shown = app.admin(&["webhook", "show", &dead[0]]).await;
    assert!(shown.contains("ms\tthe endpoint answered 413"), "{shown}");
    assert!(shown.contains(refused.header("webhook-id")), "{shown}");
    let again = ["webhook", "redeliver", "--name", "site", "--state", "dead"];
    assert_eq!(app.admin(&again).await, "1 deliveries are due again");
    let delivery = receiver.next().await;
    assert_eq!(delivery.header("webhook-id"), refused.header("webhook-id"));
    assert_eq!(delivery.body, refused.body);
    let all = log_of(&app, "done", 2).await;
    // A range: in the order of what happened, whatever was sent before.
    let range =
        ["webhook", "redeliver", "--name", "site", "--from", &all[0][0], "--to", &all[1][0]];
    assert_eq!(app.admin(&range).await, "2 deliveries are due again");
    for expected in [&refused, &fine] {
        assert_eq!(receiver.next().await.header("webhook-id"), expected.header("webhook-id"));
    }
    let (code, ..) = app.cms(&["webhook", "redeliver", "--name", "site"]).await;
    assert_eq!(code, 2, "what is to be sent again must be said");
    app.admin(&["webhook", "disable", "--name", "site"]).await;
    let (code, _, error) = app.cms(&range).await;
    assert_eq!(code, 2);
    assert!(error.contains("cms webhook enable --name site"), "{error}");
}

#[actix_web::test]
async fn of_what_waits_about_a_document_only_the_newest_is_sent_when_asked_for() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[500]).await;
    add(&app, &receiver, &["--allow-private", "--coalesce", "--events", "entry.*"]).await;
    let tag = create_tag(&app, "one").await;
    // The endpoint is behind from here on: the rest waits for a second attempt.
    receiver.next().await;
    let path = format!("/api/tags/{}", tag["documentId"].as_str().unwrap());
    for color in ["#111111", "#222222", "#333333"] {
        app.full_access().put(&path, json!({ "data": { "color": color } })).await.expect(200);
    }
    create_tag(&app, "two").await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let body = receiver.next().await.json();
        seen.push((body["event"].clone(), body["entry"]["color"].clone()));
    }
    let event = |name: &str, color: Value| (json!(name), color);
    let expected = [
        event("entry.create", Value::Null),
        event("entry.update", json!("#333333")),
        event("entry.create", Value::Null),
    ];
    assert_eq!(seen, expected);
    assert_eq!(log_of(&app, "superseded", 2).await[0][3], "entry.update");
}

/// Runs the reference library of the Standard Webhooks specification on a delivery.
async fn verified_by_the_reference(secret: &Secret, delivery: &Delivery) {
    use std::io::Write as _;
    let body = String::from_utf8(delivery.body.clone()).unwrap();
    let said = json!({ "secret": secret.reveal(), "headers": delivery.headers, "body": body });
    let mut script = super::client::program("node");
    script.arg("webhooks.mjs").stdin(std::process::Stdio::piped());
    let script = web::block(move || {
        super::client::install();
        let mut script = script.stderr(std::process::Stdio::piped()).spawn().unwrap();
        script.stdin.take().unwrap().write_all(said.to_string().as_bytes()).unwrap();
        script.wait_with_output().unwrap()
    });
    let output = script.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[actix_web::test]
async fn the_reference_library_takes_our_deliveries_and_nothing_else() {
    let app = TestApp::start().await;
    for dialect in ["strapi", "standard", "thin"] {
        let mut receiver = Receiver::start(&[]).await;
        let url = format!("{}/hooks", receiver.base);
        let named = ["webhook", "add", "--name", dialect, "--url", &url, "--dialect", dialect];
        let further = ["--allow-private", "--events", "entry.create"];
        let secret = app.admin(&[&named[..], &further].concat()).await;
        let mut secret = Secret::parse(&secret).unwrap();
        create_tag(&app, &format!("Grüße, {dialect}")).await;
        verified_by_the_reference(&secret, &receiver.next().await).await;
        // During a rotation two signatures travel.
        let new = app.admin(&["webhook", "rotate", "--name", dialect]).await;
        create_tag(&app, &format!("rotated, {dialect}")).await;
        let delivery = receiver.next().await;
        for secret in [std::mem::replace(&mut secret, Secret::parse(&new).unwrap()), secret] {
            verified_by_the_reference(&secret, &delivery).await;
        }
        app.admin(&["webhook", "disable", "--name", dialect]).await;
    }
}

#[actix_web::test]
async fn what_waits_for_an_endpoint_goes_out_as_soon_as_it_is_there_again() {
    let app = TestApp::start().await;
    let gone = Receiver::start(&[]).await;
    let address = gone.base.trim_start_matches("http://").to_owned();
    add(&app, &gone, &["--allow-private", "--events", "entry.create"]).await;
    gone.handle.stop(false).await;
    drop(gone);
    create_tag(&app, "one").await;
    create_tag(&app, "two").await;
    // Two attempts have failed: the next would come half a minute later.
    let deadline = std::time::Instant::now() + DEADLINE;
    while !log(&app, &[]).await.iter().any(|line| line[7] == "2") {
        assert!(std::time::Instant::now() < deadline, "no second attempt");
    }
    let began = std::time::Instant::now();
    let mut receiver = Receiver::listen(TcpListener::bind(&address).unwrap(), &[]);
    for name in ["one", "two"] {
        assert_eq!(receiver.next().await.json()["entry"]["name"], name);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[actix_web::test]
async fn an_endpoint_that_asks_for_time_gets_it() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start(&[429]).await;
    add(&app, &receiver, &["--allow-private", "--events", "entry.create"]).await;
    create_tag(&app, "one").await;
    receiver.next().await;
    let waiting = loop {
        let lines = log(&app, &[]).await;
        if lines[0][7] == "1" {
            break lines[0].clone();
        }
    };
    let shown = app.admin(&["webhook", "show", &waiting[0]]).await;
    let next = shown.lines().find_map(|line| line.strip_prefix("next attempt\t")).unwrap();
    let next: jiff::Timestamp = next.parse().unwrap();
    let wait = next.as_millisecond() - cms::clock::now();
    // Later than the schedule's five or six seconds.
    assert!((30_000..=RETRY_AFTER * 1_000).contains(&wait), "{wait}");
}

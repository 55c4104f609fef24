//! The client against a CMS that is slow, busy, forgetful or strict.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::HttpResponse;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use ssg::{
    client::{ClientError, Cms, SyncReply, SyncRequest},
    config::Credentials,
};

use super::fake_cms::{Asked, FakeCms};

fn page() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "items": [], "next_sync": "t1", "upto": 7, "locales": ["en"] }))
}

fn unauthorized() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({
        "data": null,
        "error": { "status": 401, "name": "UnauthorizedError", "message": "no", "details": {} }
    }))
}

fn login() -> Credentials {
    Credentials::Login { identifier: "site".into(), password: "secret".into() }
}

/// A token that lives so long, told apart by its number.
fn jwt(number: usize, life: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({ "iat": now, "exp": now + life, "n": number }).to_string();
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
}

/// Sessions as a CMS keeps them: the n-th pair is the only valid one, and a
/// refresh token works once.
#[derive(Clone)]
struct Sessions {
    life: i64,
    issued: Arc<AtomicUsize>,
}

impl Sessions {
    fn new(life: i64) -> Self {
        Self { life, issued: Arc::default() }
    }

    fn revoke(&self) {
        self.issued.fetch_add(1, Ordering::SeqCst);
    }

    fn pair(&self) -> HttpResponse {
        let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        HttpResponse::Ok()
            .json(json!({ "jwt": jwt(number, self.life), "refreshToken": format!("r{number}") }))
    }

    fn answer(&self, asked: &Asked) -> HttpResponse {
        let current = self.issued.load(Ordering::SeqCst);
        match asked.path.as_str() {
            "/api/auth/local" if asked.body.contains("secret") => self.pair(),
            "/api/auth/refresh" if asked.body.contains(&format!("\"r{current}\"")) => self.pair(),
            "/api/auth/local" => HttpResponse::BadRequest().json(json!({
                "data": null,
                "error": { "status": 400, "name": "ValidationError", "message": "Invalid identifier or password", "details": {} }
            })),
            "/api/auth/refresh" => unauthorized(),
            _ => {
                let bearer = asked.header("authorization").unwrap_or_default();
                let claims = bearer.split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part));
                let claims = claims.and_then(Result::ok).unwrap_or_default();
                let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap_or_default();
                if claims["n"] == current { page() } else { unauthorized() }
            }
        }
    }
}

fn sessions_cms(sessions: &Sessions) -> FakeCms {
    let sessions = sessions.clone();
    FakeCms::start(move |asked| sessions.answer(asked))
}

#[tokio::test]
async fn the_feed_is_read_with_the_api_token() {
    let cms = FakeCms::start(|_| page());
    let cache = tempfile::tempdir().unwrap();
    let credentials = Credentials::ApiToken("tok".into());
    let client = Cms::new(&cms.config(credentials), cache.path()).unwrap();
    let SyncReply::Page(first) = client.sync(SyncRequest::Initial).await.unwrap() else { panic!() };
    assert_eq!((first.upto, first.next_sync.as_deref()), (7, Some("t1")));
    client.sync(SyncRequest::Token("t1")).await.unwrap();
    let asked = cms.asked();
    assert_eq!(asked[0].path, "/sync?initial=true&status=published&limit=500");
    assert_eq!(asked[1].path, "/sync?token=t1");
    assert_eq!(asked[0].header("authorization"), Some("Bearer tok"));
    assert!(!cache.path().join("token.json").exists());
}

#[tokio::test]
async fn a_refused_api_token_is_reported_at_once() {
    let cms = FakeCms::start(|_| unauthorized());
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(Credentials::ApiToken("x".into())), cache.path()).unwrap();
    let error = client.sync(SyncRequest::Initial).await.unwrap_err();
    assert_eq!(error, ClientError::Unauthorized("no".into()));
    assert_eq!(cms.asked().len(), 1);
}

#[tokio::test]
async fn a_login_is_kept_for_the_next_run_and_for_nobody_else_to_read() {
    let sessions = Sessions::new(600);
    let cms = sessions_cms(&sessions);
    let cache = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let client = Cms::new(&cms.config(login()), cache.path()).unwrap();
        client.sync(SyncRequest::Initial).await.unwrap();
    }
    assert_eq!(cms.asked_for("/api/auth/local"), 1);
    assert_eq!(cms.asked_for("/api/auth/refresh"), 0);
    let mode = fs::metadata(cache.path().join("token.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_expires() {
    // At four fifths of no life at all every token is due at once.
    let sessions = Sessions::new(0);
    let cms = sessions_cms(&sessions);
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(login()), cache.path()).unwrap();
    for _ in 0..3 {
        client.sync(SyncRequest::Initial).await.unwrap();
    }
    assert_eq!(cms.asked_for("/api/auth/local"), 1);
    assert_eq!(cms.asked_for("/api/auth/refresh"), 2);
    assert_eq!(cms.asked_for("/sync"), 3, "no request was refused on the way");
}

#[tokio::test]
async fn clocks_a_minute_apart_change_nothing() {
    for apart in [-60, 60] {
        let cms = FakeCms::start(move |asked| match asked.path.as_str() {
            // By our clock it is over before it begins, or begins when it is over.
            "/api/auth/local" => {
                let now = jiff::Timestamp::now().as_second() + apart;
                let claims = json!({ "iat": now, "exp": now + 30 }).to_string();
                let jwt = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
                HttpResponse::Ok().json(json!({ "jwt": jwt, "refreshToken": "r" }))
            }
            _ => page(),
        });
        let cache = tempfile::tempdir().unwrap();
        let client = Cms::new(&cms.config(login()), cache.path()).unwrap();
        for _ in 0..3 {
            client.sync(SyncRequest::Initial).await.unwrap();
        }
        let asked = (cms.asked_for("/api/auth/local"), cms.asked_for("/api/auth/refresh"));
        assert_eq!(asked, (1, 0), "{apart}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_a_lost_session_opened_again() {
    let sessions = Sessions::new(600);
    let cms = sessions_cms(&sessions);
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(login()), cache.path()).unwrap();
    client.sync(SyncRequest::Initial).await.unwrap();
    sessions.revoke();
    client.sync(SyncRequest::Initial).await.unwrap();
    // The refresh token was revoked too, so a login followed.
    assert_eq!(cms.asked_for("/api/auth/refresh"), 1);
    assert_eq!(cms.asked_for("/api/auth/local"), 2);
}

#[tokio::test]
async fn a_lost_answer_to_a_refresh_ends_in_a_login() {
    let sessions = Sessions::new(0);
    let lost = Arc::new(AtomicUsize::new(0));
    let cms = {
        let (sessions, lost) = (sessions.clone(), Arc::clone(&lost));
        FakeCms::start(move |asked| {
            let answer = sessions.answer(asked);
            // The CMS has rotated, and the answer never arrives.
            if asked.path == "/api/auth/refresh" && lost.fetch_add(1, Ordering::SeqCst) == 0 {
                return HttpResponse::BadGateway().finish();
            }
            answer
        })
    };
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(login()), cache.path()).unwrap();
    client.sync(SyncRequest::Initial).await.unwrap();
    client.sync(SyncRequest::Initial).await.unwrap();
    assert_eq!(cms.asked_for("/api/auth/refresh"), 1, "a refresh token is never sent twice");
    assert_eq!(cms.asked_for("/api/auth/local"), 2);
}

#[tokio::test]
async fn many_tasks_and_processes_share_one_login() {
    let sessions = Sessions::new(600);
    let cms = sessions_cms(&sessions);
    let cache = tempfile::tempdir().unwrap();
    // Two clients are two processes: they share nothing but the folder.
    let clients = [0, 1].map(|_| Arc::new(Cms::new(&cms.config(login()), cache.path()).unwrap()));
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let client = Arc::clone(&clients[n % 2]);
            tokio::spawn(async move { client.sync(SyncRequest::Initial).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(cms.asked_for("/api/auth/local"), 1);
    sessions.revoke();
    let again = [0, 1, 0, 1].map(|n| {
        let client = Arc::clone(&clients[n]);
        tokio::spawn(async move { client.sync(SyncRequest::Initial).await })
    });
    for task in again {
        task.await.unwrap().unwrap();
    }
    assert_eq!(cms.asked_for("/api/auth/local"), 2, "one renewal serves them all");
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again() {
    let sessions = Sessions::new(600);
    let cms = sessions_cms(&sessions);
    let cache = tempfile::tempdir().unwrap();
    let wrong = Credentials::Login { identifier: "site".into(), password: "wrong".into() };
    let client = Cms::new(&cms.config(wrong), cache.path()).unwrap();
    let error = client.sync(SyncRequest::Initial).await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized(_)), "{error:?}");
    assert_eq!(cms.asked().len(), 1);
}

#[tokio::test]
async fn a_busy_cms_is_asked_again_when_it_says_so() {
    let count = AtomicUsize::new(0);
    let cms = FakeCms::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).finish(),
        1 => HttpResponse::TooManyRequests().finish(),
        _ => page(),
    });
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(Credentials::Anonymous), cache.path()).unwrap();
    let began = Instant::now();
    client.sync(SyncRequest::Initial).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(cms.asked().len(), 3);
}

#[tokio::test]
async fn a_cms_that_is_away_or_silent_is_transient() {
    let cache = tempfile::tempdir().unwrap();
    let gone = FakeCms::start(|_| page());
    gone.stop().await;
    let client = Cms::new(&gone.config(Credentials::Anonymous), cache.path()).unwrap();
    assert!(client.sync(SyncRequest::Initial).await.unwrap_err().is_transient());

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = gone.config(Credentials::Anonymous);
    config.url = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    config.timeout = Duration::from_millis(50);
    let client = Cms::new(&config, cache.path()).unwrap();
    assert!(client.sync(SyncRequest::Initial).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn what_the_feed_says_about_itself_is_understood() {
    let refusal = |status: u16, name: &'static str| {
        FakeCms::start(move |_| {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status).json(json!({
                "data": null, "error": { "status": status.as_u16(), "name": name, "message": "m" }
            }))
        })
    };
    let cache = tempfile::tempdir().unwrap();
    for (status, name, expected) in [
        (410, "sync_token_expired", SyncReply::Restart),
        (400, "sync_filter_mismatch", SyncReply::Restart),
        (404, "NotFoundError", SyncReply::NoFeed),
    ] {
        let cms = refusal(status, name);
        let client = Cms::new(&cms.config(Credentials::Anonymous), cache.path()).unwrap();
        assert_eq!(client.sync(SyncRequest::Token("t")).await.unwrap(), expected);
    }
    let garbled = FakeCms::start(|_| HttpResponse::Ok().body("<html>"));
    let client = Cms::new(&garbled.config(Credentials::Anonymous), cache.path()).unwrap();
    let error = client.sync(SyncRequest::Initial).await.unwrap_err();
    assert!(matches!(error, ClientError::Contract(_)), "{error:?}");
}

#[tokio::test]
async fn media_arrives_complete_or_not_at_all() {
    let count = AtomicUsize::new(0);
    let cms = FakeCms::start(move |asked| match asked.path.as_str() {
        "/uploads/a.png" if count.fetch_add(1, Ordering::SeqCst) == 0 => {
            HttpResponse::InternalServerError().finish()
        }
        "/uploads/a.png" => HttpResponse::Ok().body(vec![7_u8; 300_000]),
        _ => HttpResponse::NotFound().finish(),
    });
    let cache = tempfile::tempdir().unwrap();
    let client = Cms::new(&cms.config(Credentials::Anonymous), cache.path()).unwrap();
    let dest = cache.path().join("media/a.png");
    assert_eq!(client.download("/uploads/a.png", &dest).await.unwrap(), 300_000);
    assert_eq!(fs::read(&dest).unwrap(), vec![7_u8; 300_000]);
    let none = cache.path().join("media/b.png");
    let missing = client.download("/uploads/b.png", &none).await.unwrap_err();
    assert!(matches!(missing, ClientError::Permanent { status: 404, .. }));
    assert!(!none.exists());
    let elsewhere = client.download("//evil.example/x", &none).await.unwrap_err();
    assert!(!elsewhere.is_transient(), "{elsewhere:?}");
}

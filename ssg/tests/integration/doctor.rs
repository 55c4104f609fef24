//! `ssg doctor` on installations with one thing wrong each.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use actix_web::HttpResponse;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    fake_cms::{Asked, FakeCms},
    s3::{BUCKET, KEY_ID, S3, SECRET},
};

const PAGE: &str = r#"{"items":[],"next_page":null,"next_sync":"t","upto":0,"locales":["en"]}"#;

/// An installation that lacks nothing, until a test spoils it.
struct Installation {
    folder: TempDir,
    cms: FakeCms,
}

fn healthy(asked: &Asked) -> HttpResponse {
    match asked.path.split('?').next() {
        Some("/_health") => HttpResponse::NoContent().finish(),
        Some("/sync") => HttpResponse::Ok().content_type("application/json").body(PAGE),
        _ => HttpResponse::NotFound().finish(),
    }
}

impl Installation {
    fn with(answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let templates = folder.path().join("templates");
        fs::create_dir_all(&templates).unwrap();
        let site = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\nlocales = [\"en\"]\n\n\
                    [[route]]\npath = \"/\"\ntemplate = \"index.html\"\n";
        fs::write(templates.join("site.toml"), site).unwrap();
        fs::write(templates.join("index.html"), "Hello").unwrap();
        Self { folder, cms: FakeCms::start(answer) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the doctor says with these settings, and how it ends.
    async fn examine(&self, settings: &[(&'static str, &str)]) -> (i32, Findings) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
        command.current_dir(self.folder.path()).env_clear().args(["doctor", "--json"]);
        command.env("SSG_CMS_URL", &self.cms.url).env("SSG_CMS_TOKEN", "secret-token");
        command.env("SSG_LISTEN", "127.0.0.1:9");
        command.envs(settings.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("secret-token"), "{text}");
        let said: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr))
        });
        (output.status.code().unwrap(), Findings(said["findings"].as_array().unwrap().clone()))
    }
}

struct Findings(Vec<Value>);

impl Findings {
    /// The detail of the one finding of this kind that is not good.
    #[track_caller]
    fn only(&self, state: &str, what: &str) -> String {
        let found: Vec<_> = self.0.iter().filter(|it| it["state"] == state).collect();
        assert!(found.len() == 1 && found[0]["what"] == what, "{:#?}", self.0);
        found[0]["detail"].as_str().unwrap().to_owned()
    }

    fn count(&self, state: &str) -> usize {
        self.0.iter().filter(|it| it["state"] == state).count()
    }
}

#[tokio::test]
async fn nothing_is_wrong_with_what_works() {
    let installation = Installation::with(healthy);
    let (code, findings) = installation.examine(&[]).await;
    assert_eq!((code, findings.count("error")), (0, 0), "{:#?}", findings.0);
    assert!(!installation.path("dist").exists(), "it made something");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_or_elsewhere_is_named() {
    let installation = Installation::with(|_| HttpResponse::Ok().body("<html>"));
    let (code, findings) = installation.examine(&[("SSG_CMS_URL", "http://127.0.0.1:9")]).await;
    assert_eq!(code, 2);
    assert!(findings.only("error", "content server").contains("127.0.0.1:9/ (SSG_CMS_URL)"));
    let (_, findings) = installation.examine(&[]).await;
    let said = &findings.0.iter().find(|it| it["what"] == "content server").unwrap()["detail"];
    assert!(said.as_str().unwrap().contains("is it a content server?"), "{said}");
}

#[tokio::test]
async fn clocks_that_disagree_are_named() {
    let installation = Installation::with(|asked| {
        let mut answer = healthy(asked);
        let then = "Tue, 01 Jan 2030 00:00:00 GMT".parse().unwrap();
        answer.headers_mut().insert(actix_web::http::header::DATE, then);
        answer
    });
    let (code, findings) = installation.examine(&[]).await;
    assert_eq!(code, 2);
    assert!(findings.only("error", "clock").contains("set both clocks by NTP"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_named_but_not_shown() {
    let refused = json!({ "data": null, "error": { "status": 401, "name": "UnauthorizedError",
        "message": "Missing or invalid credentials", "details": {} } });
    let installation = Installation::with(move |asked| match asked.path.starts_with("/sync") {
        true => HttpResponse::Unauthorized().json(&refused),
        false => healthy(asked),
    });
    let (code, findings) = installation.examine(&[]).await;
    assert_eq!(code, 2);
    assert!(findings.only("error", "credentials").contains("as SSG_CMS_TOKEN"));
}

#[tokio::test]
async fn another_version_or_no_feed_at_all_is_named() {
    let installation = Installation::with(|asked| match asked.path.starts_with("/sync") {
        true => HttpResponse::Ok().content_type("application/json").body("{\"entries\":[]}"),
        false => healthy(asked),
    });
    let (_, findings) = installation.examine(&[]).await;
    assert!(findings.only("error", "credentials").contains("of the same version?"));

    let installation = Installation::with(|asked| match asked.path.starts_with("/sync") {
        true => HttpResponse::NotFound().finish(),
        false => healthy(asked),
    });
    let (_, findings) = installation.examine(&[]).await;
    assert!(findings.only("error", "credentials").contains("no change feed"));
}

#[tokio::test]
async fn mistakes_in_the_site_and_a_folder_in_the_way_are_named() {
    let installation = Installation::with(healthy);
    let site = installation.path("templates/site.toml");
    let text = fs::read_to_string(&site).unwrap();
    fs::write(&site, text.replace("template =", "tempalte =")).unwrap();
    let (_, findings) = installation.examine(&[]).await;
    assert!(findings.only("error", "site").contains("site.toml:"));
    fs::write(&site, text).unwrap();

    fs::write(installation.path("dist"), "in the way").unwrap();
    let (code, findings) = installation.examine(&[]).await;
    assert_eq!(code, 2);
    assert!(findings.only("error", "releases").contains("is no folder"));
}

#[tokio::test]
async fn targets_are_tried_and_named() {
    let installation = Installation::with(healthy);
    let s3 = S3::start();
    let site = installation.path("templates/site.toml");
    let mut text = fs::read_to_string(&site).unwrap();
    text += &format!(
        "\n[[target]]\nname = \"one\"\nkind = \"local\"\npath = \"{}\"\n\
         [[target]]\nname = \"shop\"\nkind = \"s3\"\nbucket = \"{BUCKET}\"\nendpoint = \"{}\"\n\
         key_id = \"SITE_KEY_ID\"\nsecret = \"SITE_SECRET\"\n",
        installation.path("one").display(),
        s3.endpoint()
    );
    fs::write(&site, &text).unwrap();
    let keys = [("SITE_KEY_ID", KEY_ID), ("SITE_SECRET", SECRET)];
    let (code, findings) = installation.examine(&keys).await;
    assert_eq!((code, findings.count("error")), (0, 0), "{:#?}", findings.0);
    assert_eq!(findings.0.iter().filter(|it| it["what"] == "target").count(), 2);
    assert!(!installation.path("one").exists() && s3.keys().is_empty(), "it made something");

    let (code, findings) = installation.examine(&[]).await;
    assert_eq!(code, 2);
    assert!(findings.only("error", "target").contains("SITE_KEY_ID is not set"));
    let (_, findings) = installation.examine(&[keys[0], ("SITE_SECRET", "wrong")]).await;
    assert!(findings.only("error", "target").contains("the credentials are refused"));
    fs::write(&site, text.replace("bucket = \"media\"", "bucket = \"other\"")).unwrap();
    let (_, findings) = installation.examine(&keys).await;
    assert!(findings.only("error", "target").contains("there is no such bucket"));
    fs::write(&site, text.replace(&s3.endpoint(), "http://127.0.0.1:9")).unwrap();
    let (_, findings) = installation.examine(&keys).await;
    assert!(findings.only("error", "target").contains("the server cannot be reached"));
}

#[tokio::test]
async fn settings_that_lie_open_are_named() {
    let installation = Installation::with(healthy);
    let file = installation.path(".env.local");
    fs::write(&file, "SSG_WEBHOOK_AUTHORIZATION=x\n").unwrap();
    open(&file, 0o644);
    let (code, findings) = installation.examine(&[]).await;
    assert_eq!(code, 0);
    let warned = findings.0.iter().any(|it| it["what"] == "settings" && it["state"] == "warning");
    assert!(warned, "{:#?}", findings.0);
    open(&file, 0o600);
    let (_, findings) = installation.examine(&[]).await;
    assert!(findings.0.iter().all(|it| it["what"] != "settings"), "{:#?}", findings.0);
}

fn open(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

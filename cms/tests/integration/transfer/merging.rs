//! An archive meets a server that is not empty.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{count, exported, import, imported, seeded, start};

/// Asks the server of this folder, and stops it.
async fn ask<T>(folder: &Path, questions: impl AsyncFnOnce(String, String) -> T) -> T {
    let server = start(folder);
    let name = cms::auth::secret::random_text().unwrap();
    let arguments = ["token", "create", "--type", "full-access", "--name", &name];
    let output = super::cms(folder).args(arguments).output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    questions(server.url.clone(), token).await
}

async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

#[actix_web::test]
async fn users_and_single_types_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let client = reqwest::Client::new();
    let refresh = ask(folder.path(), async |url, token| {
        let ada =
            json!({ "username": "ada", "email": "ada@conformance.test", "password": "Other-1" });
        let register = client.post(format!("{url}/api/auth/local/register")).json(&ada);
        let (status, session) = send(register).await;
        assert_eq!(status, 200, "{session}");
        let home = json!({ "data": { "headline": "Before" } });
        let put = client.put(format!("{url}/api/homepage")).bearer_auth(token).json(&home);
        assert_eq!(send(put).await.0, 200);
        session["refreshToken"].clone()
    })
    .await;
    let report = imported(folder.path(), &seeded(), &[]);
    assert_eq!(count(&report, "plugin::users-permissions.user", "updated"), 1);
    assert_eq!(count(&report, "plugin::users-permissions.user", "added"), 2);
    ask(folder.path(), async |url, token| {
        let get = |path: &str| client.get(format!("{url}{path}")).bearer_auth(&token);
        assert_eq!(send(get("/api/homepage")).await.1["data"]["headline"], "Welcome");
        assert_eq!(send(get("/api/users/count")).await.1, 3);
        let login = |password: &str| {
            let body = json!({ "identifier": "ada", "password": password });
            client.post(format!("{url}/api/auth/local")).json(&body)
        };
        assert_eq!(send(login("Other-1")).await.0, 400);
        assert_eq!(send(login("Secret-ada-1")).await.0, 200);
        // Whoever knew the old password is out.
        let again = client.post(format!("{url}/api/auth/refresh"));
        assert_eq!(send(again.json(&json!({ "refreshToken": refresh }))).await.0, 401);
    })
    .await;
}

#[actix_web::test]
async fn a_document_becomes_what_the_archive_says_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    imported(folder.path(), &seeded(), &[]);
    let before = exported(folder.path(), "before.tar.gz", &[]);
    let client = reqwest::Client::new();
    let own = ask(folder.path(), async |url, token| {
        let list = client.get(format!("{url}/api/articles?sort=slug&populate=*"));
        let (_, list) = send(list.bearer_auth(&token)).await;
        let id = list["data"][0]["documentId"].as_str().unwrap().to_owned();
        let body = json!({ "data": { "title": "Changed here", "tags": [], "sections": [] } });
        let change = client.put(format!("{url}/api/articles/{id}")).bearer_auth(&token);
        assert_eq!(send(change.json(&body)).await.0, 200);
        let french = client.put(format!("{url}/api/articles/{id}?locale=fr")).bearer_auth(&token);
        let body = json!({ "data": { "title": "Ajouté ici", "slug": "ajoute" } });
        assert_eq!(send(french.json(&body)).await.0, 200);
        let tag = client.post(format!("{url}/api/tags")).bearer_auth(&token);
        let (status, tag) = send(tag.json(&json!({ "data": { "name": "only here" } }))).await;
        assert_eq!(status, 201, "{tag}");
        tag["data"]["documentId"].as_str().unwrap().to_owned()
    })
    .await;
    let report = imported(folder.path(), &seeded(), &[]);
    assert!(count(&report, "api::article.article", "updated") > 0);
    assert!(count(&report, "api::article.article", "removed") > 0);
    assert_eq!(count(&report, "api::tag.tag", "removed"), 0);
    ask(folder.path(), async |url, token| {
        let tag = client.get(format!("{url}/api/tags/{own}")).bearer_auth(&token);
        assert_eq!(send(tag).await.0, 200);
        let delete = client.delete(format!("{url}/api/tags/{own}")).bearer_auth(&token);
        assert_eq!(send(delete).await.0, 204);
    })
    .await;
    // The published row of the changed article has another number by now, all else is back.
    let after = exported(folder.path(), "after.tar.gz", &[]);
    let titles = |archive: &Path| {
        let mut rows: Vec<String> = super::answers::lines(archive, "entities")
            .iter()
            .map(|line| {
                format!("{} {} {}", line["type"], line["data"]["documentId"], line["data"]["title"])
            })
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(titles(&before), titles(&after));
}

#[actix_web::test]
async fn values_that_must_be_unique_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let client = reqwest::Client::new();
    ask(folder.path(), async |url, token| {
        let tag = client.post(format!("{url}/api/tags")).bearer_auth(&token);
        assert_eq!(send(tag.json(&json!({ "data": { "name": "alpha" } }))).await.0, 201);
    })
    .await;
    let output = import(folder.path(), &seeded(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("api::tag.tag: 2 documents hold the `name` `alpha`"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    let report = imported(folder.path(), &seeded(), &["--force"]);
    assert_eq!(count(&report, "api::tag.tag", "added"), 20);
}

#[test]
fn locales_roles_folders_and_webhooks_come_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = super::archives::encrypted();
    let mut command = super::cms(folder.path());
    command.env("CMS_LOCALES", "fr").arg("import").arg(&path).args(["--json", "--key"]);
    let output = command.arg(super::archives::KEY).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["locales"], json!(["en", "de"]));
    assert_eq!(report["notes"][0], "the default locale is now `en`");
    let cms = |arguments: &[&str]| {
        let mut command: Command = super::cms(folder.path());
        let output = command.env("CMS_LOCALES", "fr").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(cms(&["locale", "list"]).starts_with("en\tEnglish (en)\tdefault"));
    let hooks = cms(&["webhook", "list"]);
    assert!(hooks.starts_with("hook one\thttps://hooks.example.test/a\tenabled"), "{hooks}");
    let archive = exported(folder.path(), "out.tar.gz", &[]);
    let folders: Vec<Value> = super::answers::lines(&archive, "entities")
        .into_iter()
        .filter(|line| line["type"] == "plugin::upload.folder")
        .map(|line| json!([line["data"]["name"], line["data"]["path"]]))
        .collect();
    assert_eq!(
        folders,
        [json!(["API Uploads", "/1"]), json!(["Press", "/2"]), json!(["2026", "/2/3"])]
    );
}

//! The content model, edited while the server runs.

use std::path::Path;
use std::time::{Duration, Instant};

use super::harness::{CONFORMANCE_SCHEMA, TestApp};

/// Longest time an edit may take to be in use.
const DEADLINE: Duration = Duration::from_secs(20);

fn write_type(schema: &Path, name: &str, text: &str) {
    let folder = schema.join(format!("api/{name}/content-types/{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("schema.json"), text).unwrap();
}

fn note(attribute: &str) -> String {
    format!(
        r#"{{"kind": "collectionType", "collectionName": "notes",
            "info": {{"singularName": "note", "pluralName": "notes", "displayName": "Note"}},
            "attributes": {{"{attribute}": {{"type": "string"}}}}}}"#
    )
}

async fn until(app: &TestApp, path: &str, status: u16) {
    let client = app.full_access();
    let deadline = Instant::now() + DEADLINE;
    while client.get(path).await.status.as_u16() != status {
        assert!(Instant::now() < deadline, "`{path}` never answered {status}");
    }
}

#[actix_web::test]
async fn a_new_type_is_served_without_a_restart_and_a_broken_edit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema");
    write_type(&schema, "note", &note("title"));
    let app = TestApp::start_in(folder, &["--schema", schema.to_str().unwrap()]).await;
    until(&app, "/api/notes?fields=title", 200).await;
    let before = newest(&app);
    write_type(&schema, "note", &note("headline"));
    until(&app, "/api/notes?fields=headline", 200).await;
    assert_eq!(newest(&app), before + 1, "the feed tells of the new model");
    write_type(&schema, "note", "{ broken");
    write_type(&schema, "page", &note("title").replace("note", "page"));
    app.full_access().get("/api/notes?fields=headline").await.expect(200);
    write_type(&schema, "note", &note("title"));
    until(&app, "/api/pages", 200).await;
}

#[actix_web::test]
async fn starting_again_with_the_same_model_is_no_change() {
    let app = TestApp::start().await;
    let before = newest(&app);
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &["--schema", CONFORMANCE_SCHEMA]).await;
    assert_eq!(newest(&app), before);
}

fn newest(app: &TestApp) -> i64 {
    app.app.db.read::<_, cms::store::StoreError>(cms::store::feed::newest).unwrap()
}

//! A bucket that goes away in the midst of something, and comes back.

use std::sync::Arc;

use cms::store::{StoreError, settings};
use serde_json::json;

use super::super::files::{Form, conformance_file, upload};
use super::super::harness::TestApp;
use super::super::s3::{Mood, S3};
use super::url;

async fn start() -> (Arc<S3>, TestApp) {
    let s3 = Arc::new(S3::start());
    let app = TestApp::on_bucket(Arc::clone(&s3), &[]).await;
    (s3, app)
}

/// What is still noted about the bucket.
fn owed(app: &TestApp) -> Vec<(String, String)> {
    app.app.db.read::<_, StoreError>(|conn| settings::beginning(conn, "uploads.")).unwrap()
}

#[actix_web::test]
async fn an_upload_that_is_cut_short_leaves_nothing() {
    let (s3, app) = start().await;
    let client = app.full_access();
    let picture = conformance_file("large.jpg");
    for writes in [0, 1, 3] {
        s3.set(Mood::DownAfterWrites(writes));
        let form = Form::default().file("large.jpg", "image/jpeg", &picture);
        let refused = form.send(&client, "/api/upload").await.expect(503);
        let expected = "The store of uploaded files does not answer; try again later";
        assert_eq!(refused.message(), expected);
        assert_eq!(refused.body["error"]["name"], "ServiceUnavailableError");
        assert_eq!(refused.header("retry-after"), "1");
        let files = client.get("/api/upload/files").await.expect(200).body;
        assert_eq!(files, json!([]), "after {writes} writes");
        assert_eq!(app.underway(), 0);
        // What had arrived already goes with the next thing that works.
        s3.set(Mood::Up);
        let file = upload(&client, "large.jpg", "image/jpeg", &picture).await;
        assert_eq!(app.stored().len(), 5);
        client.delete(&format!("/api/upload/files/{}", file["id"])).await.expect(200);
        assert_eq!((app.stored(), owed(&app)), (Vec::<String>::new(), Vec::new()));
    }
}

#[actix_web::test]
async fn a_deleted_file_goes_when_the_bucket_is_back() {
    let (s3, app) = start().await;
    let client = app.full_access();
    let file = upload(&client, "a.txt", "text/plain", b"hello").await;
    s3.set(Mood::Down);
    client.delete(&format!("/api/upload/files/{}", file["id"])).await.expect(200);
    assert_eq!(app.stored().len(), 1);
    app.anonymous().get(url(&file)).await.expect(503);
    s3.set(Mood::Up);
    let kept = upload(&client, "b.txt", "text/plain", b"hello").await;
    client.delete(&format!("/api/upload/files/{}", kept["id"])).await.expect(200);
    assert_eq!((app.stored(), owed(&app)), (Vec::<String>::new(), Vec::new()));
}

#[actix_web::test]
async fn a_replacement_happens_whole_or_not_at_all() {
    let (s3, app) = start().await;
    let client = app.full_access();
    let file = upload(&client, "small.png", "image/png", &conformance_file("small.png")).await;
    let path = format!("/api/upload?id={}", file["id"]);
    let before = app.stored();
    s3.set(Mood::DownAfterWrites(1));
    let form = || Form::default().file("l.jpg", "image/jpeg", &conformance_file("large.jpg"));
    form().send(&client, &path).await.expect(503);
    let shown = client.get(&format!("/api/upload/files/{}", file["id"])).await.expect(200).body;
    assert_eq!(shown["width"], 300);
    s3.set(Mood::Up);
    let served = app.anonymous().get(url(&file)).await.expect(200);
    assert_eq!(served.header("content-length"), conformance_file("small.png").len().to_string());
    // The bytes are there, only their names are not: from here on it is a matter of time.
    s3.set(Mood::DownAfterWrites(5));
    let changed = form().send(&client, &path).await.expect(200).body;
    assert_eq!(changed["width"], 1200);
    assert!(owed(&app).len() >= 5);
    s3.set(Mood::Up);
    let (folder, s3) = (app.stop().await, s3);
    let app = TestApp::on_bucket_in(folder, Arc::clone(&s3), &[]).await;
    let is_placed = |left: &[(String, String)]| {
        left.iter().all(|(name, _)| name.starts_with("uploads.doomed/.replacing-"))
    };
    // A server that starts settles what is owed, beside answering.
    while !is_placed(&owed(&app)) {
        app.anonymous().get("/healthz").await.expect(200);
    }
    for format in changed["formats"].as_object().unwrap().values().chain([&changed]) {
        let served = app.anonymous().get(url(format)).await.expect(200);
        assert!(served.header("content-length").parse::<u64>().unwrap() > 1_000);
    }
    let replaced: Vec<_> = app.stored().into_iter().filter(|name| !name.starts_with('.')).collect();
    assert!(before.iter().all(|name| replaced.contains(name)));
    assert_eq!(replaced.len(), 5);
}

//! Uploaded files in a bucket: what differs from a folder, and what happens while the bucket
//! is away.

mod away;
mod moving;

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::files::{conformance_file, upload};
use super::harness::{Client, TestApp, send};
use super::s3::{BUCKET, KEY_ID, Mood, S3, SECRET};

/// More than is sent in one part.
fn film() -> Vec<u8> {
    (0..9_000_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

async fn bytes(client: &Client<'_>, path: &str) -> Vec<u8> {
    let response = client.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

fn url(file: &Value) -> &str {
    file["url"].as_str().unwrap()
}

#[actix_web::test]
async fn a_large_file_comes_back_byte_for_byte_and_in_parts() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let film = film();
        let file = upload(&client, "film.mp4", "video/mp4", &film).await;
        assert_eq!(bytes(&client, url(&file)).await, film);
        assert_eq!(app.underway(), usize::from(app.s3.is_none()));
        for (range, part) in [
            ("bytes=0-9", &film[..10]),
            ("bytes=8388600-8388699", &film[8_388_600..8_388_700]),
            ("bytes=8999990-", &film[8_999_990..]),
            ("bytes=-5", &film[8_999_995..]),
            ("bytes=8999999-30000000", &film[8_999_999..]),
        ] {
            let request = client.request(Method::GET, url(&file)).header("range", range);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 206, "{range}");
            let said = answer.headers()["content-range"].to_str().unwrap().to_owned();
            assert!(said.ends_with("/9000000"), "{said}");
            assert_eq!(answer.headers()["content-length"], part.len().to_string().as_str());
            assert_eq!(answer.bytes().await.unwrap(), part, "{range}");
        }
        let request = client.request(Method::GET, url(&file)).header("range", "bytes=9000000-");
        let beyond = send(request).await.expect(416);
        assert_eq!(beyond.header("content-range"), "bytes */9000000");
    }
}

#[actix_web::test]
async fn conditions_spare_the_transfer() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let file = upload(&client, "a.txt", "text/plain", b"hello").await;
        let ask = async |headers: &[(&str, &str)]| {
            let mut request = client.request(Method::GET, url(&file));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            send(request).await
        };
        let first = ask(&[]).await.expect(200);
        let (tag, date) = (first.header("etag"), first.header("last-modified"));
        assert_eq!(first.header("content-type"), "text/plain; charset=utf-8");
        assert!(tag.ends_with('"') && !date.is_empty());
        let spared = ask(&[("if-none-match", tag)]).await.expect(304);
        assert_eq!((spared.text.as_str(), spared.header("etag")), ("", tag));
        ask(&[("if-none-match", "\"other\"")]).await.expect(200);
        ask(&[("if-none-match", "*")]).await.expect(304);
        ask(&[("if-modified-since", date)]).await.expect(304);
        ask(&[("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT")]).await.expect(200);
        ask(&[("if-match", "\"other\"")]).await.expect(412);
        ask(&[("if-match", tag)]).await.expect(200);
        ask(&[("if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT")]).await.expect(412);
        let part = ask(&[("range", "bytes=1-2"), ("if-range", tag)]).await.expect(206);
        assert_eq!(part.text, "el");
        let head = send(client.request(Method::HEAD, url(&file))).await.expect(200);
        assert_eq!((head.header("content-length"), head.header("etag")), ("5", tag));
        let path = format!("/api/upload?id={}", file["id"]);
        let form = super::files::Form::default().file("b.txt", "text/plain", b"other");
        form.send(&client, &path).await.expect(200);
        assert_eq!(ask(&[("if-none-match", tag)]).await.expect(200).text, "other");
    }
}

#[actix_web::test]
async fn a_reader_is_sent_to_the_bucket_where_that_is_wanted() {
    let flags = ["--upload-reads", "redirect", "--s3-link-ttl", "1m"];
    let app = TestApp::on_bucket(Arc::new(S3::start()), &flags).await;
    let client = app.full_access();
    let picture = conformance_file("small.png");
    let file = upload(&client, "small.png", "image/png", &picture).await;
    let sent = app.anonymous().get(url(&file)).await.expect(302);
    let link = sent.header("location");
    assert!(link.contains("X-Amz-Expires=60") && !link.contains(SECRET), "{link}");
    let answer = reqwest::get(link).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"image/png".parse().unwrap())
    );
    assert_eq!(answer.bytes().await.unwrap(), picture);
    let forged = link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000");
    assert_eq!(reqwest::get(forged).await.unwrap().status(), 403);
    send(app.anonymous().request(Method::HEAD, url(&file))).await.expect(200);
    // What would run there is shown here, where nothing of it runs.
    let drawing = upload(&client, "x.svg", "image/svg+xml", b"<svg></svg>").await;
    let shown = app.anonymous().get(url(&drawing)).await.expect(200);
    assert!(shown.header("content-security-policy").contains("sandbox"));
}

#[actix_web::test]
async fn visitors_get_links_to_the_address_they_can_reach() {
    let s3 = Arc::new(S3::start());
    let flags = ["--upload-reads", "redirect", "--s3-public-endpoint", "https://files.example.org"];
    let app = TestApp::on_bucket(s3, &flags).await;
    let file = upload(&app.full_access(), "a.txt", "text/plain", b"x").await;
    let sent = app.anonymous().get(url(&file)).await.expect(302);
    let expected = format!("https://files.example.org/{BUCKET}/site/files/");
    assert!(sent.header("location").starts_with(&expected), "{}", sent.header("location"));
}

#[actix_web::test]
async fn an_object_says_what_it_is() {
    let s3 = Arc::new(S3::start());
    let app = TestApp::on_bucket(Arc::clone(&s3), &[]).await;
    let client = app.full_access();
    upload(&client, "a.html", "text/html", b"<!DOCTYPE html><p>x").await;
    upload(&client, "large.jpg", "image/jpeg", &conformance_file("large.jpg")).await;
    let keys = s3.keys();
    assert_eq!(keys.len(), 6);
    for key in keys {
        let about = s3.attributes(&key);
        assert_eq!(about["cache_control"], "max-age=0");
        if key.ends_with(".html") {
            assert_eq!(about["content_type"], "text/html; charset=utf-8");
            let disposition = about["content_disposition"].as_str().unwrap();
            assert!(disposition.starts_with("attachment"), "{disposition}");
        } else {
            assert_eq!(about["content_type"], "image/jpeg");
        }
    }
}

#[actix_web::test]
async fn two_servers_share_a_bucket() {
    let s3 = Arc::new(S3::start());
    let one = TestApp::on_bucket(Arc::clone(&s3), &[]).await;
    let database = one.database();
    let two = TestApp::on_bucket(Arc::clone(&s3), &["--database-url", &database]).await;
    let file = upload(&one.full_access(), "a.txt", "text/plain", b"from one").await;
    assert_eq!(two.anonymous().get(url(&file)).await.expect(200).text, "from one");
    let path = format!("/api/upload?id={}", file["id"]);
    let form = super::files::Form::default().file("b.txt", "text/plain", b"from two");
    form.send(&two.full_access(), &path).await.expect(200);
    assert_eq!(one.anonymous().get(url(&file)).await.expect(200).text, "from two");
    let path = format!("/api/upload/files/{}", file["id"]);
    one.full_access().delete(&path).await.expect(200);
    two.anonymous().get(url(&file)).await.expect(404);
    assert_eq!(s3.keys(), Vec::<String>::new());
}

/// What `cms doctor` says about the uploads with these flags in place of good ones.
async fn diagnosis(app: &TestApp, s3: &S3, instead: &[(&'static str, &str)]) -> (Value, String) {
    let mut flags = s3.flags("site/files");
    for (name, value) in instead {
        flags.retain(|(known, _)| known != name);
        flags.push((name, (*value).to_owned()));
    }
    let mut arguments = vec!["doctor", "--json"];
    arguments.extend(flags.iter().flat_map(|(name, value)| [*name, value.as_str()]));
    let (_, stdout, stderr) = app.cms(&arguments).await;
    let report: Value = serde_json::from_str(&stdout).unwrap_or_default();
    let found = report["findings"].as_array().unwrap_or_else(|| panic!("{stdout}{stderr}"));
    let uploads = found.iter().find(|it| it["what"] == "uploads").unwrap();
    (uploads["state"].clone(), uploads["detail"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn the_doctor_names_what_is_wrong_with_a_bucket() {
    let (app, s3) = (TestApp::start().await, S3::start());
    let (state, detail) = diagnosis(&app, &s3, &[]).await;
    assert_eq!(state, json!("ok"), "{detail}");
    for (instead, expected) in [
        (("--uploads", "s3://another-bucket"), "there is no such bucket"),
        (("--s3-secret-access-key", "wrong"), "the credentials are refused (SignatureDoesNotMatch"),
        (("--s3-access-key-id", "nobody"), "the credentials are refused (NotSignedUp"),
        (("--s3-endpoint", "http://127.0.0.1:9"), "the server cannot be reached"),
    ] {
        let (state, detail) = diagnosis(&app, &s3, &[instead]).await;
        assert_eq!(state, json!("error"), "{instead:?}: {detail}");
        assert!(detail.contains(expected), "{instead:?}: {detail}");
        assert!(!detail.contains(SECRET) && !detail.contains(KEY_ID), "{detail}");
    }
    s3.set(Mood::Down);
    let (_, detail) = diagnosis(&app, &s3, &[]).await;
    assert!(detail.contains("the server cannot be reached"), "{detail}");
    assert_eq!(s3.keys(), Vec::<String>::new());
}

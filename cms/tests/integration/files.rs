//! Uploading, replacing, serving and deleting files.

use cms::store::{StoreError, documents, links};
use reqwest::Method;
use serde_json::{Value, json};

use super::databases;
use super::harness::{Answer, Client, TestApp, send};

const BOUNDARY: &str = "----test-boundary";
/// One red pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// A multipart body under construction.
#[derive(Default)]
pub(super) struct Form(Vec<u8>);

impl Form {
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(value.as_bytes());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn file(mut self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(super) async fn send(mut self, client: &Client<'_>, path: &str) -> Answer {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        send(client.request(Method::POST, path).header("content-type", kind).body(self.0)).await
    }
}

pub(super) async fn upload(client: &Client<'_>, name: &str, kind: &str, bytes: &[u8]) -> Value {
    let form = Form::default().file(name, kind, bytes);
    form.send(client, "/api/upload").await.expect(201).body[0].clone()
}

pub(super) fn conformance_file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance/files");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

#[actix_web::test]
async fn a_file_is_stored_served_and_deleted() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let file = upload(&client, "Über uns.txt", "text/plain", b"hello").await;
        assert_eq!(file["name"], "Über uns.txt");
        assert_eq!(file["ext"], ".txt");
        let url = file["url"].as_str().unwrap();
        let served = app.anonymous().get(url).await.expect(200);
        assert_eq!(served.text, "hello");
        assert_eq!(served.header("cache-control"), "max-age=0");
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        client.delete(&format!("/api/upload/files/{}", file["id"])).await.expect(200);
        app.anonymous().get(url).await.expect(404);
        assert_eq!(app.stored(), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn a_large_picture_gets_variants_that_are_served_too() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let file = upload(&client, "large.jpg", "image/jpeg", &conformance_file("large.jpg")).await;
        assert_eq!((&file["width"], &file["height"]), (&json!(1200), &json!(800)));
        let formats = file["formats"].as_object().unwrap();
        assert_eq!(formats.len(), 4);
        for (name, format) in formats {
            let url = format["url"].as_str().unwrap();
            let served = app.anonymous().get(url).await.expect(200);
            assert_eq!(served.header("content-type"), "image/jpeg", "{name}");
            let length: Value = served.header("content-length").parse().unwrap();
            assert_eq!(length, format["sizeInBytes"], "{name}");
        }
    }
}

#[actix_web::test]
async fn nothing_uploaded_runs_on_this_origin() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let html =
            upload(&client, "x.html", "text/plain", b"<!DOCTYPE html><script>1</script>").await;
        let served = app.anonymous().get(html["url"].as_str().unwrap()).await.expect(200);
        assert!(served.header("content-disposition").starts_with("attachment"));
        assert!(served.header("content-security-policy").contains("sandbox"));
        let svg = upload(&client, "x.svg", "image/svg+xml", b"<svg><script>1</script></svg>").await;
        let served = app.anonymous().get(svg["url"].as_str().unwrap()).await.expect(200);
        assert_eq!(served.header("content-type"), "image/svg+xml");
        assert!(served.header("content-security-policy").contains("sandbox"));
    }
}

#[actix_web::test]
async fn no_path_leads_out_of_the_upload_folder() {
    for app in TestApp::on_each_store(&[]).await {
        for path in [
            "/uploads/..%2Fcms.db",
            "/uploads/%2e%2e%2fcms.db",
            "/uploads/.receiving-x",
            "/uploads/",
        ] {
            app.anonymous().get(path).await.expect(404);
        }
        let client = app.full_access();
        let form = Form::default().file("../../../etc/passwd", "text/plain", b"x");
        let refused = form.send(&client, "/api/upload").await.expect(400);
        assert_eq!(refused.message(), "File name contains invalid characters");
        let named = r#"{ "name": "../../../etc/passwd" }"#;
        let form = Form::default().file("x.txt", "text/plain", b"x").text("fileInfo", named);
        let file = form.send(&client, "/api/upload").await.expect(201).body[0].clone();
        assert!(file["url"].as_str().unwrap().starts_with("/uploads/"));
        assert_eq!(app.stored().len(), 1);
    }
}

#[actix_web::test]
async fn refused_types_are_refused_whatever_they_are_called() {
    for app in TestApp::on_each_store(&["--upload-denied-types", "text/html,video/*"]).await {
        let client = app.full_access();
        for (name, kind, bytes) in [
            ("a.txt", "text/plain", &b"<!DOCTYPE html><p>x"[..]),
            ("a.html", "text/plain", b"x"),
            ("a.txt", "text/html", b"x"),
            ("a.mp4", "application/octet-stream", b"x"),
        ] {
            let answer = Form::default().file(name, kind, bytes).send(&client, "/api/upload").await;
            assert!(answer.expect(400).message().contains("is not allowed"), "{name} {kind}");
        }
        let mixed =
            Form::default().file("a.html", "text/html", b"x").file("b.txt", "text/plain", b"y");
        let stored = mixed.send(&client, "/api/upload").await.expect(201).body;
        assert_eq!(stored.as_array().unwrap().len(), 1);
        assert_eq!(app.stored().len(), 1);
    }
}

#[actix_web::test]
async fn a_file_that_is_too_large_leaves_nothing() {
    for app in TestApp::on_each_store(&["--upload-limit", "1KB"]).await {
        let client = app.full_access();
        let form = Form::default().file("big.txt", "text/plain", &vec![b'x'; 300_000]);
        form.send(&client, "/api/upload").await.expect(413);
        assert_eq!(app.underway() + app.stored().len(), 0);
        upload(&client, "small.txt", "text/plain", &[b'x'; 1_000]).await;
    }
}

#[actix_web::test]
async fn a_replaced_file_keeps_its_address_and_its_description() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let form = Form::default()
            .file("dot.png", "image/png", PNG)
            .text("fileInfo", r#"{"alternativeText": "a dot"}"#);
        let file = form.send(&client, "/api/upload").await.expect(201).body[0].clone();
        let path = format!("/api/upload?id={}", file["id"]);
        let form = Form::default().file("small.png", "image/png", &conformance_file("small.png"));
        let changed = form.send(&client, &path).await.expect(200).body;
        assert_eq!(changed["url"], file["url"]);
        assert_eq!(changed["alternativeText"], "a dot");
        assert_eq!(changed["width"], 300);
        let info = Form::default().text("fileInfo", r#"{"caption": "new", "name": "n.png"}"#);
        let changed = info.send(&client, &path).await.expect(200).body;
        assert_eq!((&changed["caption"], &changed["name"]), (&json!("new"), &json!("n.png")));
        assert_eq!(changed["alternativeText"], "a dot");
    }
}

#[actix_web::test]
async fn an_upload_can_be_put_into_an_entry() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let body = json!({ "data": { "title": "With a cover" } });
        let article = client.post("/api/articles", body).await.expect(201).body["data"].clone();
        let form = |name: &str, field: &str| {
            Form::default()
                .file(name, "image/png", PNG)
                .text("ref", "api::article.article")
                .text("refId", &article["id"].to_string())
                .text("field", field)
        };
        form("one.png", "cover").send(&client, "/api/upload").await.expect(201);
        let path =
            format!("/api/articles/{}?populate=cover", article["documentId"].as_str().unwrap());
        assert_eq!(client.get(&path).await.expect(200).body["data"]["cover"]["name"], "one.png");
        let files = client.get("/api/upload/files?populate=related").await.expect(200).body;
        assert_eq!(files[0]["related"][0]["title"], "With a cover");
        assert_eq!(files[0]["related"][0]["__type"], "api::article.article");
        entries_of_a_file_are_shown_per_type(&client).await;
        // Publishing again copies the draft, which must have it too.
        client.put(&path, json!({ "data": { "title": "Still with it" } })).await.expect(200);
        assert_eq!(client.get(&path).await.expect(200).body["data"]["cover"]["name"], "one.png");
        // An attribute that holds no files gets none, and the file stays.
        form("two.png", "title").send(&client, "/api/upload").await.expect(201);
        assert_eq!(client.get(&path).await.expect(200).body["data"]["title"], "Still with it");
        assert_eq!(app.stored().len(), 2);
    }
}

/// Of the only file, which the draft and the published version of an article hold.
async fn entries_of_a_file_are_shown_per_type(client: &Client<'_>) {
    let related = async |options: &str| {
        let path = format!("/api/upload/files?populate[related]{options}");
        client.get(&path).await.expect(200).body[0].clone()
    };
    let file = related("[on][api::article.article][fields]=title").await;
    let names: Vec<_> = file.as_object().unwrap().keys().rev().take(2).collect();
    assert_eq!(names, ["isUrlSigned", "related"]);
    let entry = file["related"][0].as_object().unwrap();
    assert_eq!(entry.keys().collect::<Vec<_>>(), ["id", "documentId", "title", "__type"]);
    let filtered = related("[on][api::article.article][filters][title]=x").await;
    assert_eq!(filtered["related"], json!([]));
    let others = related("[on][api::author.author]=true").await;
    assert_eq!(others["related"], json!([]));
    assert_eq!(related("[count]=true").await["related"], json!({ "count": 2 }));
    let counted = related("[on][api::author.author]=true&populate[related][count]=true").await;
    assert_eq!(counted["related"], json!({ "count": 0 }));
    let unknown = "/api/upload/files?populate[related][on][api::nope.nope]=true";
    let refused = client.get(unknown).await.expect(400).body["error"]["message"].clone();
    assert_eq!(refused, "Invalid key api::nope.nope at related.on.api::nope.nope");
}

#[actix_web::test]
async fn a_file_stays_as_it_was_when_its_row_cannot_be_changed() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let file = upload(&client, "a.txt", "text/plain", b"old").await;
        let refuse = |event: &str| {
            let name = event.replace(' ', "_");
            if databases::is_postgres() {
                let sql = format!(
                    "CREATE FUNCTION no_{name}() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION 'no'; END $$; CREATE TRIGGER no_{name} \
                     BEFORE {event} ON documents FOR EACH ROW EXECUTE FUNCTION no_{name}()"
                );
                databases::ask(&app.database(), &sql);
                return;
            }
            let sql = format!(
                "CREATE TRIGGER no_{name} BEFORE {event} ON documents \
                 BEGIN SELECT RAISE(ABORT, 'no'); END"
            );
            let run = |conn: &mut cms::store::Conn| {
                let mut statement = cms::store::statement::Statement::new(conn.dialect());
                statement.push(&sql);
                statement.execute(conn)
            };
            app.app.db.write::<_, cms::store::StoreError>(run).unwrap();
        };
        refuse("UPDATE");
        refuse("INSERT");
        let path = format!("/api/upload?id={}", file["id"]);
        let form = || Form::default().file("b.txt", "text/plain", b"new");
        form().send(&client, &path).await.expect(500);
        form().file("c.txt", "text/plain", b"x").send(&client, "/api/upload").await.expect(500);
        let served = app.anonymous().get(file["url"].as_str().unwrap()).await.expect(200);
        assert_eq!(served.text, "old");
        assert_eq!(app.stored().len(), 1);
    }
}

#[actix_web::test]
async fn what_is_no_picture_or_no_file_is_refused() {
    for app in TestApp::on_each_store(&["--upload-limit", "100KB"]).await {
        let client = app.full_access();
        let large = conformance_file("large.jpg");
        for (form, status, message) in [
            (Form::default().file("a.txt", "text/plain", b""), 400, "Files are empty"),
            (
                Form::default().file("a.jpg", "image/jpeg", &large[..3_000]),
                400,
                "File is not a valid image",
            ),
            (
                Form::default()
                    .file("a.bin", "application/octet-stream", &vec![0; 200_000])
                    .text("fileInfo", r#"{ "name": "called.bin" }"#),
                413,
                "called.bin exceeds size limit of 102 KB.",
            ),
        ] {
            let refused = form.send(&client, "/api/upload").await.expect(status);
            assert_eq!(refused.message(), message);
        }
        assert_eq!(app.stored(), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn uploads_lie_in_one_folder_that_clients_do_not_see() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let mut folders = Vec::new();
        for name in ["a.txt", "b.txt"] {
            let id = upload(&client, name, "text/plain", b"x").await["id"].as_i64().unwrap();
            let held = app.app.db.read::<_, StoreError>(|conn| {
                let row = documents::get_by_number(conn, "plugin::upload.file", id)?.unwrap();
                let links = links::of_source(conn, row.id)?;
                Ok((
                    row.data["folderPath"].clone(),
                    links[0].slot.path.clone(),
                    links[0].target.clone(),
                ))
            });
            folders.push(held.unwrap());
            let seen = client.get(&format!("/api/upload/files/{id}?populate=*")).await.expect(200);
            assert_eq!((seen.body.get("folder"), seen.body.get("folderPath")), (None, None));
        }
        assert_eq!(folders[0], folders[1]);
        assert_eq!((&folders[0].0, folders[0].1.as_str()), (&json!("/1"), "folder"));
    }
}

#[actix_web::test]
async fn a_tiff_has_a_size_and_no_variants() {
    for app in TestApp::on_each_store(&[]).await {
        let tiff =
            b"MM\0*\0\0\0\x08\0\x02\x01\0\0\x03\0\0\0\x01\x05\0\0\0\x01\x01\0\x03\0\0\0\x01\x03\0\0\0";
        let file = upload(&app.full_access(), "a.tiff", "image/tiff", tiff).await;
        assert_eq!((&file["width"], &file["height"]), (&json!(1280), &json!(768)));
        assert_eq!((&file["formats"], &file["mime"]), (&Value::Null, &json!("image/tiff")));
    }
}

#[actix_web::test]
async fn of_a_query_for_one_file_only_the_names_are_read() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let id = upload(&client, "red.png", "image/png", PNG).await["id"].clone();
        for query in ["filters=x", "page=0", "sort=name:up", "filters[size]=abc", "_q[]=a"] {
            client.get(&format!("/api/upload/files/{id}?{query}")).await.expect(200);
            client.get(&format!("/api/upload/files/999?{query}")).await.expect(404);
        }
        let named =
            client.get(&format!("/api/upload/files/{id}?filters[nope]=1")).await.expect(400);
        assert_eq!(named.message(), "Invalid key nope");
        client.get("/api/upload/files/page?hasPublishedVersion=x").await.expect(200);
        client.get("/api/users?hasPublishedVersion=x").await.expect(200);
    }
}

#[actix_web::test]
async fn a_part_with_any_type_is_a_file_and_its_name_is_taken_as_it_stands() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let file = upload(&client, "a.txt", "nope", b"hello").await;
        assert_eq!((&file["name"], &file["mime"]), (&json!("a.txt"), &json!("text/plain")));
        let file = upload(&client, r"..\b.txt", "text/plain", b"hello").await;
        assert_eq!(file["name"], "b.txt");
        let untyped =
            Form::default().file("a.txt", "", b"hello").send(&client, "/api/upload").await;
        assert_eq!(untyped.expect(400).message(), "Files are empty");
        for kind in ["multipart/form-data; boundary=", "multipart/form-data"] {
            let request = client.request(Method::POST, "/api/upload").header("content-type", kind);
            assert_eq!(send(request.body("x")).await.expect(400).message(), "Files are empty");
        }
    }
}

#[actix_web::test]
async fn a_reference_to_no_row_leads_nowhere() {
    for app in TestApp::on_each_store(&[]).await {
        let client = app.full_access();
        let attach = async |id: &str, field: &str| {
            let form = Form::default().file("a.txt", "text/plain", b"hello");
            let form =
                form.text("ref", "api::article.article").text("refId", id).text("field", field);
            form.send(&client, "/api/upload").await
        };
        attach("abc", "gallery").await.expect(201);
        attach("999", "cover").await.expect(201);
        attach("abc", "cover").await.expect(400);
    }
}

//! The program as a process: how it starts, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::databases;
use super::harness::CONFORMANCE_SCHEMA;

/// Starts `cms serve` and waits until it says where it listens.
fn serve(folder: &std::path::Path) -> (Child, String, BufReader<ChildStderr>) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_cms"))
        .args(["serve", "--listen", "127.0.0.1:0", "--uploads", "uploads", "--workers", "1"])
        .current_dir(folder)
        .env("CMS_DATABASE_URL", databases::of(folder, "sqlite:data/cms.db"))
        .env("CMS_SCHEMA_DIR", CONFORMANCE_SCHEMA)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on http://") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server ended");
    }
    let base = line.trim().trim_start_matches("listening on ").to_owned();
    (server, base, log)
}

fn signal(server: &Child, name: &str) {
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

#[actix_web::test]
async fn a_stopped_server_leaves_one_file_and_says_how_it_ended() {
    for (name, code) in [("TERM", 0), ("INT", 130)] {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, base, mut log) = serve(folder.path());
        let answer = reqwest::get(format!("{base}/readyz")).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        signal(&server, name);
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        assert_eq!(server.wait().unwrap().code(), Some(code), "{rest}");
        let log_size = folder.path().join("data/cms.db-wal").metadata().map_or(0, |it| it.len());
        assert_eq!(log_size, 0);
    }
}

#[actix_web::test]
async fn a_killed_server_starts_again_on_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, base, _log) = serve(folder.path());
    let body = serde_json::json!({
        "username": "ada", "email": "ada@example.test", "password": "Secret-1",
    });
    let client = reqwest::Client::new();
    let register = client.post(format!("{base}/api/auth/local/register")).json(&body);
    assert_eq!(register.send().await.unwrap().status().as_u16(), 200);
    server.kill().unwrap();
    server.wait().unwrap();
    let (mut server, base, _log) = serve(folder.path());
    let login = serde_json::json!({ "identifier": "ada", "password": "Secret-1" });
    let login = client.post(format!("{base}/api/auth/local")).json(&login);
    assert_eq!(login.send().await.unwrap().status().as_u16(), 200);
    server.kill().unwrap();
    server.wait().unwrap();
}

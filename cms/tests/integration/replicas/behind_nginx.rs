//! Two servers behind a real nginx, one of them killed under load and started again: a client
//! that repeats what may be repeated sees no error, what was acknowledged is there, and an
//! endpoint acts once on every event.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use reqwest::header::{ETAG, IF_MATCH};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::integration::conformance::{Place, Server, cms, serve, token};
use crate::integration::databases;

const WRITERS: usize = 4;
const READERS: usize = 2;
/// Writes of each writer before, while and after a server is gone.
const PHASE: usize = 25;
/// A request is repeated at most so often, each time after twice the wait.
const TRIES: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(10);
/// A dead server's delivery is taken up when its claim expires.
const PATIENCE: Duration = Duration::from_secs(90);

/// An nginx of its own.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Nginx {
    fn start(folder: &Path, listen: &str, servers: &[String; 2]) -> Self {
        let folder = folder.display();
        let [one, other] = servers;
        let text = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
             events {{ worker_connections 512; }}
             http {{
                 access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
                 fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
                 upstream galley_cms {{
                     server {one} max_fails=3 fail_timeout=1s;
                     server {other} max_fails=3 fail_timeout=1s;
                     keepalive 16;
                 }}
                 server {{
                     listen {listen};
                     proxy_http_version 1.1; proxy_set_header Connection \"\";
                     proxy_connect_timeout 2s; proxy_next_upstream error timeout http_502 http_503;
                     location / {{ proxy_pass http://galley_cms; }}
                 }}
             }}"
        );
        let conf = format!("{folder}/nginx.conf");
        std::fs::write(&conf, text).unwrap();
        let child = Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .args(["-e", &format!("{folder}/nginx.log"), "-c", &conf])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let give_up = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(listen).is_err() {
            assert!(Instant::now() < give_up, "nginx does not start");
            std::thread::yield_now();
        }
        Self(child)
    }
}

/// An address that is free for now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn replica(place: Place<'_>, address: &str) -> Server {
    serve(cms(place).env("CMS_LISTEN", address))
}

/// Every event that came, with how often, and the place in the feed it tells of.
type Heard = Arc<Mutex<BTreeMap<String, (u64, usize)>>>;

fn endpoint() -> (String, Heard) {
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let noting = Arc::clone(&heard);
    let server = HttpServer::new(move || {
        let noting = Arc::clone(&noting);
        App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
            let id = request.headers().get("webhook-id").unwrap().to_str().unwrap().to_owned();
            let event: Value = serde_json::from_slice(&body).unwrap();
            let seq = event["seq"].as_u64().unwrap();
            noting.lock().unwrap().entry(id).or_insert((seq, 0)).1 += 1;
            async { HttpResponse::NoContent().finish() }
        }))
    });
    rt::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    (url, heard)
}

/// Sends what may be sent twice until somebody answers.
struct Editor {
    client: Client,
    base: String,
    token: String,
    repeated: Cell<usize>,
}

impl Editor {
    async fn send(&self, method: Method, path: &str, body: &Value, tag: Option<&str>) -> Response {
        for tried in 0..TRIES {
            let url = format!("{}{path}", self.base);
            let mut request = self.client.request(method.clone(), url).bearer_auth(&self.token);
            if !body.is_null() {
                request = request.json(body);
            }
            if let Some(tag) = tag {
                request = request.header(IF_MATCH, tag);
            }
            match request.send().await {
                Ok(answer) if answer.status().as_u16() < 500 => return answer,
                _ => self.repeated.set(self.repeated.get() + 1),
            }
            rt::time::sleep(FIRST_WAIT * 2_u32.pow(tried)).await;
        }
        panic!("{method} {path} failed {TRIES} times");
    }

    async fn get(&self, path: &str) -> (Value, String) {
        let answer = self.send(Method::GET, path, &Value::Null, None).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let tag = answer.headers().get(ETAG).map_or("", |tag| tag.to_str().unwrap()).to_owned();
        (answer.json().await.unwrap(), tag)
    }

    /// Writes the number, on the edition that was seen last where that is asked for; returns
    /// the acknowledged write's place in the feed, if its answer arrived.
    async fn write(&self, path: &str, number: usize, careful: bool) -> Option<u64> {
        let body = json!({ "data": { "views": number } });
        let tag = if careful { Some(self.get(path).await.1) } else { None };
        let answer = self.send(Method::PUT, path, &body, tag.as_deref()).await;
        if answer.status().as_u16() == 412 {
            // Nobody else writes here: it was this very write, whose answer was lost.
            assert_eq!(self.get(path).await.0["data"]["views"], number);
            return None;
        }
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let seq = answer.headers()["x-galley-seq"].to_str().unwrap().parse().unwrap();
        Some(seq)
    }
}

#[actix_web::test]
async fn a_killed_server_is_noticed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::on_postgres(folder.path());
    let addresses = [free_address(), free_address()];
    let mut servers = addresses.each_ref().map(|address| Some(replica(place, address)));
    let (hook, heard) = endpoint();
    let add = ["webhook", "add", "--name", "site", "--url", &hook, "--allow-private"];
    assert!(cms(place).args(add).stdout(Stdio::null()).status().unwrap().success());
    let listen = free_address();
    let _nginx = Nginx::start(folder.path(), &listen, &addresses);
    let editor = Editor {
        client: Client::new(),
        base: format!("http://{listen}"),
        token: token(place, "full-access"),
        repeated: Cell::new(0),
    };
    let mut paths = Vec::new();
    for writer in 0..WRITERS {
        let body = json!({ "data": { "title": format!("Article {writer}"), "views": 0 } });
        let url = format!("{}/api/articles", editor.base);
        let made = editor.client.post(url).bearer_auth(&editor.token).json(&body).send().await;
        let made: Value = made.unwrap().json().await.unwrap();
        paths.push(format!("/api/articles/{}", made["data"]["documentId"].as_str().unwrap()));
    }

    let (mut acknowledged, mut number) = (Vec::new(), 0);
    // Both are there; one is killed; it is back; the other one is killed; both are there.
    for turn in 0..5 {
        let killed = match turn {
            1 => Some(0),
            3 => Some(1),
            _ => None,
        };
        let (first, last) = (number + 1, number + PHASE);
        let writing = Cell::new(WRITERS);
        let writers = paths.iter().enumerate().map(|(writer, path)| {
            let (editor, writing) = (&editor, &writing);
            async move {
                let mut places = Vec::new();
                for number in first..=last {
                    places.extend(editor.write(path, number, writer % 2 == 0).await);
                }
                writing.set(writing.get() - 1);
                places
            }
        });
        let readers = (0..READERS).map(|reader| {
            let (editor, writing, path) = (&editor, &writing, &paths[reader]);
            async move {
                while writing.get() > 0 {
                    editor.get(path).await;
                    editor.get("/api/articles?populate=*&sort=views").await;
                }
            }
        });
        let killing = async {
            if let Some(which) = killed {
                // In the middle of the work of others.
                editor.get("/api/articles").await;
                servers[which] = None;
            }
        };
        let work = futures_util::future::join_all(writers);
        let reads = futures_util::future::join_all(readers);
        let (places, _, ()) = futures_util::future::join3(work, reads, killing).await;
        acknowledged.extend(places.into_iter().flatten());
        if let Some(which) = killed {
            servers[which] = Some(replica(place, &addresses[which]));
        }
        number = last;
    }

    for path in &paths {
        assert_eq!(editor.get(path).await.0["data"]["views"], number, "{path}");
    }
    println!("{} requests had to be repeated", editor.repeated.get());
    let give_up = Instant::now() + PATIENCE;
    let url = databases::on_postgres(folder.path());
    let pending = "SELECT count(*) FROM jobs WHERE state = 'pending'";
    while web::block(|| databases::ask(url, pending)).await.unwrap() != ["0"] {
        assert!(Instant::now() < give_up, "deliveries wait for ever");
    }
    let heard = heard.lock().unwrap();
    let done = databases::ask(url, "SELECT count(*) FROM jobs WHERE state = 'done'");
    assert_eq!(done, [heard.len().to_string()], "every event came, under an id of its own");
    let again = heard.values().filter(|(_, times)| *times > 1).count();
    assert!(again <= 2, "{again} were sent again: more than the killed servers were sending");
    let told: std::collections::BTreeSet<u64> = heard.values().map(|(seq, _)| *seq).collect();
    let missing: Vec<_> = acknowledged.iter().filter(|seq| !told.contains(seq)).collect();
    assert!(missing.is_empty(), "nobody was told of {missing:?}");
}

//! An S3 server of a test's own, on a folder, that can be away.

#![allow(dead_code, reason = "a toolbox: every test takes what it needs")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const BUCKET: &str = "media";
pub(crate) const KEY_ID: &str = "test-id";
pub(crate) const SECRET: &str = "test-secret-of-some-length";

/// How the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Up,
    /// Nobody is answered.
    Down,
    /// It takes so many further requests that write, and leaves all others without an answer.
    HangsAfterWrites(usize),
    /// It goes down after so many further requests that write.
    DownAfterWrites(usize),
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Cut,
    LeftWaiting,
}

/// One request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    seen: Mutex<Vec<Request>>,
}

impl Shared {
    fn fate(&self, method: &str, path: &str) -> Fate {
        let mut mood = self.mood.lock().unwrap();
        let writes = method != "GET" && method != "HEAD";
        match &mut *mood {
            Mood::Up => {}
            Mood::Down => return Fate::Cut,
            Mood::HangsAfterWrites(0) => return Fate::LeftWaiting,
            Mood::HangsAfterWrites(left) if writes => *left -= 1,
            Mood::DownAfterWrites(left) if writes => {
                if *left == 0 {
                    *mood = Mood::Down;
                    return Fate::Cut;
                }
                *left -= 1;
            }
            Mood::HangsAfterWrites(_) | Mood::DownAfterWrites(_) => {}
        }
        let (method, path) = (method.to_owned(), path.to_owned());
        self.seen.lock().unwrap().push(Request { method, path });
        Fate::Answered
    }
}

/// A running server with one bucket.
#[derive(Debug)]
pub(crate) struct S3 {
    folder: tempfile::TempDir,
    address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: Background,
}

/// Ends with the test, whatever thread that is on.
#[derive(Debug)]
struct Background(Option<tokio::runtime::Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl S3 {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build();
        let shared = Arc::new(Shared { mood: Mutex::new(Mood::Up), seen: Mutex::new(Vec::new()) });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, service, Arc::clone(&shared)));
        Self { folder, address, shared, _runtime: Background(Some(runtime)) }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The flags of a `cms` that keeps its files below `prefix`, as pairs.
    pub(crate) fn flags(&self, prefix: &str) -> Vec<(&'static str, String)> {
        vec![
            ("--uploads", format!("s3://{BUCKET}/{prefix}")),
            ("--s3-endpoint", self.endpoint()),
            ("--s3-access-key-id", KEY_ID.to_owned()),
            ("--s3-secret-access-key", SECRET.to_owned()),
            ("--s3-timeout", "5s".to_owned()),
        ]
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Whether it has taken as many writes as it was to take before it hangs.
    pub(crate) fn hangs(&self) -> bool {
        *self.shared.mood.lock().unwrap() == Mood::HangsAfterWrites(0)
    }

    /// What was answered so far; forgets it.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }

    /// Where an object's bytes are.
    pub(crate) fn path(&self, key: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(BUCKET).join(key)
    }

    /// Keys of all objects, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let root = self.path("");
        let files = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
        let mut keys: Vec<String> = files
            .filter(|file| file.file_type().is_file())
            .map(|file| file.path().strip_prefix(&root).unwrap().display().to_string())
            .collect();
        keys.sort();
        keys
    }

    /// What an object says about itself, as the server keeps it.
    pub(crate) fn attributes(&self, key: &str) -> serde_json::Value {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
        let (bucket, key) = (BASE64.encode(BUCKET), BASE64.encode(key));
        let name = format!(".bucket-{bucket}.object-{key}.metadata.json");
        serde_json::from_slice(&std::fs::read(self.folder.path().join(name)).unwrap()).unwrap()
    }
}

async fn accept(listener: std::net::TcpListener, service: S3Service, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        if *shared.mood.lock().unwrap() != Mood::Down {
            tokio::spawn(answer(socket, service.clone(), Arc::clone(&shared)));
        }
    }
}

async fn answer(socket: TcpStream, service: S3Service, shared: Arc<Shared>) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let fate = shared.fate(request.method().as_str(), request.uri().path());
        let service = service.clone();
        async move {
            // An error closes the connection without an answer.
            match fate {
                Fate::Answered => service
                    .call(request.map(s3s::Body::from))
                    .await
                    .map_err(|error| format!("{error:?}")),
                Fate::Cut => Err("away".to_owned()),
                Fate::LeftWaiting => std::future::pending().await,
            }
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    drop(connection.await);
}

//! A CMS in this process that does as the test says: every request is handed
//! to a closure, and kept.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use ssg::config::{CmsConfig, Credentials};

const LONGEST_BODY: usize = 8 << 20;

/// A request as the CMS got it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

type Answering = Pin<Box<dyn Future<Output = HttpResponse>>>;
type Answer = dyn Fn(&Asked) -> Answering + Send + Sync;

pub(super) struct FakeCms {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    handle: ServerHandle,
}

struct Behaviour {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeCms {
    pub(super) fn start(answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        Self::start_slow(move |asked| Box::pin(std::future::ready(answer(asked))))
    }

    /// One that may keep others waiting.
    pub(super) fn start_slow(answer: impl Fn(&Asked) -> Answering + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Answer> = Arc::new(answer);
        let kept = Arc::clone(&asked);
        let app = move || {
            let behaviour = Behaviour { answer: Arc::clone(&answer), asked: Arc::clone(&kept) };
            App::new()
                .app_data(web::Data::new(behaviour))
                .app_data(web::PayloadConfig::new(LONGEST_BODY))
                .default_service(web::to(reply))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, asked, handle }
    }

    pub(super) fn config(&self, credentials: Credentials) -> CmsConfig {
        CmsConfig {
            url: self.url.parse().unwrap(),
            credentials,
            timeout: Duration::from_millis(500),
            phase_deadline: Duration::from_secs(60),
        }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }

    pub(super) fn asked_for(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.split('?').next() == Some(path)).count()
    }

    pub(super) async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

async fn reply(
    request: HttpRequest,
    body: web::Bytes,
    behaviour: web::Data<Behaviour>,
) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let asked = Asked {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    behaviour.asked.lock().unwrap().push(asked.clone());
    (behaviour.answer)(&asked).await
}

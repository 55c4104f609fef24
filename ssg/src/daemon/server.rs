//! The HTTP side: the whole URL table, and starting and stopping it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::{Context, Result};

use super::{body, preview, revalidate, shared::Shared, static_files, status, webhook};
use crate::{guard::Hit, proxy};

/// Requests are short; builds have threads of their own.
const WORKERS: usize = 2;
/// A client that does not get its request head across in this time is no client.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What running requests get when we stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 5;

#[derive(Debug)]
pub(super) struct Listening {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Listening {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) async fn stop(&self) {
        self.handle.stop(true).await;
    }
}

pub(super) fn start(listen: &str, shared: Arc<Shared>) -> Result<Listening> {
    let shared = web::Data::from(shared);
    let app = move || App::new().app_data(shared.clone()).configure(routes);
    let server = HttpServer::new(app)
        .workers(WORKERS)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .bind(listen)
        .with_context(|| format!("cannot listen on `{listen}`"))?;
    let address = server.addrs().first().copied().context("no address was bound")?;
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the server stopped");
        }
    });
    Ok(Listening { address, handle })
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/hooks/cms")
                .route(web::post().to(webhook::receive))
                .default_service(web::to(post_only)),
        )
        .service(
            web::resource("/-/revalidate")
                .route(web::post().to(revalidate::receive))
                .default_service(web::to(post_only)),
        )
        .service(
            web::resource("/-/preview")
                .route(web::post().to(preview::make))
                .default_service(web::to(post_only)),
        )
        .service(
            web::resource("/preview/{link:.*}")
                .route(web::get().to(preview::show))
                .route(web::head().to(preview::show))
                .default_service(web::to(get_only)),
        )
        .route("/healthz", web::get().to(status::healthz))
        .route("/readyz", web::get().to(status::readyz))
        .route("/metrics", web::get().to(status::metrics))
        .service(web::resource("/api/{path:.*}").to(proxy::pass))
        .default_service(web::to(elsewhere));
}

async fn post_only() -> HttpResponse {
    body::method_not_allowed("POST")
}

async fn get_only() -> HttpResponse {
    body::method_not_allowed("GET, HEAD")
}

/// What is declared; with `--static` the site; else nothing.
async fn elsewhere(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    if let Ok(answer) = proxy::declared_elsewhere(&request, payload, &shared).await {
        answer
    } else if let Some(dev) = &shared.dev {
        crate::dev::answer(&request, dev, shared.rules.current()).await
    } else if shared.serve_static {
        let target = request.uri().to_string();
        let answer = static_files::serve(request, &shared.store, Arc::clone(&shared.rules)).await;
        let now = jiff::Timestamp::now().as_millisecond();
        shared.hits.push(Hit::new(now, answer.status().as_u16(), &target));
        answer
    } else {
        static_files::moved(&request, &shared.rules.current())
    }
}

//! The HTTP server: one function builds it for the program and for its tests.

mod request_target;

use std::net::TcpListener;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::middleware::{access_log, cors, headers};
use crate::routes;
use request_target::EncodedTargets;

/// Threads of one worker that wait for the database, pictures and password hashes. More than
/// there are connections would only wait for one, and every thread keeps memory of its own.
const BLOCKING_THREADS: usize = 4;

/// Requests get this long to finish once the server is told to stop.
const DRAIN_SECONDS: u64 = 20;
/// An idle connection is kept this long for the client's next request.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// The head of a request has this long to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves on `listener` until told to stop. Signals are the caller's business.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let workers = app.settings.serving.workers;
    let mut server = Server::build()
        .disable_signals()
        .shutdown_timeout(DRAIN_SECONDS)
        .worker_max_blocking_threads(BLOCKING_THREADS);
    if let Some(workers) = workers {
        server = server.workers(workers.max(1));
    }
    let address = listener.local_addr()?;
    let stopping = server.graceful_shutdown_signal();
    let (signal, pulse) = (stopping.clone(), app.pulse.clone());
    actix_web::rt::spawn(async move {
        signal.notified().await;
        pulse.end();
    });
    // What `HttpServer` does, with a layer of ours between socket and parser.
    let server = server.listen("http", listener, move || {
        let stopping = stopping.clone();
        let service = http(app.clone()).into_factory().map_err(|error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .local_addr(address)
            .finish(map_config(service, |()| AppConfig::default()));
        fn_service(|io: TcpStream| async move {
            let _ = io.set_nodelay(true);
            let peer = io.peer_addr().ok();
            Ok((EncodedTargets::new(io), Protocol::Http1, peer))
        })
        .and_then(http)
    })?;
    Ok(server.run())
}

fn http(
    app: App,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let around = app.clone();
    actix_web::App::new()
        .wrap(from_fn(move |request, next| around_request(around.clone(), request, next)))
        .default_service(web::to(move |http: HttpRequest, payload: web::Payload| {
            routes::dispatch(app.clone(), http, payload.into_inner())
        }))
}

/// Whether a client expects anything but to be told to go on, which is all that can be expected.
fn expects_more(headers: &HeaderMap) -> bool {
    let expected = headers.get(header::EXPECT);
    expected.is_some_and(|expected| !expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn around_request(
    app: App,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if expects_more(request.headers()) {
        let answer = HttpResponse::ExpectationFailed().finish();
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let entry = access_log::Entry::begin(&request);
    let origins = &app.settings.serving.cors_origins;
    let (method, asked) = (request.method().clone(), request.headers().clone());
    let mut response = match cors::preflight(origins, request.method(), request.headers()) {
        Some(answer) => request.into_response(answer).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    cors::add(origins, &method, &asked, response.headers_mut());
    headers::add(response.headers_mut());
    entry.end(&mut response);
    Ok(response)
}

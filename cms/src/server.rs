//! The HTTP server: one function builds it for the program and for its tests.

use std::net::TcpListener;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpRequest, HttpServer, web};

use crate::app::App;
use crate::middleware::{access_log, cors, headers};
use crate::routes;

/// Requests get this long to finish once the server is told to stop.
const DRAIN_SECONDS: u64 = 20;

/// Serves on `listener` until told to stop. Signals are the caller's business.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let workers = app.settings.serving.workers;
    let mut server = HttpServer::new(move || http(app.clone()))
        .disable_signals()
        .shutdown_timeout(DRAIN_SECONDS);
    if let Some(workers) = workers {
        server = server.workers(workers.max(1));
    }
    Ok(server.listen(listener)?.run())
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

async fn around_request(
    app: App,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let entry = access_log::Entry::begin(&request);
    let origins = &app.settings.serving.cors_origins;
    let asked = request.headers().clone();
    let mut response = match cors::preflight(origins, request.method(), request.headers()) {
        Some(answer) => request.into_response(answer).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    cors::add(origins, &asked, response.headers_mut());
    headers::add(response.headers_mut());
    entry.end(&mut response);
    Ok(response)
}

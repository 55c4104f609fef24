//! `cms serve`

use std::net::TcpListener;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::app::App;
use crate::background::Background;
use crate::config::Settings;
use crate::{bootstrap, server, service_manager};

/// What an interrupted program answers.
const INTERRUPTED: u8 = 130;

pub(crate) fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let app = bootstrap::open(settings)?;
    let listen = &app.settings.serving.listen;
    let listener =
        TcpListener::bind(listen).with_context(|| format!("cannot listen on `{listen}`"))?;
    actix_web::rt::System::new().block_on(serve(app, listener))
}

async fn serve(app: App, listener: TcpListener) -> anyhow::Result<ExitCode> {
    let address = listener.local_addr()?;
    let server = server::start(app.clone(), listener)?;
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let background = Background::start(&app)?;
    eprintln!("listening on http://{address}");
    let signal = stop_signal().await?;
    service_manager::stopping();
    tracing::info!("stopping: answering the requests in flight");
    handle.stop(true).await;
    serving.await??;
    background.stop().await;
    app.db.checkpoint();
    Ok(signal)
}

/// Waits for SIGINT or SIGTERM and says what to exit with.
async fn stop_signal() -> anyhow::Result<ExitCode> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => ExitCode::from(INTERRUPTED),
        _ = terminate.recv() => ExitCode::SUCCESS,
    })
}

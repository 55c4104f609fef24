//! Logs on stderr: one readable line each. `CMS_LOG` filters them, as `warn` or
//! `info,cms::access=off`.

use tracing_subscriber::EnvFilter;

const DEFAULT_FILTER: &str = "info";

/// Starts logging; a second call changes nothing.
pub(crate) fn start() {
    let filter = crate::config::log_filter()
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when logging was started before, as in tests.
    drop(logs.try_init());
}

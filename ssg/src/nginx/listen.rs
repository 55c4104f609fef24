//! The port, TLS on it, and the other port that leads there.

use std::path::Path;

use anyhow::Result;

use super::{path, plain, server_names};
use crate::config::{NginxConfig, Tls};

/// A year, as browsers' lists of such sites ask for.
pub(super) const STRICT_TRANSPORT: &str = "max-age=31536000";
const HTTPS_PORT: &str = "443";

/// The parts of a server block that depend on TLS.
pub(super) struct Listen {
    /// Before it: a server that sends visitors on.
    pub(super) before: String,
    pub(super) listen: String,
    pub(super) tls: String,
}

pub(super) fn compile(config: &NginxConfig, prefix: &str) -> Result<Listen> {
    let address = plain("--listen", &config.listen)?;
    let Some(tls) = &config.tls else {
        return Ok(Listen {
            before: String::new(),
            listen: format!("listen {address};"),
            tls: "# TLS: `--tls-certificate` and `--tls-key` put it here, and a redirect from port 80."
                .into(),
        });
    };
    let (certificate, key) = (file(&tls.certificate)?, file(&tls.key)?);
    Ok(Listen {
        before: redirect(config, tls)?,
        listen: format!("listen {address} ssl http2;"),
        tls: format!(
            "ssl_certificate \"{certificate}\";
    ssl_certificate_key \"{key}\";
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:{prefix}_tls:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;"
        ),
    })
}

fn file(given: &Path) -> Result<String> {
    path(&std::path::absolute(given)?)
}

fn redirect(config: &NginxConfig, tls: &Tls) -> Result<String> {
    let listen = plain("--plain-listen", &tls.plain_listen)?;
    let names = server_names(&config.server_name)?;
    let port = config.listen.rsplit(':').next().unwrap_or_default();
    let port = if port == HTTPS_PORT { String::new() } else { format!(":{port}") };
    Ok(format!(
        "# Who comes without TLS is sent to it.
server {{
    listen {listen};
    server_name {names};
    server_tokens off;
    return 301 https://$host{port}$request_uri;
}}

"
    ))
}

//! nginx in front of the content server: TLS, compression, and who asks.
//!
//! Values that could end a directive are refused.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::Init;

const TEMPLATE: &str = include_str!("nginx.conf");
const TLS: &str = "443 ssl http2";
const PLAIN: &str = "80";

pub(super) fn configuration(args: &Init) -> anyhow::Result<String> {
    let names = words(&args.server_name)?;
    let (listen, plain, tls) = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => (TLS, redirect(&names), tls(certificate, key)?),
        _ => {
            let how = "# TLS: `--tls-certificate` and `--tls-key` put it here.";
            (PLAIN, String::new(), how.to_owned())
        }
    };
    let serving = &args.settings.serving;
    Ok(TEMPLATE
        .replace("{{listen}}", listen)
        .replace("{{server_name}}", &names)
        .replace("{{tls}}", &tls)
        .replace("{{plain}}", &plain)
        .replace("{{upstream}}", &words(&serving.listen)?)
        .replace("{{upload_limit}}", &largest(serving.upload_limit.bytes())))
}

/// In whole kilobytes, with room for the boundaries of a multipart body.
fn largest(upload: usize) -> String {
    format!("{}k", upload.div_ceil(1024).saturating_add(64))
}

fn redirect(names: &str) -> String {
    format!(
        "
# Who comes without TLS is sent to it.
server {{
    listen {PLAIN};
    server_name {names};
    server_tokens off;
    return 301 https://$host$request_uri;
}}
"
    )
}

fn tls(certificate: &Path, key: &Path) -> anyhow::Result<String> {
    Ok(format!(
        "ssl_certificate \"{}\";
    ssl_certificate_key \"{}\";
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:galley_cms_tls:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;
    add_header Strict-Transport-Security max-age=31536000 always;",
        file(certificate)?,
        file(key)?
    ))
}

/// Names or addresses that stay words of their directive.
fn words(value: &str) -> anyhow::Result<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-:[]* ".contains(c);
    if value.trim().is_empty() || !value.chars().all(allowed) {
        bail!(
            "`{value}` cannot stand in nginx's configuration; expected a host name or an address"
        );
    }
    Ok(value.trim().to_owned())
}

/// A path inside double quotes. nginx has no way to write a `$` in one.
fn file(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path)?;
    let text = path.to_str().with_context(|| format!("`{}` is not UTF-8", path.display()))?;
    if text.contains(['$', '\n', '\r', '\0', '"', '\\']) {
        bail!("`{text}` contains a character that nginx cannot have in a path");
    }
    Ok(text.to_owned())
}

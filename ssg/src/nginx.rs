//! The nginx configuration for a site: the text that the tests run.
//!
//! nginx serves the files, `ssg` never touches its configuration again: the
//! root is a link that switches. What is printed must be safe to include, so
//! values that could end a directive are refused.

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result, bail};

use crate::config::NginxConfig;

const SERVER: &str = include_str!("nginx/server.conf");
const FULL: &str = include_str!("nginx/full.conf");

/// The configuration for the releases below `dist`.
pub fn configuration(config: &NginxConfig, dist: &Path) -> Result<String> {
    let dist = std::path::absolute(dist).context("cannot resolve the path of `dist`")?;
    let server = SERVER
        .replace("{{listen}}", plain("--listen", &config.listen)?)
        .replace("{{server_name}}", &server_names(&config.server_name)?)
        .replace("{{upstream}}", plain("--upstream", &config.upstream)?)
        .replace("{{root}}", &path(&dist.join("current"))?)
        .replace("{{retired}}", &path(&dist.join("retired"))?);
    if !config.full {
        return Ok(server);
    }
    Ok(FULL.replace("{{user}}", user()).replace("{{server}}", &indented(&server)?))
}

/// A value that stays one word of its directive.
fn plain<'a>(flag: &str, value: &'a str) -> Result<&'a str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-:[]*~^/".contains(c);
    if value.is_empty() || !value.chars().all(allowed) {
        bail!("{flag} is `{value}`; expected a name, an address or a port");
    }
    Ok(value)
}

fn server_names(value: &str) -> Result<String> {
    let names: Result<Vec<_>> =
        value.split_ascii_whitespace().map(|name| plain("--server-name", name)).collect();
    let names = names?;
    if names.is_empty() {
        bail!("--server-name is empty; expected a host name, or `_` for any");
    }
    Ok(names.join(" "))
}

/// A path inside double quotes. nginx has no way to write a `$` in one.
fn path(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("`{}` is not UTF-8", path.display()))?;
    if text.contains(['$', '\n', '\r', '\0']) {
        bail!("`{text}` contains a character that nginx cannot have in a path");
    }
    Ok(text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Started by root, nginx would hand its workers to a user who may not be
/// allowed to read the site.
fn user() -> &'static str {
    if rustix::process::geteuid().is_root() { "user root;\n" } else { "" }
}

fn indented(text: &str) -> Result<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 10);
    for line in text.lines() {
        let margin = if line.is_empty() { "" } else { "    " };
        writeln!(out, "{margin}{line}")?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> NginxConfig {
        NginxConfig {
            listen: "8080".into(),
            server_name: "_".into(),
            upstream: "127.0.0.1:8787".into(),
            full: false,
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for full in [false, true] {
            let text = configuration(&NginxConfig { full, ..config() }, Path::new("dist")).unwrap();
            assert!(!text.contains("{{"), "{text}");
            assert!(text.contains("/dist/current\";"));
        }
    }

    #[test]
    fn values_that_would_end_a_directive_are_refused() {
        for bad in ["", "8080; evil on", "a b", "a}", "a\nb"] {
            assert!(
                configuration(&NginxConfig { listen: bad.into(), ..config() }, Path::new("d"))
                    .is_err()
            );
            let upstream = NginxConfig { upstream: bad.into(), ..config() };
            assert!(configuration(&upstream, Path::new("d")).is_err());
        }
        assert!(configuration(&config(), Path::new("a$b")).is_err());
        let names = NginxConfig { server_name: "example.org *.example.org".into(), ..config() };
        assert!(configuration(&names, Path::new("d")).is_ok());
    }
}

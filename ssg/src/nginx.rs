//! The nginx configuration for a site: the text that the tests run.
//!
//! nginx serves the files, `ssg` never touches its configuration again: the
//! root is a link that switches. What is printed must be safe to include, so
//! values that could end a directive are refused.

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result, bail};

use crate::{config::NginxConfig, rules::Rules};

mod headers;
mod pattern;
mod redirects;

const SERVER: &str = include_str!("nginx/server.conf");
const FULL: &str = include_str!("nginx/full.conf");
/// Of the hash that tells sites apart.
const PREFIX_DIGITS: usize = 6;

/// The configuration for the releases below `dist`, with the owner's rules.
pub fn configuration(config: &NginxConfig, dist: &Path, rules: &Rules) -> Result<String> {
    let dist = std::path::absolute(dist).context("cannot resolve the path of `dist`")?;
    let prefix = prefix(&dist);
    let retired = path(&dist.join("retired"))?;
    let (header_maps, headers) = headers::compile(rules, &prefix)?;
    let redirects = redirects::compile(&rules.redirects, &prefix, &retired)?;
    let server = SERVER
        .replace("{{listen}}", plain("--listen", &config.listen)?)
        .replace("{{server_name}}", &server_names(&config.server_name)?)
        .replace("{{upstream}}", plain("--upstream", &config.upstream)?)
        .replace("{{root}}", &path(&dist.join("current"))?)
        .replace("{{retired}}", &retired)
        .replace("    {{headers}}\n", &indented(&headers)?)
        .replace("    {{redirects}}\n", &indented(&redirects.server)?)
        .replace("{{maps}}", &(redirects.maps + &header_maps));
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

/// Variables of nginx are global: two sites in one nginx must not share them.
fn prefix(dist: &Path) -> String {
    let hash = blake3::hash(dist.as_os_str().as_encoded_bytes()).to_hex();
    format!("galley_{}", &hash[..PREFIX_DIGITS])
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

    fn print(config: &NginxConfig, dist: &str) -> Result<String> {
        configuration(config, Path::new(dist), &Rules::default())
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for full in [false, true] {
            let text = print(&NginxConfig { full, ..config() }, "dist").unwrap();
            assert!(!text.contains("{{"), "{text}");
            assert!(text.contains("/dist/current\";"));
        }
    }

    #[test]
    fn values_that_would_end_a_directive_are_refused() {
        for bad in ["", "8080; evil on", "a b", "a}", "a\nb"] {
            let listen = NginxConfig { listen: bad.into(), ..config() };
            assert!(print(&listen, "d").is_err());
            let upstream = NginxConfig { upstream: bad.into(), ..config() };
            assert!(print(&upstream, "d").is_err());
        }
        assert!(print(&config(), "a$b").is_err());
        let names = NginxConfig { server_name: "example.org *.example.org".into(), ..config() };
        assert!(print(&names, "d").is_ok());
    }
}

//! The nginx configuration for a site, or for a front of several nodes: the text
//! that the tests run.
//!
//! nginx serves the files, `ssg` never touches its configuration again: the
//! root is a link that switches. What is printed must be safe to include, so
//! values that could end a directive are refused.

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result, bail};

use self::listen::STRICT_TRANSPORT;
use crate::{config::NginxConfig, guard::LOG_FORMAT, release::MOVED, rules::Rules};

mod front;
mod headers;
mod listen;
mod pattern;
mod redirects;

const SERVER: &str = include_str!("nginx/server.conf");
const FULL: &str = include_str!("nginx/full.conf");
const CDN: &str = include_str!("nginx/cdn.conf");
const CDN_HEADER: &str = "CDN-Cache-Control";
const SEND_CDN_HEADER: &str =
    "    set $galley_cdn \"\";\n    add_header CDN-Cache-Control $galley_cdn;\n";
/// For endpoints and forms: as for the API, and with the daemon's own errors.
const PASSED: &str = "        {{limit}}
        error_page 413 @too_large;
        error_page 502 503 504 @api_away;
        proxy_pass http://{{prefix}}_daemon;
        add_header X-Content-Type-Options nosniff always;
";
const BUSY: &str = r#"    location @api_busy {
        default_type application/json;
        add_header Retry-After 1 always;
        add_header Cache-Control no-store always;
        return 429 '{"data":null,"error":{"status":429,"name":"RateLimitError","message":"Too many requests, please try again later.","details":{}}}';
    }
"#;

/// nginx does not start with a directive whose module it does not have.
const BROTLI: &str = "    brotli_static on;\n";
const NO_BROTLI: &str = "    # With nginx's brotli module, `--brotli` does the same for `.br`.\n";

/// Of the hash that tells sites apart.
const PREFIX_DIGITS: usize = 6;

/// The configuration for the releases below `dist`, with the owner's rules, or
/// for a front of several nodes.
pub fn configuration(config: &NginxConfig, dist: &Path, rules: &Rules) -> Result<String> {
    let dist = std::path::absolute(dist).context("cannot resolve the path of `dist`")?;
    let prefix = prefix(&dist);
    let listen = listen::compile(config, &prefix)?;
    let template = if config.nodes.is_empty() {
        site(config, &dist)?
    } else {
        let tls = format!(
            "{}\n    add_header Strict-Transport-Security {STRICT_TRANSPORT} always;",
            listen.tls
        );
        let tls = if config.tls.is_some() { &tls } else { &listen.tls };
        front::template(config)?.replace("{{tls}}", tls)
    };
    let [zone, limit, busy] = rate_limit(config.api_rate, &prefix);
    let server = template
        .replace("{{plain}}", &listen.before)
        .replace("{{listen}}", &listen.listen)
        .replace("{{tls}}", &listen.tls)
        .replace("{{body_limit}}", &body_limit(config.body_limit))
        .replace("{{server_name}}", &server_names(&config.server_name)?)
        .replace("{{limit_zone}}\n", &zone)
        .replace("        {{limit}}\n", &limit)
        .replace("    {{busy}}\n", &busy)
        .replace("{{prefix}}", &prefix);
    // Last, so that nothing in them is taken for a place to fill in.
    let server = with_rules(&server, config, rules, &dist, &prefix)?;
    if !config.full {
        return Ok(server);
    }
    Ok(FULL.replace("{{user}}", user()).replace("{{server}}", &indented(&server)?))
}

/// The files of this machine, and the daemon beside them.
fn site(config: &NginxConfig, dist: &Path) -> Result<String> {
    let mut behind = String::new();
    let mut forwarded_proto = "$scheme";
    let root = path(&dist.join("current"))?;
    let guard = guard(config, &root)?;
    for front in &config.behind {
        writeln!(behind, "    set_real_ip_from {};", plain("--behind", front)?)?;
        forwarded_proto = "$http_x_forwarded_proto";
    }
    if !behind.is_empty() {
        behind.push_str("    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n");
    }
    let mut declared = String::new();
    for path in &config.declared {
        let path = plain("a path in site.toml", path)?;
        writeln!(declared, "    location = {path} {{\n{PASSED}    }}")?;
    }
    Ok(SERVER
        .replace("    {{declared}}\n", &declared)
        .replace("{{upstream}}", plain("--upstream", &config.upstream)?)
        .replace("{{root}}", &root)
        .replace("{{retired}}", &path(&dist.join("retired"))?)
        .replace("{{moved}}", &path(&dist.join(MOVED))?)
        .replace("    {{behind}}\n", &behind)
        .replace("{{guard}}\n", &guard)
        .replace("    {{brotli}}\n", if config.brotli { BROTLI } else { NO_BROTLI })
        .replace("{{forwarded_proto}}", forwarded_proto))
}

/// A log of its own for the guard. It stands beside the owner's logs, where it leaves them
/// alone, and takes only what is asked of this site.
fn guard(config: &NginxConfig, root: &str) -> Result<String> {
    let Some(log) = &config.guard_log else { return Ok(String::new()) };
    let log = path(&std::path::absolute(log)?)?;
    Ok(format!(
        "# What the guard of `ssg serve` reads, of this site alone.\n\
         log_format {{{{prefix}}}}_guard \"{LOG_FORMAT}\";\n\
         map $document_root ${{{{prefix}}}}_guarded {{\n    default 0;\n    \"{root}\" 1;\n}}\n\
         access_log \"{log}\" {{{{prefix}}}}_guard if=${{{{prefix}}}}_guarded;\n"
    ))
}

/// The owner's rules; a front leaves them to its nodes.
fn with_rules(
    server: &str,
    config: &NginxConfig,
    rules: &Rules,
    dist: &Path,
    prefix: &str,
) -> Result<String> {
    let (header_maps, headers) = headers::compile(rules, prefix, config.tls.is_some())?;
    let retired = path(&dist.join("retired"))?;
    // The owner's own word for it counts alone.
    let names = rules.header_names();
    let told = config.cdn && !names.iter().any(|name| name.eq_ignore_ascii_case(CDN_HEADER));
    let (cdn_header, cdn) = if told { (SEND_CDN_HEADER, CDN) } else { ("", "") };
    let redirects = redirects::compile(&rules.redirects, prefix, &retired)?;
    Ok(server
        .replace("    {{headers}}\n", &indented(&headers)?)
        .replace("    {{cdn_header}}\n", cdn_header)
        .replace("    {{cdn}}\n", cdn)
        .replace("    {{redirects}}\n", &indented(&redirects.server)?)
        .replace("{{maps}}\n", &(redirects.maps + &header_maps)))
}

/// A zone, its use, and the answer to who asks too often.
fn rate_limit(rate: u32, prefix: &str) -> [String; 3] {
    if rate == 0 {
        return Default::default();
    }
    let burst = rate.saturating_mul(2);
    [
        format!(
            "# Who asks the API more often than that for long is told to wait.\n\
             limit_req_zone $binary_remote_addr zone={prefix}_api:1m rate={rate}r/s;\n"
        ),
        format!(
            "        limit_req zone={prefix}_api burst={burst} nodelay;\n        \
             limit_req_status 429;\n        error_page 429 @api_busy;\n"
        ),
        BUSY.to_owned(),
    ]
}

/// In nginx's words. Nothing at all is one byte: to nginx, none is no limit.
fn body_limit(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 20, "m"), (1 << 10, "k")];
    let bytes = bytes.clamp(1, i64::MAX.unsigned_abs());
    let whole = UNITS.iter().find(|(size, _)| bytes.is_multiple_of(*size));
    whole.map_or_else(|| bytes.to_string(), |(size, unit)| format!("{}{unit}", bytes / size))
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
        NginxConfig::default()
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
    fn brotli_is_sent_where_nginx_can() {
        assert!(!print(&config(), "d").unwrap().contains("\n    brotli_static on;"));
        let brotli = NginxConfig { brotli: true, ..config() };
        assert!(print(&brotli, "d").unwrap().contains("\n    brotli_static on;"));
    }

    #[test]
    fn the_longest_body_is_told_in_the_largest_unit() {
        for (bytes, text) in [
            (0, "1"),
            (1000, "1000"),
            (2048, "2k"),
            (3 << 20, "3m"),
            (u64::MAX, "9223372036854775807"),
        ] {
            assert_eq!(body_limit(bytes), text);
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

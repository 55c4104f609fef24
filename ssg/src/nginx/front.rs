//! An nginx in front of several static nodes: spreads visitors over them, leaves out
//! those that fail, and shows a canary to a share.

use anyhow::{Result, bail};

use super::plain;
use crate::config::NginxConfig;

const FRONT: &str = include_str!("front.conf");
const CANARY: &str = include_str!("canary.conf");

/// What is the front's own in its template.
pub(super) fn template(config: &NginxConfig) -> Result<String> {
    let nodes = servers("--node", &config.nodes)?;
    let text = FRONT.replace("{{nodes}}", &nodes);
    if config.canaries.is_empty() {
        return Ok(text
            .replace("{{canary}}\n", "")
            .replace("{{pool}}", "{{prefix}}_nodes")
            .replace("        {{fallback}}\n", "")
            .replace("    {{nodes_location}}\n", ""));
    }
    let canary = CANARY
        .replace("{{canaries}}", &servers("--canary", &config.canaries)?)
        .replace("{{share}}", share(&config.canary_share)?);
    Ok(text
        .replace("{{canary}}", &canary)
        .replace("{{pool}}", "${{prefix}}_pool")
        .replace("{{fallback}}", "error_page 502 504 = @nodes;")
        .replace("    {{nodes_location}}\n", NODES_LOCATION))
}

const NODES_LOCATION: &str = "
    # A canary that is away costs nobody a page.
    location @nodes {
        proxy_pass http://{{prefix}}_nodes;
    }
";

fn servers(flag: &str, addresses: &[String]) -> Result<String> {
    let lines: Result<Vec<_>> = addresses
        .iter()
        .map(|address| {
            Ok(format!("server {} max_fails=3 fail_timeout=10s;", plain(flag, address)?))
        })
        .collect();
    Ok(lines?.join("\n    "))
}

/// nginx counts in hundredths of a per cent.
fn share(text: &str) -> Result<&str> {
    let number = text.strip_suffix('%').unwrap_or_default();
    let (_, decimals) = number.split_once('.').unwrap_or((number, ""));
    let fits = number.parse().is_ok_and(|share: f64| share > 0.0 && share < 100.0);
    let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !(fits && digits && decimals.len() <= 2) {
        bail!(
            "--canary-share is `{text}`; expected per cent between 0 and 100, such as 5% or 0.5%"
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_cents_that_nginx_can_count() {
        for good in ["5%", "0.5%", "99.99%"] {
            assert_eq!(share(good).unwrap(), good);
        }
        for bad in ["5", "0%", "100%", "-1%", "1.234%", "x%", "", "1e1%", "%"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }
}

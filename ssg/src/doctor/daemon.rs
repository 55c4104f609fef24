//! Does `ssg serve` run, and do webhooks get through to it?

use super::{Finding, bad, doubtful, good};
use crate::{client::look, config::ServeConfig};

const WHAT: &str = "daemon";
const HOOKS: &str = "webhooks";

pub(super) async fn examine(serve: &ServeConfig) -> Vec<Finding> {
    let known = !serve.webhook_secrets.is_empty() || serve.webhook_authorization.is_some();
    let mut findings = Vec::new();
    if !known {
        let detail =
            "SSG_WEBHOOK_SECRET is not set: changes are found by polling; `ssg pair` sets it";
        findings.push(doubtful(HOOKS, detail));
    }
    let url = format!("http://{}", serve.listen);
    let Some((status, ready)) = look(&format!("{url}/readyz")).await else {
        let detail = format!("nothing answers at {url} (SSG_LISTEN): `ssg serve` does not run");
        findings.push(doubtful(WHAT, detail));
        return findings;
    };
    findings.push(match status {
        200 => good(WHAT, format!("ready at {url}: {}", ready.trim())),
        status => bad(WHAT, format!("{url}/readyz answers {status}: {}", ready.trim())),
    });
    if let Some((200, metrics)) = look(&format!("{url}/metrics")).await {
        findings.push(hooks(refused(&metrics)));
    }
    findings
}

fn hooks(refused: u64) -> Finding {
    match refused {
        0 => good(HOOKS, "the daemon has refused none"),
        refused => bad(
            HOOKS,
            format!(
                "the daemon has refused {refused} since it started: SSG_WEBHOOK_SECRET is not the \
                 content server's, or a clock is wrong"
            ),
        ),
    }
}

/// The counter of those whose signature or time was wrong.
fn refused(metrics: &str) -> u64 {
    let lines = metrics.lines().filter(|line| line.starts_with("ssg_webhooks_total{"));
    let refused = lines.filter(|line| line.contains("refused"));
    refused.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

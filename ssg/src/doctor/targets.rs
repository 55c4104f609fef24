//! Could a deployment reach the machines and buckets of site.toml?

use anyhow::Result;

use super::{Finding, bad, good};
use crate::deploy::Target;

const WHAT: &str = "target";

/// To be called where one may wait.
pub fn targets(targets: Result<Vec<Target>>) -> Vec<Finding> {
    match targets {
        Ok(targets) => targets.iter().map(target).collect(),
        Err(error) => vec![bad(WHAT, format!("{error:#}"))],
    }
}

fn target(target: &Target) -> Finding {
    let name = &target.name;
    match (target.try_out(), target.bucket()) {
        (Err(error), _) => bad(WHAT, format!("{error:#}")),
        (Ok(()), Some(place)) => {
            good(WHAT, format!("`{name}`: {place} can be read and keeps to conditions of writes"))
        }
        (Ok(()), None) => good(WHAT, format!("`{name}` can be reached")),
    }
}

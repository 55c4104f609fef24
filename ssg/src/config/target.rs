//! Targets of a deployment with what the environment knows about them.

use super::{ConfigError, Environment};
use crate::{
    deploy::{Access, Place, Target},
    site::{Site, config::TargetTable},
};

/// Settings that AWS's own tools take from the environment.
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const OTHERS: [&str; 11] = [
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];
/// Of a role, which keys that site.toml names do without.
const ROLES: [&str; 3] = ["AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_"];

/// Every target, ready to be deployed to.
pub fn targets(site: &Site, env: &Environment) -> Result<Vec<Target>, ConfigError> {
    site.targets.iter().map(|table| target(site, table, env)).collect()
}

fn target(site: &Site, table: &TargetTable, env: &Environment) -> Result<Target, ConfigError> {
    let mut target = table.target.clone();
    if let Place::Bucket(place) = &mut target.place {
        place.access = access(site, table, env)?;
    }
    Ok(target)
}

fn access(site: &Site, table: &TargetTable, env: &Environment) -> Result<Access, ConfigError> {
    let named = |name: &String| {
        let found = env.text(name).map(str::to_owned);
        found.ok_or_else(|| ConfigError::Unset {
            name: name.clone(),
            why: format!("{}:{} names it", site.file, table.line),
        })
    };
    let standard = |name: &str| Some((name.to_owned(), env.text(name)?.to_owned()));
    let Some((key_id, secret)) = &table.keys else {
        return Ok(Access(
            [KEY_ID, SECRET].iter().chain(&OTHERS).filter_map(|it| standard(it)).collect(),
        ));
    };
    let keys = [(KEY_ID.to_owned(), named(key_id)?), (SECRET.to_owned(), named(secret)?)];
    let others = OTHERS.iter().filter(|name| !ROLES.iter().any(|role| name.starts_with(role)));
    Ok(Access(keys.into_iter().chain(others.filter_map(|name| standard(name))).collect()))
}

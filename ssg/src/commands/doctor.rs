//! `ssg doctor`: what is wrong with this installation?

use anyhow::Result;
use serde_json::json;
use tokio::runtime::Handle;

use crate::{
    cli::{DoctorArgs, ServeArgs},
    config::{self, Config, Environment, ServeConfig},
    doctor::{self, State},
    exit::Exit,
    site::Site,
};

pub(super) fn run(config: &Config, env: &Environment, args: &DoctorArgs) -> Result<Exit> {
    let serve = ServeConfig::resolve(&ServeArgs::default(), env)?;
    let mut findings = Handle::current().block_on(doctor::examine(config, &serve));
    // Without a site.toml that can be read, that alone is said.
    if let Ok(site) = Site::load(&config.site) {
        findings.extend(doctor::targets(config::targets(&site, env).map_err(Into::into)));
    }
    if args.json || env.flag("SSG_JSON")? {
        super::print(&json!({ "findings": findings }).to_string())?;
    } else {
        for finding in &findings {
            let state = finding.state.as_str();
            super::print(&format!("{state:8} {}: {}", finding.what, finding.detail))?;
        }
    }
    let sick = findings.iter().any(|finding| finding.state == State::Bad);
    Ok(if sick { Exit::Failure } else { Exit::Done })
}

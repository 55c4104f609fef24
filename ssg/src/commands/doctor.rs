//! `ssg doctor`: what is wrong with this installation?

use anyhow::Result;
use serde_json::json;
use tokio::runtime::Handle;

use crate::{
    cli::{DoctorArgs, ServeArgs},
    config::{Config, Environment, ServeConfig},
    doctor::{self, State},
    exit::Exit,
};

pub(super) fn run(config: &Config, env: &Environment, args: &DoctorArgs) -> Result<Exit> {
    let serve = ServeConfig::resolve(&ServeArgs::default(), env)?;
    let findings = Handle::current().block_on(doctor::examine(config, &serve));
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

//! What `ssg init` writes, and where.

use std::path::PathBuf;

use super::{ConfigError, Environment};
use crate::cli::InitArgs;

const DEFAULT_FOLDER: &str = "deploy";
const DEFAULT_USER: &str = "galley";

/// Where the files for systemd and nginx go, and who the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitConfig {
    pub into: PathBuf,
    pub user: String,
    /// Overwrite files that differ.
    pub force: bool,
}

impl InitConfig {
    pub fn resolve(args: &InitArgs, env: &Environment) -> Result<Self, ConfigError> {
        let into = args.into.clone().or_else(|| env.text("SSG_INIT_DIR").map(PathBuf::from));
        let user = args.user.as_deref().or(env.text("SSG_SERVICE_USER"));
        Ok(Self {
            into: into.unwrap_or_else(|| DEFAULT_FOLDER.into()),
            user: user.unwrap_or(DEFAULT_USER).to_owned(),
            force: args.force || env.flag("SSG_INIT_FORCE")?,
        })
    }
}

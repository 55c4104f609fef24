//! `ssg init`: what a server needs to run the site as a service.
//!
//! Writes the settings of this folder, a systemd unit and nginx's part. A file
//! that somebody changed is kept unless `--force` says otherwise, settings that
//! are there always are; nothing is installed, started or reloaded.

use std::{env::current_exe, path::Path};

use anyhow::{Context, Result};
use cms_api::installation::{self, SETTINGS_FILE, Unit};

use crate::{
    cli::{InitArgs, ServeArgs},
    config::{Config, Environment, InitConfig, NginxConfig, ServeConfig},
    exit::Exit,
    nginx,
};

pub(super) fn run(config: &Config, env: &Environment, args: &InitArgs) -> Result<Exit> {
    let init = InitConfig::resolve(args, env)?;
    let listen = ServeConfig::resolve(&ServeArgs::default(), env)?.listen;
    let mut nginx = NginxConfig::resolve(&args.nginx, env)?.with_upstream(&listen);
    super::heed_site(config, env, &args.nginx, &mut nginx)?;
    let here = std::path::absolute(".").context("this folder is gone")?;
    let unit = unit(config, &init.user, &here)?;
    let nginx = nginx::configuration(&nginx, &config.out, &super::rules(config)?)?;
    add_settings(config, &listen, &here)?;
    let files = [("ssg.service", unit), ("ssg.nginx.conf", nginx)];
    let placed = installation::place(&init.into, &files, init.force)
        .with_context(|| format!("cannot write into `{}`", init.into.display()))?;
    super::print(&placed)?;
    let dir = init.into.display();
    eprintln!(
        "next, as root:
  ssg pair - --cms-url https://… --hook-url https://…/hooks/cms     (the code is from `cms pair`)
  cp {dir}/ssg.service /etc/systemd/system/ && systemctl enable --now ssg
  cp {dir}/ssg.nginx.conf /etc/nginx/conf.d/ && nginx -t && systemctl reload nginx"
    );
    Ok(Exit::Done)
}

fn unit(config: &Config, user: &str, here: &Path) -> Result<String> {
    let program = current_exe().context("the program does not know where it is")?;
    let writable = vec![here.join(&config.out), here.join(&config.cache)];
    for folder in &writable {
        // systemd refuses to start what may write a folder that is not there.
        installation::make_folder(folder, here)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let unit = Unit {
        description: "Galley site",
        program: &program,
        user,
        working_directory: here,
        writable: &installation::outermost(writable),
        public_files: true,
    };
    Ok(unit.text()?)
}

/// Adds what the settings file of this folder does not say yet.
fn add_settings(config: &Config, listen: &str, here: &Path) -> Result<()> {
    let shown = |path: &Path| path.display().to_string();
    let (site, out, cache) = (shown(&config.site), shown(&config.out), shown(&config.cache));
    let settings: [(&'static str, &str); 5] = [
        ("SSG_CMS_URL", config.cms.url.as_str()),
        ("SSG_LISTEN", listen),
        ("SSG_SITE", &site),
        ("SSG_OUT", &out),
        ("SSG_CACHE", &cache),
    ];
    let added = installation::set(here, &settings, true)
        .with_context(|| format!("cannot write `{SETTINGS_FILE}`"))?;
    let what =
        if added.is_empty() { "unchanged".into() } else { format!("added {}", added.join(", ")) };
    super::print(&format!("{SETTINGS_FILE}: {what}"))?;
    Ok(())
}

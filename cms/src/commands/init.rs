//! `cms init`: what a server needs to run the content server as a service.
//!
//! Writes the settings of this folder, a systemd unit and nginx's part. A file that somebody
//! changed is kept unless `--force` says otherwise, settings that are there always are; nothing
//! is installed, started or reloaded.

mod nginx;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cms_api::installation::{self, SETTINGS_FILE, Unit};

use crate::config::{Place, Settings};
use crate::store::pool::DatabaseUrl;

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Folder for the files that belong to systemd and nginx
    #[arg(long, env = "CMS_INIT_DIR", value_name = "DIR", default_value = "deploy")]
    into: PathBuf,
    /// Host names of the content server [default: any]
    #[arg(long, env = "CMS_SERVER_NAME", value_name = "NAME", default_value = "_")]
    server_name: String,
    /// Certificate chain for TLS; without one nginx listens on port 80
    #[arg(long, env = "CMS_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, env = "CMS_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Who the service runs as
    #[arg(long, env = "CMS_SERVICE_USER", value_name = "NAME", default_value = "galley")]
    user: String,
    /// Overwrite files that differ
    #[arg(long, env = "CMS_INIT_FORCE")]
    force: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(args: &Init) -> anyhow::Result<ExitCode> {
    let here = std::env::current_dir().context("this folder is gone")?;
    let unit = unit(args, &here)?;
    let nginx = nginx::configuration(args)?;
    add_settings(args, &here)?;
    let files = [("cms.service", unit), ("cms.nginx.conf", nginx)];
    let placed = installation::place(&args.into, &files, args.force)
        .with_context(|| format!("cannot write into `{}`", args.into.display()))?;
    println!("{placed}");
    eprintln!(
        "next, as root:\n  cp {dir}/cms.service /etc/systemd/system/ && systemctl enable --now cms\n  \
         cp {dir}/cms.nginx.conf /etc/nginx/conf.d/ && nginx -t && systemctl reload nginx\n\
         then `cms pair`, for the site",
        dir = args.into.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn unit(args: &Init, here: &Path) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("the program does not know where it is")?;
    let storage = &args.settings.storage;
    let mut writable = vec![here.join(storage.data_dir())];
    if let DatabaseUrl::Sqlite(file) = &storage.database_url {
        let folder = here.join(file).parent().map(Path::to_owned).unwrap_or_default();
        writable.push(folder);
    }
    if let Place::Folder(folder) = &args.settings.serving.uploads.place {
        writable.push(here.join(folder));
    }
    for folder in &writable {
        // systemd refuses to start what may write a folder that is not there.
        installation::make_folder(folder, here)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    Ok(Unit {
        description: "Galley content server",
        program: &program,
        user: &args.user,
        working_directory: here,
        writable: &installation::outermost(writable),
        public_files: false,
    }
    .text()?)
}

/// Adds what the settings file of this folder does not say yet.
fn add_settings(args: &Init, here: &Path) -> anyhow::Result<()> {
    let Settings { storage, serving } = &args.settings;
    let url = storage.database_url.to_string();
    let (schema, locales) = (storage.schema.display().to_string(), storage.locales.join(","));
    let uploads = serving.uploads.place.to_string();
    let endpoint = serving.uploads.s3_endpoint.as_ref().map(ToString::to_string);
    let told = [
        ("CMS_LISTEN", Some(serving.listen.as_str())),
        ("CMS_DATABASE_URL", Some(&url)),
        ("CMS_SCHEMA_DIR", Some(&schema)),
        ("CMS_UPLOADS", Some(&uploads)),
        ("CMS_S3_ENDPOINT", endpoint.as_deref()),
        ("CMS_S3_REGION", serving.uploads.s3_region.as_deref()),
        ("CMS_S3_ACCESS_KEY_ID", serving.uploads.s3_access_key_id.as_deref()),
        ("CMS_S3_SECRET_ACCESS_KEY", serving.uploads.s3_secret_access_key.as_deref()),
        ("CMS_LOCALES", Some(&locales)),
    ];
    let settings: Vec<_> =
        told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let added = installation::set(here, &settings, true)
        .with_context(|| format!("cannot write `{SETTINGS_FILE}`"))?;
    match added.is_empty() {
        true => println!("{SETTINGS_FILE}: unchanged"),
        false => println!("{SETTINGS_FILE}: added {}", added.join(", ")),
    }
    Ok(())
}

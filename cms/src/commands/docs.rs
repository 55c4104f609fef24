//! `cms docs`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Storage;
use crate::content_types;
use crate::contract::reference;

/// Arguments of `cms docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Docs {
    /// Where the pages go
    #[arg(long, env = "CMS_DOCS_OUT", value_name = "FOLDER", default_value = "docs/reference")]
    out: PathBuf,
    /// Write nothing; say which pages are out of date, and exit with 1 if any is
    #[arg(long, env = "CMS_DOCS_CHECK")]
    check: bool,
    #[command(flatten)]
    storage: Storage,
}

/// A page is not what it should be.
const OUT_OF_DATE: u8 = 1;

pub(crate) fn run(args: &Docs, command: &clap::Command) -> anyhow::Result<ExitCode> {
    let model = content_types::load(&args.storage.schema)?;
    let mut old = 0_u32;
    for (name, text) in reference::pages(&model, command) {
        let path = args.out.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        old += 1;
        if args.check {
            println!("{} is out of date; `cms docs` writes it", path.display());
            continue;
        }
        std::fs::create_dir_all(&args.out)
            .with_context(|| format!("`{}` cannot be made", args.out.display()))?;
        std::fs::write(&path, text)
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
        println!("{}", path.display());
    }
    Ok(if args.check && old > 0 { ExitCode::from(OUT_OF_DATE) } else { ExitCode::SUCCESS })
}

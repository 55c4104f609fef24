//! Settings from `.env` files, for the flags that neither the command line nor the process
//! environment sets.
//!
//! Which file wins is the one rule both programs share; an empty value counts as not set.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use clap::builder::{OsStr, Resettable};
use clap::{Arg, Command};
use cms_api::dotenv_order::{self, Setting, Source};

const ENVIRONMENT: &str = "GALLEY_ENV";
const DEFAULT_ENVIRONMENT: &str = "production";

/// Every setting and where it comes from.
type Settings = BTreeMap<String, Setting>;

/// Gives the flags of a command line the values of the working directory's `.env` files.
///
/// # Errors
/// When a file cannot be read; the message names file and line.
pub(crate) fn apply(command: Command) -> anyhow::Result<Command> {
    #[expect(clippy::disallowed_methods, reason = "settings are read here and nowhere else")]
    let process = std::env::vars().collect();
    Ok(with_settings(command, &read(Path::new("."), process)?))
}

fn read(folder: &Path, process: BTreeMap<String, String>) -> anyhow::Result<Settings> {
    let named = process.get(ENVIRONMENT).filter(|name| !name.is_empty());
    let name = named.map_or(DEFAULT_ENVIRONMENT, String::as_str);
    if !dotenv_order::is_environment_name(name) {
        anyhow::bail!("`{name}` ({ENVIRONMENT}) is no name of an environment");
    }
    let mut files = Vec::new();
    for file in dotenv_order::files(name) {
        if let Some(values) = read_file(&folder.join(&file))? {
            files.push((file, values));
        }
    }
    Ok(dotenv_order::resolve(process, files))
}

fn read_file(path: &Path) -> anyhow::Result<Option<BTreeMap<String, String>>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context(format!("`{}` cannot be read", path.display())),
    };
    let rows = dotenvy::from_read_iter(text.as_bytes());
    let mut values = BTreeMap::new();
    for row in rows {
        match row {
            Ok((name, value)) => drop(values.insert(name, value)),
            // The row is not repeated: it may hold a secret.
            Err(dotenvy::Error::LineParse(row, _)) => {
                let first = row.lines().next().unwrap_or_default().trim();
                let line =
                    text.lines().position(|line| line.trim() == first).map_or(1, |at| at + 1);
                anyhow::bail!("{}:{line}: this is not `NAME=value`", path.display());
            }
            Err(error) => {
                return Err(error).context(format!("`{}` cannot be read", path.display()));
            }
        }
    }
    Ok(Some(values))
}

fn with_settings(command: Command, settings: &Settings) -> Command {
    let command = command.mut_args(|arg| with_setting(arg, settings));
    command.mut_subcommands(|sub| with_settings(sub, settings))
}

fn with_setting(arg: Arg, settings: &Settings) -> Arg {
    let name = arg.get_env().map(|name| name.to_string_lossy().into_owned());
    match name.and_then(|name| settings.get(&name)) {
        Some(setting) if setting.value.is_empty() => arg.env(Resettable::Reset),
        Some(Setting { value, source: Source::File(_) }) => {
            let secret = arg.is_hide_env_values_set();
            // Lives as long as the program, as the command line does.
            let value: &'static str = Box::leak(value.clone().into_boxed_str());
            arg.required(false).default_value(OsStr::from(value)).hide_default_value(secret)
        }
        _ => arg,
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[arg(long, env = "TEST_CMS_NAME", default_value = "default")]
        name: String,
        #[arg(long, env = "TEST_CMS_NEEDED")]
        needed: String,
        #[arg(long, env = "TEST_CMS_FLAG")]
        flag: bool,
    }

    fn parse(files: &[(&str, &str)], arguments: &[&str]) -> Flags {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let settings = read(folder.path(), BTreeMap::new()).unwrap();
        let command = with_settings(Flags::command(), &settings);
        let matches = command.try_get_matches_from([&["flags"], arguments].concat()).unwrap();
        Flags::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn files_set_what_the_command_line_does_not() {
        let files = [
            (".env", "TEST_CMS_NAME=weak\nTEST_CMS_NEEDED=x\nTEST_CMS_FLAG=true\n"),
            (".env.production", "TEST_CMS_NAME=strong\n"),
        ];
        let flags = parse(&files, &[]);
        assert_eq!((flags.name.as_str(), flags.needed.as_str(), flags.flag), ("strong", "x", true));
        assert_eq!(parse(&files, &["--name", "given"]).name, "given");
    }

    #[test]
    fn an_empty_value_is_none() {
        let flags = parse(&[(".env", "TEST_CMS_NAME=\n")], &["--needed", "x"]);
        assert_eq!(flags.name, "default");
    }

    #[test]
    fn a_broken_line_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), "A=1\nhunter2 hunter3\n").unwrap();
        let error = read(folder.path(), BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains(".env:2:") && !error.contains("hunter"), "{error}");
    }
}

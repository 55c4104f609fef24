//! The process environment and the `.env` files of the working directory.

use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use cms_api::dotenv_order::{self, Setting, Source};

/// Names the environment, and with it the `.env` files.
const ENVIRONMENT: &str = "GALLEY_ENV";

pub(super) const A_DURATION: &str = "a duration, such as 500ms, 5s or 1m";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "{ENVIRONMENT} is `{0}`; it names a file `.env.NAME`, so letters, digits, `-` and `_` are accepted"
    )]
    BadEnvironment(String),
    #[error("cannot read `{file}`")]
    Unreadable { file: String, source: io::Error },
    #[error("{file}:{line}: not a setting; expected NAME=value")]
    BadLine { file: String, line: usize },
    #[error("{name} is `{value}` ({from}); expected {expected}")]
    BadValue { name: String, value: String, from: String, expected: &'static str },
    #[error("{name} ({from}) cannot be used; expected {expected}")]
    BadSecret { name: String, from: String, expected: &'static str },
    #[error("{flag} is `{value}`; expected {expected}")]
    Flag { flag: &'static str, value: String, expected: &'static str },
    #[error("{name} is not set; {why}")]
    Unset { name: String, why: String },
    #[error("{name} is not set; {why}")]
    Missing { name: &'static str, why: &'static str },
}

/// Every setting with its value and where it comes from.
#[derive(Debug, Clone)]
pub struct Environment {
    name: String,
    settings: BTreeMap<String, Setting>,
}

impl Environment {
    /// Reads the process environment and the working directory's files.
    pub fn load(default_name: &str) -> Result<Self, ConfigError> {
        let process = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::read(Path::new("."), process, default_name)
    }

    /// The same with everything given.
    pub fn read(
        folder: &Path,
        process: BTreeMap<String, String>,
        default_name: &str,
    ) -> Result<Self, ConfigError> {
        let named = process.get(ENVIRONMENT).filter(|name| !name.is_empty());
        let name = named.map_or(default_name, String::as_str).to_owned();
        if !dotenv_order::is_environment_name(&name) {
            return Err(ConfigError::BadEnvironment(name));
        }
        let mut files = Vec::new();
        for file in dotenv_order::files(&name) {
            if let Some(values) = read_file(&folder.join(&file), &file)? {
                files.push((file, values));
            }
        }
        Ok(Self { name, settings: dotenv_order::resolve(process, files) })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A setting that is there but empty counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings
            .get(name)
            .map(|setting| setting.value.as_str())
            .filter(|text| !text.is_empty())
    }

    pub(super) fn parse<T>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| ConfigError::BadValue {
            name: name.to_owned(),
            value: text.to_owned(),
            from: self.origin(name),
            expected,
        })
    }

    /// Like `parse`, for values that no message may repeat.
    pub(super) fn secret<T>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| ConfigError::BadSecret {
            name: name.to_owned(),
            from: self.origin(name),
            expected,
        })
    }

    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, ConfigError> {
        self.parse(name, A_DURATION, parse_duration)
    }

    pub fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        let parsed = self.parse(name, "true or false", |text| match text {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        })?;
        Ok(parsed.unwrap_or(false))
    }

    /// Where a setting comes from, as part of a sentence.
    pub fn origin(&self, name: &str) -> String {
        match self.settings.get(name).map(|setting| &setting.source) {
            Some(Source::File(file)) => format!("from {file}"),
            _ => "from the process environment".into(),
        }
    }
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(parsed).ok()
}

/// `1MB` is 1 048 576 bytes, as everywhere here.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &upper[digits.len()..] {
        "" | "B" => 1,
        "KB" | "K" => 1 << 10,
        "MB" | "M" => 1 << 20,
        "GB" | "G" => 1 << 30,
        "TB" | "T" => 1 << 40,
        _ => return None,
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(unit)
}

fn read_file(path: &Path, name: &str) -> Result<Option<BTreeMap<String, String>>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { file: name.to_owned(), source };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut values = BTreeMap::new();
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    for row in dotenvy::from_read_iter(text) {
        match row {
            Ok((key, value)) => drop(values.insert(key, value)),
            Err(dotenvy::Error::LineParse(row, _)) => {
                return Err(ConfigError::BadLine {
                    file: name.to_owned(),
                    line: line_of(text, &row),
                });
            }
            Err(dotenvy::Error::Io(source)) => return Err(unreadable(source)),
            Err(error) => return Err(unreadable(io::Error::other(error))),
        }
    }
    Ok(Some(values))
}

/// The row itself is not repeated in the message: it may hold a secret.
fn line_of(text: &[u8], row: &str) -> usize {
    let first = row.lines().next().unwrap_or_default().trim();
    let text = String::from_utf8_lossy(text);
    text.lines().position(|line| line.trim() == first).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real files, all combinations of the five places, in every environment.
    #[test]
    fn the_strongest_file_wins_in_every_combination() {
        for environment in ["production", "development", "test"] {
            let particular = format!(".env.{environment}");
            let local = format!("{particular}.local");
            let places = [local.as_str(), ".env.local", particular.as_str(), ".env"];
            for subset in 0_u32..1 << 5 {
                let folder = tempfile::tempdir().unwrap();
                for (index, file) in places.iter().enumerate() {
                    if subset & (1 << index) != 0 {
                        let text = format!("# a comment\nSSG_SITE=\"{file}\"\n");
                        fs::write(folder.path().join(file), text).unwrap();
                    }
                }
                let mut process = BTreeMap::from([(ENVIRONMENT.into(), environment.into())]);
                if subset & (1 << 4) != 0 {
                    process.insert("SSG_SITE".into(), "process".into());
                }
                let expected = if subset & (1 << 4) != 0 {
                    Some("process")
                } else {
                    let stands = |(index, file): &(usize, &&str)| {
                        let skipped = environment == "test" && **file == ".env.local";
                        subset & (1 << index) != 0 && !skipped
                    };
                    places.iter().enumerate().find(stands).map(|(_, file)| *file)
                };
                let env = Environment::read(folder.path(), process, "production").unwrap();
                assert_eq!(env.text("SSG_SITE"), expected, "{environment} {subset:b}");
            }
        }
    }

    #[test]
    fn a_broken_line_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), "A=1\n\ntoken geheim\n").unwrap();
        let error = Environment::read(folder.path(), BTreeMap::new(), "production").unwrap_err();
        assert_eq!(error.to_string(), ".env:3: not a setting; expected NAME=value");
    }

    #[test]
    fn the_environment_names_its_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env.development"), "A=dev\n").unwrap();
        let read = |process, default| Environment::read(folder.path(), process, default);
        assert_eq!(read(BTreeMap::new(), "development").unwrap().text("A"), Some("dev"));
        assert_eq!(read(BTreeMap::new(), "production").unwrap().text("A"), None);
        let odd = BTreeMap::from([(ENVIRONMENT.to_owned(), "../x".to_owned())]);
        assert!(matches!(read(odd, "production"), Err(ConfigError::BadEnvironment(_))));
    }

    #[test]
    fn durations_and_sizes_are_read() {
        assert_eq!(parse_size("500MB"), Some(500 << 20));
        assert_eq!(parse_size("7"), Some(7));
        assert_eq!(parse_size("1 gb"), Some(1 << 30));
        for bad in ["", "MB", "1.5GB", "-1", "1XB", "99999999999TB"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("-5s"), None);
        assert_eq!(parse_duration("5"), None);
    }
}

//! Which settings win: process environment, then `.env` files from the most
//! to the least particular.
//!
//! Both programs read their settings in this one order, the one Next.js users
//! know. Reading files and the environment is the callers' business
//! (`config.rs`); here is only the rule.

use std::collections::BTreeMap;

/// The environment whose tests must not depend on a developer's own settings.
const TEST: &str = "test";

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Process,
    File(String),
}

/// A setting's value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub source: Source,
}

/// The names of the files for an environment, strongest first.
#[must_use]
pub fn files(environment: &str) -> Vec<String> {
    let mut files = vec![format!(".env.{environment}.local")];
    if environment != TEST {
        files.push(".env.local".into());
    }
    files.push(format!(".env.{environment}"));
    files.push(".env".into());
    files
}

/// Whether a name can stand in a file name: `.env.{name}`.
#[must_use]
pub fn is_environment_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // `local` would make `.env.local` both a particular and a general file.
    !name.is_empty() && name != "local" && name.bytes().all(plain)
}

/// Merges the process environment and the files that exist, strongest first.
#[must_use]
pub fn resolve(
    process: BTreeMap<String, String>,
    files: Vec<(String, BTreeMap<String, String>)>,
) -> BTreeMap<String, Setting> {
    let mut settings = BTreeMap::new();
    let mut add = |source: &Source, values: BTreeMap<String, String>| {
        for (name, value) in values {
            let setting = Setting { value, source: source.clone() };
            settings.entry(name).or_insert(setting);
        }
    };
    add(&Source::Process, process);
    for (file, values) in files {
        add(&Source::File(file), values);
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_the_environment() {
        assert_eq!(
            files("production"),
            [".env.production.local", ".env.local", ".env.production", ".env"]
        );
        assert_eq!(files("test"), [".env.test.local", ".env.test", ".env"]);
    }

    /// Every subset of the five places, for every environment: the strongest
    /// place that has the setting wins.
    #[test]
    fn the_strongest_place_wins_in_every_combination() {
        for environment in ["production", "development", "test", "staging"] {
            let names = files(environment);
            for subset in 0_u32..1 << (names.len() + 1) {
                let has = |place: usize| subset & (1 << place) != 0;
                let one = |place: usize| BTreeMap::from([("A".to_owned(), place.to_string())]);
                let process = if has(0) { one(0) } else { BTreeMap::new() };
                let present = names.iter().enumerate().filter(|(index, _)| has(index + 1));
                let present = present.map(|(index, name)| (name.clone(), one(index + 1))).collect();
                let winner = (0..=names.len()).find(|place| has(*place));
                let expected = winner.map(|place| Setting {
                    value: place.to_string(),
                    source: match place {
                        0 => Source::Process,
                        place => Source::File(names[place - 1].clone()),
                    },
                });
                assert_eq!(
                    resolve(process, present).remove("A"),
                    expected,
                    "{environment} {subset:b}"
                );
            }
        }
    }

    #[test]
    fn settings_of_different_places_come_together() {
        let map = |name: &str| BTreeMap::from([(name.to_owned(), name.to_lowercase())]);
        let files = vec![(".env.local".into(), map("B")), (".env".into(), map("C"))];
        let names: Vec<_> = resolve(map("A"), files).into_keys().collect();
        assert_eq!(names, ["A", "B", "C"]);
    }

    #[test]
    fn odd_environment_names_are_told_apart() {
        assert!(is_environment_name("pre-prod_2"));
        for bad in ["", "local", "../x", "a b", "a/b", "a.b"] {
            assert!(!is_environment_name(bad), "{bad}");
        }
    }
}

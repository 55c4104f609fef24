//! What a backup holds, member by member, with sums; and reading one to see that it is whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::auth::keys;
use crate::clock;
use crate::media::storage::FileName;
use crate::store::pool::DatabaseUrl;
use crate::transfer::Refused;
use crate::transfer::archive::source::Source;

pub(super) const MANIFEST: &str = "manifest.json";
/// As `sha256sum` writes it.
pub(super) const MANIFEST_SUM: &str = "manifest.sha256";
/// Beginning of the names of uploaded files.
pub(super) const UPLOADS: &str = "uploads/";
/// The way these archives are laid out.
const FORMAT: u32 = 1;
/// Enough for some hundred thousand files.
const MAX_MANIFEST_BYTES: u64 = 128 * 1024 * 1024;

/// Which database wrote it; no other can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(super) fn of(url: &DatabaseUrl) -> Self {
        match url {
            DatabaseUrl::Sqlite(_) => Self::Sqlite,
            DatabaseUrl::Postgres(_) => Self::Postgres,
        }
    }

    /// The database's name in the archive.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Sqlite => "database.sqlite",
            Self::Postgres => "database.sql",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A member and its sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    format: u32,
    created_at: String,
    /// The program's version.
    cms: String,
    pub(super) database: Kind,
    members: Vec<Entry>,
}

/// Where a member belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Database,
    Key,
    Upload(FileName),
}

impl Place {
    /// # Errors
    /// For a name that no backup has.
    pub(super) fn of(name: &str) -> Result<Self, Refused> {
        let upload = name.strip_prefix(UPLOADS).and_then(FileName::parse);
        match (name, upload) {
            (_, Some(name)) => Ok(Self::Upload(name)),
            (keys::FILE_NAME, _) => Ok(Self::Key),
            (name, _) if [Kind::Sqlite, Kind::Postgres].iter().any(|it| it.member() == name) => {
                Ok(Self::Database)
            }
            _ => Err(Refused::new(format!(
                "this is no backup: `{}` is no part of one",
                name.escape_default()
            ))),
        }
    }
}

impl Manifest {
    pub(super) fn new(database: Kind, at: i64, members: Vec<Entry>) -> Self {
        let (created_at, cms) = (clock::iso(at), env!("CARGO_PKG_VERSION").to_owned());
        Self { format: FORMAT, created_at, cms, database, members }
    }

    /// The manifest of an archive all of whose bytes are as they were written.
    ///
    /// # Errors
    /// [`Refused`] with the member that is missing, added or altered.
    pub(super) fn verified(source: &Source) -> anyhow::Result<Self> {
        let mut found: BTreeMap<String, Entry> = BTreeMap::new();
        let (mut text, mut line) = (Vec::new(), String::new());
        source.visit(&mut |member| {
            let name = member.name;
            match name {
                MANIFEST => {
                    member.bytes.take(MAX_MANIFEST_BYTES).read_to_end(&mut text)?;
                }
                MANIFEST_SUM => {
                    member.bytes.take(MAX_MANIFEST_BYTES).read_to_string(&mut line)?;
                }
                name => {
                    Place::of(name)?;
                    let mut bytes = Summed::new(member.bytes);
                    io::copy(&mut bytes, &mut io::sink())?;
                    if found.insert(name.to_owned(), bytes.entry(name)).is_some() {
                        return Err(Refused::new(format!("`{name}` is there twice")).into());
                    }
                }
            }
            Ok(())
        })?;
        let sum = line.split_whitespace().next().unwrap_or_default();
        if text.is_empty() || sum.is_empty() {
            let what = format!("the backup is not complete: `{MANIFEST}` or its sum is missing");
            return Err(Refused::new(what).into());
        }
        if sum != hex(&Sha256::digest(&text)) {
            return Err(Refused::new(format!("`{MANIFEST}` was altered: its sum is wrong")).into());
        }
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| Refused::new(format!("{MANIFEST}: {error}")))?;
        manifest.check(found)?;
        Ok(manifest)
    }

    fn check(&self, mut found: BTreeMap<String, Entry>) -> Result<(), Refused> {
        if self.format != FORMAT {
            let message = format!(
                "the backup has the layout {} of cms {}; this program knows {FORMAT}",
                self.format, self.cms
            );
            return Err(Refused::new(message));
        }
        for entry in &self.members {
            match found.remove(&entry.name) {
                Some(seen) if seen == *entry => {}
                Some(_) => {
                    let what = format!("`{}` was altered: its sum is wrong", entry.name);
                    return Err(Refused::new(what));
                }
                None => return Err(Refused::new(format!("`{}` is missing", entry.name))),
            }
        }
        if let Some(name) = found.keys().next() {
            return Err(Refused::new(format!(
                "`{name}` was added: the manifest has no such member"
            )));
        }
        if !self.members.iter().any(|entry| entry.name == self.database.member()) {
            return Err(Refused::new(format!("`{}` is missing", self.database.member())));
        }
        Ok(())
    }

    /// Bytes of all members.
    pub(super) fn size(&self) -> u64 {
        self.members.iter().map(|entry| entry.size).sum()
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.members.iter().find(|entry| entry.name == name)
    }

    fn uploads(&self) -> impl Iterator<Item = &Entry> {
        self.members.iter().filter(|entry| entry.name.starts_with(UPLOADS))
    }

    /// Whether it holds this uploaded file.
    pub(super) fn has_upload(&self, name: &str) -> bool {
        self.uploads().any(|entry| entry.name.strip_prefix(UPLOADS) == Some(name))
    }
}

/// Bytes that are summed up as they are read.
pub(super) struct Summed<'a> {
    inner: &'a mut dyn Read,
    sum: Sha256,
    size: u64,
}

impl<'a> Summed<'a> {
    pub(super) fn new(inner: &'a mut dyn Read) -> Self {
        Self { inner, sum: Sha256::new(), size: 0 }
    }

    pub(super) fn entry(self, name: &str) -> Entry {
        let sha256 = hex(&self.sum.finalize());
        Entry { name: name.to_owned(), size: self.size, sha256 }
    }
}

impl Read for Summed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.sum.update(out.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was backed up or restored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    file: String,
    created_at: String,
    database: Kind,
    /// Uploaded files with their image formats.
    files: usize,
    /// Of everything.
    bytes: u64,
    signing_key: bool,
    /// Named by rows, but not on the disk.
    missing: Vec<String>,
}

impl Report {
    pub(super) fn new(manifest: &Manifest, file: &Path, missing: Vec<String>) -> Self {
        Self {
            file: file.display().to_string(),
            created_at: manifest.created_at.clone(),
            database: manifest.database,
            files: manifest.uploads().count(),
            bytes: manifest.size(),
            signing_key: manifest.entry(keys::FILE_NAME).is_some(),
            missing,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "state of {}", self.created_at)?;
        writeln!(f, "database: {}", self.database)?;
        writeln!(f, "files: {}", self.files)?;
        for name in &self.missing {
            writeln!(f, "missing file: {name}")?;
        }
        if !self.signing_key {
            writeln!(f, "no signing key: the one in CMS_JWT_SECRET is kept elsewhere")?;
        }
        writeln!(f, "{}: {} bytes", self.file, self.bytes)
    }
}

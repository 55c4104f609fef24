//! What `cms init`, `ssg init` and `ssg pair` write on a server, and what becomes of a file that
//! is there already.
//!
//! A value that would mean something else in the file it goes into is refused, never quoted
//! half-way. A file that somebody changed is kept; settings never lie open to others, not even
//! for a moment.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// The settings a server keeps for itself, in its working directory.
pub const SETTINGS_FILE: &str = ".env.local";
/// Nobody else may read it.
const SETTINGS_MODE: u32 = 0o600;

/// A hung server is stopped and started after this long.
const WATCHDOG_SECONDS: u32 = 30;
/// Migrating a large database takes its time.
const START_SECONDS: u32 = 300;
/// Answers in flight, and a build that is nearly done, may end.
const STOP_SECONDS: u32 = 45;

/// A value that a file cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    pub what: &'static str,
    pub value: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} is `{}`; accepted are letters, digits and the characters /._-:@+",
            self.what, self.value
        )
    }
}

impl std::error::Error for Unfit {}

/// A systemd service that says when it is ready and that it still works.
#[derive(Debug, Clone)]
pub struct Unit<'a> {
    pub description: &'a str,
    pub program: &'a Path,
    pub user: &'a str,
    pub working_directory: &'a Path,
    /// All it may write.
    pub writable: &'a [PathBuf],
    /// Whether nginx, another user, reads the files it makes.
    pub public_files: bool,
}

impl Unit<'_> {
    /// The unit file, for `PROGRAM serve`.
    ///
    /// # Errors
    /// When a path or the user's name would mean something else to systemd.
    pub fn text(&self) -> Result<String, Unfit> {
        let writable: Result<Vec<_>, _> =
            self.writable.iter().map(|path| plain_path("a folder", path)).collect();
        Ok(format!(
            "[Unit]
Description={description}
Wants=network-online.target
After=network-online.target

[Service]
# Ready when it answers; started again when it falls silent.
Type=notify
NotifyAccess=main
WatchdogSec={WATCHDOG_SECONDS}
TimeoutStartSec={START_SECONDS}
TimeoutStopSec={STOP_SECONDS}
Restart=always
RestartSec=1

User={user}
# The settings are read from {SETTINGS_FILE} in this folder.
WorkingDirectory={directory}
ExecStart={program} serve
LimitNOFILE=65536
UMask={umask}

# It may write these folders, reach the network, and nothing else.
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
",
            description = self.description,
            user = plain("the user", self.user)?,
            directory = plain_path("the working directory", self.working_directory)?,
            program = plain_path("the program", self.program)?,
            umask = if self.public_files { "0022" } else { "0027" },
            writable = writable?.join(" "),
        ))
    }
}

fn plain_path(what: &'static str, path: &Path) -> Result<String, Unfit> {
    plain(what, &path.to_string_lossy()).map(str::to_owned)
}

fn plain<'a>(what: &'static str, value: &'a str) -> Result<&'a str, Unfit> {
    let fits = |c: char| c.is_alphanumeric() || "/._-:@+".contains(c);
    match !value.is_empty() && value.chars().all(fits) {
        true => Ok(value),
        false => Err(Unfit { what, value: value.to_owned() }),
    }
}

/// Makes these settings those of the settings file in `folder`. With `keep`, those it has
/// already stay as they are. Returns the names of those that changed.
///
/// # Errors
/// When the file cannot be read or written, or cannot hold a value.
pub fn set(
    folder: &Path,
    settings: &[(&'static str, &str)],
    keep: bool,
) -> io::Result<Vec<&'static str>> {
    let file = folder.join(SETTINGS_FILE);
    let now = read(&file)?.unwrap_or_default();
    let changed: Vec<_> =
        settings.iter().filter(|(name, _)| !keep || !has_setting(&now, name)).copied().collect();
    if !changed.is_empty() {
        let text = with_settings(&now, &changed).map_err(io::Error::other)?;
        write_private(&file, &text)?;
        belongs_with(&file, folder)?;
    }
    Ok(changed.into_iter().map(|(name, _)| name).collect())
}

/// Makes a folder that belongs to whoever `owner`, another folder, belongs to.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(folder: &Path, owner: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    belongs_with(folder, owner)
}

/// Writes files into a folder, except those that say something else already and are not to be
/// overwritten. Returns a line about each.
///
/// # Errors
/// When one cannot be read or written.
pub fn place(folder: &Path, files: &[(&str, String)], force: bool) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    let mut lines = Vec::new();
    for (name, text) in files {
        let file = folder.join(name);
        lines.push(format!("{}: {}", file.display(), place_one(&file, text, force)?));
    }
    Ok(lines.join("\n"))
}

fn place_one(file: &Path, text: &str, force: bool) -> io::Result<Placement> {
    let placement = Placement::of(read(file)?.as_deref(), text, force);
    if placement == Placement::Written {
        fs::write(file, text)?;
    }
    Ok(placement)
}

/// Without the folders that lie in another one of the list.
#[must_use]
pub fn outermost(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    folders.sort();
    folders.dedup_by(|inner, outer| inner.starts_with(&*outer));
    folders
}

fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Complete or not at all.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let aside = file.with_added_extension("new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(SETTINGS_MODE)
        .open(&aside)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&aside, file)
}

/// What root makes in somebody's folder belongs to that somebody.
fn belongs_with(made: &Path, folder: &Path) -> io::Result<()> {
    let (owner, now) = (fs::metadata(folder)?, fs::metadata(made)?);
    if (owner.uid(), owner.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    match chown(made, Some(owner.uid()), Some(owner.gid())) {
        // Nobody but root gives files away, and nobody but root needs to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

/// The text of a settings file in which these settings have these values: lines that set
/// something else, and comments, stay as they are.
fn with_settings(text: &str, settings: &[(&'static str, &str)]) -> Result<String, Unfit> {
    let set = |line: &str| {
        let name = line.trim_start().trim_start_matches("export ").split('=').next();
        settings.iter().any(|(known, _)| name.map(str::trim) == Some(known))
    };
    let mut out: Vec<String> = text.lines().filter(|line| !set(line)).map(str::to_owned).collect();
    for (name, value) in settings {
        out.push(format!("{name}={}", quoted(name, value)?));
    }
    Ok(out.join("\n") + "\n")
}

/// Whether a settings file says something about this setting.
fn has_setting(text: &str, name: &str) -> bool {
    let names = text.lines().filter_map(|line| line.split('=').next());
    names.map(|found| found.trim().trim_start_matches("export ")).any(|found| found == name)
}

fn quoted(name: &'static str, value: &str) -> Result<String, Unfit> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "/._-:@+,=%?&~".contains(c);
    if value.chars().all(bare) {
        Ok(value.to_owned())
    } else if value.contains(['\'', '\n', '\r', '\0']) {
        Err(Unfit { what: name, value: value.to_owned() })
    } else {
        Ok(format!("'{value}'"))
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placement {
    Written,
    /// It said the same already.
    Unchanged,
    /// It says something else, and was not to be overwritten.
    Kept,
}

impl Placement {
    /// What to do about a file that has this text now, if it exists.
    fn of(now: Option<&str>, wanted: &str, force: bool) -> Self {
        match now {
            Some(now) if now == wanted => Self::Unchanged,
            Some(_) if !force => Self::Kept,
            _ => Self::Written,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Written => "written",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept as it is; it differs, --force overwrites it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit<'a>(program: &'a str, user: &'a str, writable: &'a [PathBuf]) -> Unit<'a> {
        Unit {
            description: "Galley content server",
            program: Path::new(program),
            user,
            working_directory: Path::new("/srv/galley"),
            writable,
            public_files: false,
        }
    }

    #[test]
    fn a_unit_names_what_it_may_write() {
        let folders = [PathBuf::from("/srv/galley/cms/data"), PathBuf::from("/srv/uploads")];
        let text = unit("/usr/local/bin/cms", "galley", &folders).text().unwrap();
        assert!(text.contains("ReadWritePaths=/srv/galley/cms/data /srv/uploads\n"), "{text}");
        assert!(text.contains("ExecStart=/usr/local/bin/cms serve\n"), "{text}");
    }

    #[test]
    fn what_systemd_would_read_otherwise_is_refused() {
        for odd in ["/a b/cms", "/a%n/cms", "/a\n[Service]", "", "/a\"b"] {
            assert!(unit(odd, "galley", &[]).text().is_err(), "{odd}");
        }
        assert_eq!(
            unit("/cms", "no body", &[]).text().unwrap_err().to_string(),
            "the user is `no body`; accepted are letters, digits and the characters /._-:@+"
        );
    }

    #[test]
    fn settings_are_replaced_where_they_stood_and_the_rest_stays() {
        let text = "# ours\nA=1\nexport B=2\nC=3\n";
        let changed = with_settings(text, &[("B", "x y"), ("D", "whsec_a+/=")]).unwrap();
        assert_eq!(changed, "# ours\nA=1\nC=3\nB='x y'\nD=whsec_a+/=\n");
        assert!(has_setting(&changed, "B") && !has_setting(&changed, "E"));
        assert!(with_settings("", &[("A", "two\nlines")]).is_err());
    }

    #[test]
    fn a_file_that_somebody_changed_is_kept() {
        assert_eq!(Placement::of(None, "a", false), Placement::Written);
        assert_eq!(Placement::of(Some("a"), "a", false), Placement::Unchanged);
        assert_eq!(Placement::of(Some("b"), "a", false), Placement::Kept);
        assert_eq!(Placement::of(Some("b"), "a", true), Placement::Written);
    }
}

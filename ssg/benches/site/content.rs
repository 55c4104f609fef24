//! The generated blog in a content server of its own, and the programs wired to it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::Options;
use super::process::{Server, printed, program};

/// As the import left it, and as the run changes it.
const IMPORTED: &str = "imported.db";
const DATABASE: &str = "cms.db";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A command whose process ends with this one, however this one ends.
pub(crate) fn tied(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]).arg(program);
    command
}

/// A running content server that holds the blog.
pub(crate) struct Content {
    pub(crate) folder: PathBuf,
    pub(crate) posts: usize,
    pub(crate) url: String,
    /// May change everything.
    pub(crate) token: String,
    /// How many pages of each kind a right build has.
    pub(crate) expected: Value,
    reader: String,
    _cms: Server,
}

/// Generates and imports what is not there yet, and starts the server.
pub(crate) fn prepare(folder: &Path, posts: usize, options: &Options) -> Content {
    generate(folder, posts, options.peers);
    import(folder);
    clear(folder);
    take_database(folder, options.keep);
    copy_templates(folder);
    let server = Server::start(cms(folder, tied(program("cms"))).arg("serve"));
    let url = server.address();
    let token = |name: &str, kind: &str| {
        admin(folder, &["token", "create", "--name", name, "--type", kind])
    };
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    Content {
        posts,
        url,
        token: token("editor", "full-access"),
        reader: token("site", "read-only"),
        expected: serde_json::from_str(&expected).unwrap(),
        folder: folder.to_owned(),
        _cms: server,
    }
}

fn generate(folder: &Path, posts: usize, peers: bool) {
    let mut formats = vec!["strapi"];
    formats.extend(peers.then_some("hugo"));
    formats.retain(|format| !folder.join(format).exists());
    if formats.is_empty() {
        return;
    }
    eprintln!("{posts} posts: generating {}", formats.join(" and "));
    let mut command = Command::new("python3");
    command.arg(repository().join("bench/gen_site.py")).arg(posts.to_string()).arg(folder);
    printed(command.args(["--formats", &formats.join(",")]));
}

fn import(folder: &Path) {
    if folder.join("imported").exists() {
        return;
    }
    let began = Instant::now();
    let archive = folder.join("strapi/bench-export.tar.gz");
    let mut command = cms(folder, Command::new(program("cms")));
    command.env("CMS_DATABASE_URL", format!("sqlite:{IMPORTED}"));
    printed(command.arg("import").arg(archive));
    std::fs::write(folder.join("imported"), "").unwrap();
    eprintln!("imported in {:.1} s", began.elapsed().as_secs_f64());
}

/// Removes what an earlier run made of kept content.
fn clear(folder: &Path) {
    for name in ["dist", "cache", "nginx", "clean", "cms-data", "uploads"] {
        drop(std::fs::remove_dir_all(folder.join(name)));
    }
    for suffix in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(folder.join(format!("{DATABASE}{suffix}"))));
    }
}

/// The run writes to the database: what is to be kept is copied first.
fn take_database(folder: &Path, keep: bool) {
    for suffix in ["", "-wal"] {
        let from = folder.join(format!("{IMPORTED}{suffix}"));
        let to = folder.join(format!("{DATABASE}{suffix}"));
        match (from.exists(), keep) {
            (false, _) => {}
            (true, true) => drop(std::fs::copy(from, to).unwrap()),
            (true, false) => std::fs::rename(from, to).unwrap(),
        }
    }
}

/// A copy, because templates are edited as well.
fn copy_templates(folder: &Path) {
    let (from, to) = (repository().join("bench/galley/templates"), folder.join("templates"));
    drop(std::fs::remove_dir_all(&to));
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(&from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn cms(folder: &Path, mut command: Command) -> Command {
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("CMS_LISTEN", "127.0.0.1:0")
        .env("CMS_DATABASE_URL", format!("sqlite:{DATABASE}"))
        .env("CMS_UPLOADS", "uploads")
        .env("CMS_DATA_DIR", "cms-data")
        .env("CMS_SCHEMA_DIR", repository().join("bench/galley/schema"));
    command
}

/// Runs `cms …`; what it printed.
fn admin(folder: &Path, arguments: &[&str]) -> String {
    printed(cms(folder, Command::new(program("cms"))).args(arguments))
}

impl Content {
    /// `cms webhook add` for a receiver at `url`; its secret.
    pub(crate) fn add_webhook(&self, url: &str) -> String {
        let hook = ["--name", "site", "--url", url, "--dialect", "thin", "--allow-private"];
        admin(&self.folder, &[["webhook", "add"].as_slice(), &hook].concat())
    }

    /// `ssg …` on this content.
    pub(crate) fn ssg(&self, arguments: &[&str]) -> Command {
        self.wired(Command::new(program("ssg")), arguments)
    }

    /// The same for a process that stays.
    pub(crate) fn daemon(&self, secret: &str) -> Command {
        let mut command = self.wired(tied(program("ssg")), &["serve"]);
        command.env("SSG_LISTEN", "127.0.0.1:0").env("SSG_WEBHOOK_SECRET", secret);
        // Changes are to come by webhook alone.
        command.env("SSG_POLL_INTERVAL", "24h");
        command
    }

    fn wired(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env("SSG_CMS_URL", &self.url)
            .env("SSG_CMS_TOKEN", &self.reader)
            .env("SSG_SITE", "templates")
            .env("SSG_OUT", "dist")
            .env("SSG_CACHE", "cache");
        command
    }

    /// The live tree.
    pub(crate) fn current(&self) -> PathBuf {
        self.folder.join("dist/current")
    }
}

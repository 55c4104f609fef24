//! One content server, one site daemon, one nginx, wired as the documentation says, below
//! one temporary folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{Answer, Http};
use super::process::{Server, eventually, printed, program};

/// How the site learns of changes and proves who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wiring {
    /// API token, signed webhooks; polling too rare to help.
    Webhooks,
    /// API token, no webhook ever arrives.
    PollingOnly,
    /// A login whose access token expires almost at once; signed webhooks.
    ShortLivedLogin,
}

pub(crate) struct Stack {
    pub(crate) cms: Server,
    pub(crate) ssg: Option<Server>,
    nginx: Option<Server>,
    pub(crate) cms_url: String,
    pub(crate) ssg_url: String,
    pub(crate) site_url: String,
    pub(crate) editor: Http,
    pub(crate) visitor: Http,
    environment: Vec<(&'static str, String)>,
    database: String,
    folder: TempDir,
}

/// An access token of this life is expired before any second step of a test.
const SHORT_LIFE: &str = "1s";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Where the content server keeps its content, unless a test says otherwise.
pub(crate) const SQLITE: &str = "sqlite:data/cms.db";

fn cms_command(folder: &Path, database: &str, listen: &str) -> Command {
    let mut command = Command::new(program("cms"));
    command
        .current_dir(folder)
        .env("CMS_DATABASE_URL", database)
        .env("CMS_UPLOADS", "data/uploads")
        .env("CMS_SCHEMA_DIR", repository().join("cms/schema"))
        .env("CMS_LOCALES", "en,de")
        .env("CMS_LISTEN", listen)
        .env("CMS_AUTH_RATE_LIMIT", "off")
        .env("CMS_REFRESH_GRACE", "10s");
    command
}

/// A port nobody listens on now. The daemon's address must be known before it starts,
/// because the webhook names it.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Stack {
    /// Starts the content server, wires the site to it, but publishes nothing yet.
    pub(crate) fn start(wiring: Wiring) -> Self {
        Self::start_on(SQLITE, wiring)
    }

    /// The same with the content in this database.
    pub(crate) fn start_on(database: &str, wiring: Wiring) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        if wiring == Wiring::ShortLivedLogin {
            let life = format!("CMS_ACCESS_TOKEN_TTL={SHORT_LIFE}\n");
            std::fs::write(folder.path().join(".env"), life).unwrap();
        }
        let command = || cms_command(folder.path(), database, &listen);
        let cms = Server::start(command().arg("serve"));
        let cms_url = cms.address();
        let admin = |arguments: &[&str]| printed(command().args(arguments));
        let token = admin(&["token", "create", "--name", "editor", "--type", "full-access"]);
        let ssg_port = free_port();
        let ssg_url = format!("http://127.0.0.1:{ssg_port}");
        let mut environment = vec![
            ("SSG_CMS_URL", cms_url.clone()),
            ("SSG_LISTEN", format!("127.0.0.1:{ssg_port}")),
            ("SSG_SITE", repository().join("templates").display().to_string()),
            ("SSG_OUT", "dist".into()),
            ("SSG_CACHE", "content-cache".into()),
        ];
        if wiring == Wiring::PollingOnly {
            environment.push(("SSG_POLL_INTERVAL", "50ms".into()));
            environment.push(("SSG_WEBHOOK_SECRET", format!("whsec_{}", "A".repeat(44))));
        } else {
            environment.push(("SSG_POLL_INTERVAL", "1h".into()));
            let hook = format!("{ssg_url}/hooks/cms");
            let secret =
                admin(&["webhook", "add", "--name", "site", "--url", &hook, "--allow-private"]);
            environment.push(("SSG_WEBHOOK_SECRET", secret));
        }
        if wiring == Wiring::ShortLivedLogin {
            admin(&[
                "user",
                "create",
                "--email",
                "site@example.org",
                "--password",
                "Correct-horse-1",
            ]);
            admin(&["permission", "grant", "authenticated", "api::*.find", "api::*.findOne"]);
            environment.push(("SSG_CMS_IDENTIFIER", "site@example.org".into()));
            environment.push(("SSG_CMS_PASSWORD", "Correct-horse-1".into()));
        } else {
            let name = ["token", "create", "--name", "site", "--type", "read-only"];
            environment.push(("SSG_CMS_TOKEN", admin(&name)));
        }
        Self {
            cms,
            ssg: None,
            nginx: None,
            cms_url,
            ssg_url,
            site_url: String::new(),
            editor: Http::new(Some(&token)),
            visitor: Http::new(None),
            environment,
            database: database.to_owned(),
            folder,
        }
    }

    /// Settings of the site from here on; a later value wins.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.push((name, value.into()));
    }

    /// `cms …` on the content of this stack, listening here.
    pub(crate) fn cms_command(&self, listen: &str) -> Command {
        cms_command(self.path(), &self.database, listen)
    }

    /// Runs `cms …` beside the running server, as its administrator does.
    pub(crate) fn cms_admin(&self, arguments: &[&str]) -> String {
        let listen = self.cms_url.trim_start_matches("http://");
        printed(self.cms_command(listen).args(arguments))
    }

    /// Starts the stack with the small magazine of [`Stack::seed`] published behind nginx.
    pub(crate) fn published(wiring: Wiring) -> Self {
        let mut stack = Self::start(wiring);
        stack.seed();
        stack.build();
        stack.serve();
        stack
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn ssg_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
        command.current_dir(self.path()).args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    /// Runs `ssg …`, which must succeed, and parses the JSON it prints.
    pub(crate) fn ssg_json(&self, arguments: &[&str]) -> Value {
        let text = printed(&mut self.ssg_command(arguments));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    pub(crate) fn build(&self) -> Value {
        self.ssg_json(&["build", "--json"])
    }

    /// Has the daemon serve a site of the test's own instead of the example.
    pub(crate) fn use_site(&mut self, files: &[(&str, &str)]) {
        let folder = self.path().join("site");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        self.environment.push(("SSG_SITE", folder.display().to_string()));
    }

    /// Starts the daemon, and nginx in front of it.
    pub(crate) fn serve(&mut self) {
        self.start_daemon();
        let port = free_port();
        let prefix = self.path().join("nginx");
        std::fs::create_dir_all(&prefix).unwrap();
        let upstream = self.ssg_url.trim_start_matches("http://");
        let listen = format!("127.0.0.1:{port}");
        let text = printed(&mut self.ssg_command(&[
            "nginx",
            "--full",
            "--listen",
            &listen,
            "--upstream",
            upstream,
        ]));
        std::fs::write(prefix.join("nginx.conf"), text).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.env("PATH", format!("/usr/sbin:{}", env!("PATH")));
        nginx.arg("-p").arg(&prefix).args(["-c", "nginx.conf", "-g", "daemon off;"]);
        self.nginx = Some(Server::start(&mut nginx));
        self.site_url = format!("http://127.0.0.1:{port}");
        eventually("nginx to answer", || {
            self.visitor.try_get(&self.page("/")).filter(|answer| answer.status == 200)
        });
    }

    pub(crate) fn start_daemon(&mut self) {
        let server = Server::start(&mut self.ssg_command(&["serve"]));
        server.address();
        self.ssg = Some(server);
        let ready = format!("{}/readyz", self.ssg_url);
        eventually("the daemon to be ready", || {
            self.visitor.try_get(&ready).filter(|answer| answer.status == 200)
        });
    }

    /// Starts the content server again, at the address it had.
    pub(crate) fn restart_cms(&mut self) {
        let listen = self.cms_url.trim_start_matches("http://").to_owned();
        self.cms = Server::start(self.cms_command(&listen).arg("serve"));
        assert_eq!(self.cms.address(), self.cms_url);
    }

    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.site_url)
    }

    pub(crate) fn visit(&self, path: &str) -> Answer {
        self.visitor.get(&self.page(path))
    }

    /// Creates or changes content as an editor does, and returns the answer's `data`.
    pub(crate) fn create(&self, collection: &str, data: &Value) -> Value {
        let url = format!("{}/api/{collection}", self.cms_url);
        let answer = self.editor.post(&url, &json!({ "data": data }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["data"].clone()
    }

    pub(crate) fn edit(&self, path: &str, data: &Value) -> Answer {
        let url = format!("{}/api/{path}", self.cms_url);
        let answer = self.editor.put(&url, &json!({ "data": data }));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.body);
        answer
    }

    /// Waits until the live site has everything up to the write that gave `answer`, with
    /// the help the wiring offers.
    pub(crate) fn caught_up(&self, answer: &Answer) {
        let seq: i64 = answer.header("X-Galley-Seq").parse().unwrap();
        let ready = format!("{}/readyz", self.ssg_url);
        eventually("the daemon to catch up", || {
            let state = self.visitor.try_get(&ready)?.json();
            (state["seq"].as_i64()? >= seq).then_some(())
        });
    }

    /// The same; returns the report of the release that is live. One whose daemon was
    /// killed between the switch and the report never has one.
    pub(crate) fn settled(&self, answer: &Answer) -> Value {
        self.caught_up(answer);
        let releases = self.ssg_json(&["releases", "--json"]);
        let live = releases.as_array().unwrap().iter().find(|r| r["live"] == true).unwrap();
        let id = live["id"].as_str().map_or_else(|| live["id"].to_string(), str::to_owned);
        // A release is live a moment before its report is stored.
        eventually("the report of the build", || {
            Some(self.ssg_json(&["releases", "show", &id, "--json"])).filter(|it| !it.is_null())
        })
    }

    /// A small magazine: two categories, one author, eight articles (two list pages).
    pub(crate) fn seed(&self) {
        let author = self.create("authors", &json!({ "name": "Ada Quill", "slug": "ada-quill" }));
        let author = author["documentId"].clone();
        let category = |name: &str, slug: &str| {
            let created = self.create("categories", &json!({ "name": name, "slug": slug }));
            created["documentId"].clone()
        };
        let (shore, craft) = (category("Shore", "shore"), category("Craft", "craft"));
        for n in 1..=8 {
            let category = if n % 2 == 0 { &shore } else { &craft };
            self.create(
                "articles",
                &json!({
                    "title": format!("Story number {n}"),
                    "slug": format!("story-{n}"),
                    "summary": format!("What story {n} is about."),
                    "body": format!("## A heading\n\nText of story {n}."),
                    "publishedOn": format!("2026-01-{n:02}"),
                    "author": author,
                    "categories": [category],
                }),
            );
        }
        self.edit("homepage", &json!({ "headline": "From the strandline" }));
        self.edit("site-setting", &json!({ "siteName": "Tideline" }));
    }

    /// The documentId of the article with this slug.
    pub(crate) fn article(&self, slug: &str) -> String {
        let url = format!("{}/api/articles?filters[slug]={slug}&status=draft", self.cms_url);
        let found = self.editor.get(&url).json();
        found["data"][0]["documentId"].as_str().unwrap().to_owned()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // nginx's workers outlive a killed master; ask it to stop first.
        if let Some(nginx) = &mut self.nginx {
            nginx.terminate();
        }
    }
}

//! Two servers with one open port each, installed as the documentation says:
//! `init`, a pairing code, nginx with TLS in front of both.
//!
//! Each is a network namespace of its own with a firewall; nothing of it needs
//! to be root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Server, eventually, output, printed, program};
use super::stack::repository;

const CMS: &str = "10.77.0.1";
const SITE: &str = "10.77.0.2";
/// Long enough for a dropped packet to have been an answer.
const CURL_SECONDS: &str = "20";

/// One port from outside, everything from inside.
const FIREWALL: &str = "
table inet galley {
    chain input {
        type filter hook input priority 0; policy accept;
        iif lo accept
        ct state established,related accept
        tcp dport 443 accept
        meta l4proto tcp reject with tcp reset
        meta l4proto udp drop
    }
}
";

/// A machine: its network, its folder, and the process that holds both.
struct Host {
    holder: Child,
    folder: PathBuf,
    authority: PathBuf,
}

impl Host {
    /// `inside` is a host whose administrator may make this one's network.
    fn start(root: &Path, name: &str, inside: Option<&Self>) -> Self {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut command = match inside {
            None => Command::new("unshare"),
            Some(host) => host.enter(&["-U"], "unshare"),
        };
        command.arg(if inside.is_none() { "-rn" } else { "-n" });
        // Lives as long as its input.
        let holder = command.arg("cat").stdin(Stdio::piped()).spawn().unwrap();
        let host = Self { holder, folder, authority: root.join("ca.pem") };
        let network = |id: &str| fs::read_link(format!("/proc/{id}/ns/net")).ok();
        let outside =
            network(&inside.map_or("self".to_owned(), |host| host.holder.id().to_string()));
        eventually("a network of its own", || {
            let program = fs::read_to_string(format!("/proc/{}/comm", host.holder.id())).ok()?;
            (network(&host.holder.id().to_string()) != outside && program == "cat\n").then_some(())
        });
        host
    }

    fn enter(&self, namespaces: &[&str], program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.holder.id().to_string(), "--preserve-credentials"]);
        command.args(namespaces).arg("--").arg(program);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// A program on this host, with nothing in its environment but where the
    /// certificates are.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.enter(&["-U", "-n"], program.as_ref().to_str().unwrap());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("SSL_CERT_FILE", &self.authority).current_dir(&self.folder);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        printed(self.command(program).args(arguments))
    }

    fn connect(&self, link: &str, address: &str) {
        for words in [
            "link set lo up",
            &format!("addr add {address}/24 dev {link}"),
            &format!("link set {link} up"),
        ] {
            self.run("ip", &words.split(' ').collect::<Vec<_>>());
        }
        let rules = self.folder.join("firewall");
        fs::write(&rules, FIREWALL).unwrap();
        self.run("nft", &["-f", rules.to_str().unwrap()]);
    }

    /// nginx with the file that `init` wrote included as the documentation says.
    fn nginx(&self, part: &str) -> Server {
        let folder = self.folder.display();
        let whole = format!(
            "user root; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr; \
             events {{}} http {{ include /etc/nginx/mime.types; access_log off; \
             client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; \
             fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; \
             include {folder}/{part}; }}"
        );
        fs::write(self.folder.join("nginx.conf"), whole).unwrap();
        let mut nginx = self.command("nginx");
        nginx.args(["-c", &format!("{folder}/nginx.conf")]);
        Server::start(&mut nginx)
    }

    /// Asks a server as a program on this host does; `None` when nobody answers.
    fn curl(&self, url: &str, arguments: &[&str]) -> Option<(u16, String)> {
        let mut curl = self.command("curl");
        curl.args(["-s", "-m", CURL_SECONDS, "-w", "\n%{http_code}", "--cacert"]);
        let output = output(curl.arg(&self.authority).args(arguments).arg(url));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n')?;
        output.status.success().then(|| (status.parse().unwrap(), body.to_owned()))
    }

    fn visit(&self, path: &str) -> Option<String> {
        let (status, body) = self.curl(&format!("https://{SITE}{path}"), &[])?;
        (status == 200).then_some(body)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// An authority, and a certificate of it for each address.
fn certificates(root: &Path) {
    let openssl = |words: &str| {
        printed(Command::new("openssl").current_dir(root).args(words.split(' ')));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=test"));
    for address in [CMS, SITE] {
        openssl(&format!(
            "req -x509 -CA ca.pem -CAkey ca.key {key} -keyout {address}.key -out {address}.pem \
             -subj /CN={address} -addext subjectAltName=IP:{address} \
             -addext basicConstraints=critical,CA:FALSE"
        ));
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // nginx's workers outlive a killed master; all are asked to stop.
        for server in self.running.iter_mut().rev() {
            server.terminate();
        }
    }
}

/// Both machines, up and paired, with a little content.
struct Servers {
    cms: Host,
    site: Host,
    token: String,
    running: Vec<Server>,
    _root: TempDir,
}

impl Servers {
    fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        certificates(root.path());
        let cms = Host::start(root.path(), "cms", None);
        let site = Host::start(root.path(), "site", Some(&cms));
        let peer = site.holder.id().to_string();
        cms.run(
            "ip",
            &["link", "add", "out0", "type", "veth", "peer", "name", "out1", "netns", &peer],
        );
        cms.connect("out0", CMS);
        site.connect("out1", SITE);
        let file = |name: String| root.path().join(name).display().to_string();
        let tls = |address: &str| {
            let (certificate, key) =
                (file(format!("{address}.pem")), file(format!("{address}.key")));
            ["--server-name", address, "--tls-certificate", &certificate, "--tls-key", &key]
                .map(str::to_owned)
        };

        let schema = repository().join("cms/schema").display().to_string();
        let admin = |arguments: &[&str]| printed(cms.command(program("cms")).args(arguments));
        let init = ["init", "--schema", &schema, "--locales", "en,de"];
        printed(cms.command(program("cms")).args(init).args(tls(CMS)));
        let mut running = vec![Server::start(cms.command(program("cms")).arg("serve"))];
        running.last().unwrap().address();
        running.push(cms.nginx("deploy/cms.nginx.conf"));
        let token = admin(&["token", "create", "--name", "editor", "--type", "full-access"]);
        let code = admin(&["pair", "--allow-private"]);

        let templates = repository().join("templates").display().to_string();
        let url = format!("https://{CMS}");
        let ssg = || site.command(env!("CARGO_BIN_EXE_ssg"));
        let init = ["init", "--site", &templates, "--cms-url", &url];
        printed(ssg().args(init).args(tls(SITE)));
        running.push(site.nginx("deploy/ssg.nginx.conf"));
        eventually("nginx before the content server", || {
            site.curl(&format!("{url}/_health"), &[]).filter(|(status, _)| *status == 204)
        });
        let hook = format!("https://{SITE}/hooks/cms");
        assert_eq!(printed(ssg().args(["pair", &code, "--hook-url", &hook])), "site");

        let mut servers = Self { cms, site, token, running, _root: root };
        servers.seed();
        let serve = ["serve", "--poll-interval", "1h"];
        let daemon = Server::start(servers.site.command(env!("CARGO_BIN_EXE_ssg")).args(serve));
        daemon.address();
        servers.running.push(daemon);
        servers
    }

    /// Writes as an editor does whose browser is somewhere else.
    fn write(&self, method: &str, path: &str, data: &Value) -> Value {
        let (body, token) =
            (json!({ "data": data }).to_string(), format!("Authorization: Bearer {}", self.token));
        let kind = "Content-Type: application/json";
        let arguments = ["-X", method, "-H", &token, "-H", kind, "-d", &body];
        let url = format!("https://{CMS}/api/{path}");
        let (status, body) = self.site.curl(&url, &arguments).unwrap();
        assert!(matches!(status, 200 | 201), "{status} {body}");
        serde_json::from_str::<Value>(&body).unwrap()["data"].take()
    }

    fn seed(&self) {
        let author = self.write("POST", "authors", &json!({ "name": "Ada", "slug": "ada" }));
        self.write("PUT", "homepage", &json!({ "headline": "From the strandline" }));
        self.write("PUT", "site-setting", &json!({ "siteName": "Tideline" }));
        let article = json!({
            "title": "A wave", "slug": "a-wave", "summary": "What it is about.", "body": "Text.",
            "publishedOn": "2026-01-01", "author": author["documentId"],
        });
        self.write("POST", "articles", &article);
    }
}

#[test]
fn two_servers_with_one_open_port_each_are_a_publication() {
    let servers = Servers::start();
    let page = eventually("the page", || servers.cms.visit("/blog/a-wave/"));
    assert!(page.contains("A wave"));

    // An edit from elsewhere, a webhook through the other's nginx, a page.
    let found = servers.site.curl(
        &format!("https://{CMS}/api/articles?fields=title"),
        &["-H", &format!("Authorization: Bearer {}", servers.token)],
    );
    let found: Value = serde_json::from_str(&found.unwrap().1).unwrap();
    let id = found["data"][0]["documentId"].as_str().unwrap().to_owned();
    servers.write("PUT", &format!("articles/{id}"), &json!({ "title": "A higher wave" }));
    eventually("the edit to be a page", || {
        servers.cms.visit("/blog/a-wave/").filter(|page| page.contains("A higher wave"))
    });

    // The API behind the site's own name, by the public role's leave.
    let forbidden = servers.cms.curl(&format!("https://{SITE}/api/articles"), &[]).unwrap();
    assert_eq!(forbidden.0, 403, "{}", forbidden.1);
    let mut grant = servers.cms.command(program("cms"));
    printed(grant.args(["permission", "grant", "public", "api::article.article.find"]));
    let open = servers.cms.curl(&format!("https://{SITE}/api/articles"), &[]).unwrap();
    assert!(open.0 == 200 && open.1.contains("A higher wave"), "{open:?}");

    // Nothing else is open: neither the programs themselves nor plain HTTP.
    for (from, url) in [
        (&servers.site, format!("http://{CMS}:1337/")),
        (&servers.site, format!("http://{CMS}/")),
        (&servers.cms, format!("http://{SITE}:8787/readyz")),
        (&servers.cms, format!("http://{SITE}/")),
    ] {
        assert_eq!(from.curl(&url, &[]), None, "{url} answers");
    }
    // What is for this machine's own monitoring is not for others.
    let metrics = servers.site.curl(&format!("https://{CMS}/metrics"), &[]).unwrap();
    assert_eq!(metrics.0, 403);
}

//! A target behind a real sshd, with keys and a port of its own.

use std::process::{Child, Command, Stdio};

use super::*;
use crate::integration::{end_to_end::process::eventually, nginx::free_address};

struct Sshd {
    child: Child,
    folder: TempDir,
    host: String,
    port: u16,
}

impl Sshd {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for key in ["host_key", "key"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &path(key)])
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        fs::copy(path("key.pub"), path("authorized_keys")).unwrap();
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let listen = free_address();
        let port: u16 = listen.rsplit(':').next().unwrap().parse().unwrap();
        let server = format!(
            "ListenAddress {listen}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n",
            path("host_key"),
            path("authorized_keys"),
        );
        fs::write(path("sshd_config"), server).unwrap();
        let client = format!(
            "Host node\n  HostName 127.0.0.1\n  User {user}\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile {}\n  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n",
            path("key"),
            path("known_hosts"),
        );
        fs::write(path("ssh_config"), client).unwrap();
        if rustix::process::geteuid().is_root() {
            // Where it gives up its rights before anybody is known.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let child = Command::new(binary())
            .args(["-D", "-e", "-f", &path("sshd_config")])
            .stdout(Stdio::null())
            .stderr(fs::File::create(path("log")).unwrap())
            .spawn()
            .unwrap();
        let mut sshd = Self { child, folder, host: "node".to_owned(), port };
        eventually("sshd to answer", || {
            let log = sshd.folder.path().join("log");
            let ended = sshd.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string(log).unwrap());
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        sshd
    }

    fn target(&self, name: &str, root: &Path) -> Target {
        Target {
            name: name.to_owned(),
            place: Place::Ssh {
                host: self.host.clone(),
                path: root.display().to_string(),
                port: Some(self.port),
                config: Some(self.folder.path().join("ssh_config")),
            },
            canary: false,
            url: None,
            log: None,
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// sshd starts itself anew for each connection and wants to know where it is.
fn binary() -> &'static str {
    let paths = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"];
    let found = paths.into_iter().find(|path| Path::new(path).exists());
    found.unwrap_or_else(|| panic!("sshd is missing; `scripts/install test` installs it"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_gets_releases_through_ssh_beside_a_folder() {
    let sshd = Sshd::start();
    let mut fleet = Fleet::new(&["here"]);
    let there = fleet.root("there");
    fleet.targets.push(sshd.target("there", &there));
    assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
    for round in ["two", "three", "four"] {
        publish(
            &fleet.store,
            &[("a/index.html", round), (&format!("{round}/index.html"), "new")],
            &["b/index.html"],
        );
        fleet.deploy().await.unwrap();
        assert_eq!(fleet.shown("there"), fleet.here());
        assert_eq!(fleet.shown("here"), fleet.here());
    }
    let inode = |tree: &str| {
        fs::metadata(fleet.root("there/trees").join(tree).join("index.html")).unwrap().ino()
    };
    assert_eq!(inode("a"), inode("b"), "what is there already does not travel");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_away_leaves_all_as_they_were_and_is_named() {
    let sshd = Sshd::start();
    let mut fleet = Fleet::new(&["here"]);
    let there = fleet.root("there");
    fleet.targets.push(sshd.target("there", &there));
    fleet.deploy().await.unwrap();
    let before = fleet.here();
    drop(sshd);
    publish(&fleet.store, &[("a/index.html", "two")], &[]);
    let refused = format!("{:#}", fleet.deploy().await.unwrap_err());
    assert!(refused.contains("target `there`: ssh: "), "{refused}");
    assert_eq!((fleet.shown("here"), fleet.shown("there")), (before.clone(), before));
    let standings = fleet.rollout().standings().unwrap();
    assert!(matches!(standings[1].showing, Showing::Unreachable(_)), "{standings:?}");
}

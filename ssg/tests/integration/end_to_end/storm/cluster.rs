//! The content servers of a storm: one, or several behind one address.

use std::process::Command;

use super::super::process::{Server, eventually};
use super::super::stack::{Stack, free_port};
use super::dice::Dice;

/// Restarts, in hundredths, that may be cut short by the next kill.
const HASTY_PERCENT: u64 = 30;

pub(super) struct Cluster {
    /// Where they answer.
    pub(super) address: String,
    /// Beside the first one, which is the stack's.
    others: Vec<(String, Server)>,
    nginx: Option<Server>,
    /// The first one's address.
    first: String,
}

impl Cluster {
    pub(super) fn start(stack: &Stack, servers: usize) -> Self {
        let first = stack.cms_url.trim_start_matches("http://").to_owned();
        let others: Vec<_> = (1..servers).map(|_| format!("127.0.0.1:{}", free_port())).collect();
        let started = |listen: String| {
            let server = Server::start(stack.cms_command(&listen).arg("serve"));
            server.address();
            (listen, server)
        };
        let others: Vec<_> = others.into_iter().map(started).collect();
        if others.is_empty() {
            return Self { address: first.clone(), others, nginx: None, first };
        }
        let address = format!("127.0.0.1:{}", free_port());
        let mut upstream = vec![first.clone()];
        upstream.extend(others.iter().map(|(listen, _)| listen.clone()));
        let nginx = Some(in_front(stack, &address, &upstream));
        Self { address, others, nginx, first }
    }

    /// Kills one of them and starts it again.
    pub(super) fn kill_one(&mut self, stack: &mut Stack, dice: &mut Dice) {
        let at = usize::try_from(dice.below(self.others.len() as u64 + 1)).unwrap();
        let listen = at.checked_sub(1).map_or(&self.first, |other| &self.others[other].0).clone();
        let mut again = stack.cms_command(&listen);
        let server = match at.checked_sub(1) {
            None => &mut stack.cms,
            Some(other) => &mut self.others[other].1,
        };
        server.kill();
        std::thread::park_timeout(dice.millis(0, 300));
        *server = Server::start(again.arg("serve"));
        if !dice.percent(HASTY_PERCENT) {
            server.address();
        }
    }

    /// Waits until all of them do.
    pub(super) fn answer(&self, stack: &Stack) {
        let others = self.others.iter().map(|(listen, _)| listen);
        for listen in others.chain([&self.first, &self.address]) {
            eventually("the content server to answer", || {
                stack
                    .visitor
                    .try_get(&format!("http://{listen}/readyz"))
                    .filter(|it| it.status == 200)
            });
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // nginx's workers outlive a killed master; ask it to stop first.
        if let Some(nginx) = &mut self.nginx {
            nginx.terminate();
        }
    }
}

/// An nginx that goes to another server when one does not answer.
fn in_front(stack: &Stack, address: &str, upstream: &[String]) -> Server {
    let prefix = stack.path().join("cluster");
    std::fs::create_dir_all(&prefix).unwrap();
    let servers: String = upstream
        .iter()
        .map(|listen| format!("server {listen} max_fails=1 fail_timeout=1s;"))
        .collect();
    let text = format!(
        "pid nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; \
         uwsgi_temp_path u; scgi_temp_path s;\n\
         upstream cms {{ {servers} }}\n\
         server {{ listen {address}; location / {{ proxy_pass http://cms; }} }}\n}}\n"
    );
    std::fs::write(prefix.join("nginx.conf"), text).unwrap();
    let mut nginx = Command::new("nginx");
    nginx.env("PATH", format!("/usr/sbin:{}", env!("PATH")));
    nginx.arg("-p").arg(&prefix).args(["-e", "stderr", "-c", "nginx.conf", "-g", "daemon off;"]);
    Server::start(&mut nginx)
}

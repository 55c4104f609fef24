//! Which addresses webhooks may reach.
//!
//! A webhook's URL is chosen by people, its host's address by whoever runs its DNS: without
//! a guard the server could be made to call machines only it can reach. Names are resolved
//! here and the connection goes to an address that was checked, not to a second look-up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names and keeps the addresses that are allowed.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    allowed: Arc<Vec<IpNet>>,
    allow_private: bool,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` has no public address; private ones need `--allow-private` or a network in \
     CMS_WEBHOOK_ALLOW"
)]
struct NotPublic(String);

impl Guard {
    pub(super) fn new(allowed: Vec<IpNet>, allow_private: bool) -> Self {
        Self { allowed: Arc::new(allowed), allow_private }
    }

    pub(super) fn permits(&self, address: IpAddr) -> bool {
        self.allow_private
            || is_public(address)
            || self.allowed.iter().any(|net| net.contains(&address))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let safe: Vec<SocketAddr> =
                found.filter(|address| guard.permits(address.ip())).collect();
            if safe.is_empty() {
                return Err(NotPublic(name.as_str().to_owned()).into());
            }
            Ok(Box::new(safe.into_iter()) as Addrs)
        })
    }
}

/// Whether everybody on the internet means the same machine by this address.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_unspecified()
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast();
    let reserved = a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special && !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Addresses that carry an IPv4 address lead there.
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inner(high, low),
        [0x2001, 0xdb8, ..] => false,
        // 2001::/23 is for protocols, Teredo among them.
        [0x2001, second, ..] if second < 0x200 => false,
        // Only 2000::/3 is handed out.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn a_listed_network_is_permitted() {
        let guard = Guard::new(vec!["10.0.0.0/8".parse().unwrap()], false);
        assert!(guard.permits([10, 1, 2, 3].into()));
        assert!(!guard.permits([127, 0, 0, 1].into()));
        assert!(Guard::new(Vec::new(), true).permits([127, 0, 0, 1].into()));
    }
}

//! The address a request comes from, as far as it can be believed.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The peer, or the client trusted proxies name.
pub(crate) fn address(http: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = http.peer_addr().map_or(unknown, |peer| peer.ip());
    let values = http.headers().get_all(FORWARDED_FOR).map(|value| value.to_str().unwrap_or(""));
    let values: Vec<_> = values.collect();
    nearest_stranger(peer, values.iter().rev().flat_map(|value| value.rsplit(',')), trusted)
}

/// Whether a trusted proxy says that the client's connection is encrypted; ours never is.
pub(crate) fn is_encrypted(http: &HttpRequest, trusted: &[IpNet]) -> bool {
    let peer = http.peer_addr().map(|peer| peer.ip());
    let from_proxy = peer.is_some_and(|peer| trusted.iter().any(|net| net.contains(&peer)));
    let value = http.headers().get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
    let first = value.and_then(|value| value.split(',').next()).map(str::trim);
    from_proxy && first == Some("https")
}

/// Each proxy appends whom it saw, so the last entry is the word of the nearest one. An entry
/// is believed as long as the one who wrote it is trusted.
fn nearest_stranger<'a>(
    peer: IpAddr,
    entries: impl Iterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut client = peer;
    for entry in entries {
        if !trusted.iter().any(|net| net.contains(&client)) {
            break;
        }
        match read(entry.trim()) {
            Some(named) => client = named,
            None => break,
        }
    }
    client
}

/// An address; some proxies add the port.
fn read(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, headers: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "192.0.2.7/32".parse().unwrap()];
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        let mut request = TestRequest::default().peer_addr(peer);
        for value in headers {
            request = request.append_header((FORWARDED_FOR, *value));
        }
        address(&request.to_http_request(), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_name_another_client() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
    }

    #[test]
    fn a_chain_of_proxies_is_followed_to_the_first_stranger() {
        let chain = "6.6.6.6, 198.51.100.1, 192.0.2.7, 10.2.3.4";
        assert_eq!(seen("10.0.0.1", &[chain]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1", "192.0.2.7"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["10.9.9.9, 10.2.3.4"]), "10.9.9.9");
    }
}

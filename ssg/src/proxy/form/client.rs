//! Who sends, as far as limits are concerned.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;

/// The address; behind a proxy on this machine the one it saw, and of the newer addresses
/// the network, since one household has them by the billion.
pub(super) fn of(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
    let told = request.headers().get_all("x-forwarded-for").last();
    let told = told.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    match told.filter(|_| peer.to_canonical().is_loopback()).unwrap_or(peer).to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn client(peer: &str, forwarded: &str) -> String {
        let request = TestRequest::default().peer_addr(peer.parse().unwrap());
        of(&request.insert_header(("X-Forwarded-For", forwarded)).to_http_request()).to_string()
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        assert_eq!(client("127.0.0.1:1", "198.51.100.1, 192.0.2.7"), "192.0.2.7");
        assert_eq!(client("192.0.2.1:1", "198.51.100.1"), "192.0.2.1");
        assert_eq!(client("[::1]:1", "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(client("127.0.0.1:1", "nonsense"), "127.0.0.1");
    }
}

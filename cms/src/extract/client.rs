//! The address a request comes from, as far as it can be believed.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The peer, or the client a trusted proxy names.
pub(crate) fn address(http: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = http.peer_addr().map_or(unknown, |peer| peer.ip());
    if !trusted.iter().any(|net| net.contains(&peer)) {
        return peer;
    }
    // Proxies append, so the last entry is what the trusted one saw itself.
    let named = http.headers().get_all(FORWARDED_FOR).last();
    let last = named.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    last.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
}

//! Which headers pass, each way.
//!
//! Towards the CMS a list of what it needs: nothing a browser carries for this
//! site (cookies above all) leaks, and hop-by-hop headers cannot pass by
//! construction. Back to the visitor everything but what belongs to the
//! connection or tells about the CMS's machinery.

use std::net::IpAddr;

use actix_web::{HttpRequest, http::header::HeaderName};

use super::{key::NEGOTIATED, request_id};
use crate::client::Headers;

/// How this hop calls itself.
const VIA: &str = "1.1 galley-ssg";

const TO_CMS: [&str; 13] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "user-agent",
];

const NOT_TO_VISITOR: [&str; 13] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "server",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-powered-by",
];

/// A visitor's own request.
pub(super) fn to_cms(request: &HttpRequest, id: &str) -> Headers {
    let named = named_by_connection(
        request.headers().get_all("connection").filter_map(|value| value.to_str().ok()),
    );
    let passes = |name: &HeaderName| {
        TO_CMS.contains(&name.as_str()) && !named.iter().any(|hop| hop == name.as_str())
    };
    let headers = request
        .headers()
        .iter()
        .filter(|(name, _)| passes(name))
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    headers.chain(of_this_hop(request, id)).collect()
}

/// A request whose answer others may get as well: with nothing in it that could make the
/// answer this visitor's.
pub(super) fn to_cms_for_all(request: &HttpRequest, id: &str) -> Headers {
    let negotiated =
        NEGOTIATED.iter().filter_map(|name| Some(((*name).to_owned(), given(request, name)?)));
    let plain = ("accept-encoding".to_owned(), b"identity".to_vec());
    negotiated.chain([plain]).chain(of_this_hop(request, id)).collect()
}

pub(super) fn given(request: &HttpRequest, name: &str) -> Option<Vec<u8>> {
    let mut values = request.headers().get_all(name).map(|value| value.as_bytes());
    let first = values.next()?.to_vec();
    Some(values.fold(first, |joined, next| [joined.as_slice(), b", ", next].concat()))
}

fn of_this_hop(request: &HttpRequest, id: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    let own = [("via", VIA.to_owned()), (request_id::HEADER, id.to_owned())];
    let all = forwarded(request).into_iter().chain(own);
    all.map(|(name, value)| (name.to_owned(), value.into_bytes()))
}

/// Who asked, for the CMS's log and its rate limits, in the old words and the new.
fn forwarded(request: &HttpRequest) -> Vec<(&'static str, String)> {
    let given = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let after = |before: Option<&str>, own: String| match before {
        Some(before) if !before.trim().is_empty() => format!("{before}, {own}"),
        _ => own,
    };
    let peer = request.peer_addr().map(|peer| peer.ip());
    let info = request.connection_info();
    let node = match peer {
        Some(IpAddr::V6(peer)) => format!("\"[{peer}]\""),
        Some(IpAddr::V4(peer)) => peer.to_string(),
        None => "unknown".to_owned(),
    };
    let host = info.host().replace(['"', '\\'], "");
    let element = format!("for={node};host=\"{host}\";proto={}", info.scheme());
    vec![
        (
            "x-forwarded-for",
            after(given("x-forwarded-for"), peer.map(|peer| peer.to_string()).unwrap_or_default()),
        ),
        ("x-forwarded-proto", info.scheme().to_owned()),
        ("x-forwarded-host", info.host().to_owned()),
        ("forwarded", after(given("forwarded"), element)),
    ]
}

pub(super) fn to_visitor(headers: &Headers) -> impl Iterator<Item = (&str, &[u8])> {
    let connection = headers.iter().filter(|(name, _)| name == "connection");
    let named =
        named_by_connection(connection.filter_map(|(_, value)| std::str::from_utf8(value).ok()));
    headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).filter(
        move |(name, _)| !NOT_TO_VISITOR.contains(name) && !named.iter().any(|hop| hop == name),
    )
}

/// `Connection: x` makes `x` a header of this hop only.
fn named_by_connection<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn names(headers: &Headers) -> Vec<&str> {
        headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn cookies_and_headers_of_the_hop_stay_here() {
        let request = TestRequest::default()
            .insert_header(("Cookie", "session=1"))
            .insert_header(("Connection", "keep-alive, If-Match"))
            .insert_header(("If-Match", "7"))
            .insert_header(("Authorization", "Bearer visitor"))
            .insert_header(("X-Forwarded-For", "10.0.0.1"))
            .peer_addr("192.0.2.1:5".parse().unwrap())
            .to_http_request();
        let headers = to_cms(&request, "id-1");
        let found = names(&headers);
        assert!(found.contains(&"authorization"));
        for name in ["cookie", "connection", "host", "if-match"] {
            assert!(!found.contains(&name), "{name}");
        }
        let value = |wanted: &str| {
            let header = headers.iter().find(|(name, _)| name == wanted).unwrap();
            String::from_utf8(header.1.clone()).unwrap()
        };
        assert_eq!(value("x-forwarded-for"), "10.0.0.1, 192.0.2.1");
        assert_eq!(value("forwarded"), "for=192.0.2.1;host=\"localhost:8080\";proto=http");
        assert_eq!(value("x-request-id"), "id-1");
    }

    #[test]
    fn a_request_for_all_has_nothing_of_anybody() {
        let request = TestRequest::default()
            .insert_header(("User-Agent", "mine"))
            .insert_header(("Accept", "application/json"))
            .insert_header(("If-None-Match", "x"))
            .insert_header(("Authorization", "Bearer visitor"))
            .peer_addr("[2001:db8::1]:5".parse().unwrap())
            .to_http_request();
        let headers = to_cms_for_all(&request, "id-1");
        let expected = [
            "accept",
            "accept-encoding",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "forwarded",
            "via",
            "x-request-id",
        ];
        assert_eq!(names(&headers), expected);
        assert!(headers[5].1.starts_with(b"for=\"[2001:db8::1]\";"));
    }

    #[test]
    fn what_the_cms_sets_for_itself_stays_there() {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let headers = vec![
            header("content-type", "application/json"),
            header("set-cookie", "a=b"),
            header("x-powered-by", "x"),
            header("connection", "x-own"),
            header("x-own", "1"),
            header("etag", "\"e\""),
        ];
        let passed: Vec<_> = to_visitor(&headers).map(|(name, _)| name).collect();
        assert_eq!(passed, ["content-type", "etag"]);
    }
}

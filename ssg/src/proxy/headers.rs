//! Which headers pass, each way.
//!
//! Towards the CMS a list of what it needs: nothing a browser carries for this
//! site (cookies above all) leaks, and hop-by-hop headers cannot pass by
//! construction. Back to the visitor everything but what belongs to the
//! connection or tells about the CMS's machinery.

use actix_web::{HttpRequest, http::header::HeaderName};

type Headers = Vec<(String, Vec<u8>)>;

const TO_CMS: [&str; 13] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "user-agent",
    "x-request-id",
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

pub(super) fn to_cms(request: &HttpRequest) -> Headers {
    let named = named_by_connection(
        request.headers().get_all("connection").filter_map(|value| value.to_str().ok()),
    );
    let passes = |name: &HeaderName| {
        TO_CMS.contains(&name.as_str()) && !named.iter().any(|hop| hop == name.as_str())
    };
    let mut headers: Headers = request
        .headers()
        .iter()
        .filter(|(name, _)| passes(name))
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    for (name, value) in forwarded(request) {
        headers.push((name.to_owned(), value.into_bytes()));
    }
    headers
}

/// Who asked, for the CMS's log and its rate limits.
fn forwarded(request: &HttpRequest) -> Vec<(&'static str, String)> {
    let given = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let peer = request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    let chain = match given("x-forwarded-for") {
        Some(before) => format!("{before}, {peer}"),
        None => peer,
    };
    let info = request.connection_info();
    vec![
        ("x-forwarded-for", chain),
        ("x-forwarded-proto", info.scheme().to_owned()),
        ("x-forwarded-host", info.host().to_owned()),
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
            .insert_header(("Connection", "keep-alive, X-Request-Id"))
            .insert_header(("X-Request-Id", "7"))
            .insert_header(("Authorization", "Bearer visitor"))
            .insert_header(("X-Forwarded-For", "10.0.0.1"))
            .peer_addr("192.0.2.1:5".parse().unwrap())
            .to_http_request();
        let headers = to_cms(&request);
        let found = names(&headers);
        assert!(found.contains(&"authorization"));
        for name in ["cookie", "connection", "x-request-id", "host"] {
            assert!(!found.contains(&name), "{name}");
        }
        let chain = headers.iter().find(|(name, _)| name == "x-forwarded-for").unwrap();
        assert_eq!(chain.1, b"10.0.0.1, 192.0.2.1");
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

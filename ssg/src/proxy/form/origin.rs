//! Whether a post comes from a page of this site, by what browsers say of it themselves.
//!
//! No page can forge these headers. Who says nothing is no browser of these years.

use actix_web::{HttpRequest, http::header};

pub(super) fn is_own(request: &HttpRequest, base_url: &str) -> bool {
    let given = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if given("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let info = request.connection_info();
    let here = format!("{}://{}", info.scheme(), info.host());
    match given(header::ORIGIN.as_str()) {
        Some(origin) => origin == here || (!base_url.is_empty() && origin == base_url),
        None => given("sec-fetch-site").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn own(headers: &[(&str, &str)]) -> bool {
        let request = TestRequest::default().insert_header(("Host", "site.example:8080"));
        let request = headers.iter().fold(request, |request, pair| request.append_header(*pair));
        is_own(&request.to_http_request(), "https://site.example")
    }

    #[test]
    fn only_this_sites_pages_may_send() {
        assert!(own(&[("Origin", "http://site.example:8080")]));
        assert!(own(&[("Origin", "https://site.example")]));
        assert!(own(&[("Sec-Fetch-Site", "same-origin")]));
        assert!(!own(&[]));
        assert!(!own(&[("Origin", "null")]));
        assert!(!own(&[("Origin", "https://evil.example")]));
        assert!(!own(&[("Origin", "https://site.example"), ("Sec-Fetch-Site", "cross-site")]));
        assert!(!own(&[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")]));
        assert!(!own(&[("Sec-Fetch-Site", "same-site")]));
    }
}

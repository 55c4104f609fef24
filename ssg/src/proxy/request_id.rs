//! One name for a request, in the visitor's answer, in our log and in the CMS's.

use actix_web::HttpRequest;

pub(crate) const HEADER: &str = "x-request-id";
const LONGEST: usize = 64;

/// The request's own if it is harmless, else a new one.
pub(crate) fn of(request: &HttpRequest) -> String {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        (1..=LONGEST).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(sane).map_or_else(fresh, str::to_owned)
}

/// For requests that nobody waits for.
pub(crate) fn fresh() -> String {
    let half = || getrandom::u64().unwrap_or_default();
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn odd_ids_are_replaced() {
        let id = |value: &str| {
            of(&TestRequest::default().insert_header((HEADER, value)).to_http_request())
        };
        assert_eq!(id("req_1.a-B"), "req_1.a-B");
        for bad in ["", "a b", "a\"b", &"x".repeat(65)] {
            assert_ne!(id(bad), bad);
            assert_eq!(id(bad).len(), 32);
        }
    }
}

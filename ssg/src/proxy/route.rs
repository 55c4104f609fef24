//! Which requests pass.

use actix_web::http::Method;
use percent_encoding::percent_decode_str;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    NotFound,
    /// With the methods that pass.
    NotAllowed(&'static str),
}

/// The CMS's own affairs: accounts, files, its content model.
const NO_CONTENT: [&str; 6] =
    ["auth", "connect", "upload", "users", "users-permissions", "content-type-builder"];

pub(super) fn check(method: &Method, path: &str) -> Verdict {
    let Some(segments) = content_route(path) else { return Verdict::NotFound };
    let allowed = if segments == 1 { "GET, HEAD, POST" } else { "GET, HEAD" };
    match *method {
        Method::GET | Method::HEAD => Verdict::Pass,
        // A new entry is posted to its collection; deeper POSTs are actions.
        Method::POST if segments == 1 => Verdict::Pass,
        _ => Verdict::NotAllowed(allowed),
    }
}

/// The number of segments after `/api/`, if they name content.
fn content_route(path: &str) -> Option<usize> {
    let below = path.strip_prefix("/api/")?;
    let below = below.strip_suffix('/').unwrap_or(below);
    let mut count = 0;
    for (index, segment) in below.split('/').enumerate() {
        let segment = percent_decode_str(segment).decode_utf8().ok()?;
        let odd = segment.contains(['/', '\\']) || segment.chars().any(char::is_control);
        if segment.is_empty() || segment == "." || segment == ".." || odd {
            return None;
        }
        if index == 0 && NO_CONTENT.contains(&segment.to_ascii_lowercase().as_str()) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_read_and_entries_are_posted() {
        for (method, path) in [
            (Method::GET, "/api/articles"),
            (Method::HEAD, "/api/articles/abc"),
            (Method::GET, "/api/homepage/"),
            (Method::POST, "/api/comments"),
        ] {
            assert_eq!(check(&method, path), Verdict::Pass, "{method} {path}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for path in [
            "/api/",
            "/api",
            "/api/auth/local",
            "/api/AUTH/local",
            "/api/%61uth/local",
            "/api/upload/files",
            "/api/users/me",
            "/api/../admin",
            "/api/a//b",
            "/api/a%2fb",
            "/api/%2e%2e/admin",
        ] {
            assert_eq!(check(&Method::GET, path), Verdict::NotFound, "{path}");
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            assert_eq!(check(&method, "/api/articles"), Verdict::NotAllowed("GET, HEAD, POST"));
        }
        let action = "/api/articles/abc/actions/publish";
        assert_eq!(check(&Method::POST, action), Verdict::NotAllowed("GET, HEAD"));
    }
}

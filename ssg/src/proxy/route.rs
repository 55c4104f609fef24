//! Which requests pass, and by which rule.

use actix_web::http::Method;
use percent_encoding::percent_decode_str;

use crate::site::proxy::{Proxy, Rule};

#[derive(Debug, PartialEq)]
pub(super) enum Verdict<'a> {
    Pass(&'a Rule),
    NotFound,
    /// With the methods that pass.
    NotAllowed(String),
}

/// The CMS's own affairs: accounts, files, its content model.
const NO_CONTENT: [&str; 6] =
    ["auth", "connect", "upload", "users", "users-permissions", "content-type-builder"];

pub(super) fn check<'a>(proxy: &'a Proxy, method: &Method, path: &str) -> Verdict<'a> {
    let Some(names) = names(path) else { return Verdict::NotFound };
    let listed =
        proxy.rules.iter().find(|rule| rule.path.as_ref().is_some_and(|path| path.fits(&names)));
    if let Some(rule) = listed {
        return by_methods(rule, &rule.methods, method);
    }
    let own =
        names.first().is_some_and(|name| NO_CONTENT.contains(&name.to_ascii_lowercase().as_str()));
    if own || !proxy.content {
        return Verdict::NotFound;
    }
    // A new entry is posted to its collection; deeper POSTs are actions.
    let methods: &[&str] =
        if names.len() == 1 { &["GET", "HEAD", "POST"] } else { &["GET", "HEAD"] };
    by_methods(&proxy.default, methods, method)
}

fn by_methods<'a>(rule: &'a Rule, methods: &[&str], method: &Method) -> Verdict<'a> {
    if methods.contains(&method.as_str()) {
        Verdict::Pass(rule)
    } else {
        Verdict::NotAllowed(methods.join(", "))
    }
}

/// The names after `/api/`, decoded, if all of them are plain.
fn names(path: &str) -> Option<Vec<String>> {
    let below = path.strip_prefix("/api/")?;
    let below = below.strip_suffix('/').unwrap_or(below);
    let names = below.split('/').map(|name| {
        let name = percent_decode_str(name).decode_utf8().ok()?;
        let odd = name.contains(['/', '\\']) || name.chars().any(char::is_control);
        (!matches!(&*name, "" | "." | "..") && !odd).then(|| name.into_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::proxy::RulePath;

    #[test]
    fn content_is_read_and_entries_are_posted() {
        let proxy = Proxy::default();
        for (method, path) in [
            (Method::GET, "/api/articles"),
            (Method::HEAD, "/api/articles/abc"),
            (Method::GET, "/api/homepage/"),
            (Method::POST, "/api/comments"),
        ] {
            assert_eq!(
                check(&proxy, &method, path),
                Verdict::Pass(&proxy.default),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn nothing_else_passes() {
        let proxy = Proxy::default();
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
            assert_eq!(check(&proxy, &Method::GET, path), Verdict::NotFound, "{path}");
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let all = Verdict::NotAllowed("GET, HEAD, POST".into());
            assert_eq!(check(&proxy, &method, "/api/articles"), all);
        }
        let action = "/api/articles/abc/actions/publish";
        let reading = Verdict::NotAllowed("GET, HEAD".into());
        assert_eq!(check(&proxy, &Method::POST, action), reading);
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rule = |path: &str, methods: &[&'static str]| Rule {
            path: Some(RulePath::parse(path).unwrap()),
            methods: methods.to_vec(),
            ..Rule::default()
        };
        let rules = vec![rule("/api/auth/local", &["POST"]), rule("/api/articles/**", &["GET"])];
        let proxy = Proxy { rules, content: false, ..Proxy::default() };
        let passes = |method, path| matches!(check(&proxy, &method, path), Verdict::Pass(_));
        assert!(passes(Method::POST, "/api/%61uth/local"));
        assert!(passes(Method::GET, "/api/articles/x"));
        assert!(!passes(Method::POST, "/api/articles"));
        assert!(!passes(Method::GET, "/api/tags"));
    }
}

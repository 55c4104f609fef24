//! What the tables accept, and what they say when they do not.

use super::*;
use crate::site::Site;

fn parse(text: &str) -> Result<Proxy, String> {
    let head = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\n";
    let route = "[[route]]\npath = \"/contact/\"\ntemplate = \"x\"\n";
    let site = Site::parse("site.toml", &format!("{head}{route}{text}"));
    site.map(|site| site.proxy).map_err(|errors| errors.to_string())
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(parse("").unwrap(), Proxy::default());
    assert!(
        Site::parse("f", "[site]\ntitle=\"x\"\nbase_url=\"http://x\"\n[proxy]\n")
            .unwrap()
            .tables
            .is_empty()
    );
}

#[test]
fn routes_inherit_what_they_do_not_say() {
    let proxy = parse(
        r#"[proxy]
routes = "listed"
body_limit = "2MB"
cache = { ttl = "1m" }
max_memory = "8MB"
failures = 3
pause = "2s"
[[proxy.route]]
path = "/api/articles/**"
query = ["sort"]
drop = ["data.secret"]
[[proxy.route]]
path = "/api/members"
as = "site"
methods = ["GET", "POST"]
cache = { stale_if_error = "0s" }
[[proxy.route]]
path = "/api/plans"
as = "site"
"#,
    )
    .unwrap();
    assert!(!proxy.content);
    let minute = Duration::from_secs(60);
    assert_eq!(proxy.default.cache.unwrap().ttl, minute);
    let [articles, members, plans] = proxy.rules.as_slice() else { panic!() };
    assert_eq!((articles.body_limit, articles.cache.unwrap().ttl), (2 << 20, minute));
    assert_eq!(articles.transform.drop, ["data.secret"]);
    assert!(members.as_site && members.methods.contains(&"HEAD"));
    assert_eq!(members.cache.unwrap().stale_if_error, Duration::ZERO);
    assert_eq!(plans.cache, None, "what the site sees is kept only where it is asked for");
}

#[test]
fn mistakes_name_their_line() {
    for (text, expected) in [
        ("[proxy]\nbody = 1\n", "site.toml:8: unknown key `body` in `[proxy]`"),
        ("[proxy]\ndeadline = \"soon\"\n", "site.toml:8: `deadline` must be a duration"),
        (
            "[proxy]\nroutes = \"all\"\n",
            "site.toml:8: `routes` must be `\"content\"` or `\"listed\"`",
        ),
        ("[proxy]\ncache = { tll = 1 }\n", "site.toml:8: unknown key `tll` in `cache`"),
        ("[proxy]\ncache = 3\n", "site.toml:8: `cache` must be true, false or a table"),
        ("[[proxy.route]]\npath = \"/x\"\n", "site.toml:8: path `/x` must start with `/api/`"),
        ("[[proxy.route]]\npath = \"/api/x\"\nmethods = [\"GRAB\"]\n", "`GRAB` is no method"),
        ("[[proxy.route]]\npath = \"/api/x\"\nmedia = \"cms\"\n", "site.toml:9: `media` is `cms`"),
        ("[[endpoint]]\npath = \"/x\"\n", "site.toml:7: an endpoint has exactly one of"),
        ("[[endpoint]]\npath = \"/x y\"\njson = {}\n", "site.toml:8: `path` is `/x y`"),
        ("[[endpoint]]\npath = \"/healthz\"\njson = {}\n", "`/healthz` belongs to the daemon"),
        ("[[endpoint]]\npath = \"/contact/\"\njson = {}\n", "is a page of this site"),
        (
            "[[endpoint]]\npath = \"/a\"\nredirect = \"javascript:x\"\n",
            "must be a path of this site or",
        ),
        ("[[endpoint]]\npath = \"/a\"\nupstream = \"/admin\"\n", "must be a path of the CMS's API"),
        ("[[form]]\npath = \"/f\"\ncollection = \"m\"\n", "`fields` must name the fields"),
        (
            "[[form]]\npath = \"/f\"\ncollection = \"m\"\nfields = [\"a\"]\nrate = \"5\"\n",
            "site.toml:11: `rate` is `5`",
        ),
        (
            "[[form]]\npath = \"/f\"\ncollection = \"m\"\nfields = [\"a\"]\nsuccess = \"//evil\"\n",
            "must be a path of this site",
        ),
        (
            "[[form]]\npath = \"/f\"\ncollection = \"m\"\nfields = [\"a\"]\n[[endpoint]]\npath = \"/f\"\njson = 1\n",
            "declared twice",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(expected), "{error}\n  lacks\n{expected}");
    }
}

//! Pages that show the time, and pages that are asked for.

use ssg::build::{Report, Request, Revalidation};

use crate::integration::magazine::magazine;
use crate::integration::site_harness::{Site, changed, reasons};

/// The home page may be ten minutes old; it shows what time it takes it to be.
fn with_clock() -> Site {
    let mut site = magazine();
    site.replace(
        "site.toml",
        "template = \"home.html\"",
        "template = \"home.html\"\nrevalidate = \"10m\"",
    );
    let home = site.read("home.html");
    let end = "{% endblock main %}";
    assert!(home.contains(end), "{home}");
    site.replace("home.html", end, &format!("as of {{{{ now() }}}}{end}"));
    site.now = Some(1_200);
    site.build();
    site
}

#[test]
fn a_page_that_shows_the_time_follows_it_in_steps() {
    let mut site = with_clock();
    assert!(site.page("index.html").contains("as of 1970-01-01T00:20:00.000Z"));
    site.now = Some(1_799);
    let report = site.build();
    assert_eq!((report.rendered, report.due), (0, Some(1_800)));
    site.restart();
    assert_eq!(site.build().rendered, 0, "a new process agrees");
    site.now = Some(1_800);
    let report = site.build();
    assert_eq!(changed(&report), "~de/index.html ~index.html");
    assert_eq!(reasons(&report, "index.html"), "600 s have passed");
    assert_eq!((report.rendered, report.due), (2, Some(2_400)));
    site.now = Some(9_000);
    site.restart();
    assert_eq!(changed(&site.build()), "~de/index.html ~index.html", "time passed meanwhile");
}

#[test]
fn a_route_without_a_period_sees_no_clock() {
    let mut site = magazine();
    site.replace("tag.html", "{% endblock main %}", "{{ now() }}{% endblock main %}");
    let report = site.build_alone(&Request::default()).unwrap();
    let failure = &report.failed[0];
    assert!(failure.message.contains("give it `revalidate = \"10m\"`"), "{failure:?}");
    assert_eq!(failure.template.as_deref(), Some("tag.html"));
    assert!(failure.line.is_some());
}

#[test]
fn a_period_that_is_none_is_refused_with_its_line() {
    for wrong in ["0", "-5", "1.5", "\"soon\"", "\"500ms\"", "true", "\"200y\""] {
        let mut site = magazine();
        let line = format!("template = \"home.html\"\nrevalidate = {wrong}");
        site.replace("site.toml", "template = \"home.html\"", &line);
        let report = site.build_alone(&Request::default()).unwrap();
        let failure = &report.failed[0];
        assert!(failure.message.contains("`600` or `\"10m\"`"), "{wrong}: {failure:?}");
        assert!(failure.line.is_some(), "{wrong}");
    }
}

fn asked(site: &mut Site, wanted: Revalidation) -> (Report, Vec<Vec<String>>) {
    let request = Request { revalidate: vec![wanted], ..Request::default() };
    let mut urls = Vec::new();
    let report = site.build_telling(&request, &mut |marked| urls = marked.to_vec());
    site.compare_with_clean_build();
    (report, urls)
}

fn path(path: &str, below: bool) -> Revalidation {
    Revalidation::Path { path: path.into(), below }
}

#[test]
fn pages_are_rendered_again_by_path() {
    let mut site = magazine();
    site.build();
    let (report, urls) = asked(&mut site, path("/blog/one/", false));
    assert_eq!((report.rendered, report.release), (1, None), "the bytes are the same");
    assert_eq!(urls, [["/blog/one/"]]);
    let (report, urls) = asked(&mut site, path("/blog/", true));
    let below = urls.concat();
    assert_eq!(report.rendered as usize, below.len());
    assert!(below.contains(&"/blog/".into()) && below.contains(&"/blog/page/2/".into()));
    let (report, urls) = asked(&mut site, path("/author/{slug}/", false));
    assert_eq!(report.rendered as usize, urls.concat().len());
    assert!(urls.concat().contains(&"/author/ann/".to_owned()), "{urls:?}");
    let (report, urls) = asked(&mut site, path("/nowhere/", true));
    assert_eq!((report.rendered, urls.concat().len()), (0, 0));
}

#[test]
fn pages_are_rendered_again_by_tag() {
    let mut site = magazine();
    site.build();
    let (_, of_document) = asked(&mut site, Revalidation::Tag("ann".into()));
    assert!(of_document.concat().contains(&"/blog/one/".to_owned()), "{of_document:?}");
    let (_, of_type) = asked(&mut site, Revalidation::Tag("api::tag.tag".into()));
    let (_, by_name) = asked(&mut site, Revalidation::Tag("tag".into()));
    assert_eq!(of_type, by_name);
    assert!(of_type.concat().contains(&"/tag/sea/".to_owned()), "{of_type:?}");
}

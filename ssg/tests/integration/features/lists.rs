//! Lists of every kind, and the ways through a site.

use serde_json::json;
use ssg::build::Request;

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed, reasons};

/// Notes of two years, with tags and moods.
fn notebook(routes: &str, templates: &str) -> Site {
    let site = site(&format!("{NOTES}{routes}-- note.html --\n{{{{ entry.title }}}}\n{templates}"));
    for tag in ["sea", "sky"] {
        site.cms.publish("tag", tag, "", json!({ "name": tag, "slug": tag }));
        site.cms.publish("topic", tag, "", json!({ "name": tag, "slug": tag }));
    }
    for (name, day, mood, tags, topics) in [
        ("A", "2025-12-31", "calm", json!(["sea"]), json!(["sky"])),
        ("B", "2026-01-01", "wild", json!(["sea", "sky"]), json!([])),
        ("C", "2026-01-31", "calm", json!(["sky"]), json!(["sky"])),
        ("D", "2026-02-01", "calm", json!([]), json!([])),
    ] {
        let values = json!({ "day": day, "moment": format!("{day}T23:59:59.000Z"), "mood": mood, "tags": tags, "topics": topics });
        site.cms.publish("note", &name.to_lowercase(), "en", note(name, values));
    }
    site
}

const ITEMS: &str =
    "{% for n in pager.items %}{{ n.title }} {% endfor %}{{ pager.page }}/{{ pager.pages }}";

#[test]
fn archives_by_year_and_month() {
    let mut site = notebook(
        "[[route]]\npath = \"/{group}/\"\ntemplate = \"year.html\"\n\
         paginate = { type = \"api::note.note\", group_by = \"day\", unit = \"year\", sort = \"day\" }\n\
         [[route]]\npath = \"/at/{group}/\"\ntemplate = \"month.html\"\n\
         paginate = { type = \"api::note.note\", group_by = \"moment\", unit = \"month\", sort = \"day\", per_page = 1 }\n\
         [[route]]\npath = \"/archive/\"\ntemplate = \"archive.html\"\n",
        &format!(
            "-- year.html --\n{{{{ group.key }}}}: {ITEMS}\n\
             -- month.html --\n{{{{ group.date | date(format=\"%B %Y\") }}}}: {ITEMS} {{{{ pager.next }}}}\n\
             -- archive.html --\n{{% for g in groups(type=\"api::note.note\", by=\"day\", unit=\"year\") %}}\
             {{{{ g.url }}}} {{{{ g.date }}}} {{{{ g.count }}}}; {{% endfor %}}"
        ),
    );
    site.build();
    assert_eq!(site.page("2026/index.html"), "2026: B C D 1/1");
    assert_eq!(site.page("at/2026/01/index.html"), "January 2026: B 1/2 /at/2026/01/page/2/");
    assert_eq!(site.page("at/2026/01/page/2/index.html"), "January 2026: C 2/2");
    assert_eq!(site.page("archive/index.html"), "/2026/ 2026-01-01 3; /2025/ 2025-01-01 1;");
    // A title is nothing the archive shows.
    site.cms.edit("note", "d", "en", "title", json!("Dd"));
    let report = site.build();
    assert_eq!(changed(&report), "~2026/index.html ~at/2026/02/index.html ~d/index.html");
    site.cms.edit("note", "a", "en", "day", json!("2026-03-01"));
    let report = site.build();
    assert_eq!(changed(&report), "-2025/index.html ~2026/index.html ~archive/index.html");
    assert!(reasons(&report, "archive/index.html").contains("api::note.note"), "{report:?}");
}

#[test]
fn taxonomies_with_term_pages() {
    let mut site = notebook(
        "[[route]]\npath = \"/mood/{group}/\"\ntemplate = \"term.html\"\ntitle = \"Mood {group}\"\n\
         paginate = { type = \"api::note.note\", group_by = \"mood\", sort = \"title\" }\n\
         [[route]]\npath = \"/tags/{group}/\"\ntemplate = \"term.html\"\n\
         paginate = { type = \"api::note.note\", group_by = \"tags.slug\", sort = \"title\" }\n\
         [[route]]\npath = \"/tags/\"\ntemplate = \"tags.html\"\n",
        &format!(
            "-- term.html --\n{{{{ page.title }}}} {{{{ group.value }}}}: {ITEMS}\n\
             -- tags.html --\n{{% for g in groups(type=\"api::note.note\", by=\"tags.slug\") %}}\
             {{{{ g.value }}}}={{{{ g.count }}}} {{{{ g.url }}}} {{% endfor %}}"
        ),
    );
    site.build();
    assert_eq!(site.page("mood/calm/index.html"), "Mood calm calm: A C D 1/1");
    assert_eq!(site.page("tags/sky/index.html"), "sky: B C 1/1");
    assert_eq!(site.page("tags/index.html"), "sea=2 /tags/sea/ sky=2 /tags/sky/");
    site.cms.edit("note", "b", "en", "tags", json!(["sky"]));
    let report = site.build();
    assert_eq!(changed(&report), "~tags/index.html ~tags/sea/index.html");
    site.cms.edit("tag", "sea", "", "slug", json!("ocean"));
    let report = site.build();
    assert_eq!(changed(&report), "~tags/index.html +tags/ocean/index.html -tags/sea/index.html");
}

#[test]
fn a_wrong_group_names_line_and_choice() {
    for (route, expected) in [
        (
            "paginate = { type = \"api::note.note\", group_by = \"none\" }",
            "has no attribute `none`",
        ),
        ("paginate = { type = \"api::note.note\", group_by = \"tags\" }", "is no plain value"),
        (
            "paginate = { type = \"api::note.note\", group_by = \"mood\", unit = \"year\" }",
            "is no date",
        ),
        (
            "paginate = { type = \"api::note.note\", group_by = \"day\", unit = \"week\" }",
            "`unit` must be",
        ),
        ("paginate = { type = \"api::note.note\" }", "the place `{group}`"),
    ] {
        let mut site = notebook(
            &format!("[[route]]\npath = \"/x/{{group}}/\"\ntemplate = \"note.html\"\n{route}\n"),
            "",
        );
        let report = site.build_alone(&Request::default()).unwrap();
        let failed = report.failed.iter().find(|failed| failed.message.contains(expected));
        assert!(
            failed.is_some_and(|failed| failed.line.is_some()),
            "{expected}: {:?}",
            report.failed
        );
    }
}

#[test]
fn related_content_by_shared_terms_weighted() {
    let related = |by: &str| {
        format!(
            "{{% for n in related(entry=entry, by={by}, sort=\"title\", fields=[\"title\"], limit=2) %}}{{{{ n.title }}}}{{% endfor %}}"
        )
    };
    let mut site = notebook("", "");
    site.write(
        "note.html",
        &format!(
            "{}|{}|{}",
            related("[\"tags\", \"topics\"]"),
            related("{\"tags\": 3, \"topics\": 1}"),
            related("{\"tags\": 1, \"topics\": 3}")
        ),
    );
    site.build();
    assert_eq!(site.page("a/index.html"), "BC|BC|CB");
    site.cms.edit("note", "c", "en", "tags", json!(["sky", "sea"]));
    site.build();
    assert_eq!(site.page("a/index.html"), "BC|CB|CB");
}

#[test]
fn previous_and_next() {
    let mut site = notebook("", "");
    site.write(
        "note.html",
        "{% set p = previous(entry=entry, sort=\"day\", fields=[\"title\"]) %}{% set n = next(entry=entry, sort=\"day\", fields=[\"title\"]) %}{% if p %}{{ p.title }}{% endif %}<{% if n %}{{ n.title }}{% endif %}",
    );
    site.build();
    assert_eq!(site.page("b/index.html"), "A<C");
    assert_eq!(site.page("d/index.html"), "C<");
}

#[test]
fn menus_mark_the_way_to_the_page() {
    let mut site = notebook(
        "[[menus.main]]\nlabel = { en = \"Start\", de = \"Anfang\" }\nurl = \"/\"\n\
         [[menus.main]]\nlabel = \"Docs\"\nurl = \"/docs/\"\nchildren = [{ label = \"A\", url = \"entry:a\" }]\n\
         [[route]]\npath = \"/\"\ntemplate = \"menu.html\"\n\
         [[route]]\npath = \"/docs/intro/\"\ntemplate = \"menu.html\"\n",
        "-- menu.html --\n{% for m in site.menus.main | menu %}{{ m.label }} {{ m.url }}{% if m.current %} here{% elif m.active %} above{% endif %}\
         {% for c in m.children %}({{ c.url }}){% endfor %};{% endfor %}",
    );
    site.replace("site.toml", "locales = [\"en\", \"de\"]", "locales = [\"en\"]");
    site.build();
    assert_eq!(site.page("index.html"), "Start / here;Docs /docs/(/a/);");
    assert_eq!(site.page("docs/intro/index.html"), "Start /;Docs /docs/ above(/a/);");
    site.cms.edit("note", "a", "en", "slug", json!("aa"));
    assert_eq!(
        changed(&site.build()),
        "-a/index.html +aa/index.html ~docs/intro/index.html ~index.html"
    );
}

#[test]
fn breadcrumbs_and_sections_follow_the_pages() {
    let crumbs = "{% for c in breadcrumbs() %}{{ c.title }}={{ c.url }} {% endfor %}";
    let mut site = site(&format!(
        "[[route]]\npath = \"/blog/{{slug}}/\"\neach = \"api::note.note\"\ntitle = \"{{title}}\"\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/\"\ntitle = {{ en = \"Home\", de = \"Anfang\" }}\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/blog/\"\ntitle = {{ en = \"Blog\", de = \"Blog\" }}\ntemplate = \"list.html\"\n\
         -- note.html --\n{crumbs}\n\
         -- list.html --\n{crumbs}| {{% for p in pages(below=\"/blog/\") %}}{{{{ p.title }}}} {{% endfor %}}\n"
    ));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.cms.publish("note", "a", "de", note("Ah", json!({})));
    site.build();
    assert_eq!(site.page("index.html"), "Home=/");
    assert_eq!(site.page("blog/a/index.html"), "Home=/ Blog=/blog/ A=/blog/a/");
    assert_eq!(site.page("de/blog/ah/index.html"), "Anfang=/de/ Blog=/de/blog/ Ah=/de/blog/ah/");
    assert_eq!(site.page("blog/index.html"), "Home=/ Blog=/blog/ | A Blog");
    site.cms.edit("note", "a", "en", "title", json!("Aa"));
    let report = site.build();
    assert_eq!(changed(&report), "~blog/a/index.html ~blog/index.html");
    assert_eq!(reasons(&report, "blog/index.html"), "the pages of `/blog/` changed");
    site.replace("site.toml", "en = \"Blog\"", "en = \"Notes\"");
    assert_eq!(changed(&site.build()), "~blog/a/index.html ~blog/index.html");
}

#[test]
fn pagination_of_lists() {
    let mut site = notebook(
        "[[route]]\npath = \"/notes/\"\ntemplate = \"list.html\"\n\
         paginate = { type = \"api::note.note\", sort = \"title\", fields = [\"title\"], per_page = 2 }\n",
        &format!(
            "-- list.html --\n{ITEMS} {{{{ pager.total }}}} {{{{ pager.prev }}}} {{{{ pager.next }}}} {{{{ pager.last }}}}\
             {{{{ <galley.pagination pager={{pager}} label=\"Pages\" previous=\"Newer\" next=\"Older\" /> }}}}"
        ),
    );
    site.build();
    let first = site.page("notes/index.html");
    assert!(first.starts_with("A B 1/2 4  /notes/page/2/ /notes/page/2/<nav"), "{first}");
    assert!(first.contains("<a rel=\"next\" href=\"/notes/page/2/\">Older</a>"), "{first}");
    assert!(site.page("notes/page/2/index.html").starts_with("C D 2/2 4 /notes/  "));
    assert!(site.page("de/notes/index.html").starts_with("1/1 0"), "an empty list has page 1");
    // Another entry at the beginning moves one to each page, and makes a third.
    site.cms.publish("note", "0", "en", note("0", json!({})));
    let report = site.build();
    assert!(changed(&report).contains("+notes/page/3/index.html"), "{}", changed(&report));
}

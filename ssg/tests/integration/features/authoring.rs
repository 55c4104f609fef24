//! From a content model and templates to pages.

use serde_json::json;
use ssg::build::Request;

use super::{NOTES, note, site};
use crate::integration::site_harness::{changed, reasons};

#[test]
fn routing_from_the_content_model() {
    let mut site = site(
        "[[route]]\npath = \"/{author.slug}/{day}/{slug}/\"\neach = \"api::note.note\"\npopulate = [\"author\"]\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/people/{slug}.html\"\neach = \"api::person.person\"\ntemplate = \"note.html\"\n\
         -- note.html --\n{{ page.url }} {{ url_for(entry=entry) }}\n",
    );
    site.cms.publish("person", "ann", "", json!({ "name": "Ann", "slug": "ann" }));
    let values = json!({ "author": "ann", "day": "2026-01-02" });
    site.cms.publish("note", "a", "en", note("A", values));
    site.build();
    assert_eq!(site.page("ann/2026-01-02/a/index.html"), "/ann/2026-01-02/a/ /ann/2026-01-02/a/");
    assert_eq!(site.page("people/ann.html"), "/people/ann.html /people/ann.html");
    // A path goes through relations, and follows what is at their end.
    site.cms.edit("person", "ann", "", "slug", json!("anna"));
    assert_eq!(
        changed(&site.build()),
        "-ann/2026-01-02/a/index.html +anna/2026-01-02/a/index.html -people/ann.html +people/anna.html"
    );
}

#[test]
fn pages_generated_from_a_remote_model_without_fetching_while_rendering() {
    let mut site = site(&format!(
        "{NOTES}-- note.html --\n{{{{ entry.title }}}} {{{{ count(type=\"api::note.note\") }}}}"
    ));
    for number in 0..20 {
        let title = format!("N{number}");
        site.cms.publish("note", &title.to_lowercase(), "en", note(&title, json!({})));
    }
    site.build_alone(&Request::default()).unwrap();
    assert_eq!(site.cms.pulls(), 1, "one question brings everything");
    assert_eq!(site.page("n7/index.html"), "N7 20");
    // From then on the content is here.
    site.cms.go_away(true);
    site.restart();
    site.replace("note.html", "entry.title", "entry.slug");
    let report = site.build_alone(&Request::default()).unwrap();
    assert_eq!((report.rendered, report.stale), (20, true));
    assert_eq!(site.page("n7/index.html"), "n7 20");
}

#[test]
fn layout_inheritance_includes_and_components() {
    let mut site = site(&format!(
        "{NOTES}-- note.html --\n{{% extends \"base.html\" %}}{{% block main %}}{{% include \"part.html\" %}}{{{{ <tag name={{entry.title}} /> }}}}{{% endblock main %}}\n\
         -- base.html --\n<main>{{% block main %}}{{% endblock main %}}</main>\n-- part.html --\n[part]\n\
         -- tag.html --\n{{% component tag(name: string) %}}<b>{{{{ name }}}}</b>{{% endcomponent tag %}}\n\
         -- other.html --\nunused\n"
    ));
    site.cms.publish("note", "a", "en", note("A & B", json!({ "slug": "a" })));
    site.build();
    let page: String = site.page("a/index.html").split('\n').collect();
    assert_eq!(page, "<main>[part]<b>A &amp; B</b></main>");
    for (file, from, to) in
        [("base.html", "main>", "div>"), ("part.html", "part", "PART"), ("tag.html", "b>", "i>")]
    {
        site.replace(file, from, to);
        // With all it takes part in.
        assert_eq!(reasons(&site.build(), "a/index.html"), "template note.html changed");
    }
    site.replace("other.html", "unused", "still unused");
    assert_eq!(changed(&site.build()), "");
}

#[test]
fn strict_templates_name_page_entry_and_field() {
    let mut site = site(&format!("{NOTES}-- note.html --\nx\n{{{{ entry.summary | upper }}}}"));
    site.cms.publish("note", "a", "en", note("A", json!({ "summary": "fine" })));
    site.cms.publish("note", "b", "en", note("B", json!({})));
    let report = site.build_alone(&Request::default()).unwrap();
    let [failed] = &report.failed[..] else { panic!("{:?}", report.failed) };
    assert_eq!((failed.url.as_deref(), failed.entry.as_deref()), (Some("/b/"), Some("b")));
    assert_eq!((failed.template.as_deref(), failed.line), (Some("note.html"), Some(2)));
    // The others are published.
    assert!(site.has("a/index.html") && !site.has("b/index.html"));
    site.replace("note.html", "entry.summary", "entry.sumary");
    let report = site.build_alone(&Request::default()).unwrap();
    assert!(report.failed[0].message.contains("did you mean `summary`?"), "{:?}", report.failed);
}

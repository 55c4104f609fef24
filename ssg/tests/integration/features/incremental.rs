//! What a build has to do after a change, and what it does not.

use serde_json::json;
use ssg::build::{Request, Revalidation};

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed, reasons};

/// Notes with everything that tells of them.
fn notebook() -> Site {
    let site = site(&format!(
        "[sitemap]\n[search]\ntypes = {{ \"api::note.note\" = [\"title\"] }}\n[words]\nmore = \"More\"\n{}\
         [[route]]\npath = \"/notes/\"\ntemplate = \"list.html\"\npaginate = {{ type = \"api::note.note\", sort = \"title\", fields = [\"title\"], per_page = 2 }}\n\
         [[route]]\npath = \"/feed.xml\"\ntemplate = \"feed.xml\"\n\
         -- note.html --\n{{% include \"part.html\" %}}{{{{ entry.title }}}} {{{{ image(file=entry.cover) }}}}\n\
         -- part.html --\n{{{{ site.words.more }}}}\n\
         -- list.html --\n{{% for n in pager.items %}}{{{{ n.title }}}} {{% endfor %}}\n\
         -- feed.xml --\n{{{{ feed(format=\"atom\", entries=entries(type=\"api::note.note\", sort=\"title\")) }}}}\n",
        NOTES.replace("template", "populate = [\"cover\"]\ntemplate")
    ));
    site.replace("site.toml", "locales = [\"en\", \"de\"]", "locales = [\"en\"]");
    site.cms.upload("pic", "/uploads/pic.png", "png");
    for name in ["A", "B", "C"] {
        site.cms.publish("note", &name.to_lowercase(), "en", note(name, json!({ "cover": "pic" })));
    }
    site
}

#[test]
fn persistent_incremental_production_build() {
    let mut site = notebook();
    site.build();
    site.restart();
    assert_eq!(site.build().rendered, 0, "a new process has nothing to do");
    site.restart();
    site.cms.edit("note", "b", "en", "body", json!("nobody shows it"));
    let report = site.build();
    assert_eq!(changed(&report), "~feed.xml ~sitemap.xml");
}

#[test]
fn dependencies_found_automatically() {
    let mut site = notebook();
    site.build();
    let note = "b/index.html";
    site.cms.edit("note", "b", "en", "title", json!("Bb"));
    let report = site.build();
    assert_eq!(reasons(&report, note), "`title` of api::note.note b changed");
    assert!(reasons(&report, "notes/index.html").contains("with b"), "{report:?}");
    assert!(!changed(&report).contains("a/index.html"));
    site.replace("part.html", "{{", "- {{");
    assert_eq!(reasons(&site.build(), note), "template note.html changed");
    site.replace("site.toml", "\"More\"", "\"Yet more\"");
    assert_eq!(reasons(&site.build(), note), "`site.words` in site.toml changed");
    site.cms.upload("pic", "/uploads/other.png", "png");
    let report = site.build();
    assert!(reasons(&report, note).contains("plugin::upload.file pic changed"), "{report:?}");
    assert!(site.has("uploads/other.png") && !site.has("uploads/pic.png"));
}

#[test]
fn on_demand_invalidation_by_tag_and_by_path() {
    let mut site = notebook();
    site.build();
    for (wanted, expected) in [
        (Revalidation::Path { path: "/a/".into(), below: false }, 1),
        (Revalidation::Path { path: "/notes/".into(), below: true }, 2),
        (Revalidation::Tag("a".into()), 3),
    ] {
        let request = Request { revalidate: vec![wanted.clone()], ..Request::default() };
        let report = site.build_alone(&request).unwrap();
        assert_eq!((report.rendered, report.written), (expected, 0), "{wanted:?}");
    }
}

#[test]
fn pages_are_made_before_a_visitor_arrives() {
    let mut site = notebook();
    site.build();
    site.cms.publish("note", "d", "en", note("D", json!({ "cover": "pic" })));
    let report = site.build();
    let made = changed(&report);
    for file in ["+d/index.html", "~notes/page/2/index.html", "~feed.xml", "~sitemap.xml"] {
        assert!(made.contains(file), "{file} is not in {made}");
    }
    assert!(site.page("notes/page/2/index.html").contains('D'));
}

#[test]
fn time_based_revalidation() {
    let mut site = site(
        "[[route]]\npath = \"/\"\nrevalidate = \"1h\"\ntemplate = \"home.html\"\n[[route]]\npath = \"/still/\"\ntemplate = \"still.html\"\n\
         -- home.html --\n{{ now() }}\n-- still.html --\nstill",
    );
    site.now = Some(1_800_000_000);
    let due = site.build().due.unwrap();
    assert_eq!(site.page("index.html"), "2027-01-15T08:00:00.000Z");
    site.now = Some(due - 1);
    assert_eq!(site.build().rendered, 0);
    site.now = Some(due);
    let report = site.build();
    assert_eq!(changed(&report), "~de/index.html ~index.html");
    assert_eq!(site.page("index.html"), "2027-01-15T09:00:00.000Z");
}

#[test]
fn every_node_gives_the_same_answer_whatever_its_history() {
    let mut old = notebook();
    old.build();
    let mut young = Site::new("", old.cms.clone());
    for file in ["site.toml", "note.html", "part.html", "list.html", "feed.xml"] {
        young.write(file, &old.read(file));
    }
    old.cms.edit("note", "b", "en", "slug", json!("bee"));
    old.build();
    young.build();
    assert_eq!(old.tree(), young.tree());
    old.cms.unpublish("note", "c", "en");
    young.build();
    old.build();
    assert_eq!(old.tree(), young.tree());
}

#[test]
fn deletion_leaves_no_trace_in_page_list_feed_sitemap_and_search() {
    let mut site = notebook();
    for id in ["a", "c"] {
        site.cms.edit("note", id, "en", "title", json!(format!("Kept {id}")));
    }
    site.cms.edit("note", "b", "en", "title", json!("Vanishing"));
    site.build();
    let told = |site: &Site| {
        let tree = site.tree();
        let tells = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            text.contains("vanishing") || text.contains("/b/")
        };
        let files = tree.iter().filter(|(_, bytes)| tells(bytes));
        files.map(|(file, _)| file.clone()).collect::<Vec<_>>()
    };
    let before = told(&site);
    for file in ["b/index.html", "feed.xml", "notes/page/2/index.html", "sitemap.xml"] {
        assert!(before.iter().any(|known| known == file), "{file} is not in {before:?}");
    }
    assert!(before.iter().any(|file| file.starts_with("search/en/words-")), "{before:?}");
    site.cms.delete("note", "b");
    let report = site.build();
    assert_eq!(told(&site), [""; 0]);
    assert!(changed(&report).contains("-b/index.html"));
    assert!(changed(&report).contains("-notes/page/2/index.html"));
}

#[test]
fn incremental_output_is_clean_output() {
    let mut site = notebook();
    site.build();
    // `build` compares with a clean build each time.
    for step in 0..6 {
        match step % 3 {
            0 => drop(site.cms.edit("note", "a", "en", "title", json!(format!("A{step}")))),
            1 => site.cms.publish("note", "x", "en", note(&format!("X{step}"), json!({}))),
            _ => drop(site.cms.unpublish("note", "x", "en")),
        }
        if step == 1 {
            site.replace("note.html", "image(file=entry.cover)", "entry.slug");
        }
        if step != 1 {
            site.restart();
        }
        site.build();
    }
}

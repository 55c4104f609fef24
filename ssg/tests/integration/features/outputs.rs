//! What a site has besides its pages: feeds.

use serde_json::json;

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed};

/// A notebook with feeds in all formats.
fn feeds() -> Site {
    let feed = |format: &str| {
        format!(
            "{{{{ feed(format=\"{format}\", entries=entries(type=\"api::note.note\", sort=\"day:desc\", \
             limit=2, populate=[\"tags\", \"author\"]), published=\"day\", summary=\"summary\", content=\"body\", \
             author=\"author.name\", categories=\"tags.name\", description=\"All & new\") }}}}"
        )
    };
    let routes: String = [("atom.xml", "atom"), ("rss.xml", "rss"), ("feed.json", "json")]
        .map(|(file, name)| format!("[[route]]\npath = \"/{file}\"\ntemplate = \"{name}.xml\"\n"))
        .concat();
    let site = site(&format!(
        "{NOTES}{routes}-- note.html --\n{{{{ entry.title }}}}\n-- atom.xml --\n{}\n-- rss.xml --\n{}\n-- json.xml --\n{}\n",
        feed("atom"),
        feed("rss"),
        feed("json")
    ));
    site.cms.publish("tag", "sea", "", json!({ "name": "Sea", "slug": "sea" }));
    site.cms.publish("person", "ann", "", json!({ "name": "Ann", "slug": "ann" }));
    for (name, day) in [("A", "2026-01-01"), ("B", "2026-01-02"), ("C", "2026-01-03")] {
        let body = "*text* ![](/uploads/x.png) [a](entry:a)";
        site.cms.publish(
            "note",
            &name.to_lowercase(),
            "en",
            note(name, json!({ "day": day, "body": body, "summary": "s <1>", "tags": ["sea"], "author": "ann" })),
        );
    }
    site.cms.upload("x", "/uploads/x.png", "png");
    site
}

#[test]
fn rss_atom_and_json_feeds() {
    let mut site = feeds();
    site.build();
    let atom = site.page("atom.xml");
    for part in [
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n<title>Notes</title>\n<subtitle>All &amp; new</subtitle>",
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"https://example.org/atom.xml\"/>",
        "<id>https://example.org/c/</id>",
        "<published>2026-01-03T00:00:00Z</published>",
        "<author><name>Ann</name>\n</author>",
        "<category term=\"Sea\"/>",
        "src=&quot;https://example.org/uploads/x.png&quot;",
        "href=&quot;https://example.org/a/&quot;",
    ] {
        assert!(atom.contains(part), "{part} is not in {atom}");
    }
    assert_eq!(atom.matches("<entry>").count(), 2);
    well_formed(&atom);
    let rss = site.page("rss.xml");
    for part in [
        "<link>https://example.org/</link>",
        "<guid isPermaLink=\"true\">https://example.org/c/</guid>",
        "<pubDate>Sat, 03 Jan 2026 00:00:00 GMT</pubDate>",
        "<description>s &lt;1&gt;</description>",
        "<dc:creator>Ann</dc:creator>",
    ] {
        assert!(rss.contains(part), "{part} is not in {rss}");
    }
    well_formed(&rss);
    let json: serde_json::Value = serde_json::from_str(&site.page("feed.json")).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["items"].as_array().unwrap().len(), 2);
    for name in ["id", "url", "content_html", "date_published"] {
        assert!(json["items"][0][name].is_string(), "{name} in {json}");
    }
    // The German notebook is empty, and its feeds say so.
    well_formed(&site.page("de/atom.xml"));
    assert!(site.page("de/atom.xml").contains("<updated>1970-01-01T00:00:00Z</updated>"));
}

#[test]
fn feeds_follow_what_they_show_and_nothing_else() {
    let mut site = feeds();
    site.build();
    site.cms.edit("note", "a", "en", "body", json!("not among the newest"));
    assert_eq!(changed(&site.build()), "");
    site.cms.edit("note", "a", "en", "slug", json!("moved"));
    let report = site.build();
    assert_eq!(changed(&report), "-a/index.html ~atom.xml ~feed.json +moved/index.html ~rss.xml");
    site.cms.edit("tag", "sea", "", "name", json!("Ocean"));
    assert_eq!(changed(&site.build()), "~atom.xml ~feed.json ~rss.xml");
}

/// Every element that begins ends, in the right order, and every sign is escaped.
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        assert!(!text.contains('>') && !text.contains("& "), "{text}");
        let (tag, after) = tag[1..].split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.starts_with('?') && !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?} in {xml}");
}

#[test]
fn a_sitemap_with_times_and_translations() {
    let mut site = site(&format!(
        "[sitemap]\nexclude = [\"/hidden/*\"]\n{NOTES}\
         [[route]]\npath = \"/\"\ntemplate = \"note.html\"\n[[route]]\npath = \"/404.html\"\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/hidden/a/\"\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/thanks/\"\nsitemap = false\ntemplate = \"note.html\"\n-- note.html --\nx"
    ));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.cms.publish("note", "a", "de", note("Ä & Ö", json!({ "slug": "ä" })));
    site.build();
    let map = site.page("sitemap.xml");
    well_formed(&map);
    for part in [
        "<loc>https://example.org/</loc><xhtml:link rel=\"alternate\" hreflang=\"en\" href=\"https://example.org/\"/>",
        "<url><loc>https://example.org/a/</loc><lastmod>2026-01-01T00:00:00.001Z</lastmod>",
        "hreflang=\"de\" href=\"https://example.org/de/%C3%A4/\"/></url>",
    ] {
        assert!(map.contains(part), "{part} is not in {map}");
    }
    assert!(!map.contains("404") && !map.contains("hidden") && !map.contains("thanks"), "{map}");
    // An edit moves the page's time, whatever it shows.
    site.cms.edit("note", "a", "en", "summary", json!("new"));
    let report = site.build();
    assert_eq!(changed(&report), "~sitemap.xml");
    assert_eq!(
        crate::integration::site_harness::reasons(&report, "sitemap.xml"),
        "what it is made of changed"
    );
    site.cms.unpublish("note", "a", "de");
    let report = site.build();
    assert_eq!(changed(&report), "-de/ä/index.html ~sitemap.xml");
}

#[test]
fn a_large_sitemap_has_an_index() {
    let mut site =
        site(&format!("[sitemap]\nper_file = 4\n{NOTES}-- note.html --\n{{{{ entry.title }}}}"));
    for number in 0..5 {
        site.cms.publish(
            "note",
            &format!("n{number}"),
            "en",
            note(&format!("N{number}"), json!({})),
        );
    }
    site.build();
    let index = site.page("sitemap.xml");
    assert!(
        index.contains("<sitemapindex")
            && index.contains("<loc>https://example.org/sitemap-1.xml</loc><lastmod>"),
        "{index}"
    );
    well_formed(&index);
    let parts: Vec<_> =
        site.tree().into_keys().filter(|file| file.starts_with("sitemap-")).collect();
    assert_eq!(index.matches("<sitemap>").count(), parts.len());
    let urls = parts.iter().map(|part| site.page(part).matches("<url>").count());
    assert!(parts.iter().all(|part| site.page(part).matches("<url>").count() <= 4));
    assert_eq!(urls.sum::<usize>(), 5);
    // With fewer pages it is one file again.
    for number in 1..5 {
        site.cms.unpublish("note", &format!("n{number}"), "en");
    }
    let report = site.build();
    assert!(changed(&report).contains("-sitemap-1.xml"), "{}", changed(&report));
    assert!(site.page("sitemap.xml").contains("<urlset"));
}

#[test]
fn multiple_output_formats_per_page() {
    let mut site = site(
        "[[route]]\npath = \"/{slug}/\"\neach = \"api::note.note\"\ntemplate = \"note.html\"\n\
         formats = { json = \"note.json\", txt = \"note.txt\" }\n\
         [[route]]\npath = \"/a.html\"\ntemplate = \"about.html\"\nformats = { txt = \"about.txt\" }\n\
         -- note.html --\n{% for f in page.formats %}{{ f.name }}={{ f.url }} {% endfor %}{{ url_for(entry=entry) }}\n\
         -- note.json --\n{{ {\"title\": entry.title} | json }}\n-- note.txt --\n{{ entry.title }} & {{ page.url }}\n\
         -- about.html --\nAbout\n-- about.txt --\nabout",
    );
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.build();
    assert_eq!(site.page("a/index.html"), "json=/a/index.json txt=/a/index.txt /a/");
    assert_eq!(site.page("a/index.json"), "{\"title\":\"A\"}");
    assert_eq!(site.page("a/index.txt"), "A & /a/index.txt");
    assert_eq!(site.page("a.txt"), "about");
    site.cms.edit("note", "a", "en", "title", json!("Aa"));
    assert_eq!(changed(&site.build()), "~a/index.json ~a/index.txt");
}

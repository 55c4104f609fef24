//! From what editors write to HTML.

use serde_json::json;
use ssg::build::Request;

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed, reasons};

/// A site that shows the bodies of notes.
fn bodies(settings: &str, rest: &str) -> Site {
    site(&format!("{settings}{NOTES}-- note.html --\n{{{{ entry.body | markdown }}}}\n{rest}"))
}

#[test]
fn markdown_has_what_github_has() {
    let mut site = bodies("", "");
    let body = "# One\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n\n~~no~~ yes[^1]\n\n[^1]: Why.";
    site.cms.publish("note", "a", "en", note("A", json!({ "body": body })));
    site.build();
    let page = site.page("a/index.html");
    for part in [
        "<h1 id=\"one\">One</h1>",
        "<th style=\"text-align: right\">a</th>",
        "type=\"checkbox\" checked=\"\"/>",
        "<del>no</del>",
        "<li id=\"fn-1\">",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn typography_follows_the_setting_and_the_page() {
    let mut site = bodies("[markdown]\nsmart_punctuation = true\n", "");
    site.cms.publish("note", "a", "en", note("A", json!({ "body": "\"it's\"" })));
    site.cms.publish("note", "a", "de", note("A", json!({ "body": "\"so\"" })));
    site.build();
    assert_eq!(site.page("a/index.html"), "<p>“it’s”</p>");
    assert_eq!(site.page("de/a/index.html"), "<p>„so“</p>");
    site.replace("site.toml", "smart_punctuation = true", "smart_punctuation = false");
    let report = site.build();
    assert_eq!(changed(&report), "~a/index.html ~de/a/index.html");
    assert_eq!(reasons(&report, "a/index.html"), "`markdown` in site.toml changed");
}

#[test]
fn syntax_highlighting_by_classes_with_two_themes() {
    let mut site = site(&format!(
        "[markdown]\nhighlight = true\n{NOTES}\
         [[route]]\npath = \"/code.css\"\ntemplate = \"code.txt\"\n\
         -- code.txt --\n{{{{ highlight_css(theme=\"light\") }}}}{{{{ highlight_css(theme=\"dark\", scope=\".night\") }}}}\n\
         -- note.html --\n{{{{ entry.body | markdown }}}}{{{{ entry.story | blocks }}}}"
    ));
    let story = json!([{ "type": "code", "language": "typescript", "children": [{ "type": "text", "text": "const a = 1;" }] }]);
    let body = "```toml\n[a]\nb = \"c\"\n```";
    site.cms.publish("note", "a", "en", note("A", json!({ "body": body, "story": story })));
    site.build();
    let page = site.page("a/index.html");
    assert!(page.contains("<span class=\"hl-s\">&quot;c&quot;"), "{page}");
    assert!(page.contains("<span class=\"hl-k\">const"), "{page}");
    let css = site.page("code.css");
    assert!(css.contains("\n.hl-k { color: #8c1a55; }") && css.contains(".night .hl-k {"), "{css}");
}

#[test]
fn a_table_of_contents_has_the_anchors_of_the_text() {
    let mut site = site(&format!(
        "{NOTES}-- note.html --\n\
         {{% for h in entry.body | toc %}}{{{{ h.level }}}}#{{{{ h.id }}}} {{{{ h.title }}}}(\
         {{% for c in h.children %}}{{{{ c.id }}}} {{% endfor %}}){{% endfor %}}\n\
         {{% for h in entry.story | toc(min=1) %}}{{{{ h.id }}}}{{% endfor %}}"
    ));
    let heading =
        json!([{ "type": "heading", "level": 1, "children": [{ "type": "text", "text": "Top" }] }]);
    let body = "# T\n## One\n### A\n### A\n#### deep\n## Two";
    site.cms.publish("note", "a", "en", note("A", json!({ "body": body, "story": heading })));
    site.build();
    assert_eq!(site.page("a/index.html"), "2#one One(a a-2 )2#two Two()\ntop");
}

#[test]
fn shortcodes_are_components_called_from_text() {
    let mut site = bodies(
        "",
        "-- components/video.html --\n\
         {% component video(id: string, wide: bool = false) %}<video data-id=\"{{ id }}\"{% if wide %} wide{% endif %}>{% endcomponent video %}\n\
         -- components/box.html --\n\
         {% component box(kind: string) %}<div class=\"{{ kind }}\">{{ body }}</div>{% endcomponent box %}",
    );
    let body =
        "{{ <video id=\"x<y\" wide={true} /> }}\n\n{% <box kind=\"tip\"> %}\n*so*\n{% </box> %}";
    site.cms.publish("note", "a", "en", note("A", json!({ "body": body })));
    site.cms.publish("note", "b", "en", note("B", json!({ "body": "plain" })));
    site.build();
    let page = site.page("a/index.html");
    assert!(page.contains("<video data-id=\"x&lt;y\" wide>"), "{page}");
    assert!(page.contains("<div class=\"tip\"><p><em>so</em></p>\n</div>"), "{page}");
    // Pages whose text calls it depend on the component, and no others.
    site.replace("components/video.html", "data-id", "id");
    let report = site.build();
    assert_eq!(changed(&report), "~a/index.html");
    assert_eq!(reasons(&report, "a/index.html"), "template components/video.html changed");
    // A call of something that is not there names entry and field; the page stays.
    site.cms.edit("note", "b", "en", "body", json!("{{ <audio /> }}"));
    let report = site.build_alone(&Request::default()).unwrap();
    let failed = &report.failed[0];
    assert_eq!((failed.entry.as_deref(), failed.field.as_deref()), (Some("b"), Some("body")));
    assert!(
        failed.message.contains("there is no component `audio`; there are `box`, `video`"),
        "{failed:?}"
    );
    assert_eq!(site.page("b/index.html"), "<p>plain</p>");
}

#[test]
fn links_to_entries_are_checked_and_follow_them() {
    let mut site = bodies("", "");
    site.cms.publish(
        "note",
        "a",
        "en",
        note("A", json!({ "body": "[b](entry:b) [c](entry:note/c#x)" })),
    );
    site.cms.publish("note", "b", "en", note("B", json!({})));
    site.cms.publish("note", "c", "en", note("C", json!({})));
    site.build();
    assert_eq!(site.page("a/index.html"), "<p><a href=\"/b/\">b</a> <a href=\"/c/#x\">c</a></p>");
    site.cms.edit("note", "b", "en", "slug", json!("moved"));
    site.build();
    assert!(site.page("a/index.html").contains("href=\"/moved/\""));
    site.cms.unpublish("note", "c", "en");
    let report = site.build_alone(&Request::default()).unwrap();
    let failed = &report.failed[0];
    assert_eq!(
        (failed.url.as_deref(), failed.entry.as_deref(), failed.field.as_deref()),
        (Some("/a/"), Some("a"), Some("body"))
    );
    assert!(failed.message.contains("broken link `entry:note/c#x`"), "{failed:?}");
    site.cms.publish("note", "c", "en", note("C", json!({})));
    site.build();
    site.replace("site.toml", "[[route]]", "[markdown]\nbroken_links = \"unlink\"\n[[route]]");
    site.cms.unpublish("note", "c", "en");
    site.build();
    assert_eq!(site.page("a/index.html"), "<p><a href=\"/moved/\">b</a> c</p>");
}

#[test]
fn blocks_of_every_kind_are_shown() {
    let mut site =
        site(&format!("{NOTES}-- note.html --\n{{{{ entry.story | blocks(shift=1) }}}}"));
    let text = |text: &str| json!({ "type": "text", "text": text });
    let story = json!([
        { "type": "heading", "level": 1, "children": [text("H")] },
        { "type": "paragraph", "children": [
            { "type": "text", "text": "b", "bold": true },
            { "type": "link", "url": "entry:b#x", "children": [text("l")] },
        ] },
        { "type": "list", "format": "unordered", "children": [
            { "type": "list-item", "children": [text("i")] },
        ] },
        { "type": "quote", "children": [text("q")] },
        { "type": "code", "language": "rust", "children": [text("let a;")] },
        { "type": "image", "image": { "url": "/x.png", "alternativeText": "X", "width": 4, "height": 3 }, "children": [text("")] },
    ]);
    site.cms.publish("note", "a", "en", note("A", json!({ "story": story })));
    site.cms.publish("note", "b", "en", note("B", json!({})));
    site.build();
    assert_eq!(
        site.page("a/index.html"),
        "<h2 id=\"h\">H</h2>\n<p><strong>b</strong><a href=\"/b/#x\">l</a></p>\n<ul>\n<li>i</li>\n</ul>\n\
         <blockquote>q</blockquote>\n<pre><code class=\"language-rust\">let a;</code></pre>\n\
         <figure><img src=\"/x.png\" alt=\"X\" width=\"4\" height=\"3\" loading=\"lazy\"></figure>"
    );
}

#[test]
fn texts_of_untrusted_authors_cannot_bring_their_own_html() {
    let mut site = bodies("[markdown]\nuntrusted = true\n", "");
    let body = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)>";
    site.cms.publish("note", "a", "en", note("A", json!({ "body": body })));
    site.build();
    let page = site.page("a/index.html");
    assert!(
        !page.contains("<script") && !page.contains("<img") && !page.contains("javascript"),
        "{page}"
    );
}

#[test]
fn descriptions_are_made_of_the_text() {
    let mut site = site(&format!(
        "{NOTES}-- note.html --\n<meta content=\"{{{{ entry.body | plain(length=20) }}}}\">"
    ));
    site.cms.publish(
        "note",
        "a",
        "en",
        note("A", json!({ "body": "# Tide\n\nIt *rises* every day." })),
    );
    site.build();
    assert_eq!(site.page("a/index.html"), "<meta content=\"Tide It rises every…\">");
}

#[test]
fn mistakes_in_the_settings_name_their_line() {
    let mut site = bodies("[markdown]\nsmart = true\n", "");
    let report = site.build_alone(&Request::default()).unwrap();
    let failed = &report.failed[0];
    assert_eq!(failed.line, Some(6), "{failed:?}");
    assert!(failed.message.contains("unknown key `smart` in `[markdown]`"), "{failed:?}");
}

//! Texts as editors write them, and the HTML they become.

use super::*;

/// Knows one entry and two components.
struct Site;

impl Host for Site {
    fn entry_url(&self, target: &str) -> Result<String, String> {
        match target {
            "post/a" | "d1" => Ok("/blog/a/".to_owned()),
            _ => Err("it is not published".to_owned()),
        }
    }

    fn component(
        &self,
        name: &str,
        arguments: Vec<(String, Value)>,
        body: Option<&str>,
    ) -> Result<String, String> {
        let arguments: Vec<_> =
            arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        match name {
            "x" | "ui.x" => Ok(format!("<x>{}</x>", arguments.join(" "))),
            "box" => Ok(format!("<div>\n{}</div>\n", body.unwrap_or("none"))),
            _ => Err(format!("there is no component `{name}`")),
        }
    }
}

fn styled(text: &str, style: &Style) -> String {
    to_html(text, style, &Site).unwrap()
}

fn html(text: &str) -> String {
    styled(text, &Style::default())
}

fn fails(text: &str) -> String {
    to_html(text, &Style::default(), &Site).unwrap_err()
}

#[test]
fn the_usual_marks_work() {
    for (text, expected) in [
        ("**a** ~~b~~ `c`", "<p><strong>a</strong> <del>b</del> <code>c</code></p>\n"),
        (
            "| a |\n|---|\n| b |",
            "<table><thead><tr><th>a</th></tr></thead><tbody>\n<tr><td>b</td></tr>\n</tbody></table>\n",
        ),
        (
            "- [x] done",
            "<ul>\n<li><input disabled=\"\" type=\"checkbox\" checked=\"\"/>\ndone</li>\n</ul>\n",
        ),
        ("<b>kept</b> & \"q\"", "<p><b>kept</b> &amp; \"q\"</p>\n"),
    ] {
        assert_eq!(html(text), expected);
    }
}

#[test]
fn headings_have_anchors_that_differ() {
    let text = "# Größe `x`\n\n## Größe x\n\n## Own {#mine}\n";
    let all = html(text);
    assert!(all.contains("<h1 id=\"grosse-x\">"), "{all}");
    assert!(all.contains("<h2 id=\"grosse-x-2\">"), "{all}");
    assert!(all.contains("<h2 id=\"mine\">"), "{all}");
    let style = Style { shift: 1, ..Style::default() };
    let shown =
        headings(text, &style).into_iter().map(|h| format!("{} {} {}", h.level, h.id, h.title));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        ["2 grosse-x Größe x", "3 grosse-x-2 Größe x", "3 mine Own"]
    );
    let style = Style { heading_links: true, ..style };
    assert_eq!(
        styled("# A *b*\n\n# [c](/d)", &style),
        "<h2 id=\"a-b\"><a class=\"heading-link\" href=\"#a-b\">A <em>b</em></a></h2>\n\
         <h2 id=\"c\"><a href=\"/d\">c</a></h2>\n"
    );
}

#[test]
fn footnotes_stand_at_the_end_and_lead_back() {
    let all = html("a[^x] b[^y] c[^x]\n\n[^y]: *two*\n\n[^x]: one\n\nend");
    assert_eq!(
        all,
        "<p>a<sup class=\"footnote-ref\"><a href=\"#fn-x\" id=\"fnref-x\" role=\"doc-noteref\">1</a></sup> \
         b<sup class=\"footnote-ref\"><a href=\"#fn-y\" id=\"fnref-y\" role=\"doc-noteref\">2</a></sup> \
         c<sup class=\"footnote-ref\"><a href=\"#fn-x\" id=\"fnref-x-2\" role=\"doc-noteref\">1</a></sup></p>\n\
         <p>end</p>\n<section class=\"footnotes\" role=\"doc-endnotes\">\n<ol>\n<li id=\"fn-x\">\n\
         <p>one <a href=\"#fnref-x\" class=\"footnote-back\" role=\"doc-backlink\" aria-label=\"1 ↩\">↩</a> \
         <a href=\"#fnref-x-2\" class=\"footnote-back\" role=\"doc-backlink\" aria-label=\"1 ↩\">↩</a></p>\n</li>\n\
         <li id=\"fn-y\">\n<p><em>two</em> <a href=\"#fnref-y\" class=\"footnote-back\" role=\"doc-backlink\" \
         aria-label=\"2 ↩\">↩</a></p>\n</li>\n</ol>\n</section>\n"
    );
}

#[test]
fn quotes_follow_the_language() {
    let text = "\"a 'b' it's\" -- c...";
    for (locale, expected) in [
        ("en", "“a ‘b’ it’s” – c…"),
        ("de", "„a ‚b‘ it’s“ – c…"),
        ("de-CH", "«a ‹b› it’s» – c…"),
        ("fr", "«\u{a0}a ‹\u{a0}b\u{a0}› it’s\u{a0}» – c…"),
        ("sv", "”a ’b’ it’s” – c…"),
    ] {
        let style = Style { smart: true, locale: locale.to_owned(), ..Style::default() };
        assert_eq!(styled(text, &style), format!("<p>{expected}</p>\n"));
        assert!(styled("`\"a\"`", &style).contains("<code>\"a\"</code>"));
    }
}

#[test]
fn links_to_entries_are_followed_and_checked() {
    assert_eq!(
        html("[a](entry:post/a#b \"t\") [c](entry:d1)"),
        "<p><a href=\"/blog/a/#b\" title=\"t\">a</a> <a href=\"/blog/a/\">c</a></p>\n"
    );
    assert_eq!(fails("[a](entry:gone)"), "broken link `entry:gone`: it is not published");
    let style = Style { broken_links: BrokenLinks::Unlink, ..Style::default() };
    assert_eq!(
        styled("[*a*](entry:gone) [b](/b)", &style),
        "<p><em>a</em> <a href=\"/b\">b</a></p>\n"
    );
}

#[test]
fn links_out_of_the_site_may_say_so() {
    let style = Style {
        external_rel: "noopener".to_owned(),
        base_url: "https://example.org".to_owned(),
        ..Style::default()
    };
    assert_eq!(
        styled("[a](https://b.test/?c&d \"e\") [f](https://example.org/g) [h](/i)", &style),
        "<p><a href=\"https://b.test/?c&amp;d\" title=\"e\" rel=\"noopener\">a</a> \
         <a href=\"https://example.org/g\">f</a> <a href=\"/i\">h</a></p>\n"
    );
}

#[test]
fn components_are_called_with_literals() {
    assert_eq!(
        html("{{ <x a=\"b\" c={3} d={true} e={'f'} g/> }}"),
        "<x>a=b c=3 d=true e=f g=true</x>"
    );
    assert_eq!(html("a {{ <ui.x /> }} *b*"), "<p>a <x></x> <em>b</em></p>\n");
    assert_eq!(html("{{- <x /> -}} *b*"), "<p><x></x> <em>b</em></p>\n");
    assert_eq!(
        html("{% <box> %}\n*a*\n\n{% <box> %}b{% </box> %}\n{% </box> %}\n\nc"),
        "<div>\n<p><em>a</em></p>\n<div>\n<p>b</p>\n</div>\n\n</div>\n\n<p>c</p>\n"
    );
    assert_eq!(
        html("`{{ <x /> }}`\n\n    {{ <x /> }}\n"),
        "<p><code>{{ &lt;x /&gt; }}</code></p>\n<pre><code>{{ &lt;x /&gt; }}\n</code></pre>\n"
    );
    assert_eq!(html("{{ no }} {% if %}"), "<p>{{ no }} {% if %}</p>\n");
    assert_eq!(html("a[^1]\n\n[^1]: {{ <x /> }}").matches("<x></x>").count(), 1);
}

#[test]
fn a_wrong_call_says_what_is_wrong() {
    for (text, expected) in [
        ("{{ <none /> }}", "there is no component `none`"),
        ("{{ <x a=b /> }}", "the call of the component `x` expects a text in quotes"),
        ("{{ <x a={entries()} /> }}", "the call of the component `x` expects a literal in braces"),
        ("{% <box> %} a", "the component `box` is not closed"),
        ("{% </box> %}", "`</box>` closes a component that is not open"),
    ] {
        let error = fails(text);
        assert!(error.starts_with(expected), "{error}");
    }
    let deep = "{% <box> %}".repeat(20) + &"{% </box> %}".repeat(20);
    assert!(fails(&deep).contains("deeper than 8"));
}

#[test]
fn untrusted_texts_have_no_html_of_their_own() {
    let style = Style { untrusted: true, ..Style::default() };
    let text =
        "# a {#b}\n\n<script>x</script>\n\nc <i>d</i> [e](javascript:x) ![f](data:x) {{ <x /> }}";
    let all = styled(text, &style);
    assert!(all.contains("<h1 id=\"a\">"), "{all}");
    assert!(all.contains("&lt;script&gt;") && all.contains("&lt;i&gt;d"), "{all}");
    assert!(!all.contains("javascript") && !all.contains("data:"), "{all}");
    assert!(all.contains("{{ &lt;x /&gt; }}"), "{all}");
}

#[test]
fn code_is_marked_up_when_the_site_wants_it() {
    let text = "```rust,ignore\nfn a() {}\n```\n\n```none-such\n<b>\n```";
    assert!(html(text).starts_with("<pre><code class=\"language-rust,ignore\">fn a"));
    let style = Style { highlight: true, ..Style::default() };
    let all = styled(text, &style);
    assert!(all.contains("<code class=\"language-rust\"><span class=\"hl-k\">fn"), "{all}");
    assert!(all.contains("<pre><code class=\"language-none-such\">&lt;b&gt;"), "{all}");
}

#[test]
fn the_cache_never_mixes_texts_or_styles_up() {
    let cache = Cache::default();
    let plain = Style::default();
    let shifted = Style { shift: 1, ..Style::default() };
    for _ in 0..2 {
        let show = |text: &str, style: &Style| cache.render(text, style, &Site).unwrap();
        assert_eq!(show("*a*", &plain).as_str(), Some("<p><em>a</em></p>\n"));
        assert_eq!(show("# b", &plain).as_str(), Some("<h1 id=\"b\">b</h1>\n"));
        assert_eq!(show("# b", &shifted).as_str(), Some("<h2 id=\"b\">b</h2>\n"));
        assert!(show("b", &plain).is_safe());
    }
}

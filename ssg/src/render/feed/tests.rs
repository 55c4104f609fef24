//! Feeds in every format, from one value.

use super::*;

fn feed() -> Feed {
    let time = |text: &str| Some(text.parse().unwrap());
    Feed {
        title: "A & B".to_owned(),
        description: "d".to_owned(),
        home: "https://x.test/".to_owned(),
        url: "https://x.test/feed".to_owned(),
        language: "en".to_owned(),
        items: vec![Item {
            title: "T <1>".to_owned(),
            url: "https://x.test/t/".to_owned(),
            id: "urn:x:1".to_owned(),
            published: time("2026-01-02T00:00:00Z"),
            updated: time("2026-01-03T04:05:06.789Z"),
            summary: "s\u{b}".to_owned(),
            content: "<p>c</p>".to_owned(),
            author: "Ann".to_owned(),
            categories: vec!["sea".to_owned()],
            enclosure: None,
        }],
    }
}

#[test]
fn each_format_has_its_own_dates_and_escapes() {
    let atom = feed().write(Format::Atom);
    for part in [
        "<title>A &amp; B</title>",
        "<updated>2026-01-03T04:05:06.789Z</updated>\n<author><name>A &amp; B",
        "<content type=\"html\">&lt;p&gt;c&lt;/p&gt;</content>",
        "<summary>s</summary>",
    ] {
        assert!(atom.contains(part), "{part} is not in {atom}");
    }
    let rss = feed().write(Format::Rss);
    for part in [
        "<pubDate>Fri, 02 Jan 2026 00:00:00 GMT</pubDate>",
        "<guid isPermaLink=\"false\">urn:x:1</guid>",
        "<lastBuildDate>Sat, 03 Jan 2026 04:05:06 GMT</lastBuildDate>",
    ] {
        assert!(rss.contains(part), "{part} is not in {rss}");
    }
    let json: serde_json::Value = serde_json::from_str(&feed().write(Format::Json)).unwrap();
    assert_eq!(json["items"][0]["title"], "T <1>");
    assert_eq!(json["items"][0]["authors"][0]["name"], "Ann");
}

#[test]
fn an_empty_feed_is_still_one() {
    let empty = Feed { items: Vec::new(), ..feed() };
    assert!(empty.write(Format::Atom).contains("<updated>1970-01-01T00:00:00Z</updated>"));
    assert!(!empty.write(Format::Rss).contains("lastBuildDate"));
    assert!(empty.write(Format::Json).contains("\"items\": []"));
}

#[test]
fn addresses_name_the_site() {
    let html = "<a href=\"/b\">x</a> <img src=\"/c.png\" srcset=\"/c.png 1x, /d.png 2x\"> \
                <a data-href=\"/e\" href=\"//f\" title=\"href\">y</a> href=\"";
    assert_eq!(
        absolute(html, "https://x.test"),
        "<a href=\"https://x.test/b\">x</a> <img src=\"https://x.test/c.png\" \
         srcset=\"https://x.test/c.png 1x, https://x.test/d.png 2x\"> \
         <a data-href=\"/e\" href=\"//f\" title=\"href\">y</a> href=\""
    );
}

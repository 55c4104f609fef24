//! Content that is kept as Markdown files beside the site.
//!
//! Every build here is compared with a clean one.

use std::path::Path;
use std::process::Command;

use ssg::build::{BuildError, FolderSource, Request, Source};

use super::site_harness::{Site, changed, reasons};

/// A handbook: pages in sections, with tags.
const HANDBOOK: &str = r#"
-- site.toml --
[site]
title = "Handbook"
base_url = "https://example.org"
[[folder]]
type = "api::page.page"
path = "../content"
terms = { tags = "api::tag.tag" }
outside = "https://code.example.org/main/content"
[[route]]
path = "/{path*}/"
each = "api::page.page"
populate = ["tags"]
template = "page.html"
[[route]]
path = "/tags/{slug}/"
each = "api::tag.tag"
paginate = { type = "api::page.page", filters = { tags = { documentId = "$entry.documentId" } }, sort = "path", per_page = 9 }
template = "tag.html"
-- page.html --
{{ entry.title }}|{% for tag in entry.tags %}{{ tag.name }} {% endfor %}|{{ entry.body | markdown }}
{%- if entry.index %}{% for page in entries(type="api::page.page", filters={"section": {"$eq": entry.section}, "index": {"$eq": false}}, sort=["weight", "title"]) %}[{{ page.title }} {{ url_for(entry=page) }}]{% endfor %}{% endif %}
-- tag.html --
{{ entry.name }}:{% for page in pager.items %} {{ page.title }}{% endfor %}
-- ../content/README.md --
# Welcome

Begin with [the guide](guide/#install), see [the *tool*](../tool.md?x#y).
-- ../content/guide/_index.md --
---
title: Guide
tags: [basics]
---
![map](../pictures/map.png)
-- ../content/guide/install.md --
+++
weight = 1
tags = ["basics", "Set up"]
+++
# Installing `it`

Back to [the beginning](../README.md) or [on](use.md).
-- ../content/guide/use.md --
---
title: Using it
weight: 2
---
Plain.
-- ../content/pictures/map.png --
pixels
"#;

fn handbook() -> Site {
    Site::of_folders(HANDBOOK.trim_start())
}

#[test]
fn markdown_files_are_pages_at_the_places_of_their_files() {
    let mut site = handbook();
    site.build();
    let home = site.page("index.html");
    assert!(home.starts_with("Welcome||<p>Begin with <a href=\"/guide/#install\">"), "{home}");
    assert!(home.contains("href=\"https://code.example.org/main/tool.md?x#y\""), "{home}");
    let guide = site.page("guide/index.html");
    assert!(guide.starts_with("Guide|basics |"), "{guide}");
    assert!(guide.ends_with("[Installing it /guide/install/][Using it /guide/use/]"), "{guide}");
    let picture = guide.split("src=\"/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(picture.starts_with("uploads/map_") && picture.ends_with(".png"), "{picture}");
    assert_eq!(site.page(picture), "pixels");
    assert_eq!(
        site.page("guide/install/index.html"),
        "Installing it|basics Set up |<p>Back to <a href=\"/\">the beginning</a> or <a href=\"/guide/use/\">on</a>.</p>"
    );
    assert_eq!(site.page("tags/basics/index.html"), "basics: Guide Installing it");
    assert_eq!(site.page("tags/set-up/index.html"), "Set up: Installing it");
}

#[test]
fn an_edited_file_changes_the_pages_that_show_it() {
    let mut site = handbook();
    site.build();
    site.replace("../content/guide/use.md", "Plain.", "Better.");
    assert_eq!(changed(&site.build()), "~guide/use/index.html");
    site.restart();
    site.replace("../content/guide/use.md", "Using it", "Using");
    let report = site.build();
    assert_eq!(changed(&report), "~guide/index.html ~guide/use/index.html");
    assert!(reasons(&report, "guide/index.html").contains("api::page.page"), "{report:?}");
    // A new version of a picture is another file.
    site.write("../content/pictures/map.png", "better pixels");
    let report = site.build();
    assert!(changed(&report).contains("~guide/index.html +uploads/map_"), "{}", changed(&report));
    // The last page with a tag takes the tag with it.
    site.remove("../content/guide/install.md");
    let all = changed(&site.build());
    assert!(all.contains("-guide/install/index.html") && all.contains("-tags/set-up/"), "{all}");
    // A new word in the front matter is a new attribute.
    site.replace("../content/guide/use.md", "weight: 2", "weight: 2\nlevel: hard");
    site.replace("page.html", "{{ entry.title }}", "{{ entry.title }} {{ entry.level or '' }}");
    site.build();
    assert!(site.page("guide/use/index.html").starts_with("Using hard"));
    assert_eq!(changed(&site.build()), "");
}

#[test]
fn drafts_are_shown_by_previews_alone() {
    let mut site = handbook();
    site.replace("../content/guide/use.md", "weight: 2", "draft: true");
    site.write("../content/guide/_index.md", "# Guide\n");
    site.write("../content/guide/install.md", "# Install\n");
    site.build();
    assert!(!site.has("guide/use/index.html") && site.has("guide/install/index.html"));
    let source = FolderSource::new(&site.templates());
    let (public, drafts) = (source.pull(None).unwrap(), source.drafts(None).unwrap());
    let titles = |pulled: ssg::build::Pulled| {
        let data = pulled.items.into_iter().filter_map(|item| item.data);
        let titles = data.filter_map(|data| data.get("title")?.as_str().map(str::to_owned));
        let mut titles: Vec<_> = titles.collect();
        titles.sort();
        titles
    };
    assert_eq!(titles(public), ["Guide", "Install", "Welcome"]);
    assert_eq!(titles(drafts), ["Guide", "Install", "Using it", "Welcome"]);
    site.replace("../content/guide/use.md", "draft: true", "draft: false");
    site.build();
    assert!(site.has("guide/use/index.html"));
    site.replace("../content/guide/use.md", "draft: false", "draft: true");
    site.build();
    assert!(!site.has("guide/use/index.html"));
}

#[test]
fn file_names_tell_languages_and_days() {
    let mut site = Site::of_folders(
        "-- site.toml --\n[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\n\
         locales = [\"en\", \"de\"]\n[[folder]]\ntype = \"api::post.post\"\npath = \"../posts\"\n\
         [[route]]\npath = \"/{slug}/\"\neach = \"api::post.post\"\ntemplate = \"post.html\"\n\
         -- post.html --\n{{ entry.title }} {{ entry.date | date(format=\"%Y\") }} {{ entry.body | markdown }}\n\
         -- ../posts/2024-05-01-hello.md --\n# Hello\n\n[Bye](bye.md)\n\
         -- ../posts/2024-05-01-hello.de.md --\n# Hallo\n\n[Tschüs](bye.md)\n\
         -- ../posts/bye.md --\n---\ndate: 2025-01-01\n---\n# Bye\n\
         -- ../posts/bye.de.md --\n---\ndate: 2025-01-01\n---\n# Tschüs\n",
    );
    site.build();
    assert_eq!(site.page("hello/index.html"), "Hello 2024 <p><a href=\"/bye/\">Bye</a></p>");
    assert_eq!(
        site.page("de/hello/index.html"),
        "Hallo 2024 <p><a href=\"/de/bye/\">Tschüs</a></p>"
    );
}

#[test]
fn mistakes_in_files_are_told_with_their_place_and_the_site_stays() {
    let mut site = handbook();
    site.build();
    for (text, says) in [
        ("---\ntitle: [\n---\n", "content/guide/use.md:2: unclosed bracket"),
        ("---\nweight: heavy\n---\n", "`weight` must be a whole number, not \"heavy\""),
        ("---\ntags: 1\n---\n", "`tags` must be a list of words, not 1"),
        ("+++\nbody = \"x\"\n+++\n", "`body` follows from the file"),
    ] {
        site.write("../content/guide/use.md", text);
        let error = site.build_alone(&Request::default()).unwrap_err();
        assert!(
            matches!(&error, BuildError::Refused(why) if why.contains(says)),
            "{says}: {error}"
        );
    }
    site.write("../content/guide/use.md", "---\nlevel: 1\n---\n");
    site.write("../content/guide/more.md", "---\nlevel: high\n---\n");
    let error = site.build_alone(&Request::default()).unwrap_err().to_string();
    assert!(
        error.contains("`level` is text in guide/more.md and a number in guide/use.md"),
        "{error}"
    );
    site.write("../content/guide/more.md", "");
    site.write("../content/guide/more.en.md", "");
    let error = site.build_alone(&Request::default()).unwrap_err().to_string();
    assert!(error.contains("another file is the same page"), "{error}");
    assert!(site.has("guide/use/index.html"));
    site.remove("../content/guide/more.en.md");
    site.build();
    site.replace("site.toml", "../content", "../nowhere");
    let error = site.build_alone(&Request::default()).unwrap_err().to_string();
    assert!(error.contains("nowhere`: ") && error.contains("No such file"), "{error}");
}

#[test]
fn this_documentation_is_a_site_without_mistakes() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_ssg"))
            .args([command, "--site"])
            .arg(docs.join("site"))
            .arg("--out")
            .arg(folder.path().join("dist"))
            .arg("--cache")
            .arg(folder.path().join("cache"))
            .env_clear()
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
        said(&output.stdout)
    };
    run("build");
    let said = run("check");
    assert!(said.contains("no errors, no warnings"), "{said}");
    for file in walkdir::WalkDir::new(&docs).into_iter().map(Result::unwrap) {
        let path = file.path().strip_prefix(&docs).unwrap();
        if path.extension().is_some_and(|ext| ext == "md") && path != Path::new("README.md") {
            let page = folder.path().join("dist/current").join(path.with_extension(""));
            assert!(page.join("index.html").exists(), "{} has no page", path.display());
        }
    }
    let doctor = Command::new(env!("CARGO_BIN_EXE_ssg"))
        .args(["doctor", "--site"])
        .arg(docs.join("site"))
        .env_clear()
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("content folders: ") && !said.contains("SSG_CMS_URL"), "{said}");
}

//! A plain Strapi as source: no feed, its own answers, and an editor who does not wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use ssg::build::{BuildError, Builder, CmsSource, Crawl, Paths, PullReport, Report, Request};
use ssg::client::Cms;
use ssg::config::{CmsConfig, Credentials};
use ssg::release::{Settings, Store};
use tempfile::TempDir;
use tokio::runtime::Handle;

use self::strapi::{Fault, Strapi};

mod real;
mod strapi;

const OFTEN: Duration = Duration::ZERO;
const SELDOM: Duration = Duration::from_secs(3600);

const SITE: &str = r#"
[site]
title = "Plain"
base_url = "https://example.org"
locales = ["en", "de"]

[[route]]
path = "/a/{slug}/"
each = "api::article.article"
populate = ["author", "cover", "sections"]
template = "article.html"

[[route]]
path = "/"
template = "home.html"
"#;
const ARTICLE: &str = "{{ entry.title }}|{% if entry.author %}{{ entry.author.name }}{% endif %}|{{ entry.cover?.caption }}|\
                       {% for part in entry.sections %}{{ part.__component }}={{ part.text }};{% endfor %}";

const HOME: &str = "{% set home = single(type='api::homepage.homepage') %}{{ home?.hero }}";

/// A site whose content comes from a Strapi.
struct Site {
    dir: TempDir,
    builder: Option<Builder>,
    config: CmsConfig,
    schemas: Option<PathBuf>,
    every: Duration,
}

impl Site {
    fn new(config: CmsConfig, schemas: Option<PathBuf>, every: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in [("site.toml", SITE), ("article.html", ARTICLE), ("home.html", HOME)] {
            std::fs::create_dir_all(dir.path().join("templates")).unwrap();
            std::fs::write(dir.path().join("templates").join(file), text).unwrap();
        }
        Self { dir, builder: None, config, schemas, every }
    }

    fn of(strapi: &Strapi, every: Duration) -> Self {
        Self::new(strapi.config(), Some(strapi.schemas()), every)
    }

    fn builder(&mut self) -> &mut Builder {
        self.builder.get_or_insert_with(|| {
            let folder = |name: &str| self.dir.path().join(name);
            let paths =
                Paths { site: folder("templates"), out: folder("dist"), cache: folder("cache") };
            let settings = Settings { durable: false, ..Settings::default() };
            let releases = Store::open_with(&paths.out, settings).unwrap();
            let cms = Cms::new(&self.config, &paths.cache).unwrap();
            let crawl = Crawl::new(self.schemas.clone(), self.every);
            let source = CmsSource::new(cms, crawl, self.config.url.as_str(), Handle::current());
            Builder::with_releases(paths, Arc::new(source), releases)
        })
    }

    fn try_build(&mut self) -> Result<Report, BuildError> {
        tokio::task::block_in_place(|| self.builder().rebuild(&Request::default()))
    }

    fn build(&mut self) -> Report {
        let report = self.try_build().unwrap();
        assert_eq!(report.failed, []);
        report
    }

    fn pull(&mut self) -> PullReport {
        tokio::task::block_in_place(|| self.builder().pull()).unwrap()
    }

    fn page(&self, path: &str) -> Option<String> {
        let file = self.dir.path().join("dist/current").join(path);
        std::fs::read_to_string(Path::new(&file)).ok().map(|text| text.trim().to_owned())
    }

    fn article(&self, slug: &str) -> Option<String> {
        self.page(&format!("a/{slug}/index.html"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_crawl_builds_the_site() {
    let strapi = Strapi::start();
    let mut site = Site::of(&strapi, SELDOM);
    site.build();
    assert_eq!(site.article("one").as_deref(), Some("One|Ann|A sea|blocks.quote=so;"));
    assert_eq!(site.page("de/a/eins/index.html").as_deref(), Some("Eins||A sea|"));
    assert_eq!(site.page("index.html").as_deref(), Some("Welcome"));
    let again = site.build();
    assert_eq!((again.rendered, again.release), (0, None));
    site.builder = None;
    let restarted = site.build();
    assert_eq!((restarted.rendered, restarted.release), (0, None), "a new process knows as much");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_editors_do_is_found_and_nothing_else_is_read() {
    let strapi = Strapi::start();
    let mut site = Site::of(&strapi, SELDOM);
    let first = site.build().seq;
    strapi.edit("article", "d1", "en", "title", json!("Uno"));
    let second = site.build();
    assert!(second.seq > first);
    assert_eq!(site.article("one").as_deref(), Some("Uno|Ann|A sea|blocks.quote=so;"));
    assert_eq!(second.rendered, 1);
    strapi.unpublish("article", "d1", "de");
    site.build();
    assert_eq!(site.page("de/a/eins/index.html"), None);
    strapi.add_article("d9", "en", "nine", "Nine");
    site.build();
    assert!(site.article("nine").is_some());
    strapi.unpublish("article", "d9", "en");
    site.build();
    assert_eq!(site.article("nine"), None);
    strapi.edit("homepage", "h", "en", "hero", json!("Hello"));
    site.build();
    assert_eq!(site.page("index.html").as_deref(), Some("Hello"));
    strapi.forget();
    site.build();
    assert!(
        strapi.asked().iter().all(|path| !path.contains("populate")),
        "marks alone are asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_follow_what_they_lead_to() {
    let strapi = Strapi::start();
    let mut site = Site::of(&strapi, SELDOM);
    site.build();
    strapi.edit("author", "ann", "", "name", json!("Anna"));
    site.build();
    assert!(site.article("one").unwrap().contains("|Anna|"));
    strapi.unpublish("author", "ann", "");
    site.build();
    assert!(site.article("one").unwrap().contains("One||"));
    strapi.publish_author("ann", "Ann again");
    site.build();
    assert!(site.article("one").unwrap().contains("|Ann again|"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_locale_is_found() {
    let strapi = Strapi::start();
    let mut site = Site::of(&strapi, SELDOM);
    site.build();
    strapi.add_locale("fr");
    strapi.add_article("d1", "fr", "un", "Un");
    let report = site.pull();
    assert_eq!((report.changed, report.stale), (1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_no_mark_is_found_by_reading_everything() {
    let strapi = Strapi::start();
    let (mut seldom, mut often) = (Site::of(&strapi, SELDOM), Site::of(&strapi, OFTEN));
    seldom.build();
    often.build();
    strapi.caption("A lake");
    seldom.build();
    often.build();
    assert!(seldom.article("one").unwrap().contains("A sea"));
    assert!(often.article("one").unwrap().contains("A lake"));
    seldom.builder = None;
    seldom.build();
    assert!(seldom.article("one").unwrap().contains("A lake"), "a process begins by reading all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_fails_half_way_changes_nothing() {
    let strapi = Strapi::start();
    for number in 0..150 {
        strapi.add_article(&format!("e{number:03}"), "en", &format!("e{number}"), "Many");
    }
    let mut site = Site::of(&strapi, SELDOM);
    let before = site.build();
    strapi.edit("author", "ann", "", "name", json!("Anna"));
    strapi.unpublish("article", "e000", "en");
    for fault in [Fault::Status(500), Fault::Status(401), Fault::Status(403), Fault::Silence] {
        strapi.fail(Some(fault));
        match site.try_build() {
            Ok(report) => {
                assert!(report.stale && report.seq == before.seq, "{fault:?}: {report:?}")
            }
            Err(error) => assert!(matches!(error, BuildError::Refused(_)), "{fault:?}: {error}"),
        }
        assert!(site.article("one").unwrap().contains("|Ann|"), "{fault:?}");
        assert!(site.article("e0").is_some() && site.article("e149").is_some(), "{fault:?}");
    }
    strapi.fail(None);
    site.build();
    assert!(site.article("one").unwrap().contains("|Anna|"));
    assert!(site.article("e0").is_none() && site.article("e149").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_move_between_pages_are_not_lost() {
    for count in [false, true] {
        let strapi = Strapi::start();
        for number in 0..250 {
            strapi.add_article(&format!("e{number:03}"), "en", &format!("e{number}"), "Many");
        }
        // After the first page one that stood there goes, and the rest moves up.
        strapi.shift_after_first_page(count);
        let mut site = Site::of(&strapi, SELDOM);
        site.build();
        assert_eq!(site.article("e3"), None);
        for number in (0..250).filter(|number| *number != 3) {
            assert!(site.article(&format!("e{number}")).is_some(), "e{number} is lost");
        }
        assert_eq!(site.article("late").is_some(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_schemas_nothing_is_guessed() {
    let strapi = Strapi::start();
    let error = Site::new(strapi.config(), None, SELDOM).try_build().unwrap_err().to_string();
    assert!(error.contains("SSG_SCHEMA_DIR"), "{error}");
    let elsewhere = Some(PathBuf::from("/nonexistent"));
    let error = Site::new(strapi.config(), elsewhere, SELDOM).try_build().unwrap_err().to_string();
    assert!(error.contains("SSG_SCHEMA_DIR") && error.contains("/nonexistent"), "{error}");
}

fn token(token: &str) -> Credentials {
    Credentials::ApiToken(token.to_owned())
}

//! Drafts laid over the published site: what they show is what their publication makes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use cms_api::change::{Op, SyncItem};
use serde_json::{Value, json};
use ssg::build::{Drafts, Pulled, Selection, Shown, Source, SourceError, View, Viewer};

use super::article;
use super::magazine;
use crate::integration::site_harness::{Cms, Site, uid};

/// A CMS's drafts, each listed whole at every look.
#[derive(Default)]
struct Desk(Mutex<BTreeMap<(String, String, String), Value>>);

impl Source for Desk {
    fn name(&self) -> String {
        "desk".into()
    }

    fn pull(&self, _: Option<&str>) -> Result<Pulled, SourceError> {
        Err(SourceError::Refused("drafts only".into()))
    }

    fn drafts(&self, _: Option<&str>) -> Result<Pulled, SourceError> {
        let item = |op, (uid, id, locale): (&str, &str, &str), data| SyncItem {
            seq: 1,
            op,
            uid: uid.to_owned(),
            document_id: id.to_owned(),
            locale: (!locale.is_empty()).then(|| locale.to_owned()),
            version: 1,
            published_at: None,
            data,
        };
        let mut items = vec![item(Op::Schema, ("", "", ""), Some(magazine_model()))];
        for ((uid, id, locale), data) in &*self.0.lock().unwrap() {
            items.push(item(Op::Upsert, (uid, id, locale), Some(data.clone())));
        }
        let locales = vec!["en".into(), "de".into()];
        Ok(Pulled { complete: true, items, cursor: "1".into(), seq: 1, locales })
    }

    fn fetch(&self, _: &str, _: &Path) -> Result<(), SourceError> {
        Err(SourceError::Missing("none".into()))
    }
}

fn magazine_model() -> Value {
    crate::integration::magazine::model()
}

impl Desk {
    /// The drafts of a CMS where everything is published as it is.
    fn of(cms: &Cms) -> Self {
        let rows = cms.rows().into_iter().filter(|((uid, ..), _)| uid.starts_with("api::"));
        Self(Mutex::new(rows.collect()))
    }

    /// Changes one attribute of a draft, or makes the draft.
    fn edit(&self, name: &str, id: &str, locale: &str, data: &Value) {
        let mut rows = self.0.lock().unwrap();
        let key = (uid(name), id.to_owned(), locale.to_owned());
        let row = rows.entry(key).or_insert_with(|| {
            json!({ "id": 1, "documentId": id,
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z",
            "locale": (!locale.is_empty()).then_some(locale) })
        });
        row["publishedAt"] = Value::Null;
        row.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    }

    fn drafts(&self) -> Drafts {
        let mut drafts = Drafts::default();
        drafts.refresh(self).unwrap();
        drafts
    }

    /// What the CMS does when somebody publishes: a new row.
    fn publish(&self, cms: &Cms, name: &str, id: &str, locale: &str) {
        let key = (uid(name), id.to_owned(), locale.to_owned());
        let mut data = self.0.lock().unwrap()[&key].clone();
        for stamp in ["id", "publishedAt"] {
            data.as_object_mut().unwrap().remove(stamp);
        }
        cms.unpublish(name, id, locale);
        cms.publish(name, id, locale, data);
    }
}

/// Every page of a site that is up to date.
fn viewed(site: &Site) -> View {
    let source = std::sync::Arc::new(site.cms.clone());
    let mut viewer = Viewer::new(site.paths(), source);
    viewer.pull().unwrap();
    viewer.view(0).unwrap().unwrap()
}

fn pages(view: &View) -> BTreeMap<String, String> {
    let files: Vec<String> = view.pages().map(|page| page.file.to_string()).collect();
    let page = |file: String| match view.render_file(&file) {
        Some(Shown::Page { bytes, .. }) => (file, String::from_utf8(bytes).unwrap()),
        other => panic!("{file}: {other:?}"),
    };
    files.into_iter().map(page).collect()
}

fn published(site: &Site) -> BTreeMap<String, String> {
    let tree = site.tree().into_iter();
    let pages = tree.filter(|(file, _)| !file.ends_with(".css"));
    pages.map(|(file, bytes)| (file, String::from_utf8(bytes).unwrap())).collect()
}

fn of(documents: &[&str]) -> Selection {
    let documents = documents.iter().map(|id| (*id).to_owned()).collect();
    Selection { documents, locale: None }
}

#[test]
fn preview_bytes_are_the_later_published_bytes() {
    let mut site = magazine();
    site.build();
    let desk = Desk::of(&site.cms);
    // Every page of the site, not the draft's own alone, through a long line of edits.
    let titles = ["Alpha", "Beta", "Gamma", "Delta"];
    for step in 0..40_i64 {
        let (name, id, locale, data) = match step % 8 {
            0 => (
                "article",
                "one",
                "en",
                json!({ "title": titles[step as usize % 4], "rank": step }),
            ),
            1 => {
                ("article", "two", "en", json!({ "slug": format!("two-{step}"), "tags": ["sea"] }))
            }
            2 => ("author", "ann", "", json!({ "name": format!("Ann {step}") })),
            3 => ("article", "three", "en", json!({ "author": "bob", "rank": -step, "tags": [] })),
            4 => ("article", "new", "en", article(&format!("New{step}"), step, "ann", &["sea"])),
            5 => ("article", "one", "de", json!({ "body": format!("Text {step}") })),
            6 => ("setting", "s", "", json!({ "footer": format!("Foot {step}") })),
            _ => (
                "tag",
                "sea",
                "",
                json!({ "name": format!("Sea {step}"), "slug": format!("s{step}") }),
            ),
        };
        desk.edit(name, id, locale, &data);
        let before = viewed(&site);
        let preview = before.with_drafts(&desk.drafts(), &of(&[id]), 0).unwrap();
        let seen = pages(&preview);
        assert_ne!(seen, pages(&before), "step {step} changes something");
        desk.publish(&site.cms, name, id, locale);
        site.build();
        assert_eq!(seen, published(&site), "step {step}: {name} {id} {data}");
    }
}

#[test]
fn preview_a_whole_release_shows_all_drafts_together() {
    let mut site = magazine();
    site.build();
    let desk = Desk::of(&site.cms);
    desk.edit("author", "cat", "", &json!({ "name": "Cat", "slug": "cat" }));
    desk.edit("article", "four", "en", &article("Four", 9, "cat", &["sea"]));
    desk.edit("article", "four", "de", &article("Vier", 9, "cat", &["sea"]));
    desk.edit("tag", "sea", "", &json!({ "name": "Ocean" }));
    let before = viewed(&site);

    // The article alone: its author is not public, so the page does not name her.
    let alone = pages(&before.with_drafts(&desk.drafts(), &of(&["four"]), 0).unwrap());
    assert!(!alone["blog/four/index.html"].contains("by <a"), "{alone:#?}");
    let german = Selection { locale: Some("de".into()), ..of(&["four"]) };
    let german = pages(&before.with_drafts(&desk.drafts(), &german, 0).unwrap());
    assert!(german.contains_key("de/blog/vier/index.html"));
    assert!(!german.contains_key("blog/four/index.html"));

    let release = of(&["cat", "four", "sea"]);
    let together = pages(&before.with_drafts(&desk.drafts(), &release, 0).unwrap());
    let everything = pages(&before.with_drafts(&desk.drafts(), &Selection::default(), 0).unwrap());
    assert_eq!(together, everything);
    for (name, id, locale) in [
        ("author", "cat", ""),
        ("article", "four", "de"),
        ("article", "four", "en"),
        ("tag", "sea", ""),
    ] {
        desk.publish(&site.cms, name, id, locale);
    }
    site.build();
    assert_eq!(together, published(&site));
    assert!(together["blog/four/index.html"].contains("Cat"));
}

#[test]
fn preview_the_site_at_a_future_time() {
    let mut site = magazine();
    site.replace("site.toml", "path = \"/\"\n", "path = \"/\"\nrevalidate = \"1h\"\n");
    site.write("home.html", "{{ now() }}");
    site.now = Some(7_200);
    site.build();
    let later = pages(&viewed(&site).at(9_000_000));
    site.now = Some(9_000_000);
    site.build();
    assert_eq!(later, published(&site));
}

#[test]
fn a_draft_without_changes_changes_nothing_and_two_pages_at_one_url_are_refused() {
    let mut site = magazine();
    site.build();
    let desk = Desk::of(&site.cms);
    let before = viewed(&site);
    let same = before.with_drafts(&desk.drafts(), &Selection::default(), 0).unwrap();
    assert_eq!(pages(&same), pages(&before));
    desk.edit("article", "two", "en", &json!({ "slug": "one" }));
    let failures = before.with_drafts(&desk.drafts(), &of(&["two"]), 0).unwrap_err();
    assert!(failures[0].message.contains("two pages want `/blog/one/`"), "{failures:?}");
}

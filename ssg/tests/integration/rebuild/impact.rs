//! `ssg impact`: what an edit would change is what it changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use ssg::build::{Action, Impact, NoImpact, Request, UNPUBLISH, impact};

use crate::integration::magazine::{article, magazine};
use crate::integration::site_harness::{Site, changed};

const ARTICLES: [&str; 4] = ["one", "two", "three", "four"];
const FILES: [&str; 2] = ["pic", "map"];

fn ask(site: &Site, id: &str, field: Option<&str>) -> Impact {
    impact(&site.paths(), id, field).unwrap().unwrap()
}

/// `+a ~b -c`, as [`changed`] writes a build's changes.
fn predicted(found: &Impact, field: &str) -> String {
    let effects = found.changes.iter().filter_map(|change| {
        let effect = change.effects.iter().find(|effect| effect.field == field)?;
        let sign = match effect.action {
            Action::Add => '+',
            Action::Change => '~',
            Action::Remove => '-',
        };
        Some(format!("{sign}{}", change.file))
    });
    effects.collect::<Vec<_>>().join(" ")
}

/// Makes the edit that was tried.
fn edit(site: &Site, found: &Impact, field: &str) {
    let tried = found.edits.iter().filter(|tried| tried.field == field);
    for tried in tried {
        let (uid, id) = (&found.uid, &found.document_id);
        assert!(site.cms.republish(uid, id, &tried.locale, field, tried.value.clone()));
    }
}

#[test]
fn a_field_names_the_pages_that_show_it() {
    let mut site = magazine();
    site.build();
    let found = ask(&site, "ann", Some("name"));
    assert_eq!(
        predicted(&found, "name"),
        "~author/ann/index.html ~blog/one/index.html ~blog/three/index.html \
         ~de/blog/eins/index.html"
    );
    assert_eq!(found.edits[0].value, "Ann (changed)");
    edit(&site, &found, "name");
    assert_eq!(changed(&site.build()), predicted(&found, "name"));
}

#[test]
fn without_a_field_every_one_is_tried_and_the_disappearance() {
    let mut site = magazine();
    site.build();
    let found = ask(&site, "two", None);
    let effects: BTreeMap<&str, Vec<String>> = found
        .changes
        .iter()
        .map(|change| {
            let effects = change.effects.iter();
            let effects = effects.map(|effect| format!("{} {:?}", effect.field, effect.action));
            (change.url.as_str(), effects.collect())
        })
        .collect();
    let of = |url: &str| effects.get(url).cloned().unwrap_or_default().join(", ");
    assert_eq!(
        of("/blog/two/"),
        "title Change, slug Remove, body Change, author Change, tags Change, unpublish Remove"
    );
    assert_eq!(of("/blog/two-changed/"), "slug Add");
    assert_eq!(of("/author/bob/"), "author Change, unpublish Change");
    assert_eq!(of("/author/ann/"), "");
    assert_eq!(found.untried, ["cover"], "there is no file to show");
}

#[test]
fn what_is_changed_already_is_no_effect_of_the_edit() {
    let mut site = magazine();
    site.build();
    site.cms.edit("setting", "s", "", "footer", json!("elsewhere"));
    site.pull();
    site.replace("card.html", "<a ", "<a class=\"card\" ");
    let found = ask(&site, "two", Some("body"));
    assert_eq!(predicted(&found, "body"), "~blog/two/index.html ~sitemap.xml");
    site.build();
    assert_eq!(ask(&site, "two", Some("body")), found);
}

#[test]
fn nothing_is_remembered_of_an_edit_that_was_only_tried() {
    let mut site = magazine();
    site.build();
    let before = site.tree();
    let first = ask(&site, "one", None);
    assert_eq!(ask(&site, "one", None), first);
    assert_eq!(site.tree(), before);
    assert_eq!(site.build().rendered, 0);
}

#[test]
fn an_edit_that_cannot_be_published_says_so() {
    let mut site = magazine();
    site.cms.publish("article", "other", "en", article("Two-Changed", 9, "", &[]));
    site.build();
    let found = ask(&site, "two", Some("slug"));
    assert_eq!(found.changes, []);
    let message = &found.failed[0].failure.message;
    assert!(message.contains("two pages want `/blog/two-changed/`"), "{message}");
    site.replace(
        "author.html",
        "{{ entry.name }}",
        "{% if entry.name is containing(pat=\"(\") %}{{ throw(message=\"odd\") }}{% endif %}",
    );
    let found = ask(&site, "bob", Some("name"));
    let failed = found.failed.first().map(|failed| failed.failure.url.as_deref());
    assert_eq!(failed, Some(Some("/author/bob/")), "{found:?}");
}

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    let mut site = magazine();
    site.build();
    let refused = |id: &str, field| impact(&site.paths(), id, field).unwrap().unwrap_err();
    let NoImpact::Document { types, .. } = refused("nobody", None) else { panic!() };
    assert_eq!(types[0], ("api::article.article".to_owned(), 3));
    let NoImpact::Field { fields, .. } = refused("ann", Some("nme")) else { panic!() };
    assert_eq!(fields, ["name", "slug"]);
    site.replace("site.toml", "article.html", "articel.html");
    assert!(matches!(refused("ann", None), NoImpact::Site(failures) if failures.len() == 1));
}

/// An article by number: locales, rank, author, tags, cover.
type Draft = (Vec<bool>, i64, usize, Vec<bool>, usize);

fn draft() -> impl Strategy<Value = Draft> {
    let flags = || prop::collection::vec(any::<bool>(), 2);
    (flags(), 0..4_i64, 0..3_usize, flags(), 0..3_usize)
}

fn chosen<'a>(names: [&'a str; 2], flags: &[bool]) -> Vec<&'a str> {
    names.into_iter().zip(flags).filter(|(_, flag)| **flag).map(|(name, _)| name).collect()
}

fn site_of(drafts: &[Draft]) -> Site {
    let site = magazine();
    site.cms.publish("tag", "sky", "", json!({ "name": "Sky", "slug": "sky" }));
    for file in FILES {
        site.cms.upload(file, &format!("/uploads/{file}.png"), "content");
    }
    for (id, (locales, rank, author, tags, cover)) in ARTICLES.iter().zip(drafts) {
        site.cms.delete("article", id);
        for locale in chosen(["en", "de"], locales) {
            let author = ["ann", "bob"].get(*author).copied().unwrap_or("");
            let mut data = article(id, *rank, author, &chosen(["sea", "sky"], tags));
            data["cover"] = json!(FILES.get(*cover));
            site.cms.publish("article", id, locale, data);
        }
    }
    site
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default() })]

    #[test]
    fn what_is_predicted_is_what_happens(
        drafts in prop::collection::vec(draft(), ARTICLES.len()),
        document in any::<prop::sample::Index>(),
        field in any::<prop::sample::Index>(),
    ) {
        let mut site = site_of(&drafts);
        site.build();
        let articles = ARTICLES.into_iter().zip(&drafts);
        let articles = articles.filter(|(_, (locales, ..))| locales.contains(&true));
        let articles = articles.map(|(id, _)| id);
        let others = ["ann", "bob", "sea", "sky", "s", "pic"];
        let documents: Vec<&str> = articles.chain(others).collect();
        let id = *document.get(&documents);
        let found = ask(&site, id, None);
        let fields: BTreeSet<&str> = found.edits.iter().map(|tried| tried.field.as_str()).collect();
        let fields: Vec<&str> = fields.into_iter().chain([UNPUBLISH]).collect();
        let field = *field.get(&fields);
        if field == UNPUBLISH {
            site.cms.delete(&found.uid, id);
        } else {
            let alone = ask(&site, id, Some(field));
            prop_assert_eq!(predicted(&alone, field), predicted(&found, field));
            edit(&site, &alone, field);
        }
        let report = site.build_alone(&Request::default()).unwrap();
        prop_assert_eq!(changed(&report), predicted(&found, field), "{} {}", id, field);
        let failing = found.failed.iter().filter(|failed| failed.field == field);
        let failing: Vec<_> = failing.map(|failed| failed.failure.clone()).collect();
        prop_assert_eq!(&report.failed, &failing, "{} {}", id, field);
        if failing.is_empty() {
            site.compare_with_clean_build();
        }
    }
}

#[test]
fn every_field_of_every_document_changes_what_is_predicted() {
    let everything = |rank| (vec![true, true], rank, 0, vec![true, true], 1);
    let drafts: Vec<Draft> = (0..3).map(everything).collect();
    for id in ["one", "three", "ann", "sea", "s", "pic"] {
        let mut site = site_of(&drafts);
        site.build();
        let edits = ask(&site, id, None).edits.into_iter();
        for field in edits.map(|tried| tried.field).collect::<BTreeSet<_>>() {
            let found = ask(&site, id, Some(&field));
            edit(&site, &found, &field);
            assert_eq!(changed(&site.build()), predicted(&found, &field), "{id} {field}");
        }
    }
}

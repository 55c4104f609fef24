//! Random edits, three promises: a snapshot that came about by edits answers like
//! one that was loaded whole, an answer changes only when something in its
//! footprint did, and only when the edits were said to be able to.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use cms_api::change::{Op, SyncItem};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::edit::Edits;
use super::recorded::model;
use super::snapshot::{Change, Snapshot};
use crate::engine::key::canonical;
use crate::engine::{Answer, Direction, Key};

const ARTICLE: &str = "api::article.article";

#[derive(Debug, Clone)]
enum Edit {
    Article { number: u8, german: bool, value: u8, author: u8, tags: Vec<u8> },
    Author { number: u8, value: u8 },
    Tag { number: u8, value: u8 },
    Delete { uid: &'static str, number: u8, german: bool },
}

fn edit() -> impl Strategy<Value = Edit> {
    let tags = prop::collection::vec(0..3_u8, 0..3);
    let article = (0..5_u8, any::<bool>(), 0..4_u8, 0..4_u8, tags).prop_map(
        |(number, german, value, author, tags)| Edit::Article {
            number,
            german,
            value,
            author,
            tags,
        },
    );
    let uids = prop::sample::select(vec![ARTICLE, "api::author.author", "api::tag.tag"]);
    let delete = (uids, 0..5_u8, any::<bool>()).prop_map(|(uid, number, german)| Edit::Delete {
        uid,
        number,
        german,
    });
    prop_oneof![
        4 => article,
        1 => (0..3_u8, 0..4_u8).prop_map(|(number, value)| Edit::Author { number, value }),
        1 => (0..3_u8, 0..4_u8).prop_map(|(number, value)| Edit::Tag { number, value }),
        2 => delete,
    ]
}

fn item(seq: i64, edit: &Edit) -> SyncItem {
    let locale = |german: bool| Some(if german { "de" } else { "en" }.to_owned());
    let (uid, document_id, locale, data) = match edit {
        Edit::Article { number, german, value, author, tags } => {
            let mut named: Vec<_> = tags.iter().map(|tag| format!("tag{tag}")).collect();
            named.dedup();
            let data = json!({
                "title": if *value == 0 { Json::Null } else { json!(format!("T{value}")) },
                "slug": format!("s{value}"), "views": value,
                // The last author never exists.
                "author": format!("author{author}"), "tags": named,
                "seo": { "id": seq, "metaTitle": format!("M{value}"), "links": [] },
                "sections": [{
                    "id": seq, "text": "t", "author": format!("author{}", value % 3),
                    "__component": "blocks.quote"
                }],
            });
            (ARTICLE, format!("article{number}"), locale(*german), Some(data))
        }
        Edit::Author { number, value } => {
            let data = json!({ "name": format!("N{value}") });
            ("api::author.author", format!("author{number}"), None, Some(data))
        }
        Edit::Tag { number, value } => {
            let data = json!({ "name": format!("G{value}"), "weight": value });
            ("api::tag.tag", format!("tag{number}"), None, Some(data))
        }
        Edit::Delete { uid, number, german } => {
            let name = uid.rsplit('.').next().unwrap();
            (*uid, format!("{name}{number}"), locale(*german && *uid == ARTICLE), None)
        }
    };
    let locale = locale.filter(|_| uid == ARTICLE);
    let data = data.map(|mut data| {
        data["id"] = json!(seq);
        data["documentId"] = json!(document_id);
        data
    });
    let op = if data.is_some() { Op::Upsert } else { Op::Delete };
    SyncItem {
        seq,
        op,
        uid: uid.into(),
        document_id,
        locale,
        version: seq,
        published_at: None,
        data,
    }
}

fn questions() -> Vec<Key> {
    let args = [
        json!({}),
        json!({ "sort": "title", "limit": 2 }),
        json!({ "sort": ["views:desc", "title"], "fields": ["title"], "start": 1, "limit": 2 }),
        json!({ "filters": { "author": { "name": "N1" } }, "populate": ["author"] }),
        json!({ "filters": { "$not": { "author": { "name": "N1" } } }, "fields": ["slug"] }),
        json!({ "filters": { "tags": { "documentId": "tag1" } }, "populate": { "tags": { "sort": "name" } } }),
        json!({ "filters": { "tags": { "documentId": { "$in": ["tag0", "tag2"] } } }, "limit": 1 }),
        json!({ "filters": { "slug": "s2" }, "limit": 1 }),
        json!({ "sort": "views", "fields": ["slug"], "start": 0, "limit": 1 }),
        json!({ "sort": "views", "fields": ["slug"], "start": 3, "limit": 9 }),
        json!({ "filters": { "views": { "$gt": 1 } }, "sort": "title:desc", "limit": 1 }),
        json!({ "filters": { "$or": [
            { "tags": { "documentId": "tag0" } }, { "author": { "documentId": { "$in": ["author1"] } } }
        ] }, "sort": "views:desc", "fields": ["title"], "limit": 2 }),
        json!({ "filters": { "title": { "$ne": "T1" } }, "sort": "author.name:desc" }),
        json!({ "filters": { "author": { "$null": true } } }),
        json!({ "filters": { "seo": { "metaTitle": { "$gt": "M1" } } }, "populate": "*" }),
        json!({ "filters": { "localizations": { "views": { "$gt": 1 } } }, "limit": 3 }),
        json!({ "populate": { "author": { "populate": { "articles": { "filters": { "views": { "$gt": 1 } } } } } } }),
        json!({ "populate": { "sections": { "on": { "blocks.quote": { "populate": ["author"] } } } } }),
    ];
    let uid = || Arc::<str>::from(ARTICLE);
    let mut keys = Vec::new();
    for args in args {
        for locale in ["en", "de"].map(Arc::<str>::from) {
            let text = |args: Json| Arc::<str>::from(canonical(&args));
            let filters = text(json!({ "filters": args["filters"] }));
            let neighbour = text(json!({ "filters": args["filters"], "sort": args["sort"] }));
            let show = text(json!({ "fields": args["fields"], "populate": args["populate"] }));
            let args = text(args.clone());
            keys.push(Key::Count { uid: uid(), locale: locale.clone(), args: filters });
            for total in [false, true] {
                let (locale, args) = (locale.clone(), args.clone());
                keys.push(Key::Query { uid: uid(), locale, args, total });
            }
            for direction in [Direction::Previous, Direction::Next] {
                keys.push(Key::Neighbour {
                    direction,
                    uid: uid(),
                    document_id: "article1".into(),
                    locale: locale.clone(),
                    args: neighbour.clone(),
                });
            }
            let document_id = "article2".into();
            keys.push(Key::Entry { uid: uid(), document_id, locale, args: show });
        }
    }
    keys
}

fn touched(answer: &Answer, changes: &[Change], watches: &BTreeSet<Arc<str>>) -> bool {
    let documents = &answer.footprint.documents;
    changes.iter().any(|change| documents.contains(&change.key.document_id))
        || answer.footprint.types.iter().any(|name| watches.contains(name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn answers_follow_from_the_content_and_change_only_with_their_footprint(
        batches in prop::collection::vec(prop::collection::vec(edit(), 1..5), 1..8)
    ) {
        let locales = vec!["en".to_owned(), "de".to_owned()];
        let empty = Snapshot::new(Arc::new(model()), locales);
        let questions = questions();
        for key in &questions {
            prop_assert!(empty.ask(key).is_ok(), "{key}: {:?}", empty.ask(key));
        }
        let (mut edited, mut all, mut seq) = (empty.clone(), Vec::new(), 0);
        for batch in batches {
            let items: Vec<_> = batch.iter().map(|edit| { seq += 1; item(seq, edit) }).collect();
            let before: Vec<_> = questions.iter().map(|key| edited.answer(key)).collect();
            let applied = edited.apply(&items).unwrap();
            all.extend(items);
            edited = applied.snapshot;
            let watched: BTreeSet<&str> = before
                .iter()
                .flat_map(|answer| answer.footprint.types.iter().map(|watch| &**watch))
                .collect();
            let next = |from: &str| {
                watched.range::<str, _>((Bound::Included(from), Bound::Unbounded)).next().copied()
            };
            let watches = edited.touched_watches(&applied.changes, &next);
            let watches = watches.iter().map(|watch| watch.as_str().into()).collect();
            let whole = empty.apply(&all).unwrap().snapshot;
            let edits = Edits::of(&applied.changes);
            for (key, before) in questions.iter().zip(before) {
                let after = edited.answer(key);
                prop_assert_eq!(&after, &whole.answer(key), "{}", key);
                if after.fingerprint != before.fingerprint {
                    prop_assert!(touched(&before, &applied.changes, &watches), "{} changed unseen", key);
                    prop_assert!(edited.may_differ(key, &edits), "{} changed unexpectedly", key);
                }
            }
        }
    }
}

fn article(seq: i64, number: u8, value: u8, text: &str) -> SyncItem {
    let edit = Edit::Article { number, german: false, value, author: 1, tags: vec![1] };
    let mut item = item(seq, &edit);
    item.data.as_mut().unwrap()["body"] = json!(text);
    item
}

/// Whether an edit of an article can reach what a list shows of it.
fn reaches(edited: &SyncItem, args: Json) -> bool {
    let empty = Snapshot::new(Arc::new(model()), vec!["en".to_owned()]);
    let tag = item(1, &Edit::Tag { number: 1, value: 1 });
    let rows = [article(1, 1, 1, "one"), article(2, 2, 2, "two"), article(3, 3, 2, "three")];
    let before = empty.apply(&[&rows[..], &[tag]].concat()).unwrap().snapshot;
    let after = before.apply(std::slice::from_ref(edited)).unwrap();
    let args = canonical(&args).into();
    let key = Key::Query { uid: ARTICLE.into(), locale: "en".into(), args, total: true };
    after.snapshot.may_differ(&key, &Edits::of(&after.changes))
}

#[test]
fn an_edit_reaches_lists_that_show_it_or_are_ordered_by_it() {
    let titles = json!({ "sort": "views", "fields": ["title"], "limit": 9, "start": 1 });
    let tagged = json!({
        "filters": { "tags": { "documentId": "tag1" } }, "sort": "views", "fields": ["title"]
    });
    let body_of_the_first = article(4, 1, 1, "new");
    for args in [&titles, &tagged] {
        assert!(!reaches(&body_of_the_first, args.clone()), "{args}");
        assert!(reaches(&article(4, 1, 3, "one"), args.clone()), "{args}");
        // It has as many views as the third, and a greater id now.
        assert!(reaches(&article(4, 2, 2, "new"), args.clone()), "{args}");
    }
    assert!(reaches(&body_of_the_first, json!({ "sort": "views" })));
    assert!(reaches(&body_of_the_first, json!({ "fields": ["body"] })));
    assert!(reaches(&body_of_the_first, json!({ "fields": ["title", "id"] })));
    // Without a sort key the id orders.
    let mut authored = json!({ "fields": ["title"], "populate": ["author"] });
    assert!(reaches(&body_of_the_first, authored.clone()));
    authored["sort"] = json!("views");
    assert!(!reaches(&body_of_the_first, authored));
}

//! Random writes against a naive model in memory.
//!
//! After every step the rows equal the model, and a replica that only follows the feed
//! equals the rows: no write is missing from it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::world::{ARTICLE, World, identity};
use crate::store::documents::Identity;

const LOCALES: [&str; 3] = ["en", "de", "fr"];
/// Documents a sequence may speak of; few, so that steps meet.
const DOCUMENTS: usize = 3;
const TAGS: usize = 3;

#[derive(Debug, Clone, PartialEq)]
struct Content {
    /// Per locale.
    title: String,
    /// Per locale.
    tags: Vec<usize>,
    /// Shared between locales.
    views: Option<i64>,
}

#[derive(Debug, Clone, Default)]
struct Edit {
    title: Option<String>,
    tags: Option<Vec<usize>>,
    views: Option<Option<i64>>,
}

#[derive(Debug, Clone)]
enum Step {
    Save { document: usize, locale: usize, publish: bool, edit: Edit },
    Publish { document: usize, locale: usize },
    Unpublish { document: usize, locale: usize },
    Discard { document: usize, locale: usize },
    Delete { document: usize, locale: Option<usize> },
}

/// Draft and published content of one document per locale.
#[derive(Debug, Clone, Default, PartialEq)]
struct Document {
    drafts: BTreeMap<usize, Content>,
    published: BTreeMap<usize, Content>,
    /// The published locales, the one published last at the end.
    order: Vec<usize>,
}

/// The locales by their codes.
const BY_CODE: [usize; 3] = [1, 0, 2];

impl Document {
    /// The shared value of the first draft.
    fn before(&self) -> Option<Option<i64>> {
        BY_CODE.iter().find_map(|locale| self.drafts.get(locale)).map(|draft| draft.views)
    }

    /// A value that differs from what it was goes to all rows of the status.
    fn carry(
        before: Option<Option<i64>>,
        views: Option<i64>,
        contents: &mut BTreeMap<usize, Content>,
    ) {
        if before != Some(views) {
            contents.values_mut().for_each(|content| content.views = views);
        }
    }

    fn put_online(&mut self, locale: usize, draft: Content) {
        self.order.retain(|other| *other != locale);
        self.order.push(locale);
        self.published.insert(locale, draft);
    }

    fn take_off(&mut self, locale: usize) {
        self.order.retain(|other| *other != locale);
        self.published.remove(&locale);
    }

    /// Whether the step is accepted; if not, nothing changed.
    fn publish(&mut self, locale: usize) -> bool {
        let before = self.before();
        let Some(draft) = self.drafts.get(&locale).cloned() else { return false };
        if draft.title.len() < 3 {
            return false;
        }
        let views = draft.views;
        if self.published.get(&locale) != Some(&draft) {
            self.put_online(locale, draft);
        }
        Self::carry(before, views, &mut self.published);
        true
    }

    fn save(&mut self, locale: usize, publish: bool, edit: &Edit) -> bool {
        let mut next = self.clone();
        let before = self.before();
        let newest = self.order.last().map(|locale| self.published[locale].views);
        let content = next.drafts.entry(locale).or_insert_with(|| Content {
            title: String::new(),
            tags: vec![],
            views: newest.or(before).unwrap_or(Some(0)),
        });
        content.title = edit.title.clone().unwrap_or_else(|| content.title.clone());
        content.tags = edit.tags.clone().unwrap_or_else(|| content.tags.clone());
        // Null says nothing when a locale is added.
        let adds = before.is_some() && !self.drafts.contains_key(&locale);
        content.views =
            edit.views.filter(|views| !adds || views.is_some()).unwrap_or(content.views);
        let draft = content.clone();
        let views = draft.views;
        if !publish {
            Self::carry(before, views, &mut next.drafts);
        } else if draft.title.len() < 3 {
            return false;
        } else {
            next.put_online(locale, draft);
            Self::carry(before, views, &mut next.published);
        }
        *self = next;
        true
    }

    fn discard(&mut self, locale: usize) -> bool {
        let before = self.before();
        let (true, Some(published)) =
            (self.drafts.contains_key(&locale), self.published.get(&locale).cloned())
        else {
            return false;
        };
        let views = published.views;
        self.drafts.insert(locale, published);
        Self::carry(before, views, &mut self.drafts);
        true
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let title =
        prop_oneof![Just("ok".to_owned()), Just("One".to_owned()), Just("Other".to_owned())];
    let tags =
        proptest::sample::subsequence((0..TAGS).collect::<Vec<_>>(), 0..=TAGS).prop_shuffle();
    (
        proptest::option::weighted(0.7, title),
        proptest::option::of(tags),
        proptest::option::of(proptest::option::weighted(0.8, 0..4_i64)),
    )
        .prop_map(|(title, tags, views)| Edit { title, tags, views })
}

fn step() -> impl Strategy<Value = Step> {
    let document = || 0..DOCUMENTS;
    let locale = || 0..LOCALES.len();
    prop_oneof![
        5 => (document(), locale(), any::<bool>(), edit())
            .prop_map(|(document, locale, publish, edit)| Step::Save { document, locale, publish, edit }),
        2 => (document(), locale()).prop_map(|(document, locale)| Step::Publish { document, locale }),
        1 => (document(), locale()).prop_map(|(document, locale)| Step::Unpublish { document, locale }),
        1 => (document(), locale()).prop_map(|(document, locale)| Step::Discard { document, locale }),
        1 => (document(), proptest::option::of(locale()))
            .prop_map(|(document, locale)| Step::Delete { document, locale }),
    ]
}

/// What a replica holds: the content of each row, as shown.
type Rows = BTreeMap<Identity, (Map<String, Value>, Vec<String>)>;

struct Run {
    world: World,
    tags: Vec<String>,
    ids: BTreeMap<usize, String>,
    model: BTreeMap<usize, Document>,
    replica: Rows,
    cursor: i64,
}

impl Run {
    fn new() -> Self {
        let world = World::new();
        let tag =
            |index: usize| world.create("api::tag.tag", &json!({"name": format!("tag {index}")}));
        let tags: Vec<String> = (0..TAGS).map(tag).collect();
        let cursor = world.changes(0).last().unwrap().2;
        Self {
            world,
            tags,
            ids: BTreeMap::new(),
            model: BTreeMap::new(),
            replica: Rows::new(),
            cursor,
        }
    }

    fn body(&self, edit: &Edit) -> Value {
        let mut body = Map::new();
        body.extend(edit.title.clone().map(|title| ("title".to_owned(), json!(title))));
        body.extend(edit.views.map(|views| ("views".to_owned(), json!(views))));
        let tags = edit.tags.as_ref();
        let ids = tags.map(|tags| tags.iter().map(|tag| &self.tags[*tag]).collect::<Vec<_>>());
        body.extend(ids.map(|ids| ("tags".to_owned(), json!(ids))));
        body.into()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Save { document, locale, publish, edit } => {
                self.save(*document, *locale, *publish, edit);
            }
            Step::Publish { document, locale } => {
                self.act("publish", *document, *locale, Document::publish)
            }
            Step::Unpublish { document, locale } => {
                self.act("unpublish", *document, *locale, |document, locale| {
                    document.take_off(locale);
                    document.drafts.contains_key(&locale)
                });
            }
            Step::Discard { document, locale } => {
                self.act("discard", *document, *locale, Document::discard)
            }
            Step::Delete { document, locale } => self.delete(*document, *locale),
        }
    }

    fn save(&mut self, document: usize, locale: usize, publish: bool, edit: &Edit) {
        let body = self.body(edit);
        let code = LOCALES[locale];
        let expected = self.model.entry(document).or_default();
        let exists = !expected.drafts.is_empty();
        let accepted = expected.save(locale, publish, edit);
        let result = match self.ids.get(&document).filter(|_| exists) {
            Some(id) => self.world.try_update(ARTICLE, id, code, publish, &body),
            None => self.world.try_create(ARTICLE, code, publish, &body),
        };
        assert_eq!(result.is_ok(), accepted, "{body}: {result:?}");
        if let Ok(identity) = result {
            self.ids.insert(document, identity.document_id);
        }
    }

    fn act(
        &mut self,
        action: &str,
        document: usize,
        locale: usize,
        expect: impl FnOnce(&mut Document, usize) -> bool,
    ) {
        let Some(id) = self.ids.get(&document) else { return };
        let accepted = expect(self.model.entry(document).or_default(), locale);
        let result = self.world.act(action, ARTICLE, id, LOCALES[locale]);
        assert_eq!(result.is_ok(), accepted, "{action}: {result:?}");
    }

    fn delete(&mut self, document: usize, locale: Option<usize>) {
        let Some(id) = self.ids.get(&document) else { return };
        self.world.delete(ARTICLE, id, locale.map(|locale| LOCALES[locale]));
        let expected = self.model.entry(document).or_default();
        expected.drafts.retain(|key, _| locale.is_some_and(|locale| *key != locale));
        expected.published.retain(|key, _| locale.is_some_and(|locale| *key != locale));
        expected.order.retain(|key| locale.is_some_and(|locale| *key != locale));
    }

    fn shown(&self, identity: &Identity) -> Option<(Map<String, Value>, Vec<String>)> {
        let row = self.world.row(identity)?;
        Some((row.data, self.world.linked(identity, "tags")))
    }

    /// Follows the feed as a consumer would.
    fn follow(&mut self) {
        for (op, identity, seq) in self.world.changes(self.cursor) {
            assert_eq!(seq, self.cursor + 1, "the feed has a gap");
            self.cursor = seq;
            match (op.as_str(), self.shown(&identity)) {
                ("upsert", Some(shown)) => drop(self.replica.insert(identity, shown)),
                _ => drop(self.replica.remove(&identity)),
            }
        }
    }

    fn compare(&self) {
        let mut rows = Rows::new();
        for (document, id) in &self.ids {
            let expected = self.model.get(document).cloned().unwrap_or_default();
            for (locale, code) in LOCALES.iter().enumerate() {
                for (status, contents) in
                    [("draft", &expected.drafts), ("published", &expected.published)]
                {
                    let identity = identity(ARTICLE, id, code, status);
                    let shown = self.shown(&identity);
                    let content = shown.as_ref().map(|(data, tags)| self.content(data, tags));
                    assert_eq!(content.as_ref(), contents.get(&locale), "{identity:?}");
                    rows.extend(shown.map(|shown| (identity, shown)));
                }
            }
        }
        assert_eq!(self.replica, rows, "the feed misses a change");
    }

    fn content(&self, data: &Map<String, Value>, tags: &[String]) -> Content {
        let index = |id: &String| self.tags.iter().position(|tag| tag == id).unwrap();
        Content {
            title: data["title"].as_str().unwrap_or_default().to_owned(),
            tags: tags.iter().map(index).collect(),
            views: data["views"].as_i64(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_writes_leaves_what_the_model_says(steps in proptest::collection::vec(step(), 1..24)) {
        let mut run = Run::new();
        for step in &steps {
            run.take(step);
            run.follow();
            run.compare();
        }
    }
}

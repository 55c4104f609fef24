//! Routes to URLs, page by page.

use serde_json::{Value, json};

use super::*;
use crate::engine::Footprint;
use crate::site::{Group, Grouping};

/// Articles `{id: {locale: data}}`; a locale "" stands for none.
#[derive(Default)]
struct Articles(BTreeMap<String, BTreeMap<String, Value>>);

const UID: &str = "api::article.article";

impl Articles {
    fn put(&mut self, id: &str, locale: &str, data: Value) {
        self.0.entry(id.into()).or_default().insert(locale.into(), data);
    }
}

impl Contents for Articles {
    fn documents(&self, uid: &str) -> Vec<String> {
        if uid == UID { self.0.keys().cloned().collect() } else { Vec::new() }
    }

    fn locales_of(&self, _: &str, id: &str) -> Vec<Option<String>> {
        let locales = self.0.get(id).into_iter().flat_map(BTreeMap::keys);
        locales.map(|locale| (!locale.is_empty()).then(|| locale.clone())).collect()
    }

    fn scalar(
        &self,
        _: &str,
        id: &str,
        locale: &str,
        path: &[String],
        fp: &mut Footprint,
    ) -> Value {
        fp.document(id);
        let rows = &self.0[id];
        let row = rows.get(locale).or_else(|| rows.get("")).cloned().unwrap_or_default();
        row.pointer(&format!("/{}", path.join("/"))).cloned().unwrap_or_default()
    }

    fn count(
        &self,
        uid: &str,
        locale: &str,
        _: Option<&Value>,
        fp: &mut Footprint,
    ) -> Result<u64, String> {
        fp.content_type(uid);
        Ok(self.0.values().filter(|rows| rows.contains_key(locale)).count() as u64)
    }

    fn groups(
        &self,
        uid: &str,
        locale: &str,
        grouping: &Grouping,
        _: Option<&Value>,
        fp: &mut Footprint,
    ) -> Result<Vec<Group>, String> {
        fp.content_type(uid);
        let mut counts = BTreeMap::new();
        for row in self.0.values().filter_map(|rows| rows.get(locale)) {
            if let Some(value) = row[&*grouping.by].as_str() {
                *counts.entry(value.to_owned()).or_insert(0) += 1;
            }
        }
        let group = |(key, count): (String, u64)| {
            let filter = json!({ &*grouping.by: { "$eq": key } });
            Group { value: key.as_str().into(), key, count, filter }
        };
        Ok(counts.into_iter().map(group).collect())
    }
}

const ARTICLE: &str = "[[route]]\npath = \"/blog/{slug}/\"\neach = \"api::article.article\"\n\
    template = \"article.html\"\n";
const LIST: &str = "[[route]]\npath = \"/blog/\"\ntemplate = \"blog.html\"\n\
    paginate = { type = \"api::article.article\", per_page = 2 }\n";

fn site(routes: &str) -> Arc<Site> {
    let head =
        "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\nlocales = [\"en\", \"de\"]\n";
    Arc::new(Site::parse("site.toml", &format!("{head}{routes}")).unwrap())
}

fn files(table: &RouteTable) -> Vec<String> {
    table.pages().map(|page| page.file.to_string()).collect()
}

fn changed(id: &str) -> ChangeSet {
    let mut changes = ChangeSet::default();
    changes.note(UID, id, None, Some(&json!({})));
    changes
}

#[test]
fn entries_have_pages_in_the_locales_they_exist_in() {
    let mut content = Articles::default();
    content.put("a", "en", json!({ "slug": "one" }));
    content.put("a", "de", json!({ "slug": "größe" }));
    content.put("b", "de", json!({ "slug": "zwei" }));
    content.put("c", "", json!({ "slug": "everywhere" }));
    let table = RouteTable::plan(site(ARTICLE), &content).unwrap();
    assert_eq!(
        files(&table),
        [
            "blog/everywhere/index.html",
            "blog/one/index.html",
            "de/blog/größe/index.html",
            "de/blog/zwei/index.html",
        ]
    );
    let page = table.page("blog/one/index.html").unwrap();
    let urls: Vec<_> = page.alternates.iter().map(|a| (&*a.locale, &*a.url)).collect();
    assert_eq!(urls, [("en", "/blog/one/"), ("de", "/de/blog/gr%C3%B6%C3%9Fe/")]);
    assert_eq!(table.url_for("a", "de"), Some("/de/blog/gr%C3%B6%C3%9Fe/"));
    assert_eq!(table.url_for("b", "en"), None);
    assert_eq!(table.url_for("c", "de"), Some("/blog/everywhere/"));
}

#[test]
fn lists_have_a_first_page_even_when_empty_and_grow_with_their_content() {
    let mut content = Articles::default();
    let mut table = RouteTable::plan(site(LIST), &content).unwrap();
    assert_eq!(files(&table), ["blog/index.html", "de/blog/index.html"]);
    for id in ["a", "b", "c"] {
        content.put(id, "en", json!({ "slug": id }));
    }
    let change = table.update(&changed("c"), &content).unwrap();
    assert_eq!(files(&table), ["blog/index.html", "blog/page/2/index.html", "de/blog/index.html"]);
    assert!(change.removed.is_empty());
    let second = table.page("blog/page/2/index.html").unwrap();
    assert_eq!(second.url, "/blog/page/2/");
    assert_eq!(&*second.list.as_ref().unwrap().args, r#"{"limit":2,"start":2}"#);
    assert_eq!(second.alternates.len(), 1, "there is no second page in German");
}

#[test]
fn a_renamed_slug_moves_the_page_and_nothing_else_is_planned() {
    let mut content = Articles::default();
    content.put("a", "en", json!({ "slug": "one" }));
    content.put("b", "en", json!({ "slug": "two" }));
    let mut table = RouteTable::plan(site(ARTICLE), &content).unwrap();
    content.put("a", "en", json!({ "slug": "uno" }));
    let change = table.update(&changed("a"), &content).unwrap();
    assert_eq!(Vec::from_iter(change.removed), ["blog/one/index.html"]);
    assert_eq!(Vec::from_iter(change.added), ["blog/uno/index.html"]);
    assert!(change.changed.is_empty());
    assert_eq!(files(&table), ["blog/two/index.html", "blog/uno/index.html"]);
}

#[test]
fn collisions_name_both_routes() {
    let mut content = Articles::default();
    content.put("a", "en", json!({ "slug": "same" }));
    content.put("b", "en", json!({ "slug": "same" }));
    let errors = RouteTable::plan(site(ARTICLE), &content).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("for api::article.article a"), "{}", errors[0]);
    assert!(errors[0].message.contains("for api::article.article b"), "{}", errors[0]);

    let twice = format!("{LIST}[[route]]\npath = \"/blog/\"\ntemplate = \"x.html\"\n");
    let errors = RouteTable::plan(site(&twice), &content).unwrap_err();
    assert_eq!(errors[0].to_string().split(": ").next(), Some("site.toml:10"));
    assert!(errors[0].message.contains("site.toml:6"), "{}", errors[0]);

    let file = "[[route]]\npath = \"/a.b\"\ntemplate = \"x\"\n[[route]]\npath = \"/a.b/\"\ntemplate = \"y\"\n";
    let errors = RouteTable::plan(site(file), &content).unwrap_err();
    assert!(errors[0].message.contains("cannot be a file and a folder"), "{}", errors[0]);
}

#[test]
fn an_entry_without_a_slug_is_a_problem_of_that_entry_alone() {
    let mut content = Articles::default();
    content.put("a", "en", json!({ "slug": null }));
    content.put("b", "en", json!({ "slug": "two" }));
    let table = RouteTable::plan(site(ARTICLE), &content).unwrap();
    assert_eq!(files(&table), ["blog/two/index.html"]);
    let problems = table.problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].1.document_id, "a");
    assert!(problems[0].1.message.contains("`slug` is empty"));
}

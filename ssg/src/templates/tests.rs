//! Templates as authors write them: text and content in, page and reads out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cms_api::change::{Op, SyncItem};
use cms_api::content_type::parse_content_type;
use cms_api::model::ContentModel;
use serde_json::{Value as Json, json};
use tera::Context;

use super::scope::{Assets, Scope, Settings, UrlResolver};
use super::{TemplateFault, Templates};
use crate::content::Snapshot;
use crate::content::value::from_json;
use crate::engine::{Fingerprint, recorder};
use crate::site::PageRef;

const POST: &str = "api::post.post";
const TAG: &str = "api::tag.tag";

fn model() -> ContentModel {
    let schema = |name: &str, localized: bool, attributes: Json| {
        json!({
            "kind": "collectionType",
            "info": { "singularName": name, "pluralName": format!("{name}s") },
            "pluginOptions": { "i18n": { "localized": localized } },
            "attributes": attributes,
        })
    };
    let post = schema(
        "post",
        true,
        json!({
            "title": { "type": "string" }, "slug": { "type": "uid" },
            "body": { "type": "richtext" }, "day": { "type": "date" },
            "tags": { "type": "relation", "relation": "manyToMany", "target": TAG },
            "cover": { "type": "media", "multiple": false },
        }),
    );
    let tag = schema("tag", false, json!({ "name": { "type": "string" } }));
    let types = [(POST, post), (TAG, tag)];
    ContentModel::new(types.map(|(uid, source)| parse_content_type(uid, &source).unwrap()), [])
        .unwrap()
}

fn item(seq: i64, uid: &str, id: &str, locale: Option<&str>, mut data: Json) -> SyncItem {
    data["id"] = json!(seq);
    data["documentId"] = json!(id);
    SyncItem {
        seq,
        op: Op::Upsert,
        uid: uid.into(),
        document_id: id.into(),
        locale: locale.map(str::to_owned),
        version: seq,
        published_at: None,
        data: Some(data),
    }
}

fn content() -> Snapshot {
    let post = |seq, id: &str, locale, day: &str, tags: &[&str]| {
        let data = json!({
            "title": format!("Post {id}"), "slug": id, "day": day, "body": null, "tags": tags,
            "cover": null,
        });
        item(seq, POST, id, Some(locale), data)
    };
    let items = [
        item(1, TAG, "t1", None, json!({ "name": "Sea" })),
        item(2, TAG, "t2", None, json!({ "name": "Sky" })),
        post(3, "a", "en", "2024-01-01", &["t1"]),
        post(4, "b", "en", "2024-01-02", &["t1", "t2"]),
        post(5, "c", "en", "2024-01-03", &["t2"]),
        post(6, "a", "de", "2024-01-01", &[]),
    ];
    let locales = vec!["en".to_owned(), "de".to_owned()];
    Snapshot::new(Arc::new(model()), locales).apply(&items).unwrap().snapshot
}

const SITE: &str = "[site]\ntitle = \"Site\"\nbase_url = \"https://example.org\"\n";

#[derive(Debug)]
struct Site;

impl UrlResolver for Site {
    fn url(&self, document_id: &str, locale: &str) -> Option<String> {
        let prefix = if locale == "en" { "" } else { "/de" };
        (document_id != "c" && !document_id.starts_with('t'))
            .then(|| format!("{prefix}/blog/{document_id}/"))
    }

    fn has_route(&self, uid: &str) -> bool {
        uid == POST
    }

    fn page(&self, _: &str) -> Option<(PageRef, Fingerprint)> {
        None
    }

    fn pages(&self, _: &str, _: &str) -> Vec<PageRef> {
        Vec::new()
    }
}

impl Assets for Site {
    fn url(&self, path: &str) -> Option<String> {
        (path == "site.css").then(|| "/assets/site.0a1b.css".to_owned())
    }

    fn paths(&self) -> Vec<String> {
        vec!["site.css".to_owned()]
    }
}

impl Settings for Site {
    fn fingerprint(&self, _: &str) -> Fingerprint {
        Fingerprint::ABSENT
    }
}

impl super::Pictures for Site {
    fn facts(&self, _: &str, _: &str, _: bool) -> Option<Arc<crate::pictures::Facts>> {
        None
    }
}

fn templates(sources: &[(&str, &str)]) -> Templates {
    let sources = sources.iter().map(|(name, text)| (name.to_string(), text.to_string()));
    Templates::from_sources(sources.collect()).unwrap()
}

/// Renders `page.html` for the English post `a`.
fn render(text: &str) -> Result<(String, Vec<String>), TemplateFault> {
    let templates = templates(&[("page.html", text)]);
    let mut context = Context::new();
    let entry = json!({ "documentId": "a", "title": "Post a", "locale": "en", "body": null });
    context.insert_value("entry", from_json(&entry));
    let scope = Scope {
        revalidate: None,
        now: 0,
        snapshot: content(),
        urls: Arc::new(Site),
        assets: Arc::new(Site),
        settings: Arc::new(Site),
        pictures: Arc::new(Site),
        site: Arc::new(crate::site::Site::parse("site.toml", SITE).unwrap()),
        url: "/blog/a/".into(),
        file: "blog/a/index.html".into(),
        locale: "en".into(),
    };
    let recording = recorder::start();
    let html = templates.render("page.html", &context, scope)?;
    Ok((html, recording.finish().iter().map(|read| read.key.to_string()).collect()))
}

fn shows(text: &str) -> String {
    render(text).unwrap_or_else(|fault| panic!("{}", fault.report)).0
}

fn fails(text: &str) -> String {
    render(text).unwrap_err().to_string()
}

#[test]
fn functions_answer_from_the_content() {
    let titles = "{% for p in list %}{{ p.title }},{% endfor %}";
    for (call, expected) in [
        ("entries(type='api::post.post')", "Post a,Post b,Post c,"),
        ("entries(type='api::post.post', sort='day:desc', limit=2)", "Post c,Post b,"),
        ("entries(type='api::post.post', start=1, limit=1)", "Post b,"),
        ("entries(type='api::post.post', locale='de')", "Post a,"),
        ("entries(type='api::post.post', locale='*', filters={'slug': 'a'})", "Post a,Post a,"),
        (
            "entries(type='api::post.post', filters={'tags': {'name': {'$eq': 'Sky'}}})",
            "Post b,Post c,",
        ),
        ("related(entry=entry, by=['tags'], sort='day:desc')", "Post b,"),
        ("related(entry=entry, by='tags', filters={'title': 'x'})", ""),
        ("[entry(type='api::post.post', slug='b')]", "Post b,"),
        ("[entry(type='api::post.post', id='c', fields=['title'])]", "Post c,"),
        ("[next(entry=entry, sort='day')]", "Post b,"),
        ("[previous(entry=entry, sort='day:desc')]", "Post b,"),
    ] {
        assert_eq!(shows(&format!("{{% set list = {call} %}}{titles}")), expected, "{call}");
    }
    assert_eq!(shows("{{ count(type='api::post.post', filters={'tags': 't1'}) }}"), "0");
    assert_eq!(shows("{{ count(type='api::post.post') }}"), "3");
    assert_eq!(shows("{{ previous(entry=entry, sort='day') is none }}"), "true");
    assert_eq!(shows("{{ entry(type='api::post.post', id='zz') is none }}"), "true");
    assert_eq!(
        shows(
            "{% set p = entry(type='api::post.post', id='b', populate=['tags']) %}{{ p.tags[1].name }}"
        ),
        "Sky"
    );
}

#[test]
fn row_ids_show_only_where_they_cannot_disturb() {
    let first = |args: &str| {
        shows(&format!(
            "{{{{ entries(type='api::post.post', {args}) | first | keys | join(sep=' ') }}}}"
        ))
    };
    assert_eq!(first("fields=['title']"), "documentId title");
    assert_eq!(first("fields=['title', 'id']"), "id documentId title");
    assert!(first("limit=1").starts_with("id documentId title"));
}

#[test]
fn links_lead_to_pages_and_files() {
    assert_eq!(
        shows("{{ url_for(entry=entry) }} {{ asset(path='site.css') }}"),
        "/blog/a/ /assets/site.0a1b.css"
    );
    assert_eq!(shows("{{ url_for(entry=entry, locale='de') }}"), "/de/blog/a/");
    let file = "{'url': '/uploads/o.jpg', 'width': 2000, 'formats': {\
        'small': {'url': '/uploads/s.jpg', 'width': 500}, \
        'large': {'url': '/uploads/l.jpg', 'width': 1000} } }";
    for (width, expected) in [
        ("width=400", "s"),
        ("width=501", "l"),
        ("width=1500", "o"),
        ("format='small'", "s"),
        ("format='huge'", "o"),
    ] {
        let html = shows(&format!("{{{{ image(file={file}, {width}) }}}}"));
        assert_eq!(html, format!("/uploads/{expected}.jpg"), "{width}");
    }
}

#[test]
fn every_question_is_noted_once_also_inside_components() {
    let page = "{% component card(p) %}{{ url_for(entry=p) }}{% endcomponent card %}\
        {% for p in entries(type='api::post.post', limit=2, fields=['title']) %}\
        {{ <card p={p} /> }}{{ <card p={p} /> }}{% endfor %}{{ asset(path='site.css') }}";
    let (_, reads) = render(page).unwrap();
    assert_eq!(
        reads,
        [
            r#"query api::post.post en {"fields":["title"],"limit":2}"#,
            "url a en",
            "url b en",
            "asset site.css",
        ]
    );
    let (_, reads) = render("{{ related(entry=entry, by=['tags'], limit=3) | length }}").unwrap();
    assert_eq!(reads.len(), 2, "{reads:?}");
}

#[test]
fn mistakes_name_the_line_and_what_is_accepted() {
    for (text, expected) in [
        (
            "\n {{ entry.titel }}",
            "page.html:2:11: Field `titel` is not defined. Available fields: body,",
        ),
        (
            "{{ entries(type='api::pots.pots') }}",
            "unknown content type `api::pots.pots`; known are api::post.post, api::tag.tag",
        ),
        (
            "{{ entries(type='api::post.post', filters={'titel': 'x'}) }}",
            "`titel` is not accepted in filters of `api::post.post`, whose attributes are title, slug,",
        ),
        ("{{ entries(type='api::post.post', sort='titel') }}", "`titel` is not accepted in sort"),
        (
            "{{ entries(type='api::post.post', fields=['titel']) }}",
            "`titel` is not accepted in fields",
        ),
        (
            "{{ entries(type='api::post.post', populate=['tag']) }}",
            "`tag` is not accepted in populate",
        ),
        ("{{ entries(type='api::post.post', filters={'title': {'$is': 'x'} }) }}", "$is"),
        (
            "{{ entries(typ='api::post.post') }}",
            "`entries()` has no argument `typ`; accepted are type, filters,",
        ),
        ("{{ entries(type='api::post.post', limit=-1) }}", "`limit` must be a whole number"),
        ("{{ entries() }}", "`type=` is missing"),
        (
            "{{ url_for(entry=entries(type='api::post.post')[2]) }}",
            "`c` (api::post.post) has no page in locale `en`",
        ),
        (
            "{{ url_for(entry=entries(type='api::tag.tag')[0]) }}",
            "no route of site.toml has `each = \"api::tag.tag\"`",
        ),
        ("{{ url_for(entry='a') }}", "`entry` must be an entry with its documentId"),
        ("{{ asset(path='site.cs') }}", "there is no `static/site.cs`; there are site.css"),
        ("{{ 'x' | date }}", "`x` is not a date"),
        ("{{ entry | markdown }}", "text is expected"),
        ("{{ related(entry=entry, by=['title']) }}", "`title` is not accepted in populate"),
    ] {
        let message = fails(text);
        assert!(message.contains(expected), "{text}\n  {message}");
        assert!(message.starts_with("page.html:"), "{message}");
    }
}

#[test]
fn filters_write_what_they_say() {
    for (text, expected) in [
        ("{{ '*a* <b>' | markdown }}", "<p><em>a</em> <b></p>\n"),
        ("[{{ entry.body | markdown }}]", "[]"),
        ("{{ '2024-03-05' | date(format='%-d. %B %Y', locale='de') }}", "5. März 2024"),
        ("{{ {'a': '</script>', 'b': 1} | json | safe }}", r#"{"a":"\u003c/script\u003e","b":1}"#),
        ("{{ 'Größe & Maß' | slug }}", "grosse-mass"),
        ("{{ '<' }}", "&lt;"),
        (
            "{% for name, group in entries(type='api::post.post') | group_by(attribute='day') %}{{ name }}:{{ group | length }} {% endfor %}",
            "2024-01-01:1 2024-01-02:1 2024-01-03:1 ",
        ),
    ] {
        assert_eq!(shows(text), expected, "{text}");
    }
}

#[test]
fn a_faulty_set_is_refused_with_every_place() {
    let sources = [
        ("a.html", "{{ entries( }}"),
        ("b.html", "\n{% if %}"),
        ("c.html", "{{ __tera_context }}"),
    ];
    let load = |sources: &[(&str, &str)]| {
        let sources = sources.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        Templates::from_sources(sources.collect()).unwrap_err().0
    };
    let places: Vec<_> = load(&sources).iter().map(|f| (f.file.clone(), f.line)).collect();
    assert_eq!(places, [("a.html".into(), 1), ("b.html".into(), 2), ("c.html".into(), 1)]);
    for (text, expected) in [
        ("\n{{ today() }}", "a.html:2:4: Unknown function `today`"),
        ("{{ 1 | nope }}", "a.html:1:8: Unknown filter `nope`"),
        ("{% include 'x.html' %}", "a.html:1:12: Unknown template `x.html`"),
        ("{{ <card /> }}", "Unknown component `card`"),
        ("{% extends 'x.html' %}", "a.html: it extends `x.html`, which does not exist"),
        ("{{ get_env(name='PATH') }}", "Unknown function `get_env`"),
    ] {
        let faults = load(&[("a.html", text)]);
        assert!(faults[0].to_string().contains(expected), "{}", faults[0]);
    }
    let two = load(&[("a.html", "{{ today() }}\n{{ 1 | nope }}")]);
    assert_eq!(two.len(), 2, "{two:?}");
}

#[test]
fn literal_questions_are_checked_before_anything_is_rendered() {
    let page = "{{ entries(type='api::post.post', sort='day:desc', limit=3) }}\n\
        {{ entries(type='api::post.post', filters={'titel': entry.title}) }}\n\
        {{ entries(type=kind, filters={'titel': 1}) }}{{ count(type='api::pots.pots') }}\n\
        {{ entries(type='api::post.post', filters={'id': {'$in': ids} }, fields=['title', 'nope']) }}\n\
        {{ asset(file='site.css') }}{{ next(entry=entry, sort='nope') }}\n\
        {{ entries(type='api::post.post', sort=['title:up']) }}";
    let faults = templates(&[("page.html", page)]).check(&content());
    let found: Vec<_> = faults.iter().map(|f| (f.line, f.column, f.message.as_str())).collect();
    let expected = [
        (2, 4, "`entries()`: `titel` is not accepted in filters"),
        (3, 50, "`count()`: unknown content type `api::pots.pots`"),
        (4, 4, "`entries()`: `nope` is not accepted in fields"),
        (5, 4, "`asset()` has no argument `file`; accepted are path"),
        (6, 4, "`entries()`: Invalid order."),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((found.0, found.1), (expected.0, expected.1), "{found:?}");
        assert!(found.2.starts_with(expected.2), "{found:?}");
    }
}

#[test]
fn the_example_site_loads_and_knows_what_its_pages_need() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    let templates = Templates::load(&folder).unwrap_or_else(|faults| panic!("{faults}"));
    let needs: Vec<_> = templates.closures().needs("404.html").collect();
    assert!(needs.contains(&"base.html") && needs.contains(&"components/seo.html"), "{needs:?}");
    assert!(!needs.contains(&"article.html"));
    assert!(templates.contains("feed.xml") && !templates.contains("static/favicon.svg"));
    let names: BTreeMap<_, _> =
        templates.names().into_iter().map(|name| (name, templates.fingerprint(name))).collect();
    assert!(names.values().all(|fingerprint| !fingerprint.is_absent()));
}

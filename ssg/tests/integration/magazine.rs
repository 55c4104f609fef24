//! A small magazine for tests: articles in two locales, authors, tags, settings, pictures.

use serde_json::{Value, json};

use super::site_harness::{Cms, Site};

pub(crate) const ARCHIVE: &str = r#"-- site.toml --
[site]
title = "Magazine"
base_url = "https://example.org"
locales = ["en", "de"]

[[route]]
path = "/blog/{slug}/"
each = "api::article.article"
populate = ["author", "tags", "cover"]
template = "article.html"

[[route]]
path = "/author/{slug}/"
each = "api::author.author"
template = "author.html"

[[route]]
path = "/tag/{slug}/"
each = "api::tag.tag"
template = "tag.html"
[route.paginate]
type = "api::article.article"
filters = { tags = { documentId = "$entry.documentId" } }
sort = ["rank:desc", "title"]
fields = ["title"]
per_page = 2

[[route]]
path = "/blog/"
paginate = { type = "api::article.article", sort = "rank:desc", fields = ["title", "rank"], per_page = 2 }
template = "blog.html"

[[route]]
path = "/"
template = "home.html"

[[route]]
path = "/sitemap.xml"
template = "sitemap.xml"

[words.en]
more = "More"
[words.de]
more = "Mehr"
-- base.html --
<title>{{ site.title }}</title><link href="{{ asset(path="site.css") }}">
{% block main %}{% endblock main %}
{% include "foot.html" %}
-- foot.html --
{% set setting = single(type="api::setting.setting") %}<footer>{{ setting?.footer }}</footer>
-- card.html --
{% component card(story) %}<a href="{{ url_for(entry=story) }}">{{ story.title }}</a>{% endcomponent card %}
-- article.html --
{% extends "base.html" %}
{% block main %}<h1>{{ entry.title }}</h1>
{{ entry.body | markdown }}
{% if entry.author %}by <a href="{{ url_for(entry=entry.author) }}">{{ entry.author.name }}</a>{% endif %}
{% for tag in entry.tags %}#{{ tag.name }} {% endfor %}
{% if entry.cover %}<img src="{{ entry.cover.url }}">{% endif %}
{% for alternate in page.alternates %}{{ alternate.locale }}={{ alternate.url }} {% endfor %}
{% for story in related(entry=entry, by=["tags"], fields=["title"], sort="title", limit=2) %}{{ <card story={story} /> }}{% endfor %}
{% set after = next(entry=entry, sort="rank:desc", fields=["title"]) %}{% if after %}next: {{ <card story={after} /> }}{% endif %}
{% endblock main %}
-- author.html --
{% extends "base.html" %}
{% block main %}{{ entry.name }} {{ count(type="api::article.article", filters={"author": {"documentId": entry.documentId} }) }}{% endblock main %}
-- tag.html --
{% extends "base.html" %}
{% block main %}{{ entry.name }}: {% for story in pager.items %}{{ <card story={story} /> }}{% endfor %} {{ pager.page }}/{{ pager.pages }}{% endblock main %}
-- blog.html --
{% extends "base.html" %}
{% block main %}{% for story in pager.items %}{{ <card story={story} /> }}{% endfor %} {{ pager.page }}/{{ pager.pages }} {{ pager.next }} {{ site.words[page.locale].more }}{% endblock main %}
-- home.html --
{% extends "base.html" %}
{% block main %}{% for story in entries(type="api::article.article", sort="rank:desc", fields=["title"], limit=1) %}top: {{ <card story={story} /> }}{% endfor %}{% endblock main %}
-- sitemap.xml --
{% for story in entries(type="api::article.article", fields=["slug"]) %}{{ site.base_url }}{{ url_for(entry=story) }}
{% endfor %}
-- static/site.css --
body { color: black }
"#;

/// The magazine's content model.
pub(crate) fn model() -> Value {
    json!({ "components": {}, "types": {
        "api::article.article": ty("collectionType", "article", "articles", true, json!({
            "title": { "type": "string", "pluginOptions": { "i18n": { "localized": true } } },
            "slug": { "type": "uid", "pluginOptions": { "i18n": { "localized": true } } },
            "body": { "type": "richtext", "pluginOptions": { "i18n": { "localized": true } } },
            "rank": { "type": "integer", "pluginOptions": { "i18n": { "localized": true } } },
            "author": { "type": "relation", "relation": "manyToOne", "target": "api::author.author" },
            "tags": { "type": "relation", "relation": "manyToMany", "target": "api::tag.tag" },
            "cover": { "type": "media" },
        })),
        "api::author.author": ty("collectionType", "author", "authors", false, json!({
            "name": { "type": "string" }, "slug": { "type": "uid" },
        })),
        "api::tag.tag": ty("collectionType", "tag", "tags", false, json!({
            "name": { "type": "string" }, "slug": { "type": "uid" },
        })),
        "api::setting.setting": ty("singleType", "setting", "settings", false, json!({
            "footer": { "type": "string" },
        })),
    }})
}

fn ty(kind: &str, singular: &str, plural: &str, localized: bool, attributes: Value) -> Value {
    json!({
        "kind": kind,
        "collectionName": plural,
        "info": { "singularName": singular, "pluralName": plural, "displayName": singular },
        "options": { "draftAndPublish": true },
        "pluginOptions": { "i18n": { "localized": localized } },
        "attributes": attributes,
    })
}

/// Three articles, two authors, a tag, a footer; one article is translated.
pub(crate) fn magazine() -> Site {
    let cms = Cms::new(model());
    cms.publish("author", "ann", "", json!({ "name": "Ann", "slug": "ann" }));
    cms.publish("author", "bob", "", json!({ "name": "Bob", "slug": "bob" }));
    cms.publish("tag", "sea", "", json!({ "name": "Sea", "slug": "sea" }));
    cms.publish("setting", "s", "", json!({ "footer": "The End" }));
    cms.publish("article", "one", "en", article("One", 3, "ann", &["sea"]));
    cms.publish("article", "two", "en", article("Two", 2, "bob", &[]));
    cms.publish("article", "three", "en", article("Three", 1, "ann", &["sea"]));
    cms.publish("article", "one", "de", article("Eins", 3, "ann", &["sea"]));
    Site::new(ARCHIVE, cms)
}

pub(crate) fn article(title: &str, rank: i64, author: &str, tags: &[&str]) -> Value {
    json!({
        "title": title,
        "slug": title.to_lowercase(),
        "body": format!("*{title}* text"),
        "rank": rank,
        "author": (!author.is_empty()).then_some(author),
        "tags": tags,
        "cover": null,
    })
}

//! What is known of names in templates, and what is left unsaid.

use super::*;
use crate::templates::scan::tags;

/// Articles have an author and tags, and components in a zone.
struct Model;

impl Relations for Model {
    fn leads_to(&self, uid: &str, name: &str) -> Option<Type> {
        let one = |uid: &str| Type::One(BTreeSet::from([uid.to_owned()]));
        let many = |uids: &[&str]| Type::List(uids.iter().map(|uid| (*uid).to_owned()).collect());
        match (uid, name) {
            ("article", "author") => Some(one("author")),
            ("article", "tags") => Some(many(&["tag"])),
            ("article", "parts") => Some(many(&["quote", "gallery"])),
            ("author", "articles") => Some(many(&["article"])),
            _ => None,
        }
    }
}

/// `file:path=uid uid` for each lookup.
fn found(templates: &[(&str, &str)]) -> Vec<String> {
    let templates: Vec<_> =
        templates.iter().map(|(name, text)| ((*name).to_owned(), tags(text).unwrap())).collect();
    let names = |file: &str| match file {
        "page" => BTreeMap::from([
            ("entry".to_owned(), Type::One(BTreeSet::from(["article".to_owned()]))),
            ("pager".to_owned(), Type::Pager(BTreeSet::from(["tag".to_owned()]))),
        ]),
        _ => Names::new(),
    };
    let shown = lookups(&templates, &names, &Model).into_iter().map(|(file, lookup)| {
        let uids: Vec<_> = lookup.uids.iter().cloned().collect();
        format!("{file}:{}={}", lookup.text, uids.join(" "))
    });
    shown.collect()
}

#[test]
fn names_are_followed_from_where_they_come() {
    for (text, expected) in [
        ("{{ entry.title }}", vec!["page:entry.title=article"]),
        ("{% for t in pager.items %}{{ t.name }}{% endfor %}{{ t.name }}", vec!["page:t.name=tag"]),
        (
            "{% for a in entries(type='article', limit=3) | reverse %}{{ a.titel }}{% endfor %}",
            vec!["page:a.titel=article"],
        ),
        (
            "{% set a = entry(type='article', slug='x') %}{{ a?.author?.name }}",
            vec!["page:a.author.name=article"],
        ),
        (
            "{% for t in entry.tags or [] %}{{ t.name }}{% endfor %}",
            vec!["page:entry.tags=article", "page:t.name=tag"],
        ),
        (
            "{% for p in entry.parts[:2] %}{{ p.text }}{% endfor %}",
            vec!["page:entry.parts=article", "page:p.text=gallery quote"],
        ),
        ("{% set n = next(entry=entry, sort='x') %}{{ n.title }}", vec!["page:n.title=article"]),
        ("{% set one = entries(type='tag') | first %}{{ one.name }}", vec!["page:one.name=tag"]),
    ] {
        assert_eq!(found(&[("page", text)]), expected, "{text}");
    }
}

#[test]
fn nothing_is_said_about_what_is_not_certain() {
    for text in [
        "{% for entry in x %}{{ entry.title }}{% endfor %}",
        "{% set entry = x %}{{ entry.title }}",
        "{% set a = entries(type=t) | first %}{{ a.title }}",
        "{% set a = x if y else entry(type='article', slug='s') %}{{ a.title }}",
        "{% set a = entry(type='article', slug='s') %}{% set a = x %}{{ a.title }}",
        "{% for key, value in entry %}{{ value.title }}{% endfor %}",
        "{% if entry.nope is defined %}{% endif %}",
        "{% component c(entry) %}{{ entry.title }}{% endcomponent c %}",
        "{% for t in entries(type='tag') | group_by(attribute='x') %}{{ t.name }}{% endfor %}",
    ] {
        assert_eq!(found(&[("page", text)]), [""; 0], "{text}");
    }
}

#[test]
fn components_learn_from_all_their_calls() {
    let card = ("card", "{% component card(story) %}{{ story.title }}{% endcomponent card %}");
    let call = ("page", "{{ <card story={entry} /> }}");
    assert_eq!(found(&[card, call]), ["card:story.title=article"]);
    let tag = ("other", "{% for story in entries(type='tag') %}{{ <card story /> }}{% endfor %}");
    assert_eq!(found(&[card, call, tag]), ["card:story.title=article tag"]);
    let unknown = ("other", "{{ <card story={x} /> }}");
    assert_eq!(found(&[card, call, unknown]), [""; 0]);
    let spread = ("other", "{{ <card {...x} /> }}");
    assert_eq!(found(&[card, call, spread]), [""; 0]);
    let wrap =
        ("wrap", "{% component wrap(a) %}{{ <card story={a.author} /> }}{% endcomponent wrap %}");
    let page = ("page", "{{ <wrap a={entry} /> }}");
    assert_eq!(found(&[card, wrap, page]), ["card:story.title=author", "wrap:a.author=article"]);
}

#[test]
fn an_included_template_sees_what_its_includer_made_of_a_name() {
    let page = ("list", "{% for entry in x %}{% include 'page' %}{% endfor %}");
    assert_eq!(found(&[page, ("page", "{{ entry.title }}")]), [""; 0]);
}

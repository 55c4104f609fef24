//! Random editing: after every step the site is the one a clean build gives.

use proptest::prelude::*;
use serde_json::json;
use ssg::build::Request;

use super::magazine::{article, magazine};
use super::site_harness::Site;

/// What an editor, a developer or an operator may do.
#[derive(Debug, Clone)]
enum Step {
    Publish { id: usize, locale: usize, rank: i64, author: usize, tags: Vec<usize> },
    Edit { id: usize, locale: usize, field: &'static str, value: i64 },
    Rename { kind: &'static str, id: usize, name: usize },
    Unpublish { id: usize, locale: usize },
    Delete { kind: &'static str, id: usize },
    Appear { kind: &'static str, id: usize },
    Relate { id: usize, author: usize, tags: Vec<usize> },
    Cover { id: usize, file: usize },
    Upload { file: usize, content: u8 },
    Template { name: usize, text: u8 },
    Static { text: u8 },
    PerPage { number: u8 },
    Title { text: u8 },
    Restart,
    Pull,
    Clean,
    Build,
}

// Small domains, so that steps meet.
const ARTICLES: [&str; 4] = ["one", "two", "three", "four"];
const AUTHORS: [&str; 3] = ["ann", "bob", "eve"];
const TAGS: [&str; 3] = ["sea", "sky", "sun"];
const FILES: [&str; 2] = ["pic", "map"];
const LOCALES: [&str; 2] = ["en", "de"];
const TEMPLATES: [(&str, &str); 4] = [
    ("card.html", "<a "),
    ("foot.html", "<footer"),
    ("blog.html", "{{ pager.page }}"),
    ("author.html", "{{ entry.name }}"),
];

fn step() -> impl Strategy<Value = Step> {
    let id = 0..ARTICLES.len();
    let author = 0..=AUTHORS.len();
    let locale = 0..LOCALES.len();
    let tags = prop::collection::vec(0..TAGS.len(), 0..3);
    let kind = prop_oneof![Just("author"), Just("tag")];
    prop_oneof![
        4 => (id.clone(), locale.clone(), 0..4_i64, author.clone(), tags.clone()).prop_map(
            |(id, locale, rank, author, tags)| Step::Publish { id, locale, rank, author, tags }
        ),
        4 => (id.clone(), locale.clone(), prop_oneof![Just("title"), Just("body"), Just("rank")], 0..4_i64)
            .prop_map(|(id, locale, field, value)| Step::Edit { id, locale, field, value }),
        2 => (prop_oneof![Just("article"), Just("author"), Just("tag")], 0..3_usize, 0..3_usize)
            .prop_map(|(kind, id, name)| Step::Rename { kind, id, name }),
        2 => (id.clone(), locale).prop_map(|(id, locale)| Step::Unpublish { id, locale }),
        2 => (prop_oneof![Just("article"), Just("author"), Just("tag")], 0..3_usize)
            .prop_map(|(kind, id)| Step::Delete { kind, id }),
        2 => (kind, 0..3_usize).prop_map(|(kind, id)| Step::Appear { kind, id }),
        3 => (id.clone(), author, tags).prop_map(|(id, author, tags)| Step::Relate { id, author, tags }),
        2 => (id, 0..=FILES.len()).prop_map(|(id, file)| Step::Cover { id, file }),
        2 => (0..FILES.len(), 0..3_u8).prop_map(|(file, content)| Step::Upload { file, content }),
        1 => (0..TEMPLATES.len(), 0..3_u8).prop_map(|(name, text)| Step::Template { name, text }),
        1 => (0..3_u8).prop_map(|text| Step::Static { text }),
        1 => (1..4_u8).prop_map(|number| Step::PerPage { number }),
        1 => (0..3_u8).prop_map(|text| Step::Title { text }),
        2 => Just(Step::Restart),
        1 => Just(Step::Pull),
        1 => Just(Step::Clean),
        6 => Just(Step::Build),
    ]
}

/// Slugs are unique per type by construction: a collision is another test's subject.
fn slug(kind: &str, id: usize, name: usize) -> String {
    format!("{}-{id}-{name}", &kind[..1])
}

fn ids(kind: &str) -> &'static [&'static str] {
    match kind {
        "article" => &ARTICLES,
        "author" => &AUTHORS,
        _ => &TAGS,
    }
}

fn names<'a>(tags: &[usize]) -> Vec<&'a str> {
    let mut names: Vec<_> = tags.iter().map(|tag| TAGS[*tag]).collect();
    names.dedup();
    names
}

fn apply(site: &mut Site, step: &Step) {
    let cms = site.cms.clone();
    match step {
        Step::Publish { id, locale, rank, author, tags } => {
            let author = AUTHORS.get(*author).copied().unwrap_or("");
            let mut data = article(ARTICLES[*id], *rank, author, &names(tags));
            data["slug"] = json!(slug("article", *id, *locale));
            cms.publish("article", ARTICLES[*id], LOCALES[*locale], data);
        }
        Step::Edit { id, locale, field, value } => {
            let value =
                if *field == "rank" { json!(value) } else { json!(format!("text {value}")) };
            cms.edit("article", ARTICLES[*id], LOCALES[*locale], field, value);
        }
        Step::Rename { kind, id, name } => {
            let locale = if *kind == "article" { "en" } else { "" };
            cms.edit(kind, ids(kind)[*id], locale, "slug", json!(slug(kind, *id, *name)));
        }
        Step::Unpublish { id, locale } => {
            cms.unpublish("article", ARTICLES[*id], LOCALES[*locale]);
        }
        Step::Delete { kind, id } => cms.delete(kind, ids(kind)[*id]),
        Step::Appear { kind, id } => {
            let name = ids(kind)[*id];
            cms.publish(kind, name, "", json!({ "name": name, "slug": slug(kind, *id, 0) }));
        }
        Step::Relate { id, author, tags } => {
            let id = ARTICLES[*id];
            let author = AUTHORS.get(*author);
            cms.edit("article", id, "en", "author", json!(author));
            cms.edit("article", id, "en", "tags", json!(names(tags)));
        }
        Step::Cover { id, file } => {
            let file = FILES.get(*file);
            cms.edit("article", ARTICLES[*id], "en", "cover", json!(file));
        }
        Step::Upload { file, content } => {
            let file = FILES[*file];
            cms.upload(file, &format!("/uploads/{file}.png"), &format!("content {content}"));
        }
        Step::Template { name, text } => {
            let (file, mark) = TEMPLATES[*name];
            let comment = format!("<!-- {text} -->");
            site.replace(file, mark, &format!("{comment}{mark}"));
        }
        Step::Static { text } => site.write("static/site.css", &format!("/* {text} */")),
        Step::PerPage { number } => {
            for old in 1..4 {
                let line = format!("per_page = {old}\n");
                if site.read("site.toml").contains(&line) {
                    site.replace("site.toml", &line, &format!("per_page = {number}\n"));
                    break;
                }
            }
        }
        Step::Title { text } => {
            let text = format!("title = \"Magazine {text}\"");
            let old = site.read("site.toml");
            let old = old.lines().nth(1).unwrap().to_owned();
            site.replace("site.toml", &old, &text);
        }
        Step::Restart => site.restart(),
        Step::Pull => site.pull(),
        Step::Clean => {
            let request = Request { clean: true, ..Request::default() };
            site.build_alone(&request).unwrap();
        }
        Step::Build => drop(site.build()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default() })]

    #[test]
    fn any_editing_ends_in_the_site_a_clean_build_gives(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        let mut site = magazine();
        for file in FILES {
            site.cms.upload(file, &format!("/uploads/{file}.png"), "content");
        }
        for step in &steps {
            apply(&mut site, step);
        }
        site.build();
        prop_assert_eq!(site.build().rendered, 0, "a second build renders something");
    }
}

//! Single edits with everything running: what becomes of them, and how fast.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use super::live::{Counts, Live, Timing, millis};
use super::report::{Report, median};
use super::tree::{Tree, containing};

const BODIES: usize = 3;
const RENAMES: usize = 5;
const TEMPLATES: usize = 3;
/// Above it, rendering every post is not repeated.
const SMALL: usize = 10_000;

/// What an edit did to the site.
struct Effect {
    timing: Timing,
    rendered: u64,
    releases: u64,
    /// Milliseconds in builds, as the daemon counts.
    building: f64,
    changed: BTreeSet<PathBuf>,
}

/// An editor's document with the page it has.
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) page: String,
    pub(crate) fields: Value,
}

pub(crate) fn measure(live: &mut Live, report: &mut Report) {
    bodies(live, report);
    renames(live, report);
    templates(live, report);
}

/// One page of a collection, newest first where there are dates.
pub(crate) fn documents(live: &mut Live, collection: &str, page: usize) -> Vec<Document> {
    let query =
        format!("/api/{collection}?sort=slug&pagination[page]={page}&pagination[pageSize]=100");
    let answer = live.editor.get(&query.replace('[', "%5B").replace(']', "%5D"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut answer = answer.json();
    let Value::Array(rows) = answer["data"].take() else { panic!("no list: {answer}") };
    let document = |fields: Value| {
        let text = |name: &str| fields[name].as_str().unwrap().to_owned();
        Document {
            path: format!("/api/{collection}/{}", text("documentId")),
            page: format!("/{collection}/{}/", text("slug")),
            fields,
        }
    };
    rows.into_iter().map(document).collect()
}

impl Live {
    fn observe(&mut self, act: impl FnOnce(&mut Self) -> Timing) -> Effect {
        let (counts, tree) = (self.settled(), Tree::read(&self.dist()));
        let timing = act(self);
        let Counts { building, rendered, release, .. } = self.settled();
        Effect {
            timing,
            rendered: rendered - counts.rendered,
            releases: release - counts.release,
            building: (building - counts.building) * 1000.0,
            changed: tree.differences(&Tree::read(&self.dist())),
        }
    }
}

/// A post's text, and nothing else of it.
fn bodies(live: &mut Live, report: &mut Report) {
    eprintln!("editing bodies");
    let posts = documents(live, "posts", 1);
    let mut effects = Vec::new();
    for (n, post) in posts.iter().take(BODIES).enumerate() {
        let text = format!("Body edit {n}.");
        let body = format!("{}\n\n{text}\n", post.fields["body"].as_str().unwrap());
        let data = json!({ "body": body });
        effects.push(live.observe(|live| live.change(&post.path, &data, &post.page, &text)));
    }
    let minimal = |it: &Effect| it.rendered > 0 && it.rendered == it.changed.len() as u64;
    report.figure("body_exact", effects.iter().all(minimal));
    report.figure("body_ms", median(effects.iter().map(|it| it.timing.live)));
    effect_row("one body", &effects, report);
}

/// An author's name: the author's posts, and every list that shows one of them.
fn renames(live: &mut Live, report: &mut Report) {
    eprintln!("renaming an author");
    let author = documents(live, "authors", 1).remove(0);
    let name = |n: usize| format!("Renamed Author {n}.");
    let data = |n: usize| json!({ "name": name(n) });
    // The generated name may occur elsewhere; this one does not.
    live.change(&author.path, &data(0), &author.page, &name(0));
    let (mut effects, mut exact) = (Vec::new(), true);
    for n in 1..=RENAMES {
        live.settled();
        let dependants = containing(&live.dist(), &name(n - 1));
        let effect =
            live.observe(|live| live.change(&author.path, &data(n), &author.page, &name(n)));
        // One release: when one page shows the name, all do.
        exact &= effect.releases == 1
            && effect.changed == dependants
            && effect.rendered == dependants.len() as u64
            && containing(&live.dist(), &name(n)) == dependants
            && containing(&live.dist(), &name(n - 1)).is_empty();
        effects.push(effect);
    }
    report.figure("rename_exact", exact);
    report.figure("rename_pages", effects[0].changed.len());
    report.figure("rename_ms", median(effects.iter().map(|it| it.timing.live)));
    report.figure("rename_disk_ms", median(effects.iter().map(|it| it.timing.disk)));
    effect_row("one author's name", &effects, report);
}

fn effect_row(what: &str, effects: &[Effect], report: &mut Report) {
    let middle = |figure: fn(&Effect) -> f64| median(effects.iter().map(figure));
    let rendered: u64 = effects.iter().map(|it| it.rendered).sum();
    let changed: usize = effects.iter().map(|it| it.changed.len()).sum();
    let live = middle(|it| it.timing.live);
    report.row(
        &format!("{what}, CMS's answer to nginx"),
        format!(
            "{live:.1} ms ({} edits: {rendered} pages rendered, {changed} files changed)",
            effects.len(),
        ),
    );
    let (disk, building) = (middle(|it| it.timing.disk), middle(|it| it.building));
    report.row(
        &format!("{what}, webhook's arrival to disk"),
        format!("{disk:.1} ms (builds, with what they store afterwards: {building:.1} ms)"),
    );
}

/// A template that one page needs, and one that every post needs.
fn templates(live: &mut Live, report: &mut Report) {
    eprintln!("editing templates");
    let post = documents(live, "posts", 1).remove(0).page;
    let runs = if live.content.posts > SMALL { 1 } else { TEMPLATES };
    template(live, report, "home", "All posts", "/", TEMPLATES);
    template(live, report, "post", "Related", &post, runs);
}

fn template(live: &mut Live, report: &mut Report, name: &str, word: &str, page: &str, runs: usize) {
    let folder = live.content.folder.join("templates");
    let (file, hidden) = (folder.join(format!("{name}.html")), folder.join(".edited"));
    let original = std::fs::read_to_string(&file).unwrap();
    assert!(original.contains(word), "{name}.html no longer says `{word}`");
    let (mut times, mut rendered) = (Vec::new(), 0);
    for n in 0..runs {
        let before = live.settled();
        let text = format!("{word}, edit {n}");
        // As editors save: a new file takes the old one's place.
        std::fs::write(&hidden, original.replace(word, &text)).unwrap();
        let saved = Instant::now();
        std::fs::rename(&hidden, &file).unwrap();
        let (_, shown) = live.wait_until_shown(page, &text);
        times.push(millis(shown - saved));
        rendered = live.settled().rendered - before.rendered;
    }
    let time = median(times.into_iter());
    report.figure(&format!("template_{name}_ms"), time);
    report.row(
        &format!(
            "template of {}, saved to nginx",
            if name == "home" { "one page" } else { "all posts" }
        ),
        format!("{time:.1} ms ({runs} edits, {rendered} pages rendered)"),
    );
}

//! The search index.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed};

const SIGNS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn notebook() -> Site {
    site(&format!(
        "[search]\ntypes = {{ \"api::note.note\" = [\"title\", \"body\", \"story\"] }}\n{NOTES}\
         -- note.html --\n{{{{ <galley.search locale={{page.locale}} label=\"Search\" nothing=\"Nothing\" /> }}}}"
    ))
}

/// What a search for a whole word finds, as the script does it: title and address by weight.
fn search(site: &Site, locale: &str, word: &str) -> Vec<String> {
    let file = |name: &str| -> Value {
        serde_json::from_str(&site.page(&format!("search/{locale}/{name}.json"))).unwrap()
    };
    let index = file("index");
    let mut signs = word.chars().map(|sign| u64::from(u32::from(sign)));
    let sum = signs.next().unwrap() * 31 + signs.next().unwrap_or(0);
    let words = file(&format!("words-{}", sum % index["words"].as_u64().unwrap()));
    let places: Vec<&str> = words[word].as_str().unwrap_or_default().split(' ').collect();
    let mut found: Vec<(u64, String)> = places
        .chunks_exact(2)
        .map(|place| {
            let sign = |at| SIGNS.find(place[0].chars().nth(at).unwrap()).unwrap() as u64;
            let part = (sign(0) * 64 + sign(1)) % index["results"].as_u64().unwrap();
            let result = &file(&format!("results-{part}"))[place[0]];
            let shown = format!("{} {}", result[0].as_str().unwrap(), result[1].as_str().unwrap());
            (place[1].parse().unwrap(), shown)
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, shown)| shown).collect()
}

#[test]
fn search_index_in_each_language() {
    let mut site = notebook();
    site.cms.publish(
        "note",
        "a",
        "en",
        note("Spring tide", json!({ "body": "*Crème* of the sea" })),
    );
    site.cms.publish("note", "b", "en", note("Sea", json!({ "body": "tide" })));
    site.cms.publish("note", "b", "de", note("Meer", json!({ "body": "Größe" })));
    site.build();
    assert_eq!(search(&site, "en", "tide"), ["/spring-tide/ Spring tide", "/sea/ Sea"]);
    assert_eq!(search(&site, "en", "creme"), ["/spring-tide/ Spring tide"]);
    assert_eq!(search(&site, "de", "große"), ["/de/meer/ Meer"]);
    assert_eq!(search(&site, "de", "sea"), [""; 0]);
    let page = site.page("sea/index.html");
    assert!(page.contains("data-search=\"/search/en/\""), "{page}");
    assert!(page.contains("<script type=\"module\" src=\"/search/search.js\">"), "{page}");
    assert!(site.page("search/search.js").contains("export async function search"));
}

#[test]
fn the_search_index_follows_entries_and_nothing_else() {
    let mut site = notebook();
    site.cms.publish("note", "a", "en", note("Alpha", json!({ "body": "one" })));
    site.cms.publish("note", "b", "en", note("Beta", json!({ "body": "two" })));
    site.build();
    site.cms.edit("note", "a", "en", "mood", json!("wild"));
    assert_eq!(changed(&site.build()), "");
    site.cms.edit("note", "a", "en", "body", json!("three"));
    let words = changed(&site.build());
    assert!(words.starts_with("~search/en/results-0.json ~search/en/words-0.json"), "{words}");
    assert_eq!(search(&site, "en", "one"), [""; 0]);
    assert_eq!(search(&site, "en", "three"), ["/alpha/ Alpha"]);
    // In a new process as well.
    site.restart();
    site.cms.edit("note", "b", "en", "slug", json!("moved"));
    site.build();
    assert_eq!(search(&site, "en", "two"), ["/moved/ Beta"]);
    site.cms.unpublish("note", "b", "en");
    site.build();
    assert_eq!(search(&site, "en", "two"), [""; 0]);
}

#[test]
fn a_larger_site_has_a_larger_index_and_edits_touch_little_of_it() {
    let mut site = notebook();
    for number in 0..40_u8 {
        let word = |by: u8| char::from(b'a' + (number.wrapping_mul(by)) % 26);
        let body: String = (1..9).map(|by| format!("{}{}x ", word(by), word(by + 3))).collect();
        let id = format!("n{number:02}");
        site.cms.publish(
            "note",
            &id,
            "en",
            note(&format!("N{number:02}"), json!({ "body": body })),
        );
    }
    site.build();
    let parts = |site: &Site| {
        let tree: BTreeMap<_, _> = site.tree();
        tree.keys().filter(|file| file.starts_with("search/en/words-")).count()
    };
    assert_eq!(parts(&site), 4);
    let body = site.cms.row("note", "n07", "en").unwrap()["body"].as_str().unwrap().to_owned();
    site.cms.edit("note", "n07", "en", "body", json!(format!("{body} zzz")));
    let report = site.build();
    assert_eq!(report.changes.iter().filter(|change| change.file.contains("words-")).count(), 1);
    for number in 20..40 {
        site.cms.unpublish("note", &format!("n{number:02}"), "en");
    }
    site.build();
    assert_eq!(parts(&site), 2);
    assert_eq!(search(&site, "en", "zzz"), ["/n07/ N07"]);
}

//! What a real Strapi answered, asked of a snapshot.
//!
//! The recorded seed is played into a snapshot as the feed would bring it, then
//! every recorded read of published content is answered here and compared.

mod seed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cms_api::content_type::{ContentType, Kind, parse_component, parse_content_type};
use cms_api::envelope::pagination;
use cms_api::model::ContentModel;
use cms_api::query::{FieldKind, Filter, QuerySpec, Test};
use cms_api::query_parse::{Limits, QueryParser};
use cms_api::query_string;
use serde_json::{Value as Json, json};

use super::projection::{Ids, Projector, Show};
use super::snapshot::Snapshot;
use super::value::to_json;
use seed::Seed;

/// Characters of a difference that are shown.
const MAX_SHOWN: usize = 300;

pub(super) fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance")
}

pub(super) fn lines(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) fn model() -> ContentModel {
    let mut types = Vec::new();
    let mut parts = Vec::new();
    let files = walkdir::WalkDir::new(conformance().join("schemas/src")).sort_by_file_name();
    for file in files.into_iter().map(Result::unwrap).filter(|file| file.file_type().is_file()) {
        let path = file.path();
        let name = |up: usize| {
            path.ancestors().nth(up).unwrap().file_stem().unwrap().to_str().unwrap().to_owned()
        };
        let source = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        if path.ends_with("schema.json") {
            let uid = format!("api::{}.{}", name(3), name(1));
            types.push(parse_content_type(&uid, &source).unwrap());
        } else {
            parts.push(parse_component(&format!("{}.{}", name(1), name(0)), &source).unwrap());
        }
    }
    ContentModel::new(types, parts).unwrap()
}

/// The published content of the recorded seed.
fn seeded() -> (Snapshot, Seed) {
    let model = Arc::new(model());
    let mut seed = Seed::new(Arc::clone(&model));
    for request in lines(&conformance().join("seed/001-content.jsonl")) {
        seed.play(&request);
    }
    let locales = ["en", "de", "fr"].map(str::to_owned).to_vec();
    let empty = Snapshot::new(model, locales);
    let applied = empty.apply(&seed.items()).unwrap();
    (applied.snapshot, seed)
}

/// A recorded request for published content that was answered with 200.
fn read_of(case: &Json) -> Option<(&str, &Json)> {
    let [step] = case["steps"].as_array()?.as_slice() else { return None };
    let path = step["path"].as_str()?;
    // Drafts are not in the feed, so what counts or looks for them cannot be answered. That
    // includes filters that Strapi lets pass through drafts of a relation.
    let drafts = [
        "status",
        "hasPublishedVersion",
        "[count]=",
        "filters[author][articles]",
        "/api/tags?filters[articles]",
        "filters[localizations]",
    ];
    let plain =
        step["method"] == "GET" && step.get("auth").is_none() && step.get("order").is_none();
    let answered = step["expect"]["status"] == 200 && step.get("ignore_body").is_none();
    let ours = !["/api/upload", "/api/i18n"].iter().any(|prefix| path.starts_with(prefix));
    (plain && answered && ours && !drafts.iter().any(|word| path.contains(word)))
        .then(|| (path, &step["expect"]["body"]))
}

fn answer(snapshot: &Snapshot, path: &str) -> Option<Json> {
    // A client does not send what follows `#`.
    let path = path.split('#').next()?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = path.trim_start_matches("/api/").trim_end_matches('/').split('/');
    let ty = snapshot.model().by_route(parts.next()?)?;
    let tree = query_string::parse(&query.replace(' ', "%20")).ok()?;
    let parser = QueryParser::unrestricted(snapshot.model(), Limits::default());
    let id = parts.next();
    if id.is_none() && ty.kind == Kind::Collection {
        return Some(list(snapshot, ty, &parser.list(ty, &tree).ok()?));
    }
    let mut spec = parser.one(ty, &tree).ok()?;
    if let Some(id) = id {
        let test = Test::Eq(json!(id));
        let name = "documentId".to_owned();
        let field = Filter::Field { name, kind: FieldKind::Text, test };
        spec.filter = Filter::And(vec![field, spec.filter]);
    }
    let mut body = list(snapshot, ty, &spec);
    Some(json!({ "data": body["data"].as_array_mut()?.pop()?, "meta": {} }))
}

fn list(snapshot: &Snapshot, ty: &ContentType, spec: &QuerySpec) -> Json {
    let found = snapshot.find(&ty.uid, spec);
    let rows = snapshot.find_rows(&ty.uid, spec);
    assert!(rows.iter().zip(&found.rows).all(|(a, b)| Arc::ptr_eq(a, b)), "{spec:?}");
    assert_eq!((rows.len(), snapshot.count(&ty.uid, spec)), (found.rows.len(), found.total));
    let mut projector = Projector::new(snapshot, snapshot.asked_locale(&spec.locale), Ids::Always);
    let show = Show { fields: spec.fields.as_deref(), populate: &spec.populate };
    let data: Vec<_> = found.rows.iter().map(|row| to_json(&projector.entry(row, show))).collect();
    let total = spec.page.with_count.then_some(found.total as u64);
    json!({ "data": data, "meta": { "pagination": pagination(spec.page, total) } })
}

/// The first difference, as `path: expected, got`.
fn difference(path: &str, expected: &Json, got: &Json) -> Option<String> {
    let differ = || Some(format!("{path}: expected {expected}, got {got}"));
    match (expected, got) {
        (Json::Object(a), Json::Object(b)) => {
            let keys = |map: &serde_json::Map<String, Json>| {
                let mut keys: Vec<_> = map.keys().cloned().collect();
                keys.sort();
                keys
            };
            if keys(a) != keys(b) {
                return Some(format!("{path}: expected keys {:?}, got {:?}", keys(a), keys(b)));
            }
            // What the media library measures is not part of the seed.
            let measured = ["formats", "width", "height", "ext", "size"];
            a.iter()
                .filter(|(key, _)| !measured.contains(&key.as_str()))
                .find_map(|(key, value)| difference(&format!("{path}.{key}"), value, &b[key]))
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.into_iter().find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        (Json::String(text), _) if text.starts_with("<doc:") => {
            let name = text.trim_start_matches("<doc:").trim_end_matches('>');
            if got.as_str() == Some(name) { None } else { differ() }
        }
        (Json::String(text), _) if text.starts_with("<doc#") => None,
        (Json::String(text), _) if text.starts_with('<') && !text.starts_with("<doc") => {
            if got.is_null() { differ() } else { None }
        }
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => None,
        _ if expected == got => None,
        _ => differ(),
    }
}

#[test]
fn published_content_is_answered_as_recorded() {
    let (snapshot, seed) = seeded();
    let areas = [
        "basics",
        "fields",
        "filters",
        "relfilters",
        "pagination",
        "populate",
        "search",
        "single",
        "sort",
        "statuslocale",
    ];
    let mut asked = 0;
    let mut failures = Vec::new();
    for area in areas {
        for case in lines(&conformance().join(format!("cases/{area}.jsonl"))) {
            let Some((path, expected)) = read_of(&case) else { continue };
            let path = seed.filled(path);
            asked += 1;
            let id = case["id"].as_str().unwrap();
            let failure = match answer(&snapshot, &path) {
                None => Some("no answer".to_owned()),
                Some(got) => difference("", expected, &got),
            };
            if let Some(failure) = failure {
                let short: String = failure.chars().take(MAX_SHOWN).collect();
                failures.push(format!("{id} {path}\n    {short}"));
            }
        }
    }
    assert!(asked > 250, "only {asked} recorded reads were found");
    assert!(failures.is_empty(), "{} of {asked}:\n{}", failures.len(), failures.join("\n"));
}

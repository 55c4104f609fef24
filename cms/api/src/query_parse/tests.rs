//! The recorded answers are the specification: every recorded query is read, and errors are
//! compared word for word.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use crate::content_type::{parse_component, parse_content_type};
use crate::query::{FieldKind, Link, Populate, Test};
use crate::query_string;

fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance")
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(json_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "json") {
            found.push(path);
        }
    }
    found
}

fn name_of(path: &Path, up: usize) -> String {
    let folder = path.ancestors().nth(up).unwrap();
    folder.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn model() -> ContentModel {
    let mut types = Vec::new();
    let mut parts = Vec::new();
    for path in json_files(&conformance().join("schemas/src")) {
        let source = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if path.ends_with("schema.json") {
            let uid = format!("api::{}.{}", name_of(&path, 3), name_of(&path, 1));
            types.push(parse_content_type(&uid, &source).unwrap());
        } else {
            let uid = format!("{}.{}", name_of(&path, 1), name_of(&path, 0));
            parts.push(parse_component(&uid, &source).unwrap());
        }
    }
    ContentModel::new(types, parts).unwrap()
}

fn list(model: &ContentModel, query: &str) -> Result<QuerySpec, ApiError> {
    let ty = model.get("api::article.article").unwrap();
    let tree = query_string::parse(query).unwrap();
    QueryParser::unrestricted(model, Limits::default()).list(ty, &tree)
}

fn ok(query: &str) -> QuerySpec {
    list(&model(), query).unwrap()
}

fn error(query: &str) -> ApiError {
    list(&model(), query).unwrap_err()
}

/// Fills in what the recordings leave open: any id does for reading a query.
fn fill(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap();
        out.push_str(before);
        out.push_str(if name.ends_with(".id") { "7" } else { "aaaaaaaaaaaaaaaaaaaaaaaa" });
        rest = after;
    }
    out + rest
}

/// Areas that read with the caller's full rights.
const AREAS: [&str; 11] = [
    "basics",
    "fields",
    "filters",
    "relfilters",
    "search",
    "sort",
    "pagination",
    "populate",
    "statuslocale",
    "unknownparams",
    "single",
];

fn recorded_reads() -> Vec<(String, String, Value)> {
    let mut reads = Vec::new();
    for area in AREAS {
        let path = conformance().join(format!("cases/{area}.jsonl"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            for step in case["steps"].as_array().unwrap() {
                if step["method"] == "GET" {
                    let id = case["id"].as_str().unwrap().to_owned();
                    let path = fill(step["path"].as_str().unwrap());
                    reads.push((id, path, step["expect"].clone()));
                }
            }
        }
    }
    reads
}

#[test]
fn every_recorded_query_is_read_or_refused_as_recorded() {
    let model = model();
    let parser = QueryParser::unrestricted(&model, Limits::default());
    let mut checked = 0;
    for (id, path, expected) in recorded_reads() {
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let mut segments = path.trim_start_matches("/api/").split('/');
        let Some(ty) = model.by_route(segments.next().unwrap()) else { continue };
        let tree = query_string::parse(query).unwrap();
        let single = segments.next().is_some() || ty.kind == crate::content_type::Kind::Single;
        let result = if single { parser.one(ty, &tree) } else { parser.list(ty, &tree) };
        let status = expected["status"].as_u64().unwrap();
        match result {
            Ok(_) => assert!(matches!(status, 200 | 404), "{id} was read, recorded is {expected}"),
            Err(_) if status == 500 => {}
            Err(error) => assert_eq!(error.body(), expected["body"], "{id} {query}"),
        }
        checked += 1;
    }
    assert!(checked > 300, "only {checked} recordings");
}

#[test]
fn what_a_caller_may_not_read_is_left_out_or_refused() {
    let model = model();
    let ty = model.get("api::article.article").unwrap();
    let readable = |uid: &str| uid == "api::article.article";
    let parser = QueryParser { model: &model, limits: Limits::default(), readable: &readable };
    let read = |query: &str| parser.list(ty, &query_string::parse(query).unwrap());

    let names = |populate: &[Populate]| populate.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let everything = read("populate=*").unwrap();
    let expected = ["cover", "gallery", "seo", "related", "localizations", "sections"];
    assert_eq!(names(&everything.populate), expected);
    let hidden = read("populate[author][fields]=name&populate[cover]=true").unwrap();
    assert_eq!(names(&hidden.populate), ["cover"]);
    assert!(read("populate=author.address").unwrap().populate.is_empty());
    for query in ["filters[author][name]=x", "sort=author.name"] {
        assert_eq!(read(query).unwrap_err().message, "Invalid key author", "{query}");
    }
}

#[test]
fn a_condition_knows_its_kind() {
    let cases = [
        ("filters[views]=7", FieldKind::Integer, Test::Eq(json!(7))),
        ("filters[rating][$gt]=9.5", FieldKind::Float, Test::Gt(json!(9.5))),
        ("filters[featured]=yes", FieldKind::Boolean, Test::Eq(json!(true))),
        ("filters[featured][$eq]=f", FieldKind::Boolean, Test::Eq(json!(false))),
        (
            "filters[bigviews]=-9007199254740993",
            FieldKind::BigInteger,
            Test::Eq(json!(-9_007_199_254_740_993_i64)),
        ),
        ("filters[atTime][$lt]=20:00:00", FieldKind::Time, Test::Lt(json!("20:00:00.000"))),
        ("filters[startsAt]=0", FieldKind::DateTime, Test::Eq(json!(0))),
        ("filters[createdAt][$gte]=1970-01-02", FieldKind::DateTime, Test::Gte(json!(86_400_000))),
        ("filters[title]", FieldKind::Text, Test::Null),
        ("filters[title][$null]=false", FieldKind::Text, Test::NotNull),
        ("filters[title][$in]=a,b", FieldKind::Text, Test::In(vec![json!("a,b")])),
        ("filters[id]=abc", FieldKind::RowId, Test::Eq(json!("abc"))),
    ];
    for (query, kind, test) in cases {
        match ok(query).filter {
            Filter::Field { kind: found, test: tested, .. } => {
                assert_eq!((found, tested), (kind, test), "{query}");
            }
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn what_the_grammar_takes_for_an_object_states_no_condition() {
    let query: Vec<_> = (0..110).map(|n| format!("filters[slug][$in][{n}]=a{n}")).collect();
    for query in [&query.join("&"), "filters[slug][$eq][x]=1", "filters[$or][x]=1"] {
        assert!(ok(query).filter.is_always(), "{query}");
    }
    assert_eq!(error("filters[slug][x]=1").message, "Invalid key x at slug");
}

#[test]
fn any_operand_has_a_spelling_to_look_for() {
    for (query, looked_for) in [("", "null"), ("=", ""), ("[$eq]=1", "[object Object]")] {
        match ok(&format!("filters[slug][$contains]{query}")).filter {
            Filter::Field { test: Test::Contains { text, .. }, .. } => assert_eq!(text, looked_for),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn names_are_checked_before_values_and_operands_last() {
    for (query, message) in [
        (
            "publicationFilter=x&filters[nope]=1",
            "Invalid value for 'publicationFilter'. Expected \
            one of: never-published, has-published-version, modified, unmodified, \
            never-published-document, has-published-version-document, published-without-draft, \
            published-with-draft.",
        ),
        ("filters[views]=x&sort=title:up&fields=nope", "Invalid key nope"),
        ("sort=title:up&populate[author]=name", "Invalid key name at author.name"),
        (
            "pagination[page]=1&pagination[start]=1&sort=title:up",
            "Cannot use both page & offset pagination in the same query",
        ),
        (
            "filters=x&sort=title:up&page=1",
            "Invalid order. order can only be one of asc|desc|ASC|DESC",
        ),
        ("filters=x&page=1", "The filters parameter must be an object or an array"),
        (
            "page=1&filters[startsAt]=x",
            "Invalid pagination attributes. The page parameters are \
            incorrect and must be in the pagination object",
        ),
        (
            "hasPublishedVersion=x&pagination[page]=x",
            "convertStartQueryParams expected a positive integer got NaN",
        ),
        (
            "pagination[withCount]=x&filters[startsAt]=x",
            "Invalid format, expected a timestamp or an ISO date",
        ),
    ] {
        assert_eq!(error(query).message, message, "{query}");
    }
}

#[test]
fn a_document_is_asked_for_in_one_locale_and_named_elsewhere() {
    let model = model();
    let ty = model.get("api::article.article").unwrap();
    let parser = QueryParser::unrestricted(&model, Limits::default());
    let read = |query: &str| parser.one(ty, &query_string::parse(query).unwrap());
    assert!(read("filters[documentId]=x").unwrap().filter.is_always());
    assert_eq!(read("start=1").unwrap().page.start, 1);
    assert_eq!(read("locale=de&filters[locale]=fr").unwrap().locale, Locale::All);
    for (query, message) in [
        (
            "locale[]=de&locale[]=fr",
            "Invalid locale param de,fr provided. Document locales must be strings.",
        ),
        (
            "locale[x]=de",
            "Invalid locale param [object Object] provided. Document locales must be strings.",
        ),
        ("pageSize=0", "Invalid 'pageSize' parameter. Expected an integer > 0, received: 0"),
        ("page[]=x", "Invalid 'page' parameter. Expected an integer > 0, received: x"),
        ("limit=x", "convertLimitQueryParams expected a positive integer got NaN"),
    ] {
        assert_eq!(read(query).unwrap_err().message, message, "{query}");
    }
}

#[test]
fn only_a_condition_at_the_root_replaces_the_locale() {
    assert_eq!(ok("filters[locale]=de").locale, Locale::All);
    assert_eq!(ok("filters[$and][0][locale]=de").locale, Locale::Default);
    assert_eq!(ok("filters[$not][locale]=de").locale, Locale::Default);
}

#[test]
fn relations_are_filtered_by_id_by_absence_or_by_their_attributes() {
    let by_id = ok("filters[author]=7").filter;
    assert!(matches!(&by_id, Filter::Through { name, .. } if name == "author"), "{by_id:?}");
    let absent = ok("filters[author][$null]=true").filter;
    assert!(matches!(absent, Filter::Linked { exists: false, .. }), "{absent:?}");
    let nested = ok("filters[author][address][city]=Paris").filter;
    let Filter::Through { link: Link::Relation { target, .. }, filter, .. } = nested else {
        panic!("no relation")
    };
    assert_eq!(target, "api::author.author");
    assert!(matches!(*filter, Filter::Through { link: Link::Component { .. }, .. }));
    assert_eq!(error("filters[author][$notNull]=1&filters[author][name]=x").status(), 400);
}

#[test]
fn sorted_fields_are_shown_when_a_filter_joins() {
    let query = "fields=title&sort=slug&filters[author][name]=x";
    assert_eq!(ok(query).fields.unwrap(), ["title", "slug"]);
    assert_eq!(ok("fields=title&sort=slug").fields.unwrap(), ["title"]);
    assert_eq!(
        ok("fields=title&sort=author.name,slug&filters[author]=1").fields.unwrap(),
        ["title"]
    );
    let nested = ok("populate[tags][sort]=weight&populate[tags][fields]=name");
    assert_eq!(nested.populate[0].fields.as_deref().unwrap(), ["name", "weight"]);
}

#[test]
fn errors_name_the_place() {
    let cases = [
        ("filters[title][nope]=1", "Invalid key nope at title"),
        ("filters[author][nope]=1&filters[secretNote]=1", "Invalid key nope at author"),
        ("sort=author:desc", "Invalid key desc at author"),
        ("populate[author]=", "Invalid key  at author"),
        ("populate[title]=true", "Invalid key title"),
        ("populate[author][populate][name]=true", "Invalid key name at author.populate.name"),
        ("populate[author][populate][nope]=true", "Invalid key nope at author"),
        ("populate[author][populate]=articles,avatar", "Invalid key articles,avatar at author"),
        ("populate[createdBy][sort]=nope", "Invalid key nope"),
        ("populate[createdBy]=true", "Invalid key createdBy"),
        ("populate[filters][nope]=1", "Invalid key nope"),
        ("populate[on][x]=1", "Invalid key x at on.x"),
        ("populate[seo][fields]=", "Invalid key "),
        ("populate[sections][on][blocks.quote][x]=1", "Invalid key x at sections"),
        (
            "populate[sections][nope]=1",
            "Invalid nested populate for article.sections (api::article.article). Expected a \
            fragment (\"on\") or \"count\" but found {\"nope\":\"1\"}",
        ),
        ("sort=status", "Invalid key status"),
        ("sort=constructor", "Invalid sort query"),
        ("fields[]=slug,nope&fields[]=x", "Invalid key x"),
        (
            "fields[]=title,slug",
            "Invalid fields parameter. Expected a string or an array of strings",
        ),
        ("populate[author][count]=maybe", "Invalid key count at author"),
        ("populate[sections][on][x.y]=true", "Invalid key x.y at sections.on.x.y"),
        ("populate=*,author", "Invalid key *"),
        (
            "populate[0][author]=true",
            "Invalid populate parameter. Expected a string, an array of \
            strings, a populate object",
        ),
        (
            "populate[author][on][blocks.quote]=true",
            "Using fragments is not permitted to populate \"author\" in \"api::article.article\"",
        ),
        (
            "pagination[withCount]=2",
            "Invalid withCount parameter. Expected \"t\",\"1\",\"true\",\"false\",\"0\",\"f\"",
        ),
    ];
    for (query, message) in cases {
        assert_eq!(error(query).message, message, "{query}");
    }
    assert_eq!(error("page=2").name.as_str(), "PaginationError");
}

#[test]
fn configuration_may_hold_real_numbers_and_booleans() {
    let model = model();
    let ty = model.get("api::article.article").unwrap();
    let tree = json!({
        "filters": { "views": { "$gt": 5 }, "featured": true, "author": { "$notNull": true } },
        "pagination": { "start": 0, "limit": 10, "withCount": false },
        "populate": { "cover": true, "author": { "count": true } },
    });
    let parser = QueryParser::unrestricted(&model, Limits::default());
    let spec = parser.list(ty, tree.as_object().unwrap()).unwrap();
    assert_eq!((spec.page.limit, spec.page.with_count), (10, false));
    assert_eq!(spec.populate.len(), 2);
    assert!(spec.populate[1].count);
}

#[test]
fn deep_paths_are_refused() {
    let path = vec!["related"; 40].join(".");
    assert_eq!(error(&format!("populate={path}")).status(), 400);
    assert_eq!(error(&format!("sort={path}.title")).status(), 400);
}

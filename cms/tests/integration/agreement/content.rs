//! The content that questions are asked about: every kind of value, often the same one, often
//! none, some of it in other locales, some not or not any more published.

use serde_json::{Map, Value, json};

use super::server::Names;

/// A request that makes or changes a document, and the name under which it is remembered.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    pub(super) name: String,
}

pub(super) const TEXTS: [&str; 10] =
    ["Alpha", "alpha", "Ärger", "ärger", "100% sure", "a_b", "it's", "Zoë 日本 🚀", "aXb", "10"];
pub(super) const NUMBERS: [f64; 6] = [0.0, 1.0, 7.0, 7.5, 2.25, 9.75];
pub(super) const BIG: [&str; 5] = ["-5", "0", "7", "9007199254740993", "9223372036854775807"];
pub(super) const DAYS: [&str; 3] = ["1999-12-31", "2024-02-29", "2024-03-01"];
pub(super) const MOMENTS: [&str; 3] =
    ["1969-12-31T23:59:59.999Z", "2024-02-29T12:00:00.000Z", "2024-02-29T12:00:00.001Z"];
pub(super) const TIMES: [&str; 3] = ["00:00:00.000", "09:30:00.500", "23:59:59.999"];
const KINDS: [&str; 4] = ["news", "opinion", "review", "how_to"];
const LEVELS: [&str; 3] = ["junior", "senior", "lead"];
/// What JSON values are compared with.
pub(super) const JSON_TEXTS: [&str; 12] = [
    "{\"a\":1,\"b\":[true,\"x: y\"]}",
    "[",
    "alpha",
    "007",
    " 7",
    "7.5",
    "-12",
    "1",
    "x: y",
    ",",
    "1e400",
    "inf",
];
pub(super) const FILES: usize = 3;
pub(super) const AUTHORS: usize = 6;
pub(super) const CATEGORIES: usize = 5;
pub(super) const TAGS: usize = 5;
pub(super) const EVENTS: usize = 8;
pub(super) const ARTICLES: usize = 30;

/// Puts documentIds in place of `{name}`.
pub(super) fn named(text: &str, names: &Names) -> String {
    let mut out = text.to_owned();
    for (name, id) in names {
        out = out.replace(&format!("{{{name}}}"), id);
    }
    out
}

/// One of the pool, or null: pools of different lengths meet in every combination.
fn pick<T: Into<Value> + Clone>(pool: &[T], n: usize) -> Value {
    pool.get(n % (pool.len() + 1)).cloned().map_or(Value::Null, Into::into)
}

fn reference(kind: &str, count: usize, n: usize) -> Value {
    let number = n % (count + 1);
    if number == count { Value::Null } else { json!(format!("{{{kind}{number}}}")) }
}

fn references(kind: &str, count: usize, n: usize) -> Value {
    let numbers = (0..n % 4).map(|step| (n + step * 2) % count);
    let mut names: Vec<_> = numbers.map(|number| format!("{{{kind}{number}}}")).collect();
    names.dedup();
    names.into()
}

fn save(method: &'static str, path: String, name: &str, data: &Value) -> Write {
    let body = json!({ "data": data }).to_string();
    Write { method, path, content_type: "application/json", body, name: name.to_owned() }
}

fn file(n: usize) -> Write {
    let info = json!({ "name": TEXTS[n], "caption": pick(&TEXTS, n + 9) });
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"f{n}.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n{}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"fileInfo\"\r\n\r\n{info}\r\n--b--\r\n",
        "text ".repeat(100 * (n + 1))
    );
    let content_type = "multipart/form-data; boundary=b";
    let (path, name) = ("/api/upload".to_owned(), format!("file{n}"));
    Write { method: "POST", path, content_type, body, name }
}

fn address(n: usize) -> Value {
    if n % 3 == 2 {
        return Value::Null;
    }
    json!({ "city": TEXTS[n % TEXTS.len()], "zip": pick(&["1", "01"], n), "lat": pick(&NUMBERS, n) })
}

fn author(n: usize) -> Value {
    json!({
        "name": TEXTS[n % 4], "bio": pick(&TEXTS, n * 3), "birthday": pick(&DAYS, n),
        "active": pick(&[true, false], n), "level": pick(&LEVELS, n), "address": address(n),
    })
}

fn category(n: usize) -> Value {
    json!({
        "name": TEXTS[n], "slug": format!("category-{n}"), "position": pick(&[1, 2, 3], n),
        "parent": if n == 0 { Value::Null } else { reference("category", n, n / 2) },
    })
}

fn event(n: usize) -> Value {
    json!({
        "name": TEXTS[n], "code": format!("AB-000{n}"), "startsAt": MOMENTS[n % 3],
        "endsAt": pick(&MOMENTS, n), "capacity": pick(&[1, 7, 10], n), "price": pick(&NUMBERS, n),
        "serial": if n < BIG.len() { json!(BIG[n]) } else { Value::Null },
        "online": n.is_multiple_of(2), "organizer": reference("author", AUTHORS, n),
        "location": address(n),
        "tickets": [
            { "label": TEXTS[n % 5], "price": pick(&NUMBERS, n) },
            { "label": TEXTS[(n + 1) % 5], "soldOut": true },
        ],
    })
}

/// What an article has, but for what differs between its locales.
fn article(n: usize) -> Map<String, Value> {
    let metas = [
        json!({"a": 1, "b": [true, "x: y"]}),
        json!([1, "x"]),
        json!("alpha"),
        json!("007"),
        json!(" 9x"),
        json!(7),
        json!(7.5),
        json!(-12),
        json!(true),
        json!(false),
        json!({}),
    ];
    let data = json!({
        "rating": pick(&NUMBERS, n), "score": pick(&NUMBERS, n * 5), "views": pick(&[0, 1, 7, 10], n),
        "bigviews": pick(&BIG, n), "featured": pick(&[true, false], n), "publishedOn": pick(&DAYS, n),
        "startsAt": pick(&MOMENTS, n + 1), "atTime": pick(&TIMES, n + 2), "kind": pick(&KINDS, n),
        "meta": pick(&metas, n), "contactEmail": pick(&["a@example.test", "A@example.test"], n),
        "gallery": references("file", FILES, n), "author": reference("author", AUTHORS, n),
        "reviewer": reference("author", AUTHORS, n * 3),
        "categories": references("category", CATEGORIES, n), "tags": references("tag", TAGS, n / 2),
    });
    data.as_object().cloned().unwrap_or_default()
}

/// What differs between locales.
fn translated(n: usize, salt: usize) -> Map<String, Value> {
    let seo = match n % 4 {
        3 => Value::Null,
        _ => json!({
            "metaTitle": TEXTS[(n + salt) % TEXTS.len()], "keywords": pick(&TEXTS, n),
            "links": (0..n % 3).map(|at| json!({
                "label": TEXTS[(n + at) % TEXTS.len()], "url": "/", "external": at == 1,
            })).collect::<Vec<_>>(),
        }),
    };
    let data = json!({
        "title": format!("{} {}", TEXTS[(n * 3 + salt) % TEXTS.len()], n % 5),
        "slug": format!("s-{salt}-{n}"), "summary": pick(&TEXTS, n + salt), "body": pick(&TEXTS, n * 7),
        "seo": seo,
        "sections": [{ "__component": "blocks.quote", "text": "t" }],
    });
    data.as_object().cloned().unwrap_or_default()
}

fn articles(n: usize) -> Vec<Write> {
    let name = format!("article{n}");
    let mut data = article(n);
    data.extend(translated(n, 0));
    if n > 0 {
        data.insert("related".to_owned(), references("article", n, n));
    }
    let draft = if n % 7 == 6 { "?status=draft" } else { "" };
    let mut writes = vec![save("POST", format!("/api/articles{draft}"), &name, &data.into())];
    let path = format!("/api/articles/{{{name}}}");
    if n.is_multiple_of(3) {
        let german = translated(n, 1).into();
        writes.push(save("PUT", format!("{path}?locale=de"), &name, &german));
    }
    if n % 5 == 1 {
        let edited = json!({ "summary": "edited", "author": reference("author", AUTHORS, n + 1) });
        writes.push(save("PUT", format!("{path}?status=draft"), &name, &edited));
    }
    writes
}

/// The requests that make the content, in their order.
pub(super) fn writes() -> Vec<Write> {
    let create = |kind: &str, plural: &str, n: usize, data: &Value| {
        save("POST", format!("/api/{plural}"), &format!("{kind}{n}"), data)
    };
    let mut all: Vec<_> = (0..FILES).map(file).collect();
    all.extend((0..AUTHORS).map(|n| create("author", "authors", n, &author(n))));
    all.extend((0..CATEGORIES).map(|n| create("category", "categories", n, &category(n))));
    let tag = |n: usize| json!({ "name": TEXTS[n], "weight": pick(&[1, 3], n) });
    all.extend((0..TAGS).map(|n| create("tag", "tags", n, &tag(n))));
    all.extend((0..EVENTS).map(|n| create("event", "events", n, &event(n))));
    all.extend((0..ARTICLES).flat_map(articles));
    all
}

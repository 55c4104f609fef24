//! Enough of Strapi's REST interface for a crawl: its shapes, its pages, its populate.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use ssg::config::CmsConfig;
use tempfile::TempDir;

use super::super::fake_cms::{Asked, FakeCms};
use super::token;

/// What happens to the second page of articles, or the first of authors.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Status(u16),
    Silence,
}

pub(super) struct Strapi {
    server: FakeCms,
    content: Arc<Mutex<Content>>,
    schemas: TempDir,
}

/// Published rows by type, documentId and locale.
type Rows = BTreeMap<(String, String, String), Value>;

struct Content {
    rows: Rows,
    locales: Vec<String>,
    caption: String,
    clock: u32,
    fault: Option<Fault>,
    /// One goes once the first page was read; whether another one comes with it.
    shift: Option<bool>,
}

const ARTICLE: &str = r#"{ "kind": "collectionType", "collectionName": "articles",
  "info": { "singularName": "article", "pluralName": "articles", "displayName": "Article" },
  "options": { "draftAndPublish": true }, "pluginOptions": { "i18n": { "localized": true } },
  "attributes": { "title": { "type": "string" }, "slug": { "type": "uid" },
    "note": { "type": "string", "private": true },
    "cover": { "type": "media", "multiple": false },
    "sections": { "type": "dynamiczone", "components": ["blocks.quote"] },
    "author": { "type": "relation", "relation": "manyToOne", "target": "api::author.author",
      "inversedBy": "articles" } } }"#;
const AUTHOR: &str = r#"{ "kind": "collectionType", "collectionName": "authors",
  "info": { "singularName": "author", "pluralName": "authors", "displayName": "Author" },
  "options": { "draftAndPublish": true },
  "attributes": { "name": { "type": "string" },
    "articles": { "type": "relation", "relation": "oneToMany", "target": "api::article.article",
      "mappedBy": "author" } } }"#;
const HOMEPAGE: &str = r#"{ "kind": "singleType", "collectionName": "homepages",
  "info": { "singularName": "homepage", "pluralName": "homepages", "displayName": "Home" },
  "options": { "draftAndPublish": true }, "attributes": { "hero": { "type": "string" } } }"#;
const QUOTE: &str = r#"{ "collectionName": "quotes", "info": { "displayName": "Quote" },
  "attributes": { "text": { "type": "text" } } }"#;

impl Strapi {
    pub(super) fn start() -> Self {
        let schemas = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("api/article/content-types/article/schema.json", ARTICLE),
            ("api/author/content-types/author/schema.json", AUTHOR),
            ("api/homepage/content-types/homepage/schema.json", HOMEPAGE),
            ("components/blocks/quote.json", QUOTE),
        ] {
            let path = schemas.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut content = Content {
            rows: Rows::new(),
            locales: vec!["en".into(), "de".into()],
            caption: "A sea".into(),
            clock: 0,
            fault: None,
            shift: None,
        };
        content.put("author", "ann", "", json!({ "name": "Ann" }));
        content.put(
            "article",
            "d1",
            "en",
            json!({
                "title": "One", "slug": "one", "author": "ann",
                "sections": [{ "__component": "blocks.quote", "id": 4, "text": "so" }],
            }),
        );
        content.put(
            "article",
            "d1",
            "de",
            json!({ "title": "Eins", "slug": "eins", "sections": [] }),
        );
        content.put("homepage", "h", "en", json!({ "hero": "Welcome" }));
        let content = Arc::new(Mutex::new(content));
        let kept = Arc::clone(&content);
        let server = FakeCms::start(move |asked| kept.lock().unwrap().answer(asked));
        Self { server, content, schemas }
    }

    pub(super) fn config(&self) -> CmsConfig {
        self.server.config(token("readonly"))
    }

    pub(super) fn schemas(&self) -> PathBuf {
        self.schemas.path().to_path_buf()
    }

    pub(super) fn edit(&self, ty: &str, document: &str, locale: &str, field: &str, value: Value) {
        let mut content = self.content.lock().unwrap();
        let mut row = content.rows[&(ty.into(), document.into(), locale.into())].clone();
        row[field] = value;
        content.put(ty, document, locale, row);
    }

    pub(super) fn unpublish(&self, ty: &str, document: &str, locale: &str) {
        let key = (ty.into(), document.into(), locale.into());
        self.content.lock().unwrap().rows.remove(&key).unwrap();
    }

    pub(super) fn publish_author(&self, document: &str, name: &str) {
        self.content.lock().unwrap().put("author", document, "", json!({ "name": name }));
    }

    pub(super) fn add_article(&self, document: &str, locale: &str, slug: &str, title: &str) {
        self.content.lock().unwrap().article(document, locale, slug, title);
    }

    pub(super) fn add_locale(&self, locale: &str) {
        self.content.lock().unwrap().locales.push(locale.into());
    }

    pub(super) fn caption(&self, caption: &str) {
        self.content.lock().unwrap().caption = caption.into();
    }

    pub(super) fn fail(&self, fault: Option<Fault>) {
        self.content.lock().unwrap().fault = fault;
    }

    pub(super) fn shift_after_first_page(&self, another_comes: bool) {
        self.content.lock().unwrap().shift = Some(another_comes);
    }

    pub(super) fn forget(&self) {
        self.server.forget();
    }

    /// Addresses with their queries.
    pub(super) fn asked(&self) -> Vec<String> {
        self.server.asked().into_iter().map(|asked| asked.path).collect()
    }
}

impl Content {
    /// Publishing makes a new row: a new id and a new time.
    fn put(&mut self, ty: &str, document: &str, locale: &str, mut row: Value) {
        self.clock += 1;
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}.000Z",
            self.clock / 3600,
            self.clock / 60 % 60,
            self.clock % 60
        );
        row["id"] = json!(self.clock);
        row["documentId"] = json!(document);
        for name in ["createdAt", "updatedAt", "publishedAt"] {
            row[name] = json!(time);
        }
        if ty == "article" {
            row["locale"] = json!(locale);
        }
        self.rows.insert((ty.into(), document.into(), locale.into()), row);
    }

    fn article(&mut self, document: &str, locale: &str, slug: &str, title: &str) {
        let row = json!({ "title": title, "slug": slug, "sections": [] });
        self.put("article", document, locale, row);
    }

    fn answer(&mut self, asked: &Asked) -> HttpResponse {
        let url = url::Url::parse(&format!("http://strapi{}", asked.path)).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let (ty, locale) = match url.path() {
            "/api/i18n/locales" => {
                let locales = self.locales.iter().enumerate();
                let shown = locales.map(|(at, code)| json!({ "code": code, "isDefault": at == 0 }));
                return HttpResponse::Ok().json(shown.collect::<Vec<_>>());
            }
            "/api/articles" => ("article", query.get("locale").map_or("en", String::as_str)),
            "/api/authors" => ("author", ""),
            "/api/homepage" => ("homepage", "en"),
            _ => return error(404, "NotFoundError"),
        };
        let rows: Vec<Value> = self
            .rows
            .iter()
            .filter(|((known, _, in_locale), _)| known == ty && in_locale == locale)
            .map(|(_, row)| self.shown(row, &query))
            .collect();
        if ty == "homepage" {
            return match rows.into_iter().next() {
                Some(row) => HttpResponse::Ok().json(json!({ "data": row, "meta": {} })),
                None => error(404, "NotFoundError"),
            };
        }
        self.page(ty, rows, &query)
    }

    fn page(
        &mut self,
        ty: &str,
        mut rows: Vec<Value>,
        query: &BTreeMap<String, String>,
    ) -> HttpResponse {
        if query["sort"] == "publishedAt:desc" {
            rows.sort_by_key(|row| {
                std::cmp::Reverse(row["publishedAt"].as_str().unwrap().to_owned())
            });
        } else {
            assert_eq!(query["sort"], "documentId:asc");
        }
        let number = |name: &str| query.get(name).map_or(1, |text| text.parse::<usize>().unwrap());
        let (page, size) = (number("pagination[page]"), number("pagination[pageSize]"));
        let total = rows.len();
        let data: Vec<_> = rows.into_iter().skip((page - 1) * size).take(size).collect();
        if ty == "article" && page == 2 {
            match self.fault {
                Some(Fault::Status(status)) => return error(status, "Error"),
                Some(Fault::Silence) => {
                    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
                    return HttpResponse::Ok().streaming(never);
                }
                None => {}
            }
        }
        if ty == "article"
            && size > 1
            && let Some(another_comes) = self.shift.take()
        {
            self.rows.remove(&("article".into(), "e003".into(), "en".into()));
            if another_comes {
                self.article("zzz", "en", "late", "Late");
            }
        }
        let pages = total.div_ceil(size);
        HttpResponse::Ok().json(json!({
            "data": data,
            "meta": { "pagination": { "page": page, "pageSize": size, "pageCount": pages, "total": total } },
        }))
    }

    /// A row with what the query populates, and nothing else that needs it.
    fn shown(&self, row: &Value, query: &BTreeMap<String, String>) -> Value {
        let mut shown = row.clone();
        let fields = shown.as_object_mut().unwrap();
        if query.contains_key("fields[0]") {
            fields.retain(|name, _| {
                ["id", "documentId", "updatedAt", "publishedAt"].contains(&&**name)
            });
            return shown;
        }
        let author = fields.remove("author").and_then(|author| Some(author.as_str()?.to_owned()));
        if query.contains_key("populate[author][fields][0]") {
            let key = author.map(|author| ("author".to_owned(), author, String::new()));
            let row = key.and_then(|key| self.rows.get(&key));
            let link = row.map(|row| json!({ "id": row["id"], "documentId": row["documentId"] }));
            fields.insert("author".into(), link.into());
        }
        if !query.contains_key("populate[sections][on][blocks.quote]") {
            fields.remove("sections");
        }
        if query.contains_key("populate[cover]") {
            fields.insert("cover".into(), json!({
                "id": 7, "documentId": "f7", "name": "sea.png", "caption": self.caption,
                "hash": "sea", "ext": ".png", "mime": "image/png", "size": 1.5,
                "url": "/uploads/sea.png", "provider": "local",
                "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
                "publishedAt": "2026-01-01T00:00:00.000Z",
            }));
        }
        shown
    }
}

fn error(status: u16, name: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status).json(json!({
        "data": null,
        "error": { "status": status.as_u16(), "name": name, "message": "no", "details": {} }
    }))
}

//! A database with the content model of the conformance suite, and verbs in few words.

use std::path::Path;

use cms_api::content_type::{parse_component, parse_content_type};
use cms_api::model::ContentModel;
use serde_json::{Map, Value};

use crate::documents::act::{self, Action, Locales};
use crate::documents::work::Work;
use crate::documents::{create, delete, update};
use crate::error::{AppError, AppResult};
use crate::store::documents::{self, Identity, Row};
use crate::store::links;
use crate::store::statement::Statement;
use crate::store::{Conn, Database};

pub(super) struct World {
    _folder: tempfile::TempDir,
    pub(super) db: Database,
    pub(super) model: ContentModel,
    clock: std::cell::Cell<i64>,
}

pub(super) const ARTICLE: &str = "api::article.article";

impl World {
    pub(super) fn new() -> Self {
        Self::with_schema("", "", Value::Null)
    }

    /// With one value of one schema file replaced.
    pub(super) fn with_schema(file: &str, pointer: &str, value: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = crate::databases::database(folder.path());
        let db = Database::open(&url.parse().unwrap()).unwrap();
        db.migrate().unwrap();
        Self {
            _folder: folder,
            db,
            model: model(file, pointer, &value),
            clock: std::cell::Cell::new(1_000),
        }
    }

    /// Runs one write and returns its place in the feed with its result.
    pub(super) fn write<T>(
        &self,
        verb: impl FnOnce(&mut Work<'_>) -> AppResult<T>,
    ) -> Result<(T, i64), String> {
        self.clock.set(self.clock.get() + 1);
        let result = self.db.write_once::<_, AppError>(|conn| {
            let mut work = Work::begin(conn, &self.model, "en", self.clock.get())?;
            let value = verb(&mut work)?;
            Ok((value, work.finish()?))
        });
        result.map_err(|error| match error {
            AppError::Api(error) => error.message,
            other => panic!("{other:?}"),
        })
    }

    pub(super) fn try_create(
        &self,
        uid: &str,
        locale: &str,
        publish: bool,
        data: &Value,
    ) -> Result<Identity, String> {
        let ty = self.model.get(uid).unwrap();
        let written = self.write(|work| {
            let locale = work.locale_of(ty, Some(locale));
            create::create(work, ty, &locale, publish, data)
        });
        written.map(|(identity, _)| identity)
    }

    pub(super) fn create(&self, uid: &str, data: &Value) -> String {
        self.try_create(uid, "", true, data).unwrap().document_id
    }

    pub(super) fn try_update(
        &self,
        uid: &str,
        document_id: &str,
        locale: &str,
        publish: bool,
        data: &Value,
    ) -> Result<Identity, String> {
        let ty = self.model.get(uid).unwrap();
        let written = self.write(|work| {
            let locale = work.locale_of(ty, Some(locale));
            update::update(work, ty, document_id, &locale, publish, data)
        });
        written.map(|(identity, _)| identity)
    }

    pub(super) fn update(&self, uid: &str, document_id: &str, data: &Value) {
        self.try_update(uid, document_id, "", true, data).unwrap();
    }

    pub(super) fn delete(&self, uid: &str, document_id: &str, locale: Option<&str>) {
        let ty = self.model.get(uid).unwrap();
        self.write(|work| delete::delete(work, ty, document_id, locale, |_, _| Ok(true))).unwrap();
    }

    pub(super) fn act(
        &self,
        action: &str,
        uid: &str,
        id: &str,
        locale: &str,
    ) -> Result<(), String> {
        let ty = self.model.get(uid).unwrap();
        let action = match action {
            "publish" => Action::Publish,
            "unpublish" => Action::Unpublish,
            _ => Action::DiscardDraft,
        };
        let locales = Locales::These(vec![locale.to_owned()]);
        let written = self.write(|work| act::act(work, ty, id, action, &locales));
        written.map(drop)
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&mut Conn) -> T) -> T {
        self.db.read_once::<_, AppError>(|conn| Ok(work(conn))).unwrap()
    }

    pub(super) fn row(&self, identity: &Identity) -> Option<Row> {
        self.read(|conn| documents::get(conn, identity).unwrap())
    }

    pub(super) fn data(
        &self,
        uid: &str,
        id: &str,
        locale: &str,
        status: &str,
    ) -> Map<String, Value> {
        self.row(&identity(uid, id, locale, status)).unwrap().data
    }

    /// The documentIds a row's attribute leads to, in order.
    pub(super) fn linked(&self, identity: &Identity, path: &str) -> Vec<String> {
        let Some(row) = self.row(identity) else { return Vec::new() };
        let links = self.read(|conn| links::of_source(conn, row.id).unwrap());
        let at = links.into_iter().filter(|link| link.slot.path == path);
        at.map(|link| link.target.document_id).collect()
    }

    /// `(op, identity, seq)` of every change after `cursor`.
    pub(super) fn changes(&self, cursor: i64) -> Vec<(String, Identity, i64)> {
        #[derive(diesel::QueryableByName)]
        struct Change {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            seq: i64,
            #[diesel(sql_type = diesel::sql_types::Text)]
            op: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            uid: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            document_id: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            locale: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            status: String,
        }
        let rows: Vec<Change> = self.read(|conn| {
            let mut query = Statement::new(conn.dialect());
            query.push("SELECT * FROM changes WHERE seq > ").bind(cursor).push(" ORDER BY seq");
            query.load(conn).unwrap()
        });
        rows.into_iter()
            .map(|c| (c.op, identity(&c.uid, &c.document_id, &c.locale, &c.status), c.seq))
            .collect()
    }
}

pub(super) fn identity(uid: &str, document_id: &str, locale: &str, status: &str) -> Identity {
    Identity {
        uid: uid.to_owned(),
        document_id: document_id.to_owned(),
        locale: locale.to_owned(),
        status: status.to_owned(),
    }
}

fn model(file: &str, pointer: &str, value: &Value) -> ContentModel {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/schemas/src");
    let read = |path: &Path| -> Value {
        let mut schema: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        if !file.is_empty() && path.ends_with(file) {
            *schema.pointer_mut(pointer).unwrap() = value.clone();
        }
        schema
    };
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut types = Vec::new();
    let mut parts = Vec::new();
    for entry in walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap) {
        let path = entry.path();
        let Some("json") = path.extension().and_then(|ext| ext.to_str()) else { continue };
        let folder = name(path.parent().unwrap());
        if path.ends_with("schema.json") {
            let uid = format!("api::{folder}.{folder}");
            types.push(parse_content_type(&uid, &read(path)).unwrap());
        } else {
            parts.push(parse_component(&format!("{folder}.{}", name(path)), &read(path)).unwrap());
        }
    }
    ContentModel::new(types, parts).unwrap()
}

//! Plays the recorded writes as far as the feed shows their effect: drafts are
//! kept to be published later, published rows become items of the feed.

use std::collections::BTreeMap;
use std::sync::Arc;

use cms_api::builtin::FILE;
use cms_api::change::{Op, SyncItem};
use cms_api::content_type::{Attribute, AttributeKind, ContentType, Kind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

const NOW: &str = "2024-01-01T00:00:00.000Z";

pub(super) struct Seed {
    model: Arc<ContentModel>,
    rows: i64,
    /// Drafts by documentId and locale.
    drafts: BTreeMap<(String, String), Map<String, Json>>,
    published: BTreeMap<(String, String), SyncItem>,
    /// Row ids of the answers to creating requests.
    ids: BTreeMap<String, i64>,
}

impl Seed {
    pub(super) fn new(model: Arc<ContentModel>) -> Self {
        let (drafts, published, ids) = Default::default();
        Self { model, rows: 0, drafts, published, ids }
    }

    pub(super) fn items(&self) -> Vec<SyncItem> {
        self.published.values().cloned().collect()
    }

    /// A path with its placeholders filled in: documents are named as they were captured.
    pub(super) fn filled(&self, path: &str) -> String {
        let mut out = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, tail) = after.split_once("}}").unwrap();
            out.push_str(before);
            match name.strip_suffix(".id").and_then(|name| self.ids.get(name)) {
                Some(id) => out.push_str(&id.to_string()),
                None => out.push_str(name),
            }
            rest = tail;
        }
        out + rest
    }

    pub(super) fn play(&mut self, request: &Json) {
        let path = self.filled(request["path"].as_str().unwrap());
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        if path == "/api/upload" {
            self.upload(request);
            return;
        }
        let mut parts = path.trim_start_matches("/api/").split('/');
        let model = Arc::clone(&self.model);
        let Some(ty) = model.by_route(parts.next().unwrap()) else { return };
        let given = query.split('&').find_map(|pair| pair.strip_prefix("locale="));
        let locale = if ty.localized { given.unwrap_or("en") } else { "" };
        let id = match (parts.next(), ty.kind) {
            (Some(id), _) => id.to_owned(),
            (None, Kind::Single) => ty.singular_name.clone(),
            (None, Kind::Collection) => captured(request),
        };
        self.save(ty, &id, locale, request["body"]["data"].as_object().unwrap());
        if !query.contains("status=draft") {
            self.publish(ty, &id, locale);
        }
    }

    fn save(&mut self, ty: &ContentType, id: &str, locale: &str, data: &Map<String, Json>) {
        let key = (id.to_owned(), locale.to_owned());
        let mut draft = match self.drafts.get(&key) {
            Some(draft) => draft.clone(),
            None => self.fresh(ty, id),
        };
        for (name, value) in data {
            if let Some(attribute) = ty.attributes.get(name) {
                draft.insert(name.clone(), self.stored(attribute, value));
            }
        }
        self.drafts.insert(key, draft.clone());
        let shared = ty.attributes.iter().filter(|(_, a)| !ty.is_localized_attribute(a));
        let shared: Vec<_> = shared.map(|(name, _)| name).collect();
        for ((other, _), sibling) in &mut self.drafts {
            for name in shared.iter().filter(|_| other == id) {
                sibling.insert((*name).clone(), draft[*name].clone());
            }
        }
    }

    /// A new row: what a sibling locale shares, defaults for the rest.
    fn fresh(&self, ty: &ContentType, id: &str) -> Map<String, Json> {
        let sibling = self.drafts.iter().find(|((other, _), _)| other == id).map(|(_, row)| row);
        let value = |name: &String, attribute: &Attribute| {
            let shared = !ty.is_localized_attribute(attribute);
            match sibling.filter(|_| shared).and_then(|row| row.get(name)) {
                Some(value) => value.clone(),
                None => empty(attribute),
            }
        };
        ty.attributes.iter().map(|(name, a)| (name.clone(), value(name, a))).collect()
    }

    fn publish(&mut self, ty: &ContentType, id: &str, locale: &str) {
        let key = (id.to_owned(), locale.to_owned());
        let mut data = Map::new();
        data.insert("id".into(), self.row_id(ty, &key).into());
        data.insert("documentId".into(), id.into());
        data.extend(self.drafts[&key].clone());
        self.ids.entry(id.to_owned()).or_insert(self.rows);
        let hidden = ty.attributes.iter().filter(|(_, attribute)| attribute.is_hidden());
        hidden.for_each(|(name, _)| drop(data.remove(name)));
        for stamp in ["createdAt", "updatedAt", "publishedAt"] {
            data.insert(stamp.into(), NOW.into());
        }
        if ty.localized {
            data.insert("locale".into(), locale.into());
        }
        self.put(&ty.uid, key, Json::Object(data));
    }

    /// Publishing makes a new row; types without drafts change theirs in place.
    fn row_id(&mut self, ty: &ContentType, key: &(String, String)) -> i64 {
        let known = self.published.get(key).and_then(|item| item.data.as_ref()?["id"].as_i64());
        if let Some(id) = known.filter(|_| !ty.draft_and_publish) {
            return id;
        }
        self.rows += 1;
        self.rows
    }

    fn put(&mut self, uid: &str, key: (String, String), data: Json) {
        let item = SyncItem {
            seq: self.rows,
            op: Op::Upsert,
            uid: uid.to_owned(),
            document_id: key.0.clone(),
            locale: Some(key.1.clone()).filter(|locale| !locale.is_empty()),
            version: self.rows,
            published_at: None,
            data: Some(data),
        };
        self.published.insert(key, item);
    }

    fn upload(&mut self, request: &Json) {
        let id = captured(request);
        let [file, info] = request["multipart"].as_array().unwrap().as_slice() else { panic!() };
        self.rows += 1;
        self.ids.insert(id.clone(), self.rows);
        let info = &info["value"];
        let data = json!({
            "id": self.rows, "documentId": id, "name": info["name"],
            "alternativeText": info["alternativeText"], "caption": info["caption"],
            "mime": file["type"], "hash": "h", "size": 1.5, "url": "/uploads/h",
            "provider": "local", "createdAt": NOW, "updatedAt": NOW, "publishedAt": NOW,
        });
        self.put(FILE, (id, String::new()), data);
    }

    fn stored(&mut self, attribute: &Attribute, value: &Json) -> Json {
        match &attribute.kind {
            AttributeKind::Relation(relation) if !relation.owns_links() => Json::Null,
            AttributeKind::Relation(relation) => linked(value, relation.kind.is_to_many()),
            AttributeKind::Media { multiple, .. } => linked(value, *multiple),
            AttributeKind::Component { component, .. } => match value {
                Json::Array(items) => {
                    items.iter().map(|item| self.component(component, item)).collect()
                }
                Json::Null => Json::Null,
                one => self.component(component, one),
            },
            AttributeKind::DynamicZone { .. } => {
                let items = value.as_array().into_iter().flatten();
                items
                    .map(|item| {
                        let uid = item["__component"].as_str().unwrap();
                        let mut part = self.component(uid, item);
                        part["__component"] = json!(uid);
                        part
                    })
                    .collect()
            }
            AttributeKind::Time => match value.as_str() {
                Some(text) if text.len() == 8 => json!(format!("{text}.000")),
                _ => value.clone(),
            },
            AttributeKind::BigInteger => match value {
                Json::Number(number) => json!(number.to_string()),
                other => other.clone(),
            },
            _ => value.clone(),
        }
    }

    fn component(&mut self, uid: &str, value: &Json) -> Json {
        let attributes: IndexMap<_, _> = self.model.component(uid).unwrap().attributes.clone();
        self.rows += 1;
        let mut part = Map::from_iter([("id".to_owned(), json!(self.rows))]);
        for (name, attribute) in &attributes {
            let stored = match value.get(name) {
                Some(value) => self.stored(attribute, value),
                None => empty(attribute),
            };
            part.insert(name.clone(), stored);
        }
        Json::Object(part)
    }
}

fn captured(request: &Json) -> String {
    let captures = request["capture"].as_object().unwrap();
    let name = captures.keys().find(|name| !name.ends_with(".id")).unwrap();
    name.clone()
}

fn empty(attribute: &Attribute) -> Json {
    match &attribute.kind {
        AttributeKind::Media { multiple: true, .. } | AttributeKind::DynamicZone { .. } => {
            json!([])
        }
        AttributeKind::Relation(relation) if relation.kind.is_to_many() => json!([]),
        AttributeKind::Component { repeatable: true, .. } => json!([]),
        _ => attribute.default.clone().unwrap_or(Json::Null),
    }
}

/// DocumentIds are the names of placeholders, with or without `.id`.
fn linked(value: &Json, many: bool) -> Json {
    let name = |text: &str| {
        let text = text.trim_start_matches("{{").trim_end_matches("}}");
        json!(text.strip_suffix(".id").unwrap_or(text))
    };
    let ids: Vec<_> = match value {
        Json::Array(items) => items.iter().map(|item| name(item.as_str().unwrap())).collect(),
        Json::String(text) => vec![name(text)],
        Json::Null => Vec::new(),
        other => panic!("unknown link {other}"),
    };
    if many { Json::Array(ids) } else { ids.into_iter().next().unwrap_or(Json::Null) }
}

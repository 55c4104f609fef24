//! Where a file is used: the entries that hold it, of whatever types they are.

use std::collections::{BTreeMap, HashMap};

use cms_api::builtin;
use cms_api::query::{FieldKind, Filter, Locale, Populate, QuerySpec, Status, Test};
use serde_json::{Map, Value, json};

use crate::documents::find::{self, Reading};
use crate::error::AppResult;
use crate::extract::auth::Caller;
use crate::extract::query;
use crate::routes::Context;
use crate::store::documents::{self, Row};
use crate::store::links::{self, Target};

/// The attribute of files that leads there.
const NAME: &str = "related";

/// What a request wants to know of it, and on whose behalf.
pub(crate) struct Related {
    caller: Caller,
    count: bool,
    /// How entries are shown, per type; others are left out.
    on: Option<Vec<(String, Populate)>>,
}

impl std::fmt::Debug for Related {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Related").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Related {
    /// Nothing when the request does not ask, or for types only that the caller may not see.
    ///
    /// # Errors
    /// Those of its query.
    pub(crate) fn asked(context: &Context) -> AppResult<Option<Self>> {
        let tree = query::tree(context.http.query_string())?;
        let plain = || Self { caller: context.caller.clone(), count: false, on: None };
        let named = |text: &str| text.split(',').any(|name| matches!(name.trim(), NAME | "*"));
        let options = match tree.get("populate") {
            Some(Value::String(text)) => return Ok(named(text).then(plain)),
            Some(Value::Array(items)) => {
                let mut texts = items.iter().filter_map(Value::as_str);
                return Ok(texts.any(named).then(plain));
            }
            Some(Value::Object(attributes)) => attributes.get(NAME),
            _ => None,
        };
        match options {
            Some(Value::Object(options)) => Self::with(context, options),
            Some(word) if word == "true" => Ok(Some(plain())),
            _ => Ok(None),
        }
    }

    /// Entries of many types have no attributes in common: options are given per type.
    fn with(context: &Context, options: &Map<String, Value>) -> AppResult<Option<Self>> {
        let on = match options.get("on") {
            Some(Value::Object(on)) => Some(query::fragments(context, NAME, on)?),
            _ => None,
        };
        let count = options.get("count").is_some_and(|count| count == "true");
        let is_empty = on.as_ref().is_some_and(Vec::is_empty);
        let asks = !is_empty && (count || on.is_some());
        Ok(asks.then(|| Self { caller: context.caller.clone(), count, on }))
    }

    /// Adds the attribute to what is shown of a file.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn fill(&self, reading: &mut Reading<'_>, file: &mut Value) -> AppResult<()> {
        let document_id = file.get("documentId").and_then(Value::as_str).unwrap_or_default();
        let target = Target::document(builtin::FILE, document_id);
        if self.count && self.on.is_none() {
            file[NAME] = json!({ "count": links::count(reading.conn, &target)? });
            return Ok(());
        }
        let mut holders = Vec::new();
        for id in links::holders(reading.conn, &target)? {
            holders.extend(documents::get_by_id(reading.conn, id)?.filter(|row| self.wants(row)));
        }
        if self.count {
            file[NAME] = json!({ "count": holders.len() });
            return Ok(());
        }
        holders.retain(|row| {
            (row.identity.status == "published" || reading.drafts)
                && self.caller.may(&format!("{}.find", row.identity.uid))
        });
        file[NAME] = self.entries(reading, &holders)?.into();
        Ok(())
    }

    fn wants(&self, row: &Row) -> bool {
        let named = |on: &Vec<(String, _)>| on.iter().any(|(uid, _)| *uid == row.identity.uid);
        self.on.as_ref().is_none_or(named)
    }

    /// The entries in the order of their rows, those of a type and status read at once.
    fn entries(&self, reading: &mut Reading<'_>, rows: &[Row]) -> AppResult<Vec<Value>> {
        let mut groups: BTreeMap<(&str, bool), Vec<i64>> = BTreeMap::new();
        for row in rows {
            let key = (row.identity.uid.as_str(), row.identity.status == "published");
            groups.entry(key).or_default().push(row.number);
        }
        let mut shown: HashMap<(&str, i64), Value> = HashMap::new();
        for ((uid, published), numbers) in groups {
            let Some(ty) = reading.model.get(uid) else { continue };
            let spec = self.question(uid, published, &numbers);
            for mut entry in find::list(reading, ty, &spec)?.entries {
                let number = entry.get("id").and_then(Value::as_i64).unwrap_or_default();
                entry["__type"] = uid.into();
                shown.insert((uid, number), entry);
            }
        }
        let in_order = rows.iter().map(|row| (row.identity.uid.as_str(), row.number));
        Ok(in_order.filter_map(|key| shown.remove(&key)).collect())
    }

    fn question(&self, uid: &str, published: bool, numbers: &[i64]) -> QuerySpec {
        let fragment = self.on.iter().flatten().find(|(named, _)| named == uid);
        let fragment = fragment.map(|(_, fragment)| fragment.clone());
        let these = Filter::Field {
            name: "id".to_owned(),
            kind: FieldKind::RowId,
            test: Test::In(numbers.iter().map(|number| (*number).into()).collect()),
        };
        let mut spec = QuerySpec {
            status: if published { Status::Published } else { Status::Draft },
            locale: Locale::All,
            ..QuerySpec::default()
        };
        spec.page.limit = numbers.len() as u64;
        spec.page.with_count = false;
        match fragment {
            Some(fragment) => {
                spec.filter = Filter::And(vec![these, fragment.filter]);
                spec.fields = fragment.fields;
                spec.populate = fragment.populate;
            }
            None => spec.filter = these,
        }
        spec
    }
}

//! What texts refer to, answered as templates' own questions are: noted for the page.

use std::sync::Arc;

use serde_json::json;
use tera::{Context, Tera, Value};

use super::deps::Closures;
use super::functions::links;
use super::scope::{self, Scope};
use crate::content::value::get;
use crate::engine::key::canonical;
use crate::engine::{Answer, Key, recorder};
use crate::render::markdown::Host;

/// The components of a set of templates.
#[derive(Clone)]
pub(crate) struct Components {
    pub(crate) tera: Arc<Tera>,
    pub(crate) closures: Arc<Closures>,
}

/// The page being rendered on this thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageHost;

impl Host for PageHost {
    fn entry_url(&self, target: &str) -> Result<String, String> {
        let scope = scope::current().map_err(|error| error.to_string())?;
        let id = match target.split_once('/') {
            None => target.to_owned(),
            Some((kind, slug)) => by_slug(&scope, kind, slug)?,
        };
        if id.is_empty() {
            return Err("it names no document".to_owned());
        }
        links::document_url(&scope, &id, &scope.locale)
    }

    fn component(
        &self,
        name: &str,
        arguments: Vec<(String, Value)>,
        body: Option<&str>,
    ) -> Result<String, String> {
        let Components { tera, closures } =
            scope::components().map_err(|error| error.to_string())?;
        let Some(file) = closures.definer(name) else {
            let known = closures.components().collect::<Vec<_>>().join("`, `");
            return Err(format!("there is no component `{name}`; there are `{known}`"));
        };
        recorder::record(
            Key::Template { name: file.into() },
            Answer::plain(closures.fingerprint(file)),
        );
        let mut context = Context::new();
        for (name, value) in arguments {
            context.insert_value(name, value);
        }
        tera.render_component(name, &context, body, true).map_err(|error| error.to_string())
    }
}

/// The document of a type with a slug. The type may be named in short.
fn by_slug(scope: &Scope, kind: &str, slug: &str) -> Result<String, String> {
    let model = scope.snapshot.model();
    let uid = match model.get(kind) {
        Some(ty) => ty.uid.clone(),
        None => {
            let mut types = model.api_types();
            let named = types.find(|ty| ty.singular_name == kind);
            let named = named.ok_or_else(|| {
                let known: Vec<_> = model.api_types().map(|ty| ty.singular_name.as_str()).collect();
                format!("there is no content type `{kind}`; there are `{}`", known.join("`, `"))
            })?;
            named.uid.clone()
        }
    };
    let args = json!({
        "fields": ["documentId"],
        "filters": { "slug": { "$eq": slug } },
        "limit": 1,
    });
    let key = Key::Query {
        uid: uid.as_str().into(),
        locale: Arc::clone(&scope.locale),
        args: canonical(&args).into(),
        total: false,
    };
    let reply = scope.snapshot.ask(&key).map_err(|error| error.to_string())?;
    recorder::record(key, reply.answer.clone());
    let first = reply.value.as_array().and_then(|items| items.first());
    let id = first.and_then(Value::as_map).and_then(|map| get(map, "documentId"));
    let id = id.and_then(Value::as_str).map(str::to_owned);
    id.ok_or_else(|| format!("no published `{uid}` has the slug `{slug}`"))
}

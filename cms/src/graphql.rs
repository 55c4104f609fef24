//! GraphQL at `/graphql`, with the schema, the names and the errors of Strapi 5's plugin.
//!
//! One more way to ask what REST answers: a selection becomes one query for the documents of
//! each list, and a mutation becomes the write that REST would run. Permissions, conditions,
//! loading and writing are theirs; nothing here reads a table or decides who may see what.
//!
//! The schema follows from the content model. When the model changes, the next request makes
//! the new schema; requests under way keep theirs.

mod accounts;
mod arguments;
mod complete;
mod content;
mod describe;
mod dynamic;
mod execute;
mod failure;
mod filters;
mod introspection;
mod limits;
mod naming;
mod plan;
mod reading;
mod roots;
mod scalar;
mod schema;
mod select;
mod suggest;
mod syntax;
mod validate;
mod variables;
mod window;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use cms_api::model::ContentModel;
use tokio::sync::OnceCell;

use introspection::Introspection;
use schema::Types;

pub(crate) use execute::{Answer, Question, answer};
pub(crate) use failure::{BAD_REQUEST, Failure};
pub(crate) use limits::Limits;

/// The schema of one content model.
#[derive(Debug)]
pub(crate) struct Graph {
    fingerprint: [u8; 32],
    types: Types,
    described: async_graphql::dynamic::Schema,
    introspection: OnceCell<Introspection>,
}

impl Graph {
    fn new(model: &ContentModel) -> anyhow::Result<Self> {
        let types = describe::describe(model);
        let described = dynamic::schema(&types).map_err(|error| {
            anyhow::anyhow!("the content model makes no GraphQL schema: {error}")
        })?;
        Ok(Self {
            fingerprint: *model.fingerprint(),
            types,
            described,
            introspection: OnceCell::new(),
        })
    }

    async fn introspection(&self) -> &Introspection {
        self.introspection.get_or_init(|| Introspection::of(&self.described)).await
    }

    /// The schema in its own language.
    pub(crate) fn sdl(&self) -> String {
        self.described.sdl()
    }
}

/// The schema of the content model that was asked for last. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Graphs(Arc<ArcSwapOption<Graph>>);

impl Graphs {
    /// The schema of a model, made when it is another one than the last time.
    ///
    /// # Errors
    /// When the model makes no schema.
    pub(crate) fn of(&self, model: &ContentModel) -> anyhow::Result<Arc<Graph>> {
        if let Some(graph) = self.0.load_full().filter(|it| it.fingerprint == *model.fingerprint())
        {
            return Ok(graph);
        }
        let graph = Arc::new(Graph::new(model)?);
        self.0.store(Some(Arc::clone(&graph)));
        Ok(graph)
    }
}

//! What a build knows that the gate must: which pages went because an editor wanted it, and
//! which have another size for the same reason.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;

use super::memory::Memory;
use super::run::Run;
use super::work::Work;
use super::world::World;
use crate::engine::{Reason, Trace};
use crate::gate::Health;
use crate::release::Finding;
use crate::site::Site;

/// The shadow nginx's folder in the cache.
pub(super) const FOLDER: &str = "smoke";

/// Found out before the pages' traces go.
#[derive(Debug)]
pub(super) struct Knowledge {
    explained: HashSet<String>,
    scratch: PathBuf,
    accept: bool,
    warnings: Mutex<Vec<Finding>>,
}

/// Documents, and their types, of which somebody said that they are no longer public.
struct Deleted<'a> {
    documents: BTreeSet<(&'a str, &'a str)>,
    types: BTreeSet<&'a str>,
}

impl Run<'_> {
    pub(super) fn health(&self, memory: &Memory, work: &Work) -> Knowledge {
        let deleted = Deleted::of(memory);
        let site = &self.world.inputs.site;
        let wanted = |file: &&String| {
            memory.graph.trace(file).is_some_and(|trace| deleted.explains(trace, site))
        };
        Knowledge {
            explained: work.removed.iter().filter(wanted).cloned().collect(),
            scratch: self.builder.paths().cache.join(FOLDER),
            accept: self.request.accept,
            warnings: Mutex::default(),
        }
    }
}

impl Knowledge {
    /// `reasons`: why each file of this build was made.
    pub(super) fn gate<'a>(
        &'a self,
        world: &'a World,
        reasons: &BTreeMap<String, Vec<Reason>>,
    ) -> Health<'a> {
        let by_editors = |reasons: &[Reason]| {
            reasons.iter().any(|reason| {
                matches!(reason, Reason::Entry { .. } | Reason::Query { .. } | Reason::Url { .. })
            })
        };
        let edited = reasons.iter().filter(|(_, reasons)| by_editors(reasons));
        Health {
            policy: &world.inputs.site.gate,
            base_url: &world.inputs.site.base_url,
            rules: &world.inputs.rules,
            explained: &self.explained,
            edited: edited.map(|(file, _)| file.clone()).collect(),
            scratch: &self.scratch,
            accept: self.accept,
            warnings: &self.warnings,
        }
    }

    /// What was found and let pass, and what editors removed.
    pub(super) fn told(self) -> (Vec<Finding>, Vec<String>) {
        let warnings = self.warnings.into_inner();
        let mut explained: Vec<_> = self.explained.into_iter().collect();
        explained.sort();
        (warnings.unwrap_or_else(std::sync::PoisonError::into_inner), explained)
    }
}

impl<'a> Deleted<'a> {
    fn of(memory: &'a Memory) -> Self {
        let gone = memory.touched.iter().filter(|(id, before)| {
            let locale = Some(id.locale.as_str()).filter(|locale| !locale.is_empty());
            before.is_some()
                && !memory.unlisted.contains(id)
                && memory.snapshot.get(&id.uid, &id.document_id, locale).is_none()
        });
        let documents: BTreeSet<_> =
            gone.map(|(id, _)| (id.uid.as_str(), id.document_id.as_str())).collect();
        Self { types: documents.iter().map(|(uid, _)| *uid).collect(), documents }
    }

    /// A page of its own goes with its document, the last pages of a list with its entries.
    fn explains(&self, trace: &Trace, site: &Site) -> bool {
        let about = &trace.about;
        let entry = about.entry.as_ref();
        entry.is_some_and(|(uid, id)| self.documents.contains(&(&**uid, &**id)))
            || site.routes.iter().filter(|route| route.path.as_str() == &*about.route).any(
                |route| {
                    let list = route.paginate.as_ref();
                    list.is_some_and(|list| self.types.contains(&*list.content_type))
                },
            )
    }
}

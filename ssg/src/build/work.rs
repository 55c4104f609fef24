//! What a build has to do: which pages to render and why, which to remove.

use std::collections::BTreeSet;

use super::BuildError;
use super::memory::Memory;
use super::outputs::Outputs;
use super::revalidate::Revalidation;
use super::world::World;
use crate::engine::{
    Answer, ChangeSet, Dirty, Kind, QuestionId, Reason, Trace, add_reasons, mark, verify,
};
use crate::site::{RouteTable, TableChange};

/// Pages to render with their reasons, and output files that leave the site.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) dirty: Dirty,
    pub(super) removed: BTreeSet<String>,
    /// Answers to take over.
    answers: Vec<(QuestionId, Answer)>,
    /// Output files that stay although their entry's page cannot be planned.
    retained: BTreeSet<String>,
}

/// What is known about the difference between the route table and the traces.
#[derive(Debug)]
pub(super) enum Planned {
    /// The table was planned in full: compare everything.
    All,
    Changed(TableChange),
}

impl Work {
    /// Finds everything to do, and changes nothing. `asked`: what somebody wants rendered
    /// again; `suspicious`: the release is not the one the traces describe, so each file is
    /// compared.
    pub(super) fn find(
        memory: &Memory,
        world: &World,
        changes: &ChangeSet,
        planned: &Planned,
        asked: &[(Revalidation, BTreeSet<String>)],
        suspicious: Option<&Outputs>,
    ) -> Result<Self, BuildError> {
        let marked = mark(&memory.graph, changes);
        let verified = verify(&memory.graph, &marked, changes, world);
        let mut work = Self { dirty: verified.dirty, answers: verified.answers, ..Self::default() };
        tracing::debug!(marked = marked.len(), dirty = work.dirty.len(), "verified");
        work.add_new(memory, &world.table, planned);
        work.add_failed(memory);
        for (wanted, files) in asked {
            let reason = Reason::Revalidate { target: wanted.target().to_owned() };
            files.iter().for_each(|file| work.add(file, reason.clone()));
        }
        if let Some(outputs) = suspicious {
            work.add_damaged(memory, outputs)?;
        }
        work.find_removed(memory, &world.table, planned);
        work.dirty.retain(|file, _| world.table.page(file).is_some());
        Ok(work)
    }

    /// Notes in the memory what was found out. The pages are still to be rendered.
    pub(super) fn take_over(&mut self, memory: &mut Memory) {
        memory.graph.take_over(std::mem::take(&mut self.answers));
        memory.retained = std::mem::take(&mut self.retained);
    }

    fn add(&mut self, file: &str, reason: Reason) {
        add_reasons(self.dirty.entry(file.to_owned()).or_default(), &[reason]);
    }

    fn add_new(&mut self, memory: &Memory, table: &RouteTable, planned: &Planned) {
        let is_new = |file: &str| memory.graph.trace(file).is_none();
        let files: Vec<String> = match planned {
            Planned::All => {
                let files = table.pages().map(|page| page.file.to_string());
                files.filter(|file| is_new(file)).collect()
            }
            Planned::Changed(change) => {
                let files = change.added.iter().chain(&memory.failed_pages);
                files.filter(|file| is_new(file)).cloned().collect()
            }
        };
        for file in files {
            let Some(page) = table.page(&file) else { continue };
            let entry = page.entry.as_ref();
            let reason = if memory.fresh {
                Reason::Clean {}
            } else {
                Reason::NewPage {
                    uid: entry.map(|entry| entry.uid.to_string()),
                    document_id: entry.map(|entry| entry.document_id.to_string()),
                }
            };
            self.add(&file, reason);
        }
    }

    fn add_failed(&mut self, memory: &Memory) {
        for (file, message) in memory.graph.failures() {
            self.add(file, Reason::Failed { message: message.to_owned() });
        }
    }

    fn add_damaged(&mut self, memory: &Memory, outputs: &Outputs) -> Result<(), BuildError> {
        for (file, trace) in memory.graph.traces() {
            if trace.about.kind == Kind::Page && !outputs.has(file, &trace.output)? {
                self.add(file, Reason::Output { page: file.to_owned() });
            }
        }
        Ok(())
    }

    fn find_removed(&mut self, memory: &Memory, table: &RouteTable, planned: &Planned) {
        let candidates: Vec<String> = match planned {
            Planned::All => {
                let pages =
                    memory.graph.traces().filter(|(_, trace)| trace.about.kind == Kind::Page);
                pages.map(|(file, _)| file.to_owned()).collect()
            }
            Planned::Changed(change) => change.removed.union(&memory.retained).cloned().collect(),
        };
        for file in candidates {
            if table.page(&file).is_some() {
                continue;
            }
            match memory.graph.trace(&file) {
                Some(trace) if has_problem(table, trace) => drop(self.retained.insert(file)),
                _ => drop(self.removed.insert(file)),
            }
        }
    }
}

/// Whether the page is missing from the table only because its entry has a mistake: its
/// last good version stays.
fn has_problem(table: &RouteTable, trace: &Trace) -> bool {
    let Some((uid, document_id)) = &trace.about.entry else { return false };
    let routes = &table.site().routes;
    let is_of_route = |index: usize| {
        routes.get(index).is_some_and(|route| *route.path.as_str() == *trace.about.route)
    };
    let same = |problem: &crate::site::PlanProblem| {
        *problem.uid == **uid
            && *problem.document_id == **document_id
            && *problem.locale == *trace.about.locale
    };
    table.problems().into_iter().any(|(index, problem)| is_of_route(index) && same(problem))
}

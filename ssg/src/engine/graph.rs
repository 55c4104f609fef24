//! Questions, the pages that asked them, and the indexes from documents to questions.
//!
//! Kept in memory while a process lives and mirrored row by row in the state database:
//! [`Graph::take_changes`] hands out the rows that changed since it was last called.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::trace::{decode_question, encode_question};
use super::{About, Answer, Key, QuestionId, Read, Trace};

/// All that is known about the pages of the last build.
#[derive(Debug, Default)]
pub struct Graph {
    questions: BTreeMap<QuestionId, Question>,
    ids: HashMap<Key, QuestionId>,
    traces: BTreeMap<String, Trace>,
    by_document: HashMap<String, BTreeSet<QuestionId>>,
    by_type: HashMap<String, BTreeSet<QuestionId>>,
    /// Questions whose answers do not come from content.
    plain: BTreeSet<QuestionId>,
    changed_questions: BTreeSet<QuestionId>,
    changed_traces: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) key: Key,
    pub(super) answer: Answer,
    /// Output files of the pages that asked.
    pub(super) pages: BTreeSet<String>,
}

/// Rows to store; `None` removes one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GraphChange {
    pub questions: Vec<(QuestionId, Option<Vec<u8>>)>,
    pub traces: Vec<(String, Option<Vec<u8>>)>,
}

impl Graph {
    /// The graph as stored; `None` when any row is unreadable or refers to a missing one.
    #[must_use]
    pub fn load(
        questions: &BTreeMap<u32, Vec<u8>>,
        traces: &BTreeMap<String, Vec<u8>>,
    ) -> Option<Self> {
        let mut graph = Self::default();
        for (id, bytes) in questions {
            let (key, answer) = decode_question(bytes)?;
            graph.insert_question(*id, key, answer);
        }
        for (file, bytes) in traces {
            let trace = Trace::decode(bytes)?;
            for id in &trace.reads {
                graph.questions.get_mut(id)?.pages.insert(file.clone());
            }
            graph.traces.insert(file.clone(), trace);
        }
        graph.changed_questions.clear();
        Some(graph)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    #[must_use]
    pub fn trace(&self, file: &str) -> Option<&Trace> {
        self.traces.get(file)
    }

    pub fn traces(&self) -> impl Iterator<Item = (&String, &Trace)> {
        self.traces.iter()
    }

    /// A page's questions in the order they were first asked.
    pub fn reads<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = (&'a Key, &'a Answer)> {
        let questions = trace.reads.iter().filter_map(|id| self.questions.get(id));
        questions.map(|question| (&question.key, &question.answer))
    }

    pub(super) fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.get(&id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = QuestionId> {
        self.questions.keys().copied()
    }

    pub(super) fn plain_questions(&self) -> impl Iterator<Item = QuestionId> {
        self.plain.iter().copied()
    }

    pub(super) fn about_document(&self, document_id: &str) -> impl Iterator<Item = QuestionId> {
        self.by_document.get(document_id).into_iter().flatten().copied()
    }

    pub(super) fn about_type(&self, uid: &str) -> impl Iterator<Item = QuestionId> {
        self.by_type.get(uid).into_iter().flatten().copied()
    }

    /// Replaces an answer.
    pub(super) fn answer(&mut self, id: QuestionId, answer: Answer) {
        let Some(question) = self.questions.get_mut(&id) else { return };
        if question.answer == answer {
            return;
        }
        let before = std::mem::replace(&mut question.answer, answer.clone());
        self.unindex(id, &before);
        self.index(id, &answer);
        self.changed_questions.insert(id);
    }

    /// Notes a successful rendering. Questions only the page's former rendering asked are
    /// forgotten.
    pub fn rendered(&mut self, file: &str, about: About, output: [u8; 32], reads: Vec<Read>) {
        let reads: Vec<_> = reads.into_iter().map(|read| self.ask(file, read)).collect();
        let trace = Trace { about, output, reads };
        let before = self.traces.insert(file.to_owned(), trace);
        self.changed_traces.insert(file.to_owned());
        if let Some(before) = before {
            self.release(file, &before.reads);
        }
    }

    /// Notes that a page could not be rendered: its last good version stands, and it is
    /// tried again next time.
    pub fn failed(&mut self, file: &str, message: &str) {
        if let Some(trace) = self.traces.get_mut(file)
            && trace.about.failed.as_deref() != Some(message)
        {
            trace.about.failed = Some(message.to_owned());
            self.changed_traces.insert(file.to_owned());
        }
    }

    pub fn removed(&mut self, file: &str) {
        if let Some(trace) = self.traces.remove(file) {
            self.changed_traces.insert(file.to_owned());
            self.release(file, &trace.reads);
        }
    }

    /// Rows that changed since the last call.
    #[must_use]
    pub fn take_changes(&mut self) -> GraphChange {
        let questions = std::mem::take(&mut self.changed_questions);
        let traces = std::mem::take(&mut self.changed_traces);
        let question = |id: QuestionId| {
            let stored = self.questions.get(&id);
            (id, stored.map(|question| encode_question(&question.key, &question.answer)))
        };
        GraphChange {
            questions: questions.into_iter().map(question).collect(),
            traces: traces
                .into_iter()
                .map(|file| {
                    let bytes = self.traces.get(&file).map(Trace::encode);
                    (file, bytes)
                })
                .collect(),
        }
    }

    fn ask(&mut self, file: &str, read: Read) -> QuestionId {
        let id = match self.ids.get(&read.key) {
            Some(id) => {
                let id = *id;
                self.answer(id, read.answer);
                id
            }
            None => {
                let id = self.questions.keys().next_back().map_or(0, |last| last + 1);
                self.insert_question(id, read.key, read.answer);
                id
            }
        };
        if let Some(question) = self.questions.get_mut(&id) {
            question.pages.insert(file.to_owned());
        }
        id
    }

    fn insert_question(&mut self, id: QuestionId, key: Key, answer: Answer) {
        self.ids.insert(key.clone(), id);
        if !key.is_about_content() {
            self.plain.insert(id);
        }
        self.index(id, &answer);
        self.questions.insert(id, Question { key, answer, pages: BTreeSet::new() });
        self.changed_questions.insert(id);
    }

    /// A rendering of `file` that asked these is gone.
    fn release(&mut self, file: &str, reads: &[QuestionId]) {
        let kept: BTreeSet<QuestionId> = self
            .traces
            .get(file)
            .map(|trace| trace.reads.iter().copied().collect())
            .unwrap_or_default();
        for id in reads.iter().filter(|id| !kept.contains(id)) {
            let Some(question) = self.questions.get_mut(id) else { continue };
            question.pages.remove(file);
            if question.pages.is_empty()
                && let Some(question) = self.questions.remove(id)
            {
                self.ids.remove(&question.key);
                self.plain.remove(id);
                self.unindex(*id, &question.answer);
                self.changed_questions.insert(*id);
            }
        }
    }

    fn index(&mut self, id: QuestionId, answer: &Answer) {
        for document in &answer.footprint.documents {
            self.by_document.entry(document.clone()).or_default().insert(id);
        }
        for uid in &answer.footprint.types {
            self.by_type.entry(uid.clone()).or_default().insert(id);
        }
    }

    fn unindex(&mut self, id: QuestionId, answer: &Answer) {
        for document in &answer.footprint.documents {
            if let Some(ids) = self.by_document.get_mut(document) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_document.remove(document);
                }
            }
        }
        for uid in &answer.footprint.types {
            if let Some(ids) = self.by_type.get_mut(uid) {
                ids.remove(&id);
            }
        }
    }
}

//! Questions, the pages that asked them, and the indexes from documents to questions.
//!
//! Kept in memory while a process lives and mirrored row by row in the state database:
//! [`Graph::take_changes`] hands out the rows that changed since it was last called.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::ids::Ids;
use super::trace::{decode_question, encode_question};
use super::{About, Answer, Key, Names, QuestionId, Read, Trace};
use crate::strings::Strings;

/// All that is known about the pages of the last build.
#[derive(Debug, Default)]
pub struct Graph {
    questions: BTreeMap<QuestionId, Question>,
    ids: HashMap<Key, QuestionId, RandomState>,
    traces: BTreeMap<Arc<str>, Trace>,
    by_document: HashMap<Arc<str>, Ids, RandomState>,
    /// By type or watch: ordered, so that watches with a common beginning are found together.
    by_type: BTreeMap<Arc<str>, Ids>,
    /// Questions about templates, assets and configuration.
    plain: Ids,
    /// Questions for the URL of a document.
    urls: HashMap<Arc<str>, Ids, RandomState>,
    /// Questions for the pages of a folder.
    folders: HashMap<Arc<str>, Ids, RandomState>,
    /// Media URLs with the number of pages that show them.
    media: BTreeMap<String, usize>,
    /// Output files of pages to try again.
    failures: BTreeSet<String>,
    changed_questions: BTreeSet<QuestionId>,
    changed_traces: BTreeSet<Arc<str>>,
    changed_media: BTreeSet<String>,
    /// Texts of stored rows, while they are taken in.
    strings: Strings,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) key: Key,
    pub(super) answer: Answer,
    /// Output files of the pages that asked.
    pub(super) pages: Names,
}

/// Rows that are encoded at a time.
const BATCH: usize = 4096;

/// Rows to store; `None` removes one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GraphChange {
    pub questions: Vec<(QuestionId, Option<Vec<u8>>)>,
    pub traces: Vec<(Arc<str>, Option<Vec<u8>>)>,
}

impl Graph {
    /// Takes in a question as [`Graph::take_changes`] gave it; `None` when it is unreadable.
    pub fn load_question(&mut self, id: QuestionId, bytes: &[u8]) -> Option<()> {
        let (key, answer) = decode_question(bytes, &mut self.strings)?;
        self.insert_question(id, key, answer);
        self.changed_questions.clear();
        Some(())
    }

    /// The same for a trace, after all questions; `None` also when one of those is missing.
    pub fn load_trace(&mut self, file: &str, bytes: &[u8]) -> Option<()> {
        let trace = Trace::decode(bytes, &mut self.strings)?;
        let file = self.strings.share(file);
        for id in &trace.reads {
            self.questions.get_mut(id)?.pages.insert(Arc::clone(&file));
        }
        self.enter(&file, &trace);
        self.changed_media.clear();
        self.traces.insert(file, trace);
        Some(())
    }

    /// Everything stored has been taken in.
    pub fn loaded(&mut self) {
        self.strings = Strings::default();
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    #[must_use]
    pub fn trace(&self, file: &str) -> Option<&Trace> {
        self.traces.get(file)
    }

    pub fn traces(&self) -> impl Iterator<Item = (&str, &Trace)> {
        self.traces.iter().map(|(file, trace)| (&**file, trace))
    }

    /// A page's questions in the order they were first asked.
    pub fn reads<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = (&'a Key, &'a Answer)> {
        let questions = trace.reads.iter().filter_map(|id| self.questions.get(id));
        questions.map(|question| (&question.key, &question.answer))
    }

    pub(super) fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.get(&id)
    }

    pub(super) fn content_questions(&self) -> impl Iterator<Item = QuestionId> {
        self.of_kind(Key::is_about_content)
    }

    pub(super) fn route_questions(&self) -> impl Iterator<Item = QuestionId> {
        self.of_kind(Key::is_about_routes)
    }

    fn of_kind(&self, wanted: fn(&Key) -> bool) -> impl Iterator<Item = QuestionId> {
        self.questions.iter().filter(move |(_, question)| wanted(&question.key)).map(|(id, _)| *id)
    }

    pub(super) fn about_file(&self, file: &str) -> impl Iterator<Item = QuestionId> {
        let file: Arc<str> = file.into();
        let keys = [Key::Page { file: Arc::clone(&file) }, Key::Made { file }];
        keys.into_iter().filter_map(|key| self.ids.get(&key).copied())
    }

    pub(super) fn about_folder(&self, below: &str) -> impl Iterator<Item = QuestionId> {
        self.folders.get(below).into_iter().flat_map(Ids::iter)
    }

    pub(super) fn about_url(&self, document_id: &str) -> impl Iterator<Item = QuestionId> {
        self.urls.get(document_id).into_iter().flat_map(Ids::iter)
    }

    /// Pages that asked something a document had a part in.
    #[must_use]
    pub fn pages_about_document(&self, document_id: &str) -> BTreeSet<String> {
        let ids = self.about_document(document_id).chain(self.about_url(document_id));
        ids.flat_map(|id| self.pages_that_asked(id)).collect()
    }

    /// Pages that asked for documents of a type.
    #[must_use]
    pub fn pages_about_type(&self, uid: &str) -> BTreeSet<String> {
        let about = |question: &&Question| {
            question.key.uid() == Some(uid) || question.answer.footprint.may_concern(uid)
        };
        let questions = self.questions.values().filter(about);
        questions.flat_map(|question| question.pages.iter()).map(ToString::to_string).collect()
    }

    fn pages_that_asked(&self, id: QuestionId) -> impl Iterator<Item = String> {
        let pages = self.questions.get(&id).into_iter().flat_map(|question| question.pages.iter());
        pages.map(ToString::to_string)
    }

    pub(super) fn plain_questions(&self) -> impl Iterator<Item = QuestionId> {
        self.plain.iter()
    }

    /// How often, in seconds, the time that pages look at moves on.
    pub fn periods(&self) -> impl Iterator<Item = u64> {
        self.plain_questions().filter_map(|id| match self.questions.get(&id)?.key {
            Key::Time { seconds } => Some(seconds),
            _ => None,
        })
    }

    pub(super) fn about_document(&self, document_id: &str) -> impl Iterator<Item = QuestionId> {
        self.by_document.get(document_id).into_iter().flat_map(Ids::iter)
    }

    /// The first type or watch in any footprint that is not less than a text.
    #[must_use]
    pub fn next_watch(&self, from: &str) -> Option<&str> {
        let mut rest = self.by_type.range::<str, _>((Bound::Included(from), Bound::Unbounded));
        rest.next().map(|(watch, _)| &**watch)
    }

    pub(super) fn about_type(&self, uid: &str) -> impl Iterator<Item = QuestionId> {
        self.by_type.get(uid).into_iter().flat_map(Ids::iter)
    }

    /// Replaces answers that [`verify`](super::verify()) found to be out of date.
    pub fn take_over(&mut self, answers: Vec<(QuestionId, Answer)>) {
        for (id, answer) in answers {
            self.answer(id, answer);
        }
    }

    /// Replaces an answer.
    fn answer(&mut self, id: QuestionId, answer: Answer) {
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
        let known = self.traces.get_key_value(file);
        let file = known.map_or_else(|| Arc::from(file), |(file, _)| Arc::clone(file));
        let reads: Vec<_> = reads.into_iter().map(|read| self.ask(&file, read)).collect();
        let trace = Trace { about, output, reads };
        self.enter(&file, &trace);
        let before = self.traces.insert(Arc::clone(&file), trace);
        self.changed_traces.insert(Arc::clone(&file));
        self.failures.remove(&*file);
        if let Some(before) = before {
            self.leave(&file, &before);
        }
    }

    /// Notes that a page could not be rendered: its last good version stands, and it is
    /// tried again next time. False when there is no good version.
    pub fn failed(&mut self, file: &str, message: &str) -> bool {
        let Some(trace) = self.traces.get_mut(file) else { return false };
        if trace.about.failed.as_deref() != Some(message) {
            trace.about.failed = Some(message.to_owned());
            self.changed_traces.insert(file.into());
        }
        self.failures.insert(file.to_owned());
        true
    }

    /// Pages whose last attempt failed, with what went wrong.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.failures.iter().filter_map(|file| {
            Some((file.as_str(), self.traces.get(file.as_str())?.about.failed.as_deref()?))
        })
    }

    pub fn removed(&mut self, file: &str) {
        if let Some(trace) = self.traces.remove(file) {
            self.changed_traces.insert(file.into());
            self.failures.remove(file);
            self.leave(file, &trace);
        }
    }

    /// Media URLs that pages show.
    pub fn media(&self) -> impl Iterator<Item = &String> {
        self.media.keys()
    }

    #[must_use]
    pub fn shows(&self, media: &str) -> bool {
        self.media.contains_key(media)
    }

    /// How many pages show a media file.
    #[must_use]
    pub fn showing(&self, media: &str) -> usize {
        self.media.get(media).copied().unwrap_or(0)
    }

    /// The URL of some page that shows a media file.
    #[must_use]
    pub fn page_showing(&self, media: &str) -> Option<&str> {
        let shows = |trace: &&Trace| trace.about.media.iter().any(|url| url == media);
        self.traces.values().find(shows).map(|trace| &*trace.about.url)
    }

    /// Media URLs that are shown for the first time, or no more, since the last call.
    #[must_use]
    pub fn take_media_changes(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.changed_media)
    }

    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.changed_questions.is_empty() || !self.changed_traces.is_empty()
    }

    /// Rows that changed since the last call, some at a time.
    pub fn take_changes(&mut self) -> impl Iterator<Item = GraphChange> {
        let questions = Vec::from_iter(std::mem::take(&mut self.changed_questions));
        let traces = Vec::from_iter(std::mem::take(&mut self.changed_traces));
        let graph = &*self;
        let questions = batches(questions).map(|ids| GraphChange {
            questions: ids.into_par_iter().map(|id| graph.question_row(id)).collect(),
            ..GraphChange::default()
        });
        let traces = batches(traces).map(|files| GraphChange {
            traces: files.into_par_iter().map(|file| graph.trace_row(file)).collect(),
            ..GraphChange::default()
        });
        questions.chain(traces)
    }

    fn question_row(&self, id: QuestionId) -> (QuestionId, Option<Vec<u8>>) {
        let stored = self.questions.get(&id);
        (id, stored.map(|question| encode_question(&question.key, &question.answer)))
    }

    fn trace_row(&self, file: Arc<str>) -> (Arc<str>, Option<Vec<u8>>) {
        let bytes = self.traces.get(&file).map(Trace::encode);
        (file, bytes)
    }

    fn ask(&mut self, file: &Arc<str>, read: Read) -> QuestionId {
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
            question.pages.insert(Arc::clone(file));
        }
        id
    }

    fn insert_question(&mut self, id: QuestionId, key: Key, answer: Answer) {
        self.ids.insert(key.clone(), id);
        if let Key::Url { document_id, .. } = &key {
            self.urls.entry(document_id.clone()).or_default().insert(id);
        }
        if let Key::Pages { below, .. } = &key {
            self.folders.entry(below.clone()).or_default().insert(id);
        }
        if key.is_plain() {
            self.plain.insert(id);
        }
        self.index(id, &answer);
        self.questions.insert(id, Question { key, answer, pages: Names::default() });
        self.changed_questions.insert(id);
    }

    fn enter(&mut self, file: &str, trace: &Trace) {
        for url in &trace.about.media {
            let count = self.media.entry(url.clone()).or_default();
            if *count == 0 {
                self.changed_media.insert(url.clone());
            }
            *count += 1;
        }
        if trace.about.failed.is_some() {
            self.failures.insert(file.to_owned());
        }
    }

    /// A former rendering of `file` is gone.
    fn leave(&mut self, file: &str, trace: &Trace) {
        for url in &trace.about.media {
            if let Some(count) = self.media.get_mut(url) {
                *count -= 1;
                if *count == 0 {
                    self.media.remove(url);
                    self.changed_media.insert(url.clone());
                }
            }
        }
        self.release(file, &trace.reads);
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
                self.plain.remove(*id);
                if let Key::Url { document_id, .. } = &question.key
                    && let Some(ids) = self.urls.get_mut(document_id)
                {
                    ids.remove(*id);
                }
                if let Key::Pages { below, .. } = &question.key
                    && let Some(ids) = self.folders.get_mut(below)
                {
                    ids.remove(*id);
                }
                self.unindex(*id, &question.answer);
                self.changed_questions.insert(*id);
            }
        }
    }

    fn index(&mut self, id: QuestionId, answer: &Answer) {
        for document in answer.footprint.documents.iter() {
            self.by_document.entry(Arc::clone(document)).or_default().insert(id);
        }
        for uid in answer.footprint.types.iter() {
            self.by_type.entry(Arc::clone(uid)).or_default().insert(id);
        }
    }

    fn unindex(&mut self, id: QuestionId, answer: &Answer) {
        for document in answer.footprint.documents.iter() {
            if let Some(ids) = self.by_document.get_mut(document) {
                ids.remove(id);
                if ids.is_empty() {
                    self.by_document.remove(document);
                }
            }
        }
        for uid in answer.footprint.types.iter() {
            if let Some(ids) = self.by_type.get_mut(uid) {
                ids.remove(id);
                if ids.is_empty() {
                    self.by_type.remove(uid);
                }
            }
        }
    }
}

fn batches<T>(rows: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let batch: Vec<T> = rows.by_ref().take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    })
}

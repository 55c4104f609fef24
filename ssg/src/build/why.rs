//! What a page was made from, and why it was rendered last: read from its trace.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::memory::{Memory, Traces};
use super::{BuildError, Paths, lock};
use crate::engine::{Answer, Graph, Key, Kind, Reason, Trace};
use crate::nearest::distance;
use crate::site::public_url;
use crate::state::Store;

/// Everything known about one output file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub url: String,
    pub file: String,
    pub kind: Kind,
    pub route: String,
    pub template: String,
    pub locale: String,
    pub entry: Option<EntryName>,
    pub reads: Vec<ReadLine>,
    pub media: Vec<String>,
    /// Why it was rendered last.
    pub reasons: Vec<Reason>,
    pub cost: Cost,
    /// The place in the CMS's feed it was rendered at.
    pub seq: i64,
    /// What went wrong since; the last good version is published.
    pub failed: Option<String>,
}

/// What the last rendering took, and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// How long it took.
    pub millis: f64,
    /// How many questions of each kind it asked.
    pub reads: BTreeMap<&'static str, usize>,
    /// Documents the answers were made from, each counted once.
    pub documents: usize,
    /// The size of the live file; absent when there is none.
    pub bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryName {
    pub uid: String,
    pub document_id: String,
}

/// One question the page asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadLine {
    pub read: &'static str,
    /// The question, for people.
    pub question: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// Of the answer; `absent` when there was none.
    pub fingerprint: String,
    /// Documents the answer was made from.
    pub documents: Vec<String>,
}

/// No page there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUrl {
    pub meant: String,
    /// URLs that look alike, best first.
    pub similar: Vec<String>,
}

/// How many similar URLs are worth showing.
const SIMILAR: usize = 3;

/// Explains the page at a URL, path or output file.
///
/// # Errors
/// When the cache cannot be read. The inner error: no such page.
pub fn why(paths: &Paths, text: &str) -> Result<Result<Explanation, UnknownUrl>, BuildError> {
    let _lock = lock(&paths.cache)?;
    let memory = Memory::load(&mut Store::open(&paths.cache)?, Traces::Wanted)?;
    let file = public_url::file_meant(text);
    Ok(match memory.graph.trace(&file) {
        Some(trace) => Ok(explain(paths, &memory.graph, &file, trace)),
        None => Err(UnknownUrl { similar: similar(&memory.graph, &file), meant: file }),
    })
}

fn explain(paths: &Paths, graph: &Graph, file: &str, trace: &Trace) -> Explanation {
    let about = &trace.about;
    Explanation {
        url: about.url.to_string(),
        file: file.to_owned(),
        kind: about.kind,
        route: about.route.to_string(),
        template: about.template.to_string(),
        locale: about.locale.to_string(),
        entry: about.entry.as_ref().map(|(uid, document_id)| EntryName {
            uid: uid.to_string(),
            document_id: document_id.to_string(),
        }),
        reads: graph.reads(trace).map(|(key, answer)| read_line(key, answer)).collect(),
        media: about.media.clone(),
        reasons: about.reasons.clone(),
        cost: cost(paths, graph, file, trace),
        seq: about.seq,
        failed: about.failed.clone(),
    }
}

fn cost(paths: &Paths, graph: &Graph, file: &str, trace: &Trace) -> Cost {
    let mut reads = BTreeMap::new();
    let mut documents = BTreeSet::new();
    for (key, answer) in graph.reads(trace) {
        *reads.entry(key.kind()).or_default() += 1;
        documents.extend(answer.footprint.documents.iter());
    }
    Cost {
        millis: std::time::Duration::from_micros(trace.about.micros).as_secs_f64() * 1_000.0,
        reads,
        documents: documents.len(),
        bytes: std::fs::metadata(paths.out.join("current").join(file)).ok().map(|file| file.len()),
    }
}

fn read_line(key: &Key, answer: &Answer) -> ReadLine {
    ReadLine {
        read: key.kind(),
        question: key.to_string(),
        uid: key.uid().map(str::to_owned),
        document_id: key.document_id().map(str::to_owned),
        fingerprint: answer.fingerprint.to_string(),
        documents: answer.footprint.documents.iter().map(ToString::to_string).collect(),
    }
}

fn similar(graph: &Graph, file: &str) -> Vec<String> {
    let limit = (file.chars().count() / 3).max(3);
    let mut near: Vec<(usize, &str)> = graph
        .traces()
        .filter(|(_, trace)| trace.about.kind == Kind::Page)
        .map(|(other, trace)| (distance(file, other), &*trace.about.url))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.into_iter().take(SIMILAR).map(|(_, url)| url.to_owned()).collect()
}

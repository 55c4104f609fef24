//! Knowing that there is nothing to do without loading anything.
//!
//! A build that leaves the site complete notes what it was made of. When the next process
//! finds the same templates, the same release and no news from the CMS, the site is as a
//! build would leave it. Whatever casts doubt on that leads to a real build.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::builder::Builder;
use super::inputs;
use super::memory::Memory;
use super::report::Report;
use super::source::{Pulled, SourceError};
use super::{BuildError, ENGINE, Request};
use crate::state::{Head, Store};

/// What a build that left nothing to do was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settled {
    /// Names, sizes and times of everything people edit.
    inputs: String,
    pages: u64,
    /// When time itself makes something out of date.
    due: Option<i64>,
}

impl Settled {
    /// None while something failed: the next build must try again.
    pub(super) fn after(memory: &Memory, report: &Report) -> Option<Self> {
        let inputs = memory.inputs.as_ref()?.signature().to_string();
        let complete = report.failed.is_empty()
            && memory.retained.is_empty()
            && memory.failed_pages.is_empty()
            && memory.missing_media.is_empty();
        complete.then_some(Self { inputs, pages: report.pages, due: report.due })
    }

    /// As stored; empty says that there is something to do.
    pub(super) fn encode(settled: Option<&Self>) -> Vec<u8> {
        settled.and_then(|settled| serde_json::to_vec(settled).ok()).unwrap_or_default()
    }

    pub(super) fn decode(head: &Head) -> Option<Self> {
        serde_json::from_slice(head.settled.as_ref()?).ok()
    }
}

/// What a build that was refused was made of. Polls do not repeat it; news do, and so does
/// the next process.
#[derive(Debug)]
pub(super) struct Refused {
    revision: u64,
    inputs: String,
    report: Report,
}

impl Refused {
    pub(super) fn after(memory: &Memory, report: &Report) -> Option<Self> {
        report.refusal?;
        let inputs = memory.inputs.as_ref()?.signature().to_string();
        Some(Self { revision: memory.revision, inputs, report: report.clone() })
    }

    /// The report of that build, if another one would come to the same.
    fn again(
        &self,
        head: &Head,
        request: &Request,
        newest: Option<u64>,
        site: &Path,
    ) -> Option<Report> {
        let same = self.revision == head.revision
            && !request.accept
            && newest == self.report.previous
            && self.report.due.is_none_or(|due| request.time() < due)
            && self.inputs == inputs::signature(site).to_string();
        same.then(|| self.report.clone())
    }
}

/// What a look at the site and the CMS showed.
pub(super) enum Look {
    /// Nothing to do.
    Idle(Box<Report>),
    /// A build is needed; with the CMS's answer, if it was asked already.
    Busy(Option<Result<Pulled, SourceError>>),
}

impl Builder {
    /// Looks whether there is anything to do.
    pub(super) fn look(&self, store: &Store, request: &Request) -> Result<Look, BuildError> {
        if request.clean || !request.revalidate.is_empty() {
            return Ok(Look::Busy(None));
        }
        let head = store.head()?;
        let newest = self.releases().newest()?.map(|release| release.id);
        let refused = self.refused.as_ref();
        let refused =
            refused.and_then(|last| last.again(&head, request, newest, &self.paths().site));
        let settled = self.still_settled(&head, request, newest).map(|settled| Report {
            previous: newest,
            seq: head.seq,
            pages: settled.pages,
            unchanged: settled.pages,
            due: settled.due,
            ..Report::default()
        });
        let Some(mut report) = refused.or(settled) else { return Ok(Look::Busy(None)) };
        if request.offline {
            return Ok(Look::Idle(Box::new(report)));
        }
        let source = self.source();
        if head.source.as_deref() != Some(source.name().as_str()) {
            return Ok(Look::Busy(None));
        }
        match source.pull(head.cursor.as_deref()) {
            Ok(pulled) if is_news(&pulled, &head) => Ok(Look::Busy(Some(Ok(pulled)))),
            Ok(pulled) => {
                report.seq = pulled.seq;
                Ok(Look::Idle(Box::new(report)))
            }
            Err(error) => Ok(Look::Busy(Some(Err(error)))),
        }
    }

    /// Whether the last build left the site complete, for all that can be known here.
    pub(super) fn is_settled(&self, store: &Store, request: &Request) -> Result<bool, BuildError> {
        let newest = self.releases().newest()?.map(|release| release.id);
        Ok(self.still_settled(&store.head()?, request, newest).is_some())
    }

    fn still_settled(
        &self,
        head: &Head,
        request: &Request,
        newest: Option<u64>,
    ) -> Option<Settled> {
        let settled = Settled::decode(head)?;
        let sound = head.engine.as_deref() == Some(ENGINE)
            && head.cursor.is_some()
            && head.touched.is_empty()
            && newest.is_some()
            && head.release.as_ref() == Some(&self.release_name(newest))
            && settled.due.is_none_or(|due| request.time() < due)
            && settled.inputs == inputs::signature(&self.paths().site).to_string();
        sound.then_some(settled)
    }
}

fn is_news(pulled: &Pulled, head: &Head) -> bool {
    let moved = !pulled.locales.is_empty() && pulled.locales != head.locales;
    pulled.complete || !pulled.items.is_empty() || moved
}

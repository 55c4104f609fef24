//! What must be true after every build, whatever happened before.
//!
//! The measure is a clean build in memory of the same content, templates and files:
//!
//! - It is refused: the incremental build is refused for the same reasons, and the live tree
//!   stays as it was.
//! - It makes a page or a file: the live tree has the same bytes.
//! - It fails at a page, or an entry's page cannot be planned: the live tree has what it had
//!   there before, or nothing if there was nothing.
//! - Nothing else is in the live tree, but the media that such kept pages show.
//!
//! Then the reads: each page that stands was rendered with the answers that hold now, and each
//! page that was rendered names reads whose answers differ from those it was made with.

use std::collections::{BTreeMap, BTreeSet};

use ssg::build::{Failure, Scratch};
use ssg::engine::{Fingerprint, Key, Reason};
use ssg::rules::{Action, Asked, Rules};
use ssg::site::PlanProblem;

use super::desk::{Built, Desk, Reads};

/// Where media are in the output.
const MEDIA: &str = "uploads/";
/// Where variants of pictures are: a page that has to do without cannot know its pictures.
const VARIANTS: &str = "/uploads/-/";

/// Whether a second build is tried: it costs as much as the first, and that it has nothing to
/// do follows from the reads, which are checked each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    No,
    Warm,
    /// By a new program, from what is stored.
    Cold,
}

type Tree = BTreeMap<String, Vec<u8>>;

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

impl Desk {
    /// Checks a build, and that another one has nothing to do.
    pub(super) fn check(&mut self, built: &Built, again: Again) -> Result<(), String> {
        let failing = self.check_build(built)?;
        match again {
            Again::No => return Ok(()),
            Again::Warm => {}
            Again::Cold => self.restart(),
        }
        let tree = self.tree();
        let offline = built.request.offline;
        let again = self.build(ssg::build::Request { offline, ..Default::default() })?;
        let again = again.report.unwrap_or_default();
        // Pages that lack a picture are tried each time.
        let lacking = |rendered| offline && rendered >= failing;
        ensure!(
            (again.rendered == failing || lacking(again.rendered))
                && again.written == 0
                && again.release.is_none(),
            "a second build has work to do: {again:#?}"
        );
        ensure!(self.tree() == tree, "a second build changed the tree");
        Ok(())
    }

    pub(super) fn check_build(&mut self, built: &Built) -> Result<u64, String> {
        let site = self.paths().site;
        let scratch =
            Scratch::build(&site, &self.pulled, self.now).map_err(|error| error.to_string())?;
        let tree = self.tree();
        match scratch {
            Err(failures) => {
                let report = built.report.as_ref().ok_or("committed what is to be refused")?;
                ensure!(
                    named(&failures) == named(&report.failed),
                    "refused for other reasons: {:#?}\nnot {failures:#?}",
                    report.failed
                );
                ensure!(report.release.is_none(), "a refused build made a release");
                // A build that died before may have published its own work only.
                ensure!(
                    self.known.killed || tree == self.known.tree,
                    "a refused build changed the tree"
                );
                Ok(0)
            }
            Ok(scratch) => {
                self.check_failures(built, &scratch)?;
                self.check_tree(built, &scratch, &tree)?;
                self.check_reads(built, &scratch)?;
                self.check_reasons(built, &scratch)?;
                self.check_moved(&scratch, &tree)?;
                let failing = scratch.failed.len() as u64;
                self.learn(built, &scratch, tree);
                Ok(failing)
            }
        }
    }

    /// After a crash the live tree is the old one, or has everything of the new one.
    pub(super) fn check_whole(&self, before: &Tree) -> Result<(), String> {
        let tree = self.tree();
        if tree == *before {
            return Ok(());
        }
        let scratch = Scratch::build(&self.paths().site, &self.cms, self.now);
        let scratch = scratch.map_err(|error| error.to_string())?;
        let scratch = scratch.map_err(|failures| format!("published in spite of {failures:#?}"))?;
        for (file, bytes) in scratch.pages.iter().chain(&scratch.files) {
            ensure!(
                tree.get(file) == Some(bytes),
                "a crash left a mixture: {file} is not the new one"
            );
        }
        Ok(())
    }

    pub(super) fn check_failures(&self, built: &Built, scratch: &Scratch) -> Result<(), String> {
        let Some(report) = &built.report else { return Ok(()) };
        let failures = scratch.failed.values().cloned();
        let unplanned = scratch.unplanned.iter().map(|(_, _, failure)| failure.clone());
        let expected: Vec<Failure> = failures.chain(unplanned).collect();
        ensure!(
            named(&expected) == named(&report.failed),
            "the clean build reports {expected:#?}, this one {:#?}",
            report.failed
        );
        Ok(())
    }

    pub(super) fn check_tree(
        &self,
        built: &Built,
        scratch: &Scratch,
        tree: &Tree,
    ) -> Result<(), String> {
        // Offline nothing new can be fetched.
        let compared = |file: &str| !(built.request.offline && file.starts_with(MEDIA));
        let lacks = |bytes: &[u8]| built.request.offline && shown(bytes).contains(VARIANTS);
        for (file, bytes) in scratch.pages.iter().chain(&scratch.files) {
            if compared(file) && !lacks(bytes) {
                ensure!(
                    tree.get(file) == Some(bytes),
                    "{file} is {}\nand not {}",
                    tree.get(file).map_or("missing".into(), |bytes| shown(bytes)),
                    shown(bytes)
                );
            }
        }
        let kept = self.kept(scratch);
        for (file, certain) in &kept {
            let before = self.known.tree.get(file);
            let now = tree.get(file);
            ensure!(
                now == before || (!certain && now.is_none()),
                "{file} cannot be made and is {} instead of the last good version {}",
                now.map_or("missing".into(), |bytes| shown(bytes)),
                before.map_or("(none)".into(), |bytes| shown(bytes))
            );
        }
        let shows = |url: &str| {
            kept.keys().filter_map(|file| tree.get(file)).any(|bytes| shown(bytes).contains(url))
        };
        for file in tree.keys().filter(|file| compared(file)) {
            let made = scratch.pages.contains_key(file) || scratch.files.contains_key(file);
            let allowed = made
                || kept.contains_key(file)
                || (file.starts_with(MEDIA) && shows(&format!("/{file}")));
            ensure!(allowed, "{file} does not belong to the site any more");
        }
        Ok(())
    }

    /// Files whose last good version stays; false when it may have been given up.
    fn kept(&self, scratch: &Scratch) -> BTreeMap<String, bool> {
        let mut kept: BTreeMap<String, bool> =
            scratch.failed.keys().map(|file| (file.clone(), true)).collect();
        let planned: BTreeSet<String> =
            scratch.planned().map(|page| page.file.to_string()).collect();
        for (file, (route, uid, document_id, locale)) in &self.known.owners {
            let is_theirs = |(of, problem): (&String, &PlanProblem)| {
                of == route
                    && problem.uid == *uid
                    && problem.document_id == *document_id
                    && problem.locale == *locale
            };
            let unplanned = scratch.unplanned.iter();
            if !planned.contains(file)
                && self.known.tree.contains_key(file)
                && unplanned.map(|(route, problem, _)| (route, problem)).any(is_theirs)
            {
                // Who forgets everything forgets where such a page stood.
                kept.insert(file.clone(), !self.known.forgot);
            }
        }
        kept
    }

    /// Each page that stands was made with the answers that hold now.
    fn check_reads(&self, built: &Built, scratch: &Scratch) -> Result<(), String> {
        for file in scratch.pages.keys() {
            let reads = built.rendered.get(file).or_else(|| self.known.reads.get(file));
            let reads = reads.ok_or_else(|| format!("{file} was never rendered"))?;
            for (key, fingerprint) in reads {
                ensure!(
                    scratch.answer(key).fingerprint == *fingerprint,
                    "{file} was made with another answer to `{key}` than holds now"
                );
            }
        }
        Ok(())
    }

    /// Each page that was rendered has reasons, and each reason names a read that changed.
    fn check_reasons(&self, built: &Built, scratch: &Scratch) -> Result<(), String> {
        for (file, reasons) in &built.dirty {
            ensure!(!reasons.is_empty(), "{file} was rendered without a reason");
            let none = Reads::new();
            let reads = self.known.reads.get(file).unwrap_or(&none);
            let changed: Vec<&Key> = reads
                .iter()
                .filter(|(key, before)| scratch.answer(key).fingerprint != **before)
                .map(|(key, _)| key)
                .collect();
            for reason in reasons {
                ensure!(
                    self.justified(built, file, reason, &changed),
                    "{file} was rendered because {reason} ({reason:?}); its reads that changed are {changed:#?}"
                );
            }
        }
        let unexplained = built.rendered.keys().find(|file| !built.dirty.contains_key(*file));
        ensure!(unexplained.is_none(), "{unexplained:?} was rendered without a reason");
        Ok(())
    }

    /// Each address that an entry's page had at the last build leads to where it is now.
    fn check_moved(&self, scratch: &Scratch, tree: &Tree) -> Result<(), String> {
        let rules = Rules::default().and(&self.paths().out.join("moved"));
        let owners = self.known.owners.iter();
        let left = owners.filter(|(file, _)| file.ends_with(".html") && !tree.contains_key(*file));
        // Who forgets everything forgets which pages there were.
        for (file, (_, _, document_id, locale)) in left.filter(|_| !self.known.forgot) {
            let url = format!("/{}", file.strip_suffix("index.html").unwrap_or(file));
            let asked = Asked { raw: &url, path: &url, query: None };
            let leads_to = match rules.decide(asked, || false) {
                Some(Action::Redirect { location, .. }) => {
                    Fingerprint::of_bytes(location.as_bytes())
                }
                _ => Fingerprint::ABSENT,
            };
            let key = Key::Url {
                document_id: document_id.as_str().into(),
                locale: locale.as_str().into(),
            };
            ensure!(
                scratch.answer(&key).fingerprint == leads_to,
                "{url} does not lead to the page of {document_id} ({locale}): {:?}",
                rules.redirects
            );
        }
        Ok(())
    }

    fn justified(&self, built: &Built, file: &str, reason: &Reason, changed: &[&Key]) -> bool {
        let known = &self.known;
        // The answers such pages were last tried with are nobody's reads.
        let is_new = !known.planned.contains(file) || known.failed.contains(file);
        let has = |wanted: &dyn Fn(&Key) -> bool| is_new || changed.iter().any(|key| wanted(key));
        match reason {
            Reason::Clean {} => built.request.clean || known.forgot || known.tree.is_empty(),
            Reason::NewPage { .. } => !known.reads.contains_key(file),
            Reason::Failed { .. } => known.failed.contains(file) || known.offline,
            Reason::Output { .. } => known.killed,
            Reason::Entry { document_id, field, .. } => {
                self.differs(document_id, field.as_deref())
                    && has(&|key| matches!(key, Key::Entry { .. }))
            }
            Reason::Query { uid, document_id, query } => {
                document_id.as_ref().is_none_or(|id| self.differs(id, None))
                    && has(&|key| {
                        let args = match key {
                            Key::Query { args, .. }
                            | Key::Count { args, .. }
                            | Key::Groups { args, .. }
                            | Key::Neighbour { args, .. } => Some(args),
                            _ => None,
                        };
                        key.uid() == Some(uid.as_str())
                            && args.map(|args| &**args) == Some(query.as_str())
                    })
            }
            Reason::Url { document_id, locale } => {
                let key = Key::Url {
                    document_id: document_id.as_str().into(),
                    locale: locale.as_str().into(),
                };
                has(&|other| *other == key)
            }
            Reason::Page { page } => has(&|key| *key == Key::Page { file: page.as_str().into() }),
            Reason::Pages { below } => {
                has(&|key| matches!(key, Key::Pages { below: of, .. } if **of == **below))
            }
            Reason::Made { made } => has(&|key| *key == Key::Made { file: made.as_str().into() }),
            Reason::Template { template } => {
                has(&|key| *key == Key::Template { name: template.as_str().into() })
            }
            Reason::Config { config } => {
                has(&|key| *key == Key::Config { path: config.as_str().into() })
            }
            Reason::Asset { asset } => {
                has(&|key| *key == Key::Asset { path: asset.as_str().into() })
            }
            Reason::Time { seconds } => has(&|key| *key == Key::Time { seconds: *seconds }),
            Reason::Revalidate { .. } => !built.request.revalidate.is_empty(),
            Reason::Media { .. } => false,
        }
    }

    /// Whether a document, or one of its fields, is another than at the last build.
    fn differs(&self, document_id: &str, field: Option<&str>) -> bool {
        let now = self.pulled.rows();
        let of = |rows: &BTreeMap<(String, String, String), serde_json::Value>| {
            let rows = rows.iter().filter(|((_, id, _), _)| id == document_id);
            let rows = rows.map(|(key, row)| {
                (key.clone(), field.map_or_else(|| row.clone(), |field| row[field].clone()))
            });
            rows.collect::<BTreeMap<_, _>>()
        };
        of(&now) != of(&self.known.content)
    }

    pub(super) fn learn(&mut self, built: &Built, scratch: &Scratch, tree: Tree) {
        let known = &mut self.known;
        if built.dirty.values().flatten().any(|reason| *reason == Reason::Clean {}) {
            known.reads.clear();
            known.owners.clear();
        }
        known.reads.extend(built.rendered.clone());
        known.planned = scratch.planned().map(|page| page.file.to_string()).collect();
        known.failed = scratch.failed.keys().cloned().collect();
        for page in scratch.planned() {
            if let Some(entry) = &page.entry {
                let owner = (
                    page.route.to_string(),
                    entry.uid.to_string(),
                    entry.document_id.to_string(),
                    page.locale.to_string(),
                );
                known.owners.insert(page.file.to_string(), owner);
            } else {
                known.owners.remove(&*page.file);
            }
        }
        known.owners.retain(|file, _| tree.contains_key(file));
        known.reads.retain(|file, _| tree.contains_key(file));
        known.tree = tree;
        known.content = self.pulled.rows();
        known.killed = false;
        known.offline = built.request.offline;
        known.forgot = false;
    }
}

/// Failures in an order that says nothing.
fn named(failures: &[Failure]) -> Vec<String> {
    let mut named: Vec<String> = failures.iter().map(|failure| format!("{failure:?}")).collect();
    named.sort();
    named
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

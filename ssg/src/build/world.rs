//! Everything a page can see at one revision: answers questions, renders pages.

use std::sync::Arc;
use std::time::Instant;

use tera::{Context, Value};

use super::album::{Album, Asked, Fetch};
use super::inputs::Inputs;
use super::made::Memo;
use super::media;
use super::probe::Probing;
use crate::content::value::from_json;
use crate::content::{Edits, Snapshot};
use crate::engine::{Answer, Fingerprint, Key, Oracle, Read, recorder};
use crate::site::period::Period;
use crate::site::table::fingerprint;
use crate::site::{Page, PageGroup, PageList, RouteTable, public_url};
use crate::templates::{Assets, Scope, TemplateFault};

/// The part of site.toml that every template may look at.
const SITE: &str = "site";

#[derive(Debug)]
pub(super) struct World {
    pub(super) snapshot: Snapshot,
    pub(super) table: Arc<RouteTable>,
    pub(super) inputs: Arc<Inputs>,
    /// In Unix seconds: one build has one time.
    pub(super) now: i64,
    pub(super) probe: Probing,
    /// How the content differs from what the known answers were made from.
    pub(super) edits: Edits,
    pub(super) made: Memo,
    pub(super) album: Album,
}

/// A page's bytes and what they were made from.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) bytes: Vec<u8>,
    pub(super) reads: Vec<Read>,
    pub(super) media: Vec<String>,
    pub(super) micros: u64,
    /// Why a picture is shown as the CMS describes it: the page is to be rendered again.
    pub(super) lacking: Option<String>,
}

/// How often a page is rendered to know what its pictures are: what is found out about one may
/// make it ask for another.
const MOST_ROUNDS: usize = 4;

impl Oracle for World {
    fn answer(&self, key: &Key) -> Answer {
        let text = |text: Option<&str>| {
            text.map_or(Fingerprint::ABSENT, |text| Fingerprint::of_bytes(text.as_bytes()))
        };
        Answer::plain(match key {
            Key::Url { document_id, locale } => text(self.table.url_for(document_id, locale)),
            Key::Asset { path } => text(self.inputs.files.url(path).as_deref()),
            Key::Template { name } => self.inputs.templates.fingerprint(name),
            Key::Config { path } => self.inputs.config(path),
            Key::Page { file } => {
                self.table.page(file).map_or(Fingerprint::ABSENT, Page::fingerprint)
            }
            Key::Pages { below, locale } => fingerprint(&self.table.listing(below, locale)),
            Key::Made { file } => self.made_fingerprint(file),
            Key::Time { seconds } => {
                let period = Period::of_seconds(*seconds);
                return period.map_or_else(Answer::absent, |period| period.answer(self.now));
            }
            _ => return self.snapshot.answer(key),
        })
    }

    fn may_differ(&self, key: &Key) -> bool {
        !key.is_about_content() || self.snapshot.may_differ(key, &self.edits)
    }
}

impl World {
    /// The same site with other content.
    pub(super) fn with(&self, snapshot: Snapshot, table: RouteTable, edits: Edits) -> Self {
        let inputs = Arc::clone(&self.inputs);
        let probe = self.probe.clone();
        let (made, album) = (Memo::default(), self.album.clone());
        Self { snapshot, table: Arc::new(table), inputs, now: self.now, probe, edits, made, album }
    }

    /// Renders a page on this thread. What is not known of its pictures is found out first.
    pub(super) fn render(&self, page: &Page) -> Result<Rendered, TemplateFault> {
        self.render_with(page, &|url, version| self.album.fetch(url, version))
    }

    /// The same with files from elsewhere.
    pub(super) fn render_with(
        &self,
        page: &Page,
        fetch: &Fetch<'_>,
    ) -> Result<Rendered, TemplateFault> {
        let mut lacking = None;
        for _ in 1..MOST_ROUNDS {
            let asked = self.album.asked();
            let rendered = self.render_once(page, &asked)?;
            let wanted = asked.take_wanted();
            let mut learned = 0;
            for wanted in &wanted {
                match self.album.learn(wanted, fetch) {
                    Ok(()) => learned += 1,
                    Err(error) => lacking = Some(format!("`{}`: {error}", wanted.url())),
                }
            }
            if learned == 0 {
                lacking = lacking.filter(|_| !wanted.is_empty());
                return Ok(Rendered { lacking, ..rendered });
            }
        }
        Ok(Rendered { lacking, ..self.render_once(page, &self.album.asked())? })
    }

    fn render_once(&self, page: &Page, asked: &Arc<Asked>) -> Result<Rendered, TemplateFault> {
        let started = Instant::now();
        let recording = recorder::start();
        self.read(Key::Page { file: Arc::clone(&page.file) });
        if page.made.is_some() {
            self.read(Key::Made { file: Arc::clone(&page.file) });
            let reads = self.probe.reads(&page.file, recording.finish());
            let bytes = self.made(&page.file).map(|bytes| bytes.to_vec()).unwrap_or_default();
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            return Ok(Rendered { bytes, reads, media: Vec::new(), micros, lacking: None });
        }
        self.read(Key::Template { name: Arc::clone(&page.template) });
        self.read_config(page);
        let context = self.context(page).map_err(|message| TemplateFault {
            file: String::new(),
            line: 0,
            column: 0,
            field: None,
            report: message.clone(),
            message,
        })?;
        let scope = Scope {
            snapshot: self.snapshot.clone(),
            urls: Arc::clone(&self.table) as _,
            assets: Arc::clone(&self.inputs.files) as _,
            settings: Arc::clone(&self.inputs) as _,
            pictures: Arc::clone(asked) as _,
            site: Arc::clone(&self.inputs.site),
            url: page.url.as_str().into(),
            file: Arc::clone(&page.file),
            locale: page.locale.clone(),
            revalidate: page.revalidate.and_then(Period::of_seconds),
            now: self.now,
        };
        let html = self.inputs.templates.render(&page.template, &context, scope)?;
        let media = media::shown(&html, &self.inputs.site.base_url);
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let reads = self.probe.reads(&page.file, recording.finish());
        Ok(Rendered { bytes: html.into_bytes(), reads, media, micros, lacking: None })
    }

    fn read(&self, key: Key) {
        let answer = self.answer(&key);
        recorder::record(key, answer);
    }

    /// `site` leaves no trace when a template looks at it: what the template's text names
    /// counts as read.
    fn read_config(&self, page: &Page) {
        match self.inputs.templates.closures().config(&page.template) {
            None => self.read(Key::Config { path: SITE.into() }),
            Some(uses) => {
                for found in uses {
                    let key = &found.key;
                    let path = if found.by_locale {
                        format!("{SITE}.{key}.{}", page.locale)
                    } else {
                        format!("{SITE}.{key}")
                    };
                    self.read(Key::Config { path: path.into() });
                }
            }
        }
    }

    fn context(&self, page: &Page) -> Result<Context, String> {
        let mut context = Context::new();
        context.insert_value(SITE, self.inputs.site_value.clone());
        context.insert_value("page", shown(page));
        if let Some(entry) = &page.entry {
            let key = Key::Entry {
                uid: Arc::clone(&entry.uid),
                document_id: Arc::clone(&entry.document_id),
                locale: Arc::clone(&page.locale),
                args: Arc::clone(&entry.args),
            };
            context.insert_value("entry", self.ask(key)?.0);
        }
        if let Some(PageGroup { key, value, .. }) = &page.group {
            let value = [
                ("key", Value::from(key.as_str())),
                ("date", Value::from(day_of(value))),
                ("value", from_json(value)),
            ];
            context.insert_value("group", object(value));
        }
        if let Some(list) = &page.list {
            context.insert_value("pager", self.pager(page, list)?);
        }
        Ok(context)
    }

    fn ask(&self, key: Key) -> Result<(Value, Option<u64>), String> {
        let reply = self.snapshot.ask(&key).map_err(|error| error.to_string())?;
        recorder::record(key, reply.answer.clone());
        Ok((reply.value.clone(), reply.total))
    }

    fn pager(&self, page: &Page, list: &PageList) -> Result<Value, String> {
        let (items, total) = self.ask(Key::Query {
            uid: Arc::clone(&list.uid),
            locale: Arc::clone(&page.locale),
            args: Arc::clone(&list.args),
            total: true,
        })?;
        let total = total.unwrap_or(0);
        let pages = total.div_ceil(list.per_page).max(1);
        let url = |number: u64| {
            let exists = (1..=pages).contains(&number);
            exists.then(|| public_url::encode(&public_url::numbered(&list.path, number)))
        };
        let mut pager = tera::Map::new();
        let mut set = |name: &'static str, value: Value| drop(pager.insert(name.into(), value));
        set("items", items);
        set("page", Value::from(list.number));
        set("pages", Value::from(pages));
        set("per_page", Value::from(list.per_page));
        set("total", Value::from(total));
        for (name, number) in [
            ("prev", list.number.saturating_sub(1)),
            ("next", list.number + 1),
            ("first", 1),
            ("last", pages),
        ] {
            set(name, url(number).map_or_else(Value::none, Value::from));
        }
        Ok(Value::from(pager))
    }
}

/// What templates see as `page`.
fn shown(page: &Page) -> Value {
    let alternates = page.alternates.iter().map(|alternate| {
        object([("locale", Value::from(&*alternate.locale)), ("url", Value::from(&*alternate.url))])
    });
    let formats = page.formats.iter().map(|format| {
        object([("name", Value::from(&*format.name)), ("url", Value::from(&*format.url))])
    });
    object([
        ("url", Value::from(&*page.url)),
        ("file", Value::from(&*page.file)),
        ("locale", Value::from(&*page.locale)),
        ("template", Value::from(&*page.template)),
        ("alternates", Value::from(alternates.collect::<Vec<_>>())),
        ("title", page.title.as_deref().map_or_else(Value::none, Value::from)),
        ("formats", Value::from(formats.collect::<Vec<_>>())),
    ])
}

/// The first day of a year or month, for the `date` filter.
fn day_of(value: &serde_json::Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let rest = "0000-01-01".get(text.len()..).unwrap_or_default();
    format!("{text}{rest}")
}

fn object<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::from(
        entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<tera::Map>(),
    )
}

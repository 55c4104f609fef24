//! site.toml: the site's name, its locales, and every route with its template and content.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::folder::{self, FolderTable};
use super::grouping::{self, Grouping, Unit};
use super::i18n::Fallbacks;
use super::images::Images;
use super::period::Period;
use super::proxy::{self, Proxy};
use super::search::{self, Search};
use super::sitemap::{self, Sitemap};
use super::title::Title;
use super::toml_reader::{Source, Table, duration, table_to_json, to_json};
use super::{
    CheckTable, PathPattern, Publishing, SiteError, SiteErrors, gate, guard, images, markdown,
    strings,
};
use crate::engine::key::canonical;
use crate::gate::Policy;
use crate::render::markdown::Style;

mod cdn;
mod target;

pub use cdn::{CdnTable, ProviderTable};
pub use target::{DeployTable, KeyNames, TargetTable};

/// The file's name in the templates folder.
pub const FILE_NAME: &str = "site.toml";

/// A site.toml that passed every check that needs no content model.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub title: String,
    /// Without a slash at the end.
    pub base_url: String,
    /// The first one has no prefix.
    pub locales: Vec<String>,
    /// In the order of the file.
    pub routes: Vec<Route>,
    /// Content that is kept beside the site.
    pub folders: Vec<FolderTable>,
    pub publishing: Publishing,
    /// Addresses that pages had lead to where they are now.
    pub follow_moves: bool,
    /// Addresses of entries that are gone say so (410).
    pub gone: bool,
    /// Caches in front of the site.
    pub cdns: Vec<CdnTable>,
    /// Machines that show the site.
    pub targets: Vec<TargetTable>,
    pub deploy: DeployTable,
    pub gate: Policy,
    /// Watches what went live, if the site wants it.
    pub guard: Option<crate::guard::Policy>,
    /// What `ssg check` expects.
    pub check: CheckTable,
    /// What the daemon answers beside the pages.
    pub proxy: Proxy,
    /// How texts are shown.
    pub style: Style,
    pub sitemap: Option<Sitemap>,
    pub search: Option<Search>,
    /// How pictures are shown.
    pub images: Images,
    /// What stands in for missing translations.
    pub fallbacks: Fallbacks,
    /// The tables of site.toml that say how pages are made, as they are written: templates do
    /// not see them, pages depend on them.
    pub settings: Map<String, Value>,
    /// Every other table, for templates: `[strings.en]` is `site.strings.en`.
    pub tables: Map<String, Value>,
    /// The file's path, for messages.
    pub file: String,
}

/// Which URLs there are, and what stands behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub path: PathPattern,
    /// One page (or one list) per entry of this content type.
    pub each: Option<Arc<str>>,
    /// REST parameters of the entry.
    pub fields: Option<Value>,
    pub populate: Option<Value>,
    pub paginate: Option<Paginate>,
    /// `fields` and `populate` as the questions of all its pages have them.
    pub show: Arc<str>,
    pub template: Arc<str>,
    /// How long a page that shows the time may stay as it is.
    pub revalidate: Option<Period>,
    /// What its pages are called elsewhere.
    pub title: Option<Title>,
    /// The same pages once more, in other formats.
    pub formats: Vec<RouteFormat>,
    /// Whether its pages are for search engines.
    pub in_sitemap: bool,
    pub line: usize,
    pub template_line: usize,
}

/// A list spread over numbered pages. The questions are REST parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Paginate {
    pub content_type: Arc<str>,
    pub filters: Option<Value>,
    pub sort: Option<Value>,
    pub fields: Option<Value>,
    pub populate: Option<Value>,
    pub per_page: u64,
    /// One list for each value of an attribute.
    pub group: Option<Grouping>,
    pub line: usize,
}

/// A format of a route's pages besides HTML.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteFormat {
    /// The extension of its files.
    pub name: Arc<str>,
    pub template: Arc<str>,
    pub line: usize,
}

/// The locale of a site that names none.
pub(super) const DEFAULT_LOCALE: &str = "en";
/// Entries per page when the route does not say.
const DEFAULT_PER_PAGE: u64 = 20;

impl Site {
    /// Reads site.toml in the templates folder.
    ///
    /// # Errors
    /// Every mistake with its line, or that the file cannot be read.
    pub fn load(templates: &Path) -> Result<Self, SiteErrors> {
        let path = templates.join(FILE_NAME);
        let file = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let mut site = Self::parse(&file, &text)?;
                let errors = strings::add(&mut site, templates);
                if errors.is_empty() { Ok(site) } else { Err(SiteErrors(errors)) }
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                Err(SiteErrors(vec![SiteError { file, line: 1, message }]))
            }
        }
    }

    /// Reads the text of a site.toml; `file` is its name in messages.
    ///
    /// # Errors
    /// Every mistake with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, SiteErrors> {
        let mut source = Source::new(file, text);
        let site = source.parse().and_then(|root| read_site(&mut source, root));
        match site {
            Some(site) if source.errors.is_empty() => Ok(site),
            _ => {
                source.errors.sort_by_key(|error| error.line);
                Err(SiteErrors(source.errors))
            }
        }
    }

    /// What templates see as `site`.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut site = json!({
            "title": self.title,
            "base_url": self.base_url,
            "locales": self.locales,
        });
        if let Some(map) = site.as_object_mut() {
            map.extend(self.tables.clone());
        }
        site
    }

    #[must_use]
    pub fn default_locale(&self) -> &str {
        self.locales.first().map_or("", String::as_str)
    }

    #[must_use]
    pub fn is_default_locale(&self, locale: &str) -> bool {
        self.default_locale() == locale
    }

    /// A mistake found later in one of this file's lines.
    #[must_use]
    pub fn error(&self, line: usize, message: impl Into<String>) -> SiteError {
        SiteError { file: self.file.clone(), line, message: message.into() }
    }
}

fn read_site(source: &mut Source<'_>, mut root: DeTable<'_>) -> Option<Site> {
    let Some(site) = root.remove("site") else {
        source.complain(0, "the table `[site]` is missing");
        return None;
    };
    let routes = root.remove("route");
    let folders = folder::read(source, root.remove("folder"));
    let publishing = Publishing::read(source, root.remove("publish"));
    let cdns = root.remove("cdn");
    let targets = root.remove("target");
    let deploy = target::read_deploy(source, root.remove("deploy"));
    let gate = gate::read(source, root.remove("gate"));
    let guard = guard::read(source, root.remove("guard"));
    let check = CheckTable::read(source, root.remove("check"));
    let settings = settings(&root);
    let mut style = markdown::read(source, root.remove("markdown"));
    let fallbacks = Fallbacks::read(source, root.remove("i18n"));
    let (follow_moves, gone) = read_redirects(source, root.remove("redirects"));
    let search = search::read(source, root.remove("search"));
    let sitemap = sitemap::read(source, root.remove("sitemap"));
    let images = Images::read(source, root.remove("images"));
    let answered = ["proxy", "endpoint", "form"].map(|name| root.remove(name));
    let mut tables = Map::new();
    let mut rest: Vec<_> = root.into_iter().collect();
    rest.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in rest {
        match value.get_ref() {
            DeValue::Table(table) => {
                if ["title", "base_url", "locales"].contains(&key.get_ref().as_ref()) {
                    let message = format!("`{}` belongs into `[site]`", key.get_ref());
                    source.complain(key.span().start, message);
                }
                tables.insert(key.get_ref().clone().into_owned(), table_to_json(table));
            }
            _ => source.complain(
                key.span().start,
                format!(
                    "unknown key `{}`; accepted are `[site]`, `[[route]]`, `[[folder]]`, `[publish]`, `[gate]`, `[guard]`, `[[cdn]]`, \
                     `[[target]]`, `[deploy]`, `[proxy]`, `[[endpoint]]`, `[[form]]`, `[markdown]`, `[check]`, `[sitemap]`, \
                     `[i18n]`, `[search]`, `[images]`, `[redirects]` and tables of your own",
                    key.get_ref()
                ),
            ),
        }
    }
    let offset = site.span().start;
    let DeValue::Table(site) = site.into_inner() else {
        source.complain(offset, "`site` must be a table: `[site]`");
        return None;
    };
    let mut table = Table::new("[site]", offset, site);
    let title = table.required(source, "title");
    let base_url = table.required(source, "base_url");
    let base_url = base_url.and_then(|url| check_base_url(source, "base_url", url));
    let locales = table.take("locales").map(|value| read_locales(source, value));
    table.finish(source, "; values of your own go into a table such as `[params]`");
    if let Some(locales) = &locales
        && let Some(code) = fallbacks.unknown(locales)
    {
        let message = format!("`[i18n]` names `{code}`, which is no locale of the site");
        source.complain(offset, message);
    }
    let routes = routes.map(|routes| read_routes(source, routes)).unwrap_or_default();
    let pages: Vec<_> = routes.iter().map(|route| route.path.as_str()).collect();
    let proxy = proxy::read(source, answered, &pages);
    let base_url = base_url?;
    style.base_url = base_url.clone();
    Some(Site {
        title: title?.0,
        base_url,
        locales: locales.unwrap_or_else(|| vec![DEFAULT_LOCALE.to_owned()]),
        routes,
        folders,
        publishing,
        check,
        follow_moves,
        gone,
        targets: targets.map(|targets| target::read(source, targets)).unwrap_or_default(),
        deploy,
        cdns: cdns.map(|cdns| cdn::read(source, cdns)).unwrap_or_default(),
        gate,
        guard,
        proxy,
        style,
        sitemap,
        search,
        images,
        fallbacks,
        settings,
        tables,
        file: source.file.to_owned(),
    })
}

/// Whether moved pages are followed, and whether those that are gone say so.
fn read_redirects(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> (bool, bool) {
    let Some(mut table) = Table::of(source, "[redirects]", value) else { return (true, false) };
    let moved = table.flag(source, "moved").unwrap_or(true);
    let gone = table.flag(source, "gone").unwrap_or(false);
    table.finish(source, "");
    (moved, gone)
}

/// Tables that pages depend on as a whole.
const SETTINGS: [&str; 2] = ["markdown", images::TABLE];

fn settings(root: &DeTable<'_>) -> Map<String, Value> {
    let found = SETTINGS.iter().filter_map(|name| Some((*name, root.get(*name)?)));
    found.map(|(name, value)| (name.to_owned(), to_json(value.get_ref()))).collect()
}

fn check_base_url(
    source: &mut Source<'_>,
    key: &str,
    (url, offset): (String, usize),
) -> Option<String> {
    let trimmed = url.trim_end_matches('/');
    let host = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains('/') || host.contains(' ')) {
        let message = format!(
            "`{key}` must be a scheme and a host without a path, such as \
             `https://example.org`, not `{url}`"
        );
        source.complain(offset, message);
        return None;
    }
    Some(trimmed.to_owned())
}

pub(super) fn read_locales(source: &mut Source<'_>, value: Spanned<DeValue<'_>>) -> Vec<String> {
    let offset = value.span().start;
    let codes: Option<Vec<String>> = match to_json(value.get_ref()) {
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let is_code = |code: &String| {
        !code.is_empty() && code.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
    };
    match codes {
        Some(codes) if !codes.is_empty() && codes.iter().all(is_code) => {
            let twice = codes
                .iter()
                .enumerate()
                .find(|(at, code)| codes.iter().take(*at).any(|earlier| earlier == *code));
            if let Some((_, code)) = twice {
                source.complain(offset, format!("locale `{code}` is listed twice"));
            }
            codes
        }
        _ => {
            source
                .complain(offset, "`locales` must be a list of codes, such as `[\"en\", \"de\"]`");
            Vec::new()
        }
    }
}

fn read_routes(source: &mut Source<'_>, routes: Spanned<DeValue<'_>>) -> Vec<Route> {
    source.each_table(routes, "[[route]]", read_route)
}

fn read_route(source: &mut Source<'_>, mut table: Table<'_>) -> Option<Route> {
    let path = table.required(source, "path");
    let each = table.text(source, "each");
    let fields = table.json("fields");
    let populate = table.json("populate");
    let paginate = table.take("paginate").and_then(|value| read_paginate(source, value));
    let template = table.required(source, "template");
    let revalidate = read_revalidate(source, &mut table);
    let title = table.take("title").and_then(|value| Title::read(source, &value));
    let formats = table.take("formats").map(|value| read_formats(source, value));
    let in_sitemap = table.flag(source, "sitemap").unwrap_or(true);
    let line = path.as_ref().map_or(table.offset(), |(_, offset)| *offset);
    let line = source.line(line);
    table.finish(source, "");
    let (path, path_offset) = path?;
    let path = match PathPattern::parse(&path) {
        Ok(path) => path,
        Err(message) => {
            source.complain(path_offset, message);
            return None;
        }
    };
    let group = paginate.as_ref().and_then(|list| list.group.as_ref());
    check_route(source, path_offset, &path, each.is_some(), paginate.is_some(), group);
    if each.is_none() && (fields.is_some() || populate.is_some()) {
        source.complain(
            path_offset,
            "`fields` and `populate` say how `each` entry is shown; this route has no `each` \
             (a list has its own inside `paginate`)",
        );
    }
    let (template, template_offset) = template?;
    let show = canonical(&json!({ "fields": fields, "populate": populate })).into();
    Some(Route {
        path,
        each: each.map(|(uid, _)| uid.into()),
        fields,
        populate,
        paginate,
        show,
        template: template.into(),
        revalidate,
        title,
        formats: formats.unwrap_or_default(),
        in_sitemap,
        line,
        template_line: source.line(template_offset),
    })
}

fn read_revalidate(source: &mut Source<'_>, table: &mut Table<'_>) -> Option<Period> {
    let value = table.take("revalidate")?;
    let offset = value.span().start;
    let period = match value.get_ref() {
        DeValue::String(text) => duration(text).and_then(Period::new),
        DeValue::Integer(number) => number.to_string().parse().ok().and_then(Period::of_seconds),
        _ => None,
    };
    if period.is_none() {
        source.complain(
            offset,
            "`revalidate` must be whole seconds or a duration, such as `600` or `\"10m\"`",
        );
    }
    period
}

fn check_route(
    source: &mut Source<'_>,
    offset: usize,
    path: &PathPattern,
    each: bool,
    paginate: bool,
    group: Option<&Grouping>,
) {
    let is_group = |place: &[String]| place == [grouping::PLACE];
    if group.is_some() != path.places().any(is_group) {
        let message = format!(
            "a list with `group_by` stands at a path with the place `{{{}}}`, and only there",
            grouping::PLACE
        );
        source.complain(offset, message);
    }
    let of_entry = path.places().any(|place| !is_group(place));
    if of_entry && !each && (group.is_some() || path.has_places()) {
        let message = format!("path `{path}` has places to fill, so the route needs `each`");
        source.complain(offset, message);
    }
    if each && !of_entry {
        let message = format!(
            "path `{path}` is the same for each entry; give it a place, such as `{{slug}}`"
        );
        source.complain(offset, message);
    }
    if paginate && !path.as_str().ends_with('/') {
        let message =
            format!("path `{path}` of a list must end in `/`: page 2 is `page/2/` below it");
        source.complain(offset, message);
    }
}

fn read_paginate(source: &mut Source<'_>, value: Spanned<DeValue<'_>>) -> Option<Paginate> {
    let offset = value.span().start;
    let DeValue::Table(table) = value.into_inner() else {
        source.complain(offset, "`paginate` must be a table: `{ type = …, per_page = … }`");
        return None;
    };
    let mut table = Table::new("paginate", offset, table);
    let content_type = table.required(source, "type");
    let filters = table.json("filters");
    let sort = table.json("sort");
    let fields = table.json("fields");
    let populate = table.json("populate");
    let per_page = match table.take("per_page") {
        None => DEFAULT_PER_PAGE,
        Some(value) => match to_json(value.get_ref()).as_u64() {
            Some(number) if number > 0 => number,
            _ => {
                source.complain(value.span().start, "`per_page` must be a positive integer");
                DEFAULT_PER_PAGE
            }
        },
    };
    let group = table.text(source, "group_by");
    let unit = table.choice(source, "unit", &Unit::WORDS);
    if unit.is_some() && group.is_none() {
        source.complain(offset, "`unit` cuts the dates that `group_by` names");
    }
    table.finish(source, "");
    let group = group.map(|(by, _)| Grouping { by: by.into(), unit });
    let (content_type, type_offset) = content_type?;
    let line = source.line(type_offset);
    let content_type = content_type.into();
    Some(Paginate { content_type, filters, sort, fields, populate, per_page, group, line })
}

/// `formats = { json = "article.json" }`
fn read_formats(source: &mut Source<'_>, value: Spanned<DeValue<'_>>) -> Vec<RouteFormat> {
    let offset = value.span().start;
    let line = source.line(offset);
    let is_name = |name: &str| {
        !name.is_empty() && name != "html" && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let formats: Option<Vec<_>> = match to_json(value.get_ref()) {
        Value::Object(map) => map
            .into_iter()
            .map(|(name, template)| {
                let template = template.as_str().filter(|_| is_name(&name))?.into();
                Some(RouteFormat { name: name.into(), template, line })
            })
            .collect(),
        _ => None,
    };
    if formats.is_none() {
        source.complain(
            offset,
            "`formats` must be a table of templates by extension, such as \
             `{ json = \"article.json\" }`",
        );
    }
    formats.unwrap_or_default()
}

#[cfg(test)]
mod tests;

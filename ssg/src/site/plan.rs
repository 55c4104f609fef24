//! From a route and the content to pages.
//!
//! A *unit* is one route for one document (or for none): it yields that document's pages
//! in every locale, so that alternates are known, and it is planned again only when
//! something in its footprint changed.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::config::RouteFormat;
use super::contents::Contents;
use super::grouping::{self, Group};
use super::page::{Alternate, Page, PageEntry, PageFormat, PageGroup, PageList};
use super::path_pattern::FillError;
use super::period::Period;
use super::{Paginate, Route, Site, public_url};
use crate::engine::Footprint;
use crate::engine::key::canonical;

/// A planned unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unit {
    pub outline: Outline,
    pub pages: Vec<Page>,
}

/// Where a unit has pages and how many: all that its pages are made from, so that a list of
/// a thousand pages need not be spelled out to see that it is as long as before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    places: Vec<Place>,
    /// The document is the same in all locales.
    pub for_all_locales: bool,
    pub footprint: Footprint,
    /// Why some of its pages could not be planned.
    pub problems: Vec<PlanProblem>,
}

impl Outline {
    /// Whether both make the same pages.
    #[must_use]
    pub fn makes_the_pages_of(&self, other: &Self) -> bool {
        self.places == other.places && self.for_all_locales == other.for_all_locales
    }
}

/// An entry whose page has no URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    pub locale: String,
    pub uid: String,
    pub document_id: String,
    /// The attribute at fault, if it is one.
    pub field: Option<String>,
    pub message: String,
}

/// The prefix of a value taken from the page's entry in a route's filters.
const ENTRY_PREFIX: &str = "$entry.";

struct Planner<'a> {
    site: &'a Site,
    route: &'a Route,
    contents: &'a dyn Contents,
    for_all_locales: bool,
    footprint: Footprint,
}

/// A path in one locale with the number of list pages below it.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    locale: String,
    path: String,
    pages: u64,
    filters: Option<Value>,
    group: Option<PageGroup>,
    title: Option<String>,
}

/// Plans one route for one document, or for none when the route has no `each`, without its
/// pages.
#[must_use]
pub fn outline(
    site: &Site,
    index: usize,
    document_id: Option<&str>,
    contents: &dyn Contents,
) -> Outline {
    let Some(route) = site.routes.get(index) else { return Outline::default() };
    let footprint = Footprint::default();
    let mut planner = Planner { site, route, contents, for_all_locales: false, footprint };
    let mut problems = Vec::new();
    let mut places = Vec::new();
    for locale in planner.locales(document_id) {
        match planner.places(document_id, &locale) {
            Ok(found) => places.extend(found),
            Err(FillError { field, message }) => problems.push(PlanProblem {
                locale,
                field,
                uid: route.each.as_deref().unwrap_or_default().to_owned(),
                document_id: document_id.unwrap_or_default().to_owned(),
                message,
            }),
        }
    }
    let Planner { for_all_locales, footprint, .. } = planner;
    Outline { places, for_all_locales, footprint, problems }
}

/// The pages of an outline.
#[must_use]
pub fn pages(site: &Site, index: usize, document_id: Option<&str>, outline: &Outline) -> Vec<Page> {
    let Some(route) = site.routes.get(index) else { return Vec::new() };
    let mut pages = Vec::new();
    for place in &outline.places {
        for number in 1..=place.pages {
            let page = page(route, index, document_id, &outline.places, place, number);
            let formats = route.formats.iter().map(|format| in_format(&page, format));
            let formats: Vec<_> = formats.collect();
            pages.push(page);
            pages.extend(formats);
        }
    }
    pages
}

impl Planner<'_> {
    /// Locales the unit has pages in, in the site's order. A document without locales has
    /// its page once, in the first one.
    fn locales(&mut self, document_id: Option<&str>) -> Vec<String> {
        let (Some(uid), Some(document_id)) = (&self.route.each, document_id) else {
            return self.site.locales.clone();
        };
        self.footprint.document(document_id);
        let existing = self.contents.locales_of(uid, document_id);
        if existing.contains(&None) {
            self.for_all_locales = true;
            return vec![self.site.default_locale().to_owned()];
        }
        let has = |locale: &&String| existing.iter().flatten().any(|code| code == *locale);
        self.site.locales.iter().filter(has).cloned().collect()
    }

    /// Where the unit stands in a locale: once, or once for each group of its list.
    fn places(&mut self, document_id: Option<&str>, locale: &str) -> Result<Vec<Place>, FillError> {
        let route = self.route;
        let Some(list) = &route.paginate else {
            let path = self.path(document_id, locale, None)?;
            let title = self.title(document_id, locale, None);
            let locale = locale.to_owned();
            return Ok(vec![Place { locale, path, pages: 1, filters: None, group: None, title }]);
        };
        let fault = |message| FillError { field: None, message };
        let filters = self.filters(list, document_id, locale);
        let Some(grouping) = &list.group else {
            let (uid, filters) = (&list.content_type, filters);
            let total = self.contents.count(uid, locale, filters.as_ref(), &mut self.footprint);
            let path = self.path(document_id, locale, None)?;
            let title = self.title(document_id, locale, None);
            let pages = total.map_err(fault)?.div_ceil(list.per_page).max(1);
            let locale = locale.to_owned();
            return Ok(vec![Place { locale, path, pages, filters, group: None, title }]);
        };
        let uid = &list.content_type;
        let groups =
            self.contents.groups(uid, locale, grouping, filters.as_ref(), &mut self.footprint);
        let mut places = Vec::new();
        for group in groups.map_err(fault)? {
            let all = [filters.clone(), Some(group.filter.clone())];
            let all: Vec<Value> = all.into_iter().flatten().collect();
            places.push(Place {
                locale: locale.to_owned(),
                path: self.path(document_id, locale, Some(&group))?,
                pages: group.count.div_ceil(list.per_page).max(1),
                filters: Some(json!({ "$and": all })),
                title: self.title(document_id, locale, Some(&group)),
                group: Some(PageGroup {
                    name: grouping.name(uid, &group.key).into(),
                    key: group.key,
                    value: group.value,
                }),
            });
        }
        Ok(places)
    }

    /// A value of a place in a path or title.
    fn value(
        &mut self,
        names: &[String],
        document_id: Option<&str>,
        locale: &str,
        group: Option<&Group>,
    ) -> Option<String> {
        match (group, &self.route.each, document_id) {
            (Some(group), ..) if names == [grouping::PLACE] => Some(group.key.clone()),
            (_, Some(uid), Some(id)) => {
                text(&self.contents.scalar(uid, id, locale, names, &mut self.footprint))
            }
            _ => None,
        }
    }

    fn path(
        &mut self,
        document_id: Option<&str>,
        locale: &str,
        group: Option<&Group>,
    ) -> Result<String, FillError> {
        let pattern = &self.route.path;
        let path = match pattern.has_places() {
            false => pattern.as_str().to_owned(),
            true => {
                let planner = std::cell::RefCell::new(&mut *self);
                pattern
                    .fill(|names| planner.borrow_mut().value(names, document_id, locale, group))?
            }
        };
        Ok(public_url::localized(&path, locale, self.site.is_default_locale(locale)))
    }

    fn title(
        &mut self,
        document_id: Option<&str>,
        locale: &str,
        group: Option<&Group>,
    ) -> Option<String> {
        let title = self.route.title.as_ref()?;
        title.fill(locale, |names| match group {
            // People read the value, not what stands in the path.
            Some(group) if names == [grouping::PLACE] => text(&group.value),
            _ => self.value(names, document_id, locale, group),
        })
    }

    fn filters(
        &mut self,
        list: &Paginate,
        document_id: Option<&str>,
        locale: &str,
    ) -> Option<Value> {
        list.filters.as_ref().map(|filters| {
            resolve_entry(filters, &mut |path| match (&self.route.each, document_id) {
                (Some(uid), Some(id)) => {
                    self.contents.scalar(uid, id, locale, path, &mut self.footprint)
                }
                _ => Value::Null,
            })
        })
    }
}

/// The page once more in another format: beside a folder's page, or with another extension.
fn in_format(page: &Page, format: &RouteFormat) -> Page {
    let Page { file, .. } = page;
    let other = |path: &str| other_format(path, &format.name);
    Page {
        url: other(&page.url),
        file: other(file).into(),
        template: Arc::clone(&format.template),
        format: Some(Arc::clone(&format.name)),
        alternates: page
            .alternates
            .iter()
            .map(|alternate| Alternate { url: other(&alternate.url), ..alternate.clone() })
            .collect(),
        ..page.clone()
    }
}

/// `/blog/` → `/blog/index.json`, `/a.html` → `/a.json`
fn other_format(path: &str, name: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, "")) => format!("{folder}/index.{name}"),
        Some((folder, last)) => format!("{folder}/{}.{name}", stem(last)),
        None => format!("{}.{name}", stem(path)),
    }
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn page(
    route: &Route,
    index: usize,
    document_id: Option<&str>,
    places: &[Place],
    place: &Place,
    number: u64,
) -> Page {
    let path = public_url::numbered(&place.path, number);
    let alternate = |other: &Place| Alternate {
        locale: other.locale.clone(),
        url: public_url::encode(&public_url::numbered(&other.path, number)),
    };
    let entry = route.each.as_ref().zip(document_id).map(|(uid, id)| PageEntry {
        uid: Arc::clone(uid),
        document_id: id.into(),
        args: Arc::clone(&route.show),
    });
    let group = |place: &Place| place.group.as_ref().map(|group| group.key.clone());
    let others = places.iter().filter(|other| number <= other.pages);
    let others = others.filter(|other| group(other) == group(place));
    let url = public_url::encode(&path);
    let formats = route.formats.iter().map(|format| PageFormat {
        name: Arc::clone(&format.name),
        url: other_format(&url, &format.name),
    });
    Page {
        formats: formats.collect(),
        url,
        file: public_url::file(&path).into(),
        locale: place.locale.as_str().into(),
        template: Arc::clone(&route.template),
        route: Arc::clone(route.path.text()),
        revalidate: route.revalidate.map(Period::seconds),
        route_index: index,
        entry,
        list: route.paginate.as_ref().map(|list| page_list(list, place, number)),
        group: place.group.clone(),
        title: place.title.as_deref().map(Arc::from),
        format: None,
        made: None,
        alternates: others.map(alternate).collect(),
    }
}

fn page_list(list: &Paginate, place: &Place, number: u64) -> PageList {
    let args = json!({
        "filters": place.filters,
        "sort": list.sort,
        "fields": list.fields,
        "populate": list.populate,
        "start": (number - 1) * list.per_page,
        "limit": list.per_page,
    });
    PageList {
        uid: Arc::clone(&list.content_type),
        args: canonical(&args).into(),
        number,
        per_page: list.per_page,
        path: place.path.clone(),
    }
}

/// A scalar as part of a path.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Replaces every text `$entry.a.b` by what `lookup` says about the path `a.b`.
pub(crate) fn resolve_entry(filters: &Value, lookup: &mut dyn FnMut(&[String]) -> Value) -> Value {
    match filters {
        Value::String(text) => match text.strip_prefix(ENTRY_PREFIX) {
            Some(path) => lookup(&path.split('.').map(str::to_owned).collect::<Vec<_>>()),
            None => filters.clone(),
        },
        Value::Array(items) => items.iter().map(|item| resolve_entry(item, lookup)).collect(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| (key.clone(), resolve_entry(value, lookup)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        scalar => scalar.clone(),
    }
}

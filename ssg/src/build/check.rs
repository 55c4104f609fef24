//! Routes against the content model and the templates, before anything is planned.

use std::path::Path;

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use serde_json::{Value, json};

use super::inputs::Inputs;
use super::report::Failure;
use super::{fields, media, problem};
use crate::content::Snapshot;
use crate::engine::key::canonical;
use crate::nearest;
use crate::site::plan::resolve_entry;
use crate::site::search::SearchSource;
use crate::site::title::Title;
use crate::site::{Route, RouteTable, grouping};

/// Attributes every document has besides its schema's.
pub(super) const SYSTEM: [&str; 6] =
    ["documentId", "id", "locale", "createdAt", "updatedAt", "publishedAt"];

/// Every mistake in routes that the content model or the templates reveal.
pub(super) fn routes(inputs: &Inputs, snapshot: &Snapshot) -> Vec<Failure> {
    let mut failures = named_templates(inputs);
    for route in &inputs.site.routes {
        let mut complain = |line: usize, message: String| {
            failures.push(problem::of_site(&inputs.site.error(line, message)));
        };
        for message in check_each(route, snapshot) {
            complain(route.line, message);
        }
        for (line, message) in check_list(route, snapshot) {
            complain(line, message);
        }
    }
    let search = inputs.site.search.iter().flat_map(|search| &search.sources);
    for source in search {
        for message in check_search(source, snapshot) {
            failures.push(problem::of_site(&inputs.site.error(source.line, message)));
        }
    }
    failures
}

fn check_search(source: &SearchSource, snapshot: &Snapshot) -> Vec<String> {
    let model = snapshot.model();
    if model.get(&source.uid).is_none() {
        return vec![unknown_type(model, &source.uid)];
    }
    let names = source.attributes.iter();
    let wrong = names.filter(|name| visible(model, &source.uid, name).is_none());
    wrong.map(|name| unknown_attribute(model, &source.uid, name)).collect()
}

/// Templates that site.toml names, for pages or for answers of the daemon, and that do not exist.
pub(super) fn named_templates(inputs: &Inputs) -> Vec<Failure> {
    let site = &inputs.site;
    let pages = site.routes.iter().map(|route| (&*route.template, route.template_line));
    let formats = site.routes.iter().flat_map(|route| &route.formats);
    let pages = pages.chain(formats.map(|format| (&*format.template, format.line)));
    let lacking = pages.chain(site.proxy.fragments()).filter_map(|(name, line)| {
        let message = inputs.templates.objection(name)?;
        Some(problem::of_site(&site.error(line, message)))
    });
    lacking.collect()
}

/// Questions of templates that the content model does not allow.
pub(super) fn templates(folder: &Path, inputs: &Inputs, snapshot: &Snapshot) -> Vec<Failure> {
    let faults = inputs.templates.check(snapshot);
    let faults = faults.iter().map(|fault| problem::of_template(folder, fault));
    faults.chain(fields::unknown(folder, inputs, snapshot)).collect()
}

/// Static files that stand where a page does, and pages where media will be.
pub(super) fn places(inputs: &Inputs, table: &RouteTable) -> Vec<Failure> {
    let uploads = table.files_below(media::FOLDER).map(|page| {
        let message =
            format!("`{}` is below `/{}`, where media are published", page.url, media::FOLDER);
        problem::of_site(&inputs.site.error(table.line(page.route_index), message))
    });
    let clashes = inputs.files.outputs().filter_map(|output| {
        let page = table.page(&output.file)?;
        let message = format!(
            "route `{}` and `{}` both make `/{}`",
            page.route,
            output.source.disk.display(),
            output.file
        );
        Some(problem::of_site(&inputs.site.error(table.line(page.route_index), message)))
    });
    clashes.chain(uploads).collect()
}

fn check_each(route: &Route, snapshot: &Snapshot) -> Vec<String> {
    let Some(uid) = &route.each else { return Vec::new() };
    let model = snapshot.model();
    let Some(ty) = model.get(uid) else { return vec![unknown_type(model, uid)] };
    let groups = route.paginate.as_ref().is_some_and(|list| list.group.is_some());
    let titles = route.title.iter().flat_map(Title::places);
    let places = route.path.places().chain(titles);
    let places = places.filter(|path| !(groups && *path == [grouping::PLACE]));
    let mut messages: Vec<_> = places.filter_map(|path| attribute(model, ty, path).err()).collect();
    let args = canonical(&json!({ "fields": route.fields, "populate": route.populate }));
    let locale = snapshot.default_locale();
    messages.extend(snapshot.spec(uid, locale, &args).err().map(|error| error.to_string()));
    messages
}

fn check_list(route: &Route, snapshot: &Snapshot) -> Vec<(usize, String)> {
    let Some(list) = &route.paginate else { return Vec::new() };
    let model = snapshot.model();
    if model.get(&list.content_type).is_none() {
        return vec![(list.line, unknown_type(model, &list.content_type))];
    }
    let mut messages = Vec::new();
    if let Some(grouping) = &list.group {
        let wrong = snapshot.grouped(&list.content_type, grouping).err();
        messages.extend(wrong.map(|error| error.to_string()));
    }
    let each = route.each.as_ref().and_then(|uid| model.get(uid));
    let filters = list.filters.as_ref().map(|filters| {
        resolve_entry(filters, &mut |path| match each.map(|ty| attribute(model, ty, path)) {
            Some(Ok(kind)) => sample(kind),
            Some(Err(message)) => {
                messages.push(message);
                Value::Null
            }
            None => {
                messages.push("`$entry` needs a route with `each`".to_owned());
                Value::Null
            }
        })
    });
    let args = canonical(&json!({
        "filters": filters,
        "sort": list.sort,
        "fields": list.fields,
        "populate": list.populate,
    }));
    let locale = snapshot.default_locale();
    if messages.is_empty() {
        let wrong = snapshot.spec(&list.content_type, locale, &args).err();
        messages.extend(wrong.map(|error| error.to_string()));
    }
    messages.into_iter().map(|message| (list.line, message)).collect()
}

fn unknown_type(model: &ContentModel, uid: &str) -> String {
    let known: Vec<_> = model.api_types().map(|ty| ty.uid.as_str()).collect();
    let hint = nearest::hint(uid, known.iter().copied());
    format!("there is no content type `{uid}`; there are `{}`{hint}", known.join("`, `"))
}

/// The scalar attribute a path leads to, through components and to-one relations.
fn attribute<'a>(
    model: &'a ContentModel,
    ty: &'a ContentType,
    path: &[String],
) -> Result<Option<&'a Attribute>, String> {
    let mut uid = ty.uid.as_str();
    let Some((last, through)) = path.split_last() else { return Ok(None) };
    for name in through {
        uid = match visible(model, uid, name).map(|attribute| &attribute.kind) {
            Some(AttributeKind::Relation(relation)) if !relation.kind.is_to_many() => {
                &relation.target
            }
            Some(AttributeKind::Component { component, repeatable: false }) => component,
            Some(AttributeKind::Media { multiple: false, .. }) => cms_api::builtin::FILE,
            Some(_) => {
                return Err(format!("`{name}` in `{}` leads to no single entry", path.join(".")));
            }
            None => return Err(unknown_attribute(model, uid, name)),
        };
    }
    if SYSTEM.contains(&last.as_str()) {
        return Ok(None);
    }
    match visible(model, uid, last) {
        Some(attribute) if attribute.kind.is_scalar() => Ok(Some(attribute)),
        Some(_) => Err(format!("`{}` of `{}` is no plain value", path.join("."), ty.uid)),
        None => Err(unknown_attribute(model, uid, last)),
    }
}

pub(super) fn visible<'a>(model: &'a ContentModel, uid: &str, name: &str) -> Option<&'a Attribute> {
    model.attributes(uid)?.get(name).filter(|attribute| !attribute.is_hidden())
}

pub(super) fn unknown_attribute(model: &ContentModel, uid: &str, name: &str) -> String {
    let attributes = model.attributes(uid).into_iter().flatten();
    let known: Vec<_> = attributes
        .filter(|(_, attribute)| !attribute.is_hidden())
        .map(|(name, _)| name.as_str())
        .collect();
    let hint = nearest::hint(name, known.iter().copied());
    format!("`{uid}` has no attribute `{name}`; it has `{}`{hint}", known.join("`, `"))
}

/// Some value of an attribute's kind, to check a filter with.
fn sample(attribute: Option<&Attribute>) -> Value {
    let Some(attribute) = attribute else { return "x".into() };
    match &attribute.kind {
        AttributeKind::Integer
        | AttributeKind::BigInteger
        | AttributeKind::Float
        | AttributeKind::Decimal => 1.into(),
        AttributeKind::Boolean => true.into(),
        AttributeKind::Date => "2000-01-01".into(),
        AttributeKind::Time => "00:00:00.000".into(),
        AttributeKind::DateTime | AttributeKind::Timestamp => "2000-01-01T00:00:00.000Z".into(),
        AttributeKind::Enumeration { values } => {
            values.first().map_or("x".into(), |value| value.as_str().into())
        }
        _ => "x".into(),
    }
}

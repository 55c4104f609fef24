//! Attributes that templates look up in entries, against the content model.
//!
//! A page's template and all it extends or includes see the entries of the routes that use
//! them, and what they ask for themselves. An attribute that none of the content types has
//! that a name can stand for is a mistake in the text, found before anything is rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cms_api::builtin::FILE;
use cms_api::content_type::AttributeKind;
use cms_api::model::ContentModel;

use super::check::{SYSTEM, unknown_attribute, visible};
use super::inputs::Inputs;
use super::report::Failure;
use crate::content::Snapshot;
use crate::templates::{Lookup, Names, Relations, Type};

/// Besides the system fields.
const LOCALIZATIONS: &str = "localizations";
/// Every component has these.
const OF_COMPONENTS: [&str; 2] = ["id", "__component"];

/// Every attribute that does not exist, with its place.
pub(super) fn unknown(folder: &Path, inputs: &Inputs, snapshot: &Snapshot) -> Vec<Failure> {
    let model = snapshot.model();
    let names = names(inputs);
    let of_file = |file: &str| names.get(file).cloned().unwrap_or_default();
    let lookups = inputs.templates.lookups(&of_file, &Model(model));
    let wrong = lookups.iter().filter_map(|(file, lookup)| {
        let message = objection(model, lookup)?;
        Some(Failure {
            template: Some(folder.join(file).display().to_string()),
            line: Some(lookup.line),
            field: Some(lookup.names.join(".")),
            message: format!("`{}`: {message}", lookup.text),
            ..Failure::default()
        })
    });
    wrong.collect()
}

/// What the routes that use a template give it.
fn names(inputs: &Inputs) -> BTreeMap<&str, Names> {
    let mut names: BTreeMap<&str, Names> = BTreeMap::new();
    for route in &inputs.site.routes {
        let entry = route.each.as_ref().map(|uid| ("entry", uid));
        let list = route.paginate.as_ref().map(|list| ("pager", &list.content_type));
        let formats = route.formats.iter().map(|format| &format.template);
        let templates = formats.chain([&route.template]);
        let closures = inputs.templates.closures();
        for file in templates.flat_map(|template| closures.needs(template)) {
            let known = names.entry(file).or_default();
            for (name, uid) in entry.into_iter().chain(list) {
                let ty = known.entry(name.to_owned()).or_insert_with(|| match name {
                    "entry" => Type::One(BTreeSet::new()),
                    _ => Type::Pager(BTreeSet::new()),
                });
                if let Type::One(uids) | Type::Pager(uids) = ty {
                    uids.insert(uid.to_string());
                }
            }
        }
    }
    names
}

fn objection(model: &ContentModel, lookup: &Lookup) -> Option<String> {
    let wrong: Option<Vec<String>> =
        lookup.uids.iter().map(|uid| check(model, uid, &lookup.names).err()).collect();
    wrong?.into_iter().next()
}

/// Follows names as far as the model knows what comes next.
fn check(model: &ContentModel, uid: &str, names: &[String]) -> Result<(), String> {
    let mut here = uid;
    for name in names {
        if model.attributes(here).is_none() {
            return Ok(());
        }
        let is_type = model.get(here).is_some();
        if is_type && (SYSTEM.contains(&name.as_str()) || name == LOCALIZATIONS) {
            return Ok(());
        }
        if !is_type && OF_COMPONENTS.contains(&name.as_str()) {
            return Ok(());
        }
        let Some(attribute) = visible(model, here, name) else {
            return Err(unknown_attribute(model, here, name));
        };
        here = match &attribute.kind {
            AttributeKind::Relation(relation) if !relation.kind.is_to_many() => &relation.target,
            AttributeKind::Component { component, repeatable: false } => component,
            AttributeKind::Media { multiple: false, .. } => FILE,
            _ => return Ok(()),
        };
    }
    Ok(())
}

struct Model<'a>(&'a ContentModel);

impl Relations for Model<'_> {
    fn leads_to(&self, uid: &str, name: &str) -> Option<Type> {
        let one = |uid: &str| BTreeSet::from([uid.to_owned()]);
        let (many, uids) = match &visible(self.0, uid, name)?.kind {
            AttributeKind::Relation(relation) => {
                (relation.kind.is_to_many(), one(&relation.target))
            }
            AttributeKind::Media { multiple, .. } => (*multiple, one(FILE)),
            AttributeKind::Component { component, repeatable } => (*repeatable, one(component)),
            AttributeKind::DynamicZone { components } => {
                (true, components.iter().cloned().collect())
            }
            _ => return None,
        };
        Some(if many { Type::List(uids) } else { Type::One(uids) })
    }
}

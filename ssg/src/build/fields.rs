//! Attributes that templates look up in `entry`, against the content model.
//!
//! A page's template and all it extends or includes see the entries of the routes that use
//! them. An attribute that none of those content types has is a mistake in the text, found
//! before anything is rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cms_api::builtin::FILE;
use cms_api::content_type::AttributeKind;
use cms_api::model::ContentModel;

use super::check::{SYSTEM, visible};
use super::inputs::Inputs;
use super::report::Failure;
use crate::content::Snapshot;
use crate::templates::ValuePath;

/// Besides the system fields.
const LOCALIZATIONS: &str = "localizations";

/// Every attribute that does not exist, with its place.
pub(super) fn unknown(folder: &Path, inputs: &Inputs, snapshot: &Snapshot) -> Vec<Failure> {
    let model = snapshot.model();
    let closures = inputs.templates.closures();
    let mut failures = Vec::new();
    for (file, uids) in users(inputs) {
        for path in closures.entry_paths(file) {
            let wrong: Option<Vec<_>> =
                uids.iter().map(|uid| check(model, uid, path).err()).collect();
            if let Some(message) = wrong.and_then(|messages| messages.into_iter().next()) {
                failures.push(Failure {
                    template: Some(folder.join(file).display().to_string()),
                    line: Some(path.line),
                    field: Some(path.names.iter().skip(1).cloned().collect::<Vec<_>>().join(".")),
                    message,
                    ..Failure::default()
                });
            }
        }
    }
    failures
}

/// Template files with the content types whose entries they see.
fn users(inputs: &Inputs) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in &inputs.site.routes {
        let Some(uid) = &route.each else { continue };
        for file in inputs.templates.closures().needs(&route.template) {
            users.entry(file).or_default().insert(uid);
        }
    }
    users
}

/// Follows a path as far as the model knows what comes next.
fn check(model: &ContentModel, uid: &str, path: &ValuePath) -> Result<(), String> {
    let mut here = uid;
    for name in path.names.iter().skip(1) {
        let is_type = model.get(here).is_some();
        if is_type && (SYSTEM.contains(&name.as_str()) || name == LOCALIZATIONS) {
            return Ok(());
        }
        if !is_type && ["id", "__component"].contains(&name.as_str()) {
            return Ok(());
        }
        let Some(attribute) = visible(model, here, name) else {
            return Err(super::check::unknown_attribute(model, here, name));
        };
        here = match &attribute.kind {
            AttributeKind::Relation(relation) if !relation.kind.is_to_many() => &relation.target,
            AttributeKind::Component { component, repeatable: false } => component,
            AttributeKind::Media { multiple: false, .. } => FILE,
            _ => return Ok(()),
        };
        if model.attributes(here).is_none() {
            return Ok(());
        }
    }
    Ok(())
}

//! The types, their attributes, and a diagram of what leads where.

use std::collections::BTreeSet;

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, ContentType, Kind, Relation};
use cms_api::model::ContentModel;
use indexmap::IndexMap;

use super::cell;
use crate::contract::names;

pub(super) fn page(model: &ContentModel) -> String {
    let mut out = "# Content model\n\nWritten by `cms docs`.\n\n".to_owned();
    out.push_str(&diagram(model));
    for ty in own_types(model) {
        out.push_str(&content_type(ty));
    }
    for part in model.components() {
        out.push_str(&format!("\n## {} (`{}`)\n\nA component.\n\n", part.display_name, part.uid));
        out.push_str(&table(&part.attributes, None));
    }
    out
}

fn own_types(model: &ContentModel) -> impl Iterator<Item = &ContentType> {
    model.types().filter(|ty| !builtin::is_builtin(&ty.uid))
}

/// Mermaid's, which GitHub and most others draw.
fn diagram(model: &ContentModel) -> String {
    let mut lines = BTreeSet::new();
    for ty in own_types(model) {
        for (name, attribute) in &ty.attributes {
            lines.extend(edges(model, ty, name, &attribute.kind));
        }
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    let boxes: String =
        own_types(model).map(|ty| format!("    {}\n", names::of_type(ty))).collect();
    format!("```mermaid\nerDiagram\n{boxes}{lines}```\n")
}

fn edges(model: &ContentModel, ty: &ContentType, name: &str, kind: &AttributeKind) -> Vec<String> {
    let from = names::of_type(ty);
    let edge = |to: &str, many: bool| {
        let end = if many { "o{" } else { "o|" };
        format!("{from} }}o--{end} {to} : \"{name}\"")
    };
    match kind {
        AttributeKind::Relation(Relation { target, kind, mapped_by: None, .. }) => {
            let target = model.get(target).map(names::of_type);
            target.map(|target| edge(&target, kind.is_to_many())).into_iter().collect()
        }
        AttributeKind::Media { multiple, .. } => vec![edge("UploadFile", *multiple)],
        AttributeKind::Component { component, repeatable } => {
            vec![edge(&names::of_component(component), *repeatable)]
        }
        AttributeKind::DynamicZone { components } => {
            components.iter().map(|part| edge(&names::of_component(part), true)).collect()
        }
        _ => Vec::new(),
    }
}

fn content_type(ty: &ContentType) -> String {
    let kind = match ty.kind {
        Kind::Collection => "A collection",
        Kind::Single => "A single entry",
    };
    let mut traits = Vec::new();
    if ty.draft_and_publish {
        traits.push("with drafts");
    }
    if ty.localized {
        traits.push("in every locale");
    }
    let traits = if traits.is_empty() { String::new() } else { format!(", {}", traits.join(", ")) };
    let mut out = format!(
        "\n## {} (`{}`)\n\n{kind} at `/api/{}`{traits}.\n\n",
        ty.display_name,
        ty.uid,
        ty.route_name()
    );
    out.push_str(&table(&ty.attributes, Some(ty)));
    out
}

fn table(attributes: &IndexMap<String, Attribute>, ty: Option<&ContentType>) -> String {
    let mut out = "| attribute | type | rules |\n|---|---|---|\n".to_owned();
    for (name, attribute) in attributes {
        let kind = cell(&kind(&attribute.kind));
        let rules = cell(&rules(attribute, ty));
        out.push_str(&format!("| `{name}` | {kind} | {rules} |\n"));
    }
    out
}

fn kind(kind: &AttributeKind) -> String {
    let list = |items: &[String]| {
        items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
    };
    match kind {
        AttributeKind::Relation(relation) => {
            let many = if relation.kind.is_to_many() { "many" } else { "one" };
            let target = if relation.target.is_empty() {
                "of any type".to_owned()
            } else {
                format!("`{}`", relation.target)
            };
            format!("relation to {many} {target}")
        }
        AttributeKind::Component { component, repeatable } => {
            let many = if *repeatable { "list of " } else { "" };
            format!("{many}component `{component}`")
        }
        AttributeKind::DynamicZone { components } => format!("zone of {}", list(components)),
        AttributeKind::Enumeration { values } => format!("one of {}", list(values)),
        AttributeKind::Media { multiple: true, .. } => "files".to_owned(),
        AttributeKind::Media { .. } => "file".to_owned(),
        AttributeKind::Uid { target_field: Some(field) } => format!("uid of `{field}`"),
        other => other.type_name().to_owned(),
    }
}

fn rules(attribute: &Attribute, ty: Option<&ContentType>) -> String {
    let mut rules = Vec::new();
    for (holds, word) in [
        (attribute.required, "required"),
        (attribute.unique, "unique"),
        (attribute.private, "private"),
        (!attribute.writable, "not writable"),
        (ty.is_some_and(|ty| ty.is_localized_attribute(attribute)), "own value per locale"),
    ] {
        if holds {
            rules.push(word.to_owned());
        }
    }
    let numbers = [
        ("min", attribute.min.map(|rule| rule.to_string())),
        ("max", attribute.max.map(|rule| rule.to_string())),
        ("minLength", attribute.min_length.map(|rule| rule.to_string())),
        ("maxLength", attribute.max_length.map(|rule| rule.to_string())),
        ("regex", attribute.regex.as_ref().map(|rule| format!("`{rule}`"))),
        ("default", attribute.default.as_ref().map(|value| format!("`{value}`"))),
    ];
    rules.extend(numbers.into_iter().filter_map(|(word, rule)| Some(format!("{word} {}", rule?))));
    rules.join(", ")
}

//! The archive's content types against the server's: what is new, what differs, and what
//! that means for the data.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use cms_api::builtin;
use cms_api::content_type::{
    Attribute, AttributeKind, Component, ContentType, parse_component, parse_content_type,
};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::Value;

use crate::transfer::Refused;
use crate::transfer::schemas::{self, SYSTEM_ATTRIBUTES};

/// A schema file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewSchema {
    pub(super) uid: String,
    /// Below the schema folder.
    pub(super) place: PathBuf,
    pub(super) text: String,
}

/// The content model both sides can live with.
#[derive(Debug)]
pub(super) struct Agreement {
    pub(super) model: ContentModel,
    pub(super) new: Vec<NewSchema>,
    /// Attributes of the archive that are left out, by owner's uid and name.
    pub(super) left_out: HashSet<(String, String)>,
    pub(super) notes: Vec<String>,
    /// Schemas of types we do not have, by uid.
    pub(super) foreign: BTreeMap<String, Value>,
    pub(super) force: bool,
}

/// Compares. With `force`, what does not fit is left out instead of refused.
///
/// # Errors
/// Every difference that would lose data, together.
pub(super) fn agree(
    lines: Vec<Value>,
    server: &ContentModel,
    force: bool,
) -> anyhow::Result<Agreement> {
    let mut talk = Talk { server, ..Talk::new(server) };
    for line in lines {
        talk.hear(&line)?;
    }
    talk.conclude(force)
}

struct Talk<'a> {
    server: &'a ContentModel,
    types: Vec<ContentType>,
    components: Vec<Component>,
    new: Vec<NewSchema>,
    left_out: HashSet<(String, String)>,
    losses: Vec<String>,
    notes: Vec<String>,
    foreign: BTreeMap<String, Value>,
}

impl<'a> Talk<'a> {
    fn new(server: &'a ContentModel) -> Self {
        Self {
            server,
            types: server.api_types().cloned().collect(),
            components: server.components().cloned().collect(),
            new: Vec::new(),
            left_out: HashSet::new(),
            losses: Vec::new(),
            notes: Vec::new(),
            foreign: BTreeMap::new(),
        }
    }

    fn hear(&mut self, line: &Value) -> anyhow::Result<()> {
        let uid = line.get("uid").and_then(Value::as_str).unwrap_or_default();
        let is_component = line.get("modelType").and_then(Value::as_str) == Some("component");
        if is_component {
            self.hear_component(uid, &schemas::file_of(line, true))
        } else if uid.starts_with("api::") {
            self.hear_type(uid, &schemas::file_of(line, false))
        } else {
            self.hear_builtin(uid, line);
            self.foreign.insert(uid.to_owned(), line.clone());
            Ok(())
        }
    }

    fn hear_type(&mut self, uid: &str, file: &Value) -> anyhow::Result<()> {
        let theirs = parse_content_type(uid, file)
            .map_err(|error| Refused::new(format!("schemas: {uid}: {error}")))?;
        let server = self.server;
        let Some(ours) = server.get(uid) else {
            self.add(uid, file)?;
            self.types.push(theirs);
            return Ok(());
        };
        for (what, same) in [
            ("kind", ours.kind == theirs.kind),
            ("draftAndPublish", ours.draft_and_publish == theirs.draft_and_publish),
            ("localized", ours.localized == theirs.localized),
        ] {
            if !same {
                self.losses.push(format!("{uid}: `{what}` differs"));
            }
        }
        self.compare(uid, &ours.attributes, &theirs.attributes);
        Ok(())
    }

    fn hear_component(&mut self, uid: &str, file: &Value) -> anyhow::Result<()> {
        let theirs = parse_component(uid, file)
            .map_err(|error| Refused::new(format!("schemas: {uid}: {error}")))?;
        let server = self.server;
        match server.component(uid) {
            Some(ours) => self.compare(uid, &ours.attributes, &theirs.attributes),
            None => {
                self.add(uid, file)?;
                self.components.push(theirs);
            }
        }
        Ok(())
    }

    /// Extended plugin types: what was added to them has no place here.
    fn hear_builtin(&mut self, uid: &str, line: &Value) {
        let Some(ours) = self.server.get(uid) else { return };
        let theirs = line.get("attributes").and_then(Value::as_object).into_iter().flatten();
        for (name, attribute) in theirs {
            let known = ours.attributes.contains_key(name)
                || SYSTEM_ATTRIBUTES.contains(&name.as_str())
                || (uid == builtin::ROLE && name == "permissions");
            if !known {
                let kind = attribute.get("type").and_then(Value::as_str).unwrap_or("unknown");
                self.left_out.insert((uid.to_owned(), name.clone()));
                self.notes.push(format!("{uid}: `{name}` ({kind}) has no place here"));
            }
        }
    }

    fn add(&mut self, uid: &str, file: &Value) -> anyhow::Result<()> {
        let place = schemas::place_of(uid, file)?;
        let text = serde_json::to_string_pretty(file)? + "\n";
        self.new.push(NewSchema { uid: uid.to_owned(), place, text });
        Ok(())
    }

    fn compare(
        &mut self,
        uid: &str,
        ours: &IndexMap<String, Attribute>,
        theirs: &IndexMap<String, Attribute>,
    ) {
        for (name, attribute) in theirs {
            let loss = match ours.get(name) {
                None => Some(format!("the server has no attribute `{name}`")),
                Some(own) => conflict(&own.kind, &attribute.kind)
                    .map(|what| format!("the attribute `{name}` {what}")),
            };
            match (loss, ours.get(name)) {
                (Some(loss), _) => {
                    self.losses.push(format!("{uid}: {loss}"));
                    self.left_out.insert((uid.to_owned(), name.clone()));
                }
                (None, Some(own)) if !same_rules(own, attribute) => {
                    self.notes.push(format!("{uid}: `{name}` has other rules in the archive"));
                }
                (None, _) => {}
            }
        }
    }

    fn conclude(mut self, force: bool) -> anyhow::Result<Agreement> {
        let differs = |loss: &String| loss.ends_with("differs");
        if !self.losses.is_empty() && (!force || self.losses.iter().any(differs)) {
            let list = self.losses.join("\n  ");
            let hint = "adapt the schema files, or import what fits with `--force`";
            return Err(Refused::new(format!(
                "the archive does not fit the content model; {hint}:\n  {list}"
            ))
            .into());
        }
        self.notes.extend(self.losses);
        let model = ContentModel::new(self.types, self.components).map_err(|errors| {
            let list: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Refused::new(format!("the archive's schemas do not fit:\n  {}", list.join("\n  ")))
        })?;
        let (new, left_out, notes, foreign) = (self.new, self.left_out, self.notes, self.foreign);
        Ok(Agreement { model, new, left_out, notes, foreign, force })
    }
}

/// Why values of the archive's kind cannot be kept as ours.
fn conflict(ours: &AttributeKind, theirs: &AttributeKind) -> Option<String> {
    use AttributeKind as Kind;
    let differs = match (ours, theirs) {
        (Kind::Relation(ours), Kind::Relation(theirs)) => ours != theirs,
        (Kind::Media { multiple: ours, .. }, Kind::Media { multiple: theirs, .. }) => {
            *theirs && !ours
        }
        (
            Kind::Component { component: ours, repeatable },
            Kind::Component { component: theirs, repeatable: several },
        ) => ours != theirs || repeatable != several,
        (Kind::DynamicZone { components: ours }, Kind::DynamicZone { components: theirs }) => {
            theirs.iter().any(|uid| !ours.contains(uid))
        }
        _ => {
            let (ours, theirs) = (ours.type_name(), theirs.type_name());
            let fits = ours == theirs
                || (is_text(ours) && is_text(theirs))
                || (is_number(ours) && is_number(theirs));
            return (!fits).then(|| format!("is `{theirs}` there and `{ours}` here"));
        }
    };
    differs.then(|| format!("is another {} there", theirs.type_name()))
}

fn is_text(name: &str) -> bool {
    ["string", "text", "richtext", "email", "uid", "enumeration"].contains(&name)
}

fn is_number(name: &str) -> bool {
    ["integer", "float", "decimal"].contains(&name)
}

/// Whether the same values are valid on both sides.
fn same_rules(ours: &Attribute, theirs: &Attribute) -> bool {
    let rules = |attribute: &Attribute| {
        let mut rules = attribute.clone();
        // Neither decides whether a value is valid.
        rules.default = None;
        rules.searchable = true;
        rules
    };
    rules(ours) == rules(theirs)
}

//! Questions that templates ask in so many words, checked before anything is built.
//!
//! Most calls name their type, fields and sort literally. A misspelt field is
//! then known as soon as the template is read, with its line; what a template
//! computes is checked when it is rendered.

use cms_api::builtin::FILE;
use cms_api::content_type::AttributeKind;
use serde_json::{Map, Value as Json, json};

use super::fault::TemplateFault;
use super::functions::accepted;
use super::scan::{Call, Token};
use crate::content::{AskError, Snapshot};
use crate::engine::key::canonical;
use crate::nearest;

/// Arguments that are the query's.
const QUERY: [&str; 4] = ["filters", "sort", "fields", "populate"];

/// What is wrong with a call under the content model.
pub(crate) fn check(file: &str, call: &Call, snapshot: &Snapshot) -> Option<TemplateFault> {
    let known = accepted(&call.name)?;
    let fault = |message: String| TemplateFault::at(file, call.line, call.column, message);
    let unknown = call.arguments.iter().find(|(name, _)| !known.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        return Some(fault(format!(
            "`{}()` has no argument `{name}`; accepted are {}{}",
            call.name,
            known.join(", "),
            nearest::hint(name, known.iter().copied())
        )));
    }
    let message = question(call, snapshot)?;
    Some(fault(format!("`{}()`: {message}", call.name)))
}

fn question(call: &Call, snapshot: &Snapshot) -> Option<String> {
    let (_, uid) = call.arguments.iter().find(|(name, _)| name == "type")?;
    let [Token::Text(uid)] = uid.as_slice() else { return None };
    let mut literal = true;
    let given = call.arguments.iter().filter(|(name, _)| QUERY.contains(&name.as_str()));
    let args: Map<String, Json> =
        given.map(|(name, value)| (name.clone(), whole(value, &mut literal))).collect();
    match snapshot.spec(uid, snapshot.default_locale(), &canonical(&Json::Object(args))) {
        Ok(_) => None,
        // A null stands for what is computed, so only names are known to be wrong.
        Err(AskError::Arguments(_)) if !literal => None,
        Err(error) => {
            let message = error.to_string();
            let hint = meant(&message, uid, snapshot).unwrap_or_default();
            Some(format!("{message}{hint}"))
        }
    }
}

/// How the REST API says that a name does not exist.
const INVALID: &str = "Invalid key ";
/// How questions say which names there are.
const KNOWN: &str = ", whose attributes are ";
/// What a path of parameters has besides names of attributes.
const STRUCTURE: [&str; 6] = ["populate", "fields", "filters", "sort", "on", "count"];

/// Which attribute was meant, at the place the message names.
fn meant(message: &str, uid: &str, snapshot: &Snapshot) -> Option<String> {
    let model = snapshot.model();
    if model.get(uid).is_none() {
        return Some(nearest::hint(uid, model.api_types().map(|ty| ty.uid.as_str())));
    }
    if let Some((before, known)) = message.split_once(KNOWN) {
        let name = before.split('`').nth(1)?;
        return Some(nearest::hint(name, known.split(", ")));
    }
    let rest = message.strip_prefix(INVALID)?;
    let (name, path) = rest.split_once(" at ").unwrap_or((rest, ""));
    let mut here = uid;
    let steps = path.split('.').filter(|step| !step.is_empty() && !STRUCTURE.contains(step));
    for step in steps.filter(|step| *step != name) {
        here = match &model.attributes(here)?.get(step)?.kind {
            AttributeKind::Relation(relation) => &relation.target,
            AttributeKind::Component { component, .. } => component,
            AttributeKind::Media { .. } => FILE,
            _ => return None,
        };
    }
    let known = model.attributes(here)?.iter().filter(|(_, attribute)| !attribute.is_hidden());
    Some(nearest::hint(name, known.map(|(name, _)| name.as_str())))
}

/// The value of an argument; null where it is computed.
fn whole(tokens: &[Token], literal: &mut bool) -> Json {
    match value(tokens, literal) {
        Some((value, [])) => value,
        _ => {
            *literal = false;
            Json::Null
        }
    }
}

/// The literal that tokens begin with, and what follows it.
fn value<'a>(tokens: &'a [Token], literal: &mut bool) -> Option<(Json, &'a [Token])> {
    match tokens {
        [Token::Text(text), rest @ ..] => Some((json!(text), rest)),
        [Token::Word(word), rest @ ..] => {
            let value = match word.as_str() {
                "true" | "True" => json!(true),
                "false" | "False" => json!(false),
                "none" | "None" => Json::Null,
                number => json!(number.parse::<i64>().ok()?),
            };
            Some((value, rest))
        }
        [Token::Sign('['), rest @ ..] => {
            let (items, rest) = items(rest, ']');
            let items = items.into_iter().map(|item| whole(item, literal)).collect();
            Some((Json::Array(items), rest))
        }
        [Token::Sign('{'), rest @ ..] => {
            let (items, rest) = items(rest, '}');
            let mut map = Map::new();
            for item in items {
                let [Token::Text(key), Token::Sign(':'), value @ ..] = item else { return None };
                map.insert(key.clone(), whole(value, literal));
            }
            Some((Json::Object(map), rest))
        }
        _ => None,
    }
}

/// The parts of a list or map up to its end, and what follows.
fn items(tokens: &[Token], end: char) -> (Vec<&[Token]>, &[Token]) {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(sign) if *sign == end && depth == 0 => {
                if start < at {
                    parts.extend(tokens.get(start..at));
                }
                return (parts, tokens.get(at + 1..).unwrap_or_default());
            }
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => {
                parts.extend(tokens.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    (parts, &[])
}

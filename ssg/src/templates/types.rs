//! What kind of entry the names in a template stand for, as far as its text tells for
//! certain, and the attributes looked up in them.
//!
//! `{% for story in entries(type="…") %}` makes `story` an entry of that type; `story.author`
//! is one of the relation's target, and a component learns from its calls what it is handed.
//! Whatever is not certain has no type, and nothing is said about it.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{Placed, Tag, Token, value_path};

mod binding;
mod tokens;

use binding::{doubtful, rebound};
use tokens::{attributes, closing, dotted, is_asked_for, path_length, split};

/// What a name stands for. Several content types: any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    One(BTreeSet<String>),
    List(BTreeSet<String>),
    /// A list and its numbers: `pager`.
    Pager(BTreeSet<String>),
}

/// What attributes lead to, which the content model knows.
pub trait Relations {
    /// What stands in an attribute: an entry or component, or a list of them; `None` for
    /// anything else.
    fn leads_to(&self, uid: &str, name: &str) -> Option<Type>;
}

/// An attribute looked up in an entry whose type is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub uids: BTreeSet<String>,
    /// The names that follow the entry's.
    pub names: Vec<String>,
    /// As the template writes it.
    pub text: String,
    pub line: usize,
    pub column: usize,
}

/// What the names of a page stand for in a template: `entry`, `pager`.
pub type Names = BTreeMap<String, Type>;

/// What a component is handed, by its name and its parameter's; `None` where that differs or
/// is unknown.
type Handed = BTreeMap<String, BTreeMap<String, Option<Type>>>;

/// Stands for all parameters of a component that is called in a way not understood here.
const ANYTHING: &str = "";
/// How often what components hand on to components is followed.
const ROUNDS: usize = 4;

/// Every attribute that templates look up in entries they know the type of, by template, which
/// `names` tells what its pages give it.
pub(crate) fn lookups(
    templates: &[(String, Vec<Tag>)],
    names: &dyn Fn(&str) -> Names,
    relations: &dyn Relations,
) -> Vec<(String, Lookup)> {
    let rebound = rebound(templates);
    let names = |file: &str| {
        let mut names = names(file);
        if let Some(others) = rebound.get(file) {
            names.retain(|name, _| !others.contains(name));
        }
        names
    };
    let mut handed = Handed::new();
    for round in 0..ROUNDS {
        let mut hands = Handed::new();
        let mut found = Vec::new();
        for (file, tags) in templates {
            let walk = Walk::through(tags, &names(file), relations, &handed);
            found.extend(walk.lookups.into_iter().map(|lookup| (file.clone(), lookup)));
            for (component, parameters) in walk.hands {
                let known = hands.entry(component).or_default();
                parameters.into_iter().for_each(|(name, ty)| join(known, name, ty));
            }
        }
        if hands == handed || round + 1 == ROUNDS {
            return found;
        }
        handed = hands;
    }
    Vec::new()
}

/// Walks through one template.
struct Walk<'a> {
    relations: &'a dyn Relations,
    /// What components are known to be handed.
    handed: &'a Handed,
    scopes: Vec<Scope>,
    /// Names that `set` gives to different things: nothing is known about them.
    doubtful: BTreeSet<String>,
    lookups: Vec<Lookup>,
    /// What this template hands to components.
    hands: Handed,
}

#[derive(Debug, Default)]
struct Scope {
    names: BTreeMap<String, Option<Type>>,
    /// Names of outer scopes are not seen.
    closed: bool,
    /// The word that ends it.
    end: &'static str,
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("lookups", &self.lookups).finish_non_exhaustive()
    }
}

impl<'a> Walk<'a> {
    /// Walks through a template's tags; `names` is what its page gives it.
    fn through(
        tags: &[Tag],
        names: &Names,
        relations: &'a dyn Relations,
        handed: &'a Handed,
    ) -> Self {
        let names = names.iter().map(|(name, ty)| (name.clone(), Some(ty.clone())));
        let outermost = Scope { names: names.collect(), ..Scope::default() };
        let mut walk = Self {
            relations,
            handed,
            scopes: vec![outermost],
            doubtful: doubtful(tags),
            lookups: Vec::new(),
            hands: Handed::new(),
        };
        tags.iter().for_each(|tag| walk.tag(tag));
        walk
    }

    fn tag(&mut self, tag: &Tag) {
        let start = tag.tokens.iter().position(|(token, ..)| *token != Token::Sign('-'));
        let placed = tag.tokens.get(start.unwrap_or(0)..).unwrap_or_default();
        let tokens: Vec<&Token> = placed.iter().map(|(token, ..)| token).collect();
        match tokens.as_slice() {
            [Token::Word(word), rest @ ..] if tag.statement => match (word.as_str(), rest) {
                ("for", rest) => {
                    self.look(placed);
                    self.open_for(rest);
                    return;
                }
                ("set" | "set_global", [Token::Word(name), Token::Sign('='), value @ ..]) => {
                    let ty = self.expression(value);
                    let ty = ty.filter(|_| !self.doubtful.contains(name));
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.names.insert(name.clone(), ty);
                    }
                }
                ("component", rest) => self.open_component(rest),
                ("endfor" | "endcomponent", _) => self.close(word),
                _ => {}
            },
            _ => {}
        }
        self.look(placed);
    }

    fn open_for(&mut self, tokens: &[&Token]) {
        let at = tokens.iter().position(|token| **token == Token::Word("in".into()));
        let (names, list) = tokens.split_at(at.unwrap_or(tokens.len()));
        let element = match self.expression(list.get(1..).unwrap_or_default()) {
            Some(Type::List(uids)) => Some(Type::One(uids)),
            _ => None,
        };
        let mut scope = Scope { end: "endfor", ..Scope::default() };
        match names {
            [Token::Word(name)] => drop(scope.names.insert(name.clone(), element)),
            // Keys and values of a map.
            names => names.iter().for_each(|token| {
                if let Token::Word(name) = token {
                    scope.names.insert(name.clone(), None);
                }
            }),
        }
        self.scopes.push(scope);
    }

    /// A component sees what it is handed and nothing else.
    fn open_component(&mut self, tokens: &[&Token]) {
        let name = dotted(tokens);
        let known = self.handed.get(&name).filter(|known| !known.contains_key(ANYTHING));
        let known = known.cloned().unwrap_or_default();
        self.scopes.push(Scope { names: known, closed: true, end: "endcomponent" });
    }

    fn close(&mut self, word: &str) {
        if self.scopes.len() > 1 && self.scopes.last().is_some_and(|scope| scope.end == word) {
            self.scopes.pop();
        }
    }

    fn named(&self, name: &str) -> Option<&Type> {
        for scope in self.scopes.iter().rev() {
            if let Some(ty) = scope.names.get(name) {
                return ty.as_ref();
            }
            if scope.closed {
                return None;
            }
        }
        None
    }

    /// Notes every attribute of a known entry, and what components are handed.
    fn look(&mut self, placed: &[Placed]) {
        let tokens: Vec<&Token> = placed.iter().map(|(token, ..)| token).collect();
        for (at, (token, line, column)) in placed.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let rest = tokens.get(at + 1..).unwrap_or_default();
            if *token == Token::Sign('<') && matches!(rest.first(), Some(Token::Word(_))) {
                self.call(rest);
            }
            let Token::Word(name) = token else { continue };
            if before.is_some_and(|before| matches!(before, Token::Sign('.' | '|'))) {
                continue;
            }
            let path = value_path(name, rest, *line, *column);
            let (Some(Type::One(uids)), [_, names @ ..]) = (self.named(name), &*path.names) else {
                continue;
            };
            if names.is_empty() || is_asked_for(rest, path.names.len()) {
                continue;
            }
            let lookup = Lookup {
                uids: uids.clone(),
                names: names.to_vec(),
                text: path.names.join("."),
                line: *line,
                column: *column,
            };
            self.lookups.push(lookup);
        }
    }

    /// `<card story={story} lead />`: what the component is handed.
    fn call(&mut self, tokens: &[&Token]) {
        let name = dotted(tokens);
        let Some(arguments) = attributes(tokens) else {
            self.hands.entry(name).or_default().insert(ANYTHING.to_owned(), None);
            return;
        };
        for (parameter, value) in arguments {
            let ty = self.expression(&value);
            let known = self.hands.entry(name.clone()).or_default();
            join(known, parameter, ty);
        }
    }

    /// What an expression stands for, filters that keep it included.
    fn expression(&self, tokens: &[&Token]) -> Option<Type> {
        let (ty, rest) = match tokens {
            [Token::Word(function), Token::Sign('('), rest @ ..] => {
                let end = closing(rest, ')')?;
                (self.called(function, rest.get(..end)?)?, rest.get(end + 1..)?)
            }
            [Token::Word(name), rest @ ..] => {
                let path = value_path(name, rest, 0, 0);
                let length = path_length(rest, path.names.len());
                (self.followed(&path.names)?, rest.get(length..)?)
            }
            _ => return None,
        };
        suffixed(ty, rest)
    }

    fn followed(&self, names: &[String]) -> Option<Type> {
        let [root, rest @ ..] = names else { return None };
        let mut ty = self.named(root)?.clone();
        for name in rest {
            ty = match ty {
                Type::Pager(uids) if name == "items" => Type::List(uids),
                Type::One(uids) => {
                    let mut targets = uids.iter().map(|uid| self.relations.leads_to(uid, name));
                    let first = targets.next()??;
                    targets.try_fold(first, |all, next| united(all, next?))?
                }
                _ => return None,
            };
        }
        Some(ty)
    }

    fn called(&self, function: &str, arguments: &[&Token]) -> Option<Type> {
        let named = |wanted: &str| {
            let parts = split(arguments);
            parts.into_iter().find_map(|part| match part {
                [Token::Word(name), Token::Sign('='), value @ ..] if name == wanted => {
                    Some(value.to_vec())
                }
                _ => None,
            })
        };
        let literal = || match named("type")?.as_slice() {
            [Token::Text(uid)] => Some(BTreeSet::from([uid.clone()])),
            _ => None,
        };
        let of_entry = || match self.expression(&named("entry")?) {
            Some(Type::One(uids)) => Some(uids),
            _ => None,
        };
        match function {
            "entries" => literal().map(Type::List),
            "entry" | "single" => literal().map(Type::One),
            "related" => literal().or_else(of_entry).map(Type::List),
            "previous" | "next" => literal().or_else(of_entry).map(Type::One),
            _ => None,
        }
    }
}

/// Two calls that hand over different things make the parameter unknown.
fn join(known: &mut BTreeMap<String, Option<Type>>, name: String, ty: Option<Type>) {
    match known.get_mut(&name) {
        None => drop(known.insert(name, ty)),
        Some(known) => {
            *known = match (known.take(), ty) {
                (Some(one), Some(other)) => united(one, other),
                _ => None,
            };
        }
    }
}

fn united(one: Type, other: Type) -> Option<Type> {
    let both = |mut one: BTreeSet<String>, other| {
        one.extend(other);
        one
    };
    Some(match (one, other) {
        (Type::One(one), Type::One(other)) => Type::One(both(one, other)),
        (Type::List(one), Type::List(other)) => Type::List(both(one, other)),
        _ => return None,
    })
}

/// Filters and slices that leave a list a list, or take one of it; anything else is unknown.
fn suffixed(ty: Type, tokens: &[&Token]) -> Option<Type> {
    match tokens {
        [] => Some(ty),
        // The end of an element of a component call or of a `for` with its filter.
        [Token::Word(word), Token::Sign('['), Token::Sign(']'), rest @ ..] if word == "or" => {
            suffixed(ty, rest)
        }
        [Token::Sign('|'), Token::Word(filter), rest @ ..] => {
            let rest = match rest {
                [Token::Sign('('), rest @ ..] => rest.get(closing(rest, ')')? + 1..)?,
                rest => rest,
            };
            match (filter.as_str(), ty) {
                ("reverse" | "slice" | "sort" | "unique" | "filter", list @ Type::List(_)) => {
                    suffixed(list, rest)
                }
                ("first" | "last" | "nth", Type::List(uids)) => suffixed(Type::One(uids), rest),
                _ => None,
            }
        }
        [Token::Sign('['), rest @ ..] => {
            let end = closing(rest, ']')?;
            let is_slice = rest.get(..end)?.iter().any(|token| **token == Token::Sign(':'));
            match ty {
                Type::List(uids) if is_slice => suffixed(Type::List(uids), rest.get(end + 1..)?),
                Type::List(uids) => suffixed(Type::One(uids), rest.get(end + 1..)?),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! What kind of entry the names in a template stand for, as far as its text tells for
//! certain, and the attributes looked up in them.
//!
//! `{% for story in entries(type="…") %}` makes `story` an entry of that type; `story.author`
//! is one of the relation's target, and a component learns from its calls what it is handed.
//! Whatever is not certain has no type, and nothing is said about it.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{Placed, Tag, Token, value_path};

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

/// For each template that others include, the names that stand for something else there.
fn rebound(templates: &[(String, Vec<Tag>)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (file, tags) in templates {
            let mut names = found.get(file).cloned().unwrap_or_default();
            names.extend(tags.iter().flat_map(bound));
            for tag in tags {
                let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
                let word = tokens.find(|token| **token != Token::Sign('-'));
                let includes = matches!(word, Some(Token::Word(word)) if word == "include");
                if let (true, Some(Token::Text(included))) = (includes, tokens.next()) {
                    found.entry(included.clone()).or_default().extend(names.iter().cloned());
                }
            }
        }
    }
    found
}

/// The names a tag gives to something.
fn bound(tag: &Tag) -> Vec<String> {
    let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
    let words = match tokens.find(|token| **token != Token::Sign('-')) {
        Some(Token::Word(word)) if ["for", "set", "set_global"].contains(&word.as_str()) => tokens,
        _ => return Vec::new(),
    };
    let names = words.take_while(|token| match token {
        Token::Word(word) => word != "in",
        Token::Sign(sign) => *sign == ',',
        Token::Text(_) => false,
    });
    let named = names.filter_map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        _ => None,
    });
    named.collect()
}

/// Names that are set more than once in a file: which one counts depends on the way there.
fn doubtful(tags: &[Tag]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for tag in tags {
        let mut tokens = tag.tokens.iter().map(|(token, ..)| token);
        let word = tokens.find(|token| **token != Token::Sign('-'));
        let is_set =
            matches!(word, Some(Token::Word(word)) if word == "set" || word == "set_global");
        if let (true, Some(Token::Word(name))) = (is_set, tokens.next())
            && !seen.insert(name.clone())
        {
            twice.insert(name.clone());
        }
    }
    twice
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

/// Whether the template asks itself if the attribute is there.
fn is_asked_for(rest: &[&Token], names: usize) -> bool {
    let after = rest.get(path_length(rest, names)..).unwrap_or_default();
    matches!(after.first(), Some(Token::Word(word)) if word == "is")
}

/// How many tokens the names of a path after its first take.
fn path_length(rest: &[&Token], names: usize) -> usize {
    let mut at = 0;
    for _ in 1..names {
        if rest.get(at) == Some(&&Token::Sign('?')) {
            at += 1;
        }
        at += 2;
    }
    at
}

/// Where the bracket that is open closes.
fn closing(tokens: &[&Token], end: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(sign) if depth == 0 && *sign == end => return Some(at),
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// Parts between commas.
fn split<'t, 'a>(tokens: &'t [&'a Token]) -> Vec<&'t [&'a Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => {
                parts.extend(tokens.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(tokens.get(start..));
    parts
}

fn dotted(tokens: &[&Token]) -> String {
    match tokens {
        [Token::Word(name), rest @ ..] => value_path(name, rest, 0, 0).names.join("."),
        _ => String::new(),
    }
}

/// The arguments of a component's call, after its name; `None` when they are not understood.
fn attributes<'a>(tokens: &[&'a Token]) -> Option<Vec<(String, Vec<&'a Token>)>> {
    let mut found = Vec::new();
    let name = match tokens {
        [Token::Word(name), rest @ ..] => value_path(name, rest, 0, 0).names.len(),
        _ => return None,
    };
    let mut rest = tokens.get(1 + path_length(tokens.get(1..)?, name)..)?;
    loop {
        rest = match rest {
            [Token::Sign('/' | '>'), ..] | [] => return Some(found),
            [Token::Word(name), Token::Sign('='), Token::Sign('{'), value @ ..] => {
                let end = closing(value, '}')?;
                found.push((name.clone(), value.get(..end)?.to_vec()));
                value.get(end + 1..)?
            }
            [Token::Word(name), Token::Sign('='), value @ Token::Text(_), tail @ ..] => {
                found.push((name.clone(), vec![*value]));
                tail
            }
            // The value of the same name.
            [name @ Token::Word(text), tail @ ..] => {
                found.push((text.clone(), vec![*name]));
                tail
            }
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::scan::tags;

    /// Articles have an author and tags, and components in a zone.
    struct Model;

    impl Relations for Model {
        fn leads_to(&self, uid: &str, name: &str) -> Option<Type> {
            let one = |uid: &str| Type::One(BTreeSet::from([uid.to_owned()]));
            let many =
                |uids: &[&str]| Type::List(uids.iter().map(|uid| (*uid).to_owned()).collect());
            match (uid, name) {
                ("article", "author") => Some(one("author")),
                ("article", "tags") => Some(many(&["tag"])),
                ("article", "parts") => Some(many(&["quote", "gallery"])),
                ("author", "articles") => Some(many(&["article"])),
                _ => None,
            }
        }
    }

    /// `file:path=uid uid` for each lookup.
    fn found(templates: &[(&str, &str)]) -> Vec<String> {
        let templates: Vec<_> = templates
            .iter()
            .map(|(name, text)| ((*name).to_owned(), tags(text).unwrap()))
            .collect();
        let names = |file: &str| match file {
            "page" => BTreeMap::from([
                ("entry".to_owned(), Type::One(BTreeSet::from(["article".to_owned()]))),
                ("pager".to_owned(), Type::Pager(BTreeSet::from(["tag".to_owned()]))),
            ]),
            _ => Names::new(),
        };
        let shown = lookups(&templates, &names, &Model).into_iter().map(|(file, lookup)| {
            let uids: Vec<_> = lookup.uids.iter().cloned().collect();
            format!("{file}:{}={}", lookup.text, uids.join(" "))
        });
        shown.collect()
    }

    #[test]
    fn names_are_followed_from_where_they_come() {
        for (text, expected) in [
            ("{{ entry.title }}", vec!["page:entry.title=article"]),
            (
                "{% for t in pager.items %}{{ t.name }}{% endfor %}{{ t.name }}",
                vec!["page:t.name=tag"],
            ),
            (
                "{% for a in entries(type='article', limit=3) | reverse %}{{ a.titel }}{% endfor %}",
                vec!["page:a.titel=article"],
            ),
            (
                "{% set a = entry(type='article', slug='x') %}{{ a?.author?.name }}",
                vec!["page:a.author.name=article"],
            ),
            (
                "{% for t in entry.tags or [] %}{{ t.name }}{% endfor %}",
                vec!["page:entry.tags=article", "page:t.name=tag"],
            ),
            (
                "{% for p in entry.parts[:2] %}{{ p.text }}{% endfor %}",
                vec!["page:entry.parts=article", "page:p.text=gallery quote"],
            ),
            (
                "{% set n = next(entry=entry, sort='x') %}{{ n.title }}",
                vec!["page:n.title=article"],
            ),
            (
                "{% set one = entries(type='tag') | first %}{{ one.name }}",
                vec!["page:one.name=tag"],
            ),
        ] {
            assert_eq!(found(&[("page", text)]), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_said_about_what_is_not_certain() {
        for text in [
            "{% for entry in x %}{{ entry.title }}{% endfor %}",
            "{% set entry = x %}{{ entry.title }}",
            "{% set a = entries(type=t) | first %}{{ a.title }}",
            "{% set a = x if y else entry(type='article', slug='s') %}{{ a.title }}",
            "{% set a = entry(type='article', slug='s') %}{% set a = x %}{{ a.title }}",
            "{% for key, value in entry %}{{ value.title }}{% endfor %}",
            "{% if entry.nope is defined %}{% endif %}",
            "{% component c(entry) %}{{ entry.title }}{% endcomponent c %}",
            "{% for t in entries(type='tag') | group_by(attribute='x') %}{{ t.name }}{% endfor %}",
        ] {
            assert_eq!(found(&[("page", text)]), [""; 0], "{text}");
        }
    }

    #[test]
    fn components_learn_from_all_their_calls() {
        let card = ("card", "{% component card(story) %}{{ story.title }}{% endcomponent card %}");
        let call = ("page", "{{ <card story={entry} /> }}");
        assert_eq!(found(&[card, call]), ["card:story.title=article"]);
        let tag =
            ("other", "{% for story in entries(type='tag') %}{{ <card story /> }}{% endfor %}");
        assert_eq!(found(&[card, call, tag]), ["card:story.title=article tag"]);
        let unknown = ("other", "{{ <card story={x} /> }}");
        assert_eq!(found(&[card, call, unknown]), [""; 0]);
        let spread = ("other", "{{ <card {...x} /> }}");
        assert_eq!(found(&[card, call, spread]), [""; 0]);
        let wrap = (
            "wrap",
            "{% component wrap(a) %}{{ <card story={a.author} /> }}{% endcomponent wrap %}",
        );
        let page = ("page", "{{ <wrap a={entry} /> }}");
        assert_eq!(
            found(&[card, wrap, page]),
            ["card:story.title=author", "wrap:a.author=article"]
        );
    }

    #[test]
    fn an_included_template_sees_what_its_includer_made_of_a_name() {
        let page = ("list", "{% for entry in x %}{% include 'page' %}{% endfor %}");
        assert_eq!(found(&[page, ("page", "{{ entry.title }}")]), [""; 0]);
    }
}

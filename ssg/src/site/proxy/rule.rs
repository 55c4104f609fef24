//! `[[proxy.route]]`: who may do what with some paths of the API, and what becomes of the
//! answers.

use std::time::Duration;

use super::{
    CachePolicy, DEFAULT_BODY_LIMIT, DEFAULT_DEADLINE, RulePath, Transform, cache, transform,
};
use crate::site::toml_reader::{Source, Table};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const READING: [&str; 2] = ["GET", "HEAD"];

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// None for content that no rule speaks of.
    pub path: Option<RulePath>,
    pub methods: Vec<&'static str>,
    /// The site's own credentials are added: everybody sees what the site may see.
    pub as_site: bool,
    pub body_limit: u64,
    pub deadline: Duration,
    pub cache: Option<CachePolicy>,
    /// The query parameters that are passed on, by their first name; none: all.
    pub query: Option<Vec<String>>,
    /// Content types an answer depends on besides those that its request tells of.
    pub types: Vec<String>,
    pub transform: Transform,
    pub line: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            path: None,
            methods: READING.to_vec(),
            as_site: false,
            body_limit: DEFAULT_BODY_LIMIT,
            deadline: DEFAULT_DEADLINE,
            cache: Some(CachePolicy::default()),
            query: None,
            types: Vec::new(),
            transform: Transform::default(),
            line: 0,
        }
    }
}

/// What `[proxy]` says for all routes and each of them may say otherwise.
pub(super) fn read_shared(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
    inherited: &Rule,
) -> Rule {
    let body_limit = table.size(source, "body_limit");
    let deadline = table.span(source, "deadline");
    let cache = cache::read(source, table, inherited.cache);
    let query = table.names(source, "query");
    Rule {
        body_limit: body_limit.unwrap_or(inherited.body_limit),
        deadline: deadline.unwrap_or(inherited.deadline),
        cache: cache.unwrap_or(inherited.cache),
        query: query.or_else(|| inherited.query.clone()),
        ..inherited.clone()
    }
}

pub(super) fn read(
    source: &mut Source<'_>,
    mut table: Table<'_>,
    inherited: &Rule,
) -> Option<Rule> {
    let path = table.required(source, "path");
    let rule = read_rule(source, &mut table, inherited);
    table.finish(source, "");
    let (path, offset) = path?;
    match RulePath::parse(&path) {
        Ok(path) => Some(Rule { path: Some(path), ..rule }),
        Err(message) => {
            source.complain(offset, message);
            None
        }
    }
}

/// Everything but the path.
pub(super) fn read_rule(source: &mut Source<'_>, table: &mut Table<'_>, inherited: &Rule) -> Rule {
    let methods = read_methods(source, table);
    let as_site = read_as(source, table);
    // What the site may see is kept for everybody only if the route itself says so.
    let base = Rule { cache: inherited.cache.filter(|_| !as_site), ..inherited.clone() };
    let rule = read_shared(source, table, &base);
    let types = table.names(source, "types");
    let transform = transform::read(source, table);
    let line = source.line(table.offset());
    Rule {
        methods: methods.unwrap_or_else(|| READING.to_vec()),
        as_site,
        types: types.unwrap_or_default(),
        transform,
        line,
        ..rule
    }
}

pub(super) fn read_as(source: &mut Source<'_>, table: &mut Table<'_>) -> bool {
    table.choice(source, "as", &[("site", true), ("visitor", false)]).unwrap_or(false)
}

pub(super) fn read_methods(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
) -> Option<Vec<&'static str>> {
    let offset = table.offset();
    let given = table.names(source, "methods")?;
    let mut methods = Vec::new();
    for name in &given {
        match METHODS.iter().find(|known| known == &name) {
            Some(method) => methods.push(*method),
            None => {
                let message = format!("`{name}` is no method; accepted are {}", METHODS.join(", "));
                source.complain(offset, message);
            }
        }
    }
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    if given.is_empty() {
        source.complain(offset, "`methods` is empty: nothing would pass");
    }
    Some(methods)
}

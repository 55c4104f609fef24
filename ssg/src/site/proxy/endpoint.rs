//! `[[endpoint]]`: an address of the site that the daemon answers without a page.

use serde_json::Value;

use super::{Rule, json, plain_path, rule};
use crate::site::toml_reader::{Source, Table};

const REDIRECTS: [u64; 5] = [301, 302, 303, 307, 308];

#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    pub path: String,
    pub methods: Vec<&'static str>,
    pub reply: Reply,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Redirect {
        to: String,
        status: u16,
    },
    Json {
        body: Value,
        status: u16,
    },
    /// What the CMS says at another path. The rule's `fragment` makes HTML of it.
    Upstream {
        /// Below `/api/`.
        path: String,
        /// Fixed; the visitor's own parameters pass as the rule's `query` allows.
        query: Option<String>,
        rule: Box<Rule>,
    },
}

pub(super) fn read(
    source: &mut Source<'_>,
    mut table: Table<'_>,
    inherited: &Rule,
) -> Option<Endpoint> {
    let offset = table.offset();
    let path = plain_path(source, &mut table, "path");
    let redirect = table.text(source, "redirect");
    let body = json(&mut table, "json");
    let upstream = table.text(source, "upstream");
    let kinds = [redirect.is_some(), body.is_some(), upstream.is_some()];
    let reply = if kinds.into_iter().filter(|given| *given).count() == 1 {
        let fixed = |table: &mut Table<'_>, source: &mut Source<'_>| {
            rule::read_methods(source, table).unwrap_or_else(|| vec!["GET", "HEAD"])
        };
        match (redirect, body, upstream) {
            (Some((to, at)), ..) => {
                let methods = fixed(&mut table, source);
                read_redirect(source, &mut table, to, at).map(|reply| (methods, reply))
            }
            (_, Some(body), _) => {
                let methods = fixed(&mut table, source);
                let status = table.number(source, "status", (200, 599)).unwrap_or(200);
                let status = u16::try_from(status).unwrap_or(200);
                Some((methods, Reply::Json { body, status }))
            }
            (.., Some((to, at))) => read_upstream(source, &mut table, &to, at, inherited),
            _ => None,
        }
    } else {
        source.complain(offset, "an endpoint has exactly one of `redirect`, `json` and `upstream`");
        return None;
    };
    let line = source.line(offset);
    table.finish(source, "");
    let (methods, reply) = reply?;
    Some(Endpoint { path: path?, methods, reply, line })
}

fn read_redirect(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
    to: String,
    offset: usize,
) -> Option<Reply> {
    let status = table.number(source, "status", (301, 308)).unwrap_or(302);
    if !REDIRECTS.contains(&status) {
        source.complain(
            offset,
            format!("`status` is {status}; accepted are 301, 302, 303, 307, 308"),
        );
    }
    let known = ["https://", "http://", "/"].iter().any(|start| to.starts_with(start));
    if !known || to.starts_with("//") || to.contains(|c: char| c.is_control() || c == ' ') {
        source.complain(
            offset,
            format!("`redirect` is `{to}`; it must be a path of this site or an address"),
        );
        return None;
    }
    Some(Reply::Redirect { to, status: u16::try_from(status).unwrap_or(302) })
}

fn read_upstream(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
    to: &str,
    offset: usize,
    inherited: &Rule,
) -> Option<(Vec<&'static str>, Reply)> {
    // Nothing of the visitor's query changes a fixed question unless it is named.
    let nothing = Rule { query: Some(Vec::new()), ..inherited.clone() };
    let rule = rule::read_rule(source, table, &nothing);
    let (path, query) = match to.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (to, None),
    };
    let odd = |part: &str| matches!(part, "" | "." | "..");
    let below = path.strip_prefix("/api/");
    let clean = below.is_some_and(|below| !below.split('/').any(odd))
        && !to.contains(|c: char| c.is_control() || " #\\".contains(c));
    if !clean || path.contains('%') {
        source.complain(offset, format!("`upstream` is `{to}`; it must be a path of the CMS's API, such as `/api/articles?sort=title`"));
        return None;
    }
    let rule = Box::new(rule);
    Some((rule.methods.clone(), Reply::Upstream { path: path.to_owned(), query, rule }))
}

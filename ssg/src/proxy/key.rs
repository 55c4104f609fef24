//! What a kept answer is an answer to.
//!
//! The key and the request that goes to the CMS are made of the same parts, so nothing that
//! could change the answer is missing from the key: parameters that are not part of it are
//! not passed on either.

use actix_web::HttpRequest;

use super::headers;

/// Whose eyes see the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Class {
    Public,
    Site,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) class: Class,
    /// Which rule made the answer: two may do different things with the same one.
    pub(super) rule: String,
    /// Scheme and host: the CMS may write them into links.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
}

/// Request headers that the CMS may choose an answer by.
pub(super) const NEGOTIATED: [&str; 3] = ["accept", "accept-language", "origin"];

/// A key, and the headers as this visitor sent them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) key: Key,
    pub(super) negotiated: [Option<Vec<u8>>; 3],
}

impl Asked {
    pub(super) fn new(request: &HttpRequest, key: Key) -> Self {
        Self { key, negotiated: NEGOTIATED.map(|name| headers::given(request, name)) }
    }

    pub(super) fn path_and_query(&self) -> String {
        let Key { path, query, .. } = &self.key;
        if query.is_empty() { path.clone() } else { format!("{path}?{query}") }
    }
}

/// The parameters that pass, in an order that does not depend on the visitor's.
///
/// Parameters of different first names never influence one another, so they are sorted;
/// those of one first name (`sort[]=a&sort[]=b`) only when none of them is a list that
/// grows by order.
pub(super) fn normalised(query: &str, allowed: Option<&[String]>) -> String {
    let mut named: Vec<(String, String, &str)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = decoded(pair);
        let root = name.split('[').next().unwrap_or_default().to_owned();
        if allowed.is_none_or(|allowed| allowed.contains(&root)) {
            named.push((root, name, pair));
        }
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let groups = named.chunk_by_mut(|a, b| a.0 == b.0);
    for group in groups {
        if is_unordered(group) {
            group.sort_by(|a, b| a.1.cmp(&b.1));
        }
    }
    named.into_iter().map(|(.., pair)| pair).collect::<Vec<_>>().join("&")
}

/// The first names of a query's parameters.
pub(super) fn roots(query: &str) -> Vec<String> {
    let mut roots = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let root = decoded(pair).split('[').next().unwrap_or_default().to_owned();
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

fn decoded(pair: &str) -> String {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name).replace('+', " ");
    percent_encoding::percent_decode_str(&name).decode_utf8_lossy().into_owned()
}

/// Whether every name is there once, ends a path of its own and counts nothing.
fn is_unordered(group: &[(String, String, &str)]) -> bool {
    let mut names: Vec<_> = group.iter().map(|(_, name, _)| name.as_str()).collect();
    names.sort_unstable();
    let apart = |pair: &[&str]| match pair {
        [one, other] => !other.starts_with(one),
        _ => true,
    };
    names.windows(2).all(apart) && !names.iter().any(|name| name.contains("[]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_parameters_does_not_matter_where_it_means_nothing() {
        let same = |a: &str, b: &str| normalised(a, None) == normalised(b, None);
        assert!(same("a=1&b=2", "b=2&a=1"));
        assert!(same("filters[a]=1&filters[b]=2&sort=x", "sort=x&filters[b]=2&filters[a]=1"));
        assert!(same("filters%5Ba%5D=1&b=2", "b=2&filters%5Ba%5D=1"));
        assert!(!same("sort[]=a&sort[]=b", "sort[]=b&sort[]=a"));
        assert!(!same("a=1&a=2", "a=2&a=1"));
        assert!(!same("a=1&a[b]=2", "a[b]=2&a=1"));
        assert!(same("&a=1&&", "a=1"));
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let allowed = ["sort".to_owned(), "filters".to_owned()];
        let kept = normalised("utm=1&filters[a]=1&sort=x&%73ort=y", Some(&allowed));
        assert_eq!(kept, "filters[a]=1&sort=x&%73ort=y");
        assert_eq!(normalised("a=1", Some(&[])), "");
    }
}

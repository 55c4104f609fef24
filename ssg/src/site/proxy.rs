//! What the daemon answers beside the site's files: requests to the API, declared
//! endpoints and forms, as `[proxy]`, `[[endpoint]]` and `[[form]]` describe them.
//!
//! Plain data, checked as far as it can be without the CMS. Without any of these tables
//! content is read and posted as the CMS allows, and public answers are kept for seconds.

use std::time::Duration;

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table};

mod cache;
mod endpoint;
mod form;
mod rule;
mod rule_path;
mod transform;

pub use cache::CachePolicy;
pub use endpoint::{Endpoint, Reply};
pub use form::{Form, Rate};
pub use rule::Rule;
pub use rule_path::RulePath;
pub use transform::{Fragment, Media, Transform};

/// Forms and comments; files go to the CMS itself.
pub const DEFAULT_BODY_LIMIT: u64 = 1 << 20;
/// From the first byte sent to the head of the answer, a visitor's upload included.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
const DEFAULT_MAX_MEMORY: u64 = 64 << 20;
/// Failures in a row after which the CMS gets time to recover.
const DEFAULT_FAILURES: u32 = 5;
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);

/// Everything the daemon answers by itself or with the CMS's help.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// Whether content passes that no rule speaks of.
    pub content: bool,
    /// What holds for such content.
    pub default: Rule,
    /// The first that fits decides.
    pub rules: Vec<Rule>,
    pub endpoints: Vec<Endpoint>,
    pub forms: Vec<Form>,
    /// Bytes that all kept answers may take.
    pub max_memory: u64,
    pub failures: u32,
    pub pause: Duration,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            content: true,
            default: Rule::default(),
            rules: Vec::new(),
            endpoints: Vec::new(),
            forms: Vec::new(),
            max_memory: DEFAULT_MAX_MEMORY,
            failures: DEFAULT_FAILURES,
            pause: DEFAULT_PAUSE,
        }
    }
}

impl Proxy {
    /// Paths outside of `/api/` that the daemon answers.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.endpoints.iter().map(|endpoint| endpoint.path.as_str());
        let forms = self.forms.iter().map(|form| form.path.as_str());
        endpoints.chain(forms).filter(|path| !path.starts_with("/api/"))
    }

    /// Templates that answers are made with, and the lines that name them.
    pub fn fragments(&self) -> impl Iterator<Item = (&str, usize)> {
        let rules = std::iter::once(&self.default).chain(&self.rules);
        let endpoints = self.endpoints.iter().filter_map(|endpoint| match &endpoint.reply {
            Reply::Upstream { rule, .. } => Some(rule.as_ref()),
            _ => None,
        });
        let fragments = rules.chain(endpoints).filter_map(|rule| rule.transform.fragment.as_ref());
        fragments.map(|fragment| (fragment.template.as_str(), fragment.line))
    }

    /// The longest body that any route, endpoint or form takes.
    #[must_use]
    pub fn longest_body(&self) -> u64 {
        let rules = std::iter::once(&self.default).chain(&self.rules);
        let endpoints = self.endpoints.iter().filter_map(|endpoint| match &endpoint.reply {
            Reply::Upstream { rule, .. } => Some(rule.as_ref()),
            Reply::Redirect { .. } | Reply::Json { .. } => None,
        });
        let limits = rules.chain(endpoints).map(|rule| rule.body_limit);
        let forms = self.forms.iter().map(|form| form.max_size);
        limits.chain(forms).max().unwrap_or(DEFAULT_BODY_LIMIT)
    }
}

pub(super) type Raw<'i> = Option<Spanned<DeValue<'i>>>;

/// Reads the three tables; `routes` are the paths of the site's own pages.
pub(super) fn read(
    source: &mut Source<'_>,
    [proxy, endpoints, forms]: [Raw<'_>; 3],
    pages: &[&str],
) -> Proxy {
    let mut read = proxy.map(|value| read_proxy(source, value)).unwrap_or_default();
    if let Some(endpoints) = endpoints {
        let inherited = read.default.clone();
        let each =
            |source: &mut Source<'_>, table: Table<'_>| endpoint::read(source, table, &inherited);
        read.endpoints = source.each_table(endpoints, "[[endpoint]]", each);
    }
    if let Some(forms) = forms {
        read.forms = source.each_table(forms, "[[form]]", form::read);
    }
    check_places(source, &read, pages);
    read
}

fn read_proxy(source: &mut Source<'_>, value: Spanned<DeValue<'_>>) -> Proxy {
    let offset = value.span().start;
    let DeValue::Table(table) = value.into_inner() else {
        source.complain(offset, "`proxy` must be a table: `[proxy]`");
        return Proxy::default();
    };
    let mut table = Table::new("[proxy]", offset, table);
    let standard = Proxy::default();
    let content = table.choice(source, "routes", &[("content", true), ("listed", false)]);
    let default = rule::read_shared(source, &mut table, &Rule::default());
    let max_memory = table.size(source, "max_memory");
    let failures = table.number(source, "failures", (1, 1000));
    let pause = table.span(source, "pause");
    let rules = table.take("route").map(|rules| {
        source.each_table(rules, "[[proxy.route]]", |source, table| {
            rule::read(source, table, &default)
        })
    });
    table.finish(source, "");
    Proxy {
        content: content.unwrap_or(standard.content),
        default,
        rules: rules.unwrap_or_default(),
        max_memory: max_memory.unwrap_or(standard.max_memory),
        failures: failures.and_then(|count| count.try_into().ok()).unwrap_or(standard.failures),
        pause: pause.unwrap_or(standard.pause),
        ..standard
    }
}

/// What the daemon answers itself cannot be declared away, and two cannot answer at once.
const TAKEN: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
const TAKEN_BELOW: [&str; 4] = ["/hooks/", "/-/", "/preview/", "/assets/"];

fn check_places(source: &mut Source<'_>, proxy: &Proxy, pages: &[&str]) {
    let endpoints = proxy.endpoints.iter().map(|one| (one.path.as_str(), one.line));
    let places: Vec<_> =
        endpoints.chain(proxy.forms.iter().map(|one| (one.path.as_str(), one.line))).collect();
    for (at, (path, line)) in places.iter().enumerate() {
        let twice = places.iter().take(at).any(|(earlier, _)| earlier == path);
        let taken = TAKEN.contains(path) || TAKEN_BELOW.iter().any(|below| path.starts_with(below));
        let message = if twice {
            format!("`{path}` is declared twice")
        } else if taken {
            format!("`{path}` belongs to the daemon")
        } else if pages.contains(path) {
            format!("`{path}` is a page of this site; give it a path of its own")
        } else {
            continue;
        };
        source.complain_in_line(*line, message);
    }
}

/// A path that nothing has to be decoded in: the same for nginx, the daemon and people.
pub(super) fn plain_path(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
    key: &'static str,
) -> Option<String> {
    let (path, offset) = table.required(source, key)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let odd = |part: &str| matches!(part, "" | "." | "..");
    let inner = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
    if path.chars().all(plain) && inner.is_some_and(|inner| !inner.split('/').any(odd)) {
        return Some(path);
    }
    source.complain(
        offset,
        format!("`{key}` is `{path}`; it must start with `/` and have letters, digits, `-`, `_` and `.` between slashes"),
    );
    None
}

/// A JSON value in TOML.
pub(super) fn json(table: &mut Table<'_>, key: &'static str) -> Option<Value> {
    table.json(key)
}

#[cfg(test)]
mod tests;

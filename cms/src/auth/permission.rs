//! Sets of actions: `api::article.article.find`, `api::*.find`, `plugin::upload.content-api.*`.
//!
//! A stored action may hold `*`, which stands for any text. An action stored with a leading
//! `!` is taken away again, whatever else matches; that is how one action is revoked from
//! under a wildcard.

use std::collections::HashSet;

/// What a role or token may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    everything: bool,
    /// Actions whose last part is one of these.
    verbs: &'static [&'static str],
    exact: HashSet<String>,
    patterns: Vec<String>,
    denied: Vec<String>,
}

/// What a read-only token may do with any type.
const READING: &[&str] = &["find", "findOne"];

pub const FULL_ACCESS: &str = "full-access";
pub const READ_ONLY: &str = "read-only";
pub const CUSTOM: &str = "custom";

impl Permissions {
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    #[must_use]
    pub fn reading() -> Self {
        Self { verbs: READING, ..Self::default() }
    }

    /// From stored actions.
    #[must_use]
    pub fn of(actions: impl IntoIterator<Item = String>) -> Self {
        let mut set = Self::default();
        for action in actions {
            if let Some(denied) = action.strip_prefix('!') {
                set.denied.push(denied.to_owned());
            } else if action.contains('*') {
                set.patterns.push(action);
            } else {
                set.exact.insert(action);
            }
        }
        set
    }

    /// From a token's kind and its JSON list; anything unknown allows nothing.
    #[must_use]
    pub fn of_token(kind: &str, actions: &str) -> Self {
        match kind {
            FULL_ACCESS => Self::everything(),
            READ_ONLY => Self::reading(),
            _ => Self::of(serde_json::from_str::<Vec<String>>(actions).unwrap_or_default()),
        }
    }

    /// The actions stored one by one, without those a pattern covers, in order.
    #[must_use]
    pub fn listed(&self) -> Vec<&str> {
        let mut listed: Vec<&str> = self.exact.iter().map(String::as_str).collect();
        listed.sort_unstable();
        listed.retain(|action| self.allows(action));
        listed
    }

    /// Whether `action` is allowed.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        if self.everything {
            return true;
        }
        let verb = action.rsplit('.').next().unwrap_or_default();
        let granted = self.verbs.contains(&verb)
            || self.exact.contains(action)
            || self.patterns.iter().any(|pattern| matches(pattern, action));
        granted && !self.denied.iter().any(|pattern| matches(pattern, action))
    }
}

/// Whether `pattern`, in which `*` stands for any text, covers `action`.
#[must_use]
pub fn matches(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == action,
        Some((head, tail)) => {
            let Some(rest) = action.strip_prefix(head) else { return false };
            (0..=rest.len())
                .any(|at| rest.get(at..).is_some_and(|remaining| matches(tail, remaining)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(actions: &[&str]) -> Permissions {
        Permissions::of(actions.iter().map(ToString::to_string))
    }

    #[test]
    fn an_exact_action_allows_itself_only() {
        let set = set(&["api::article.article.find"]);
        assert!(set.allows("api::article.article.find"));
        assert!(!set.allows("api::article.article.findOne"));
        assert!(!set.allows("api::page.page.find"));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        let set = set(&["api::*.find", "plugin::upload.*"]);
        assert!(set.allows("api::article.article.find"));
        assert!(!set.allows("api::article.article.findOne"));
        assert!(set.allows("plugin::upload.content-api.destroy"));
    }

    #[test]
    fn a_denied_action_stays_denied_under_a_wildcard() {
        let set = set(&["api::*.find", "!api::secret.secret.find"]);
        assert!(set.allows("api::article.article.find"));
        assert!(!set.allows("api::secret.secret.find"));
    }

    #[test]
    fn tokens_are_full_or_reading_or_listed() {
        assert!(Permissions::of_token(FULL_ACCESS, "[]").allows("api::a.a.delete"));
        let reading = Permissions::of_token(READ_ONLY, "[]");
        assert!(reading.allows("api::a.a.findOne") && !reading.allows("api::a.a.create"));
        assert!(!reading.allows("plugin::users-permissions.user.count"));
        let custom = Permissions::of_token(CUSTOM, r#"["api::a.a.create"]"#);
        assert!(custom.allows("api::a.a.create") && !custom.allows("api::a.a.find"));
        assert!(!Permissions::of_token("else", "[]").allows("api::a.a.find"));
    }
}

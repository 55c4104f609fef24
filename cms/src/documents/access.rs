//! What the caller of a read may see.
//!
//! A relation to a type the caller may not find is left out of answers and refused in filters
//! and sort keys; files need no permission. The decision is made once per request, so that a
//! query cannot be checked against one set of rights and answered with another.

use std::collections::BTreeSet;
use std::sync::Arc;

use cms_api::builtin;

/// The types whose documents may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access(Granted);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Granted {
    Everything,
    Types(Arc<BTreeSet<String>>),
}

impl Access {
    /// For the program itself and for tokens with full access.
    #[must_use]
    pub fn everything() -> Self {
        Self(Granted::Everything)
    }

    /// For a caller with the permission to find these types, by uid.
    #[must_use]
    pub fn to_types(uids: impl IntoIterator<Item = String>) -> Self {
        Self(Granted::Types(Arc::new(uids.into_iter().collect())))
    }

    /// The uids that may be found besides files; `None` for everything.
    #[must_use]
    pub fn uids(&self) -> Option<&BTreeSet<String>> {
        match &self.0 {
            Granted::Everything => None,
            Granted::Types(uids) => Some(uids),
        }
    }

    /// Whether documents of the type may be shown and asked about.
    #[must_use]
    pub fn may_find(&self, uid: &str) -> bool {
        match &self.0 {
            Granted::Everything => true,
            Granted::Types(uids) => uid == builtin::FILE || uids.contains(uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_need_no_permission() {
        let access = Access::to_types(["api::tag.tag".to_owned()]);
        assert!(access.may_find("api::tag.tag"));
        assert!(access.may_find(builtin::FILE));
        assert!(!access.may_find(builtin::USER));
        assert!(Access::everything().may_find(builtin::USER));
    }
}

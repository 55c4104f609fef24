//! Filters as SQL conditions.
//!
//! Strapi joins a table for every relation a filter names, so a condition on a relation holds
//! when some target satisfies it, and where there is no target it is asked of a row of nulls.
//! A negation is therefore pushed down to the tests: below `$not`, too, one target that fails
//! the condition is enough.

use cms_api::query::{Filter, Link, Test};
use serde_json::Value;

use super::Query;
use super::place::Place;

impl<'a> Query<'a> {
    /// The condition that the filter is true (`wanted`) or false, and not unknown.
    pub(super) fn condition(&mut self, filter: &Filter, place: &Place<'a>, wanted: bool) {
        match filter {
            Filter::And(parts) => self.all_of(parts, place, wanted, wanted),
            Filter::Or(parts) => self.all_of(parts, place, wanted, !wanted),
            Filter::Not(inner) => self.condition(inner, place, !wanted),
            Filter::Field { name, kind, test } => {
                let column = self.column(place, name, *kind);
                self.push(if wanted { "(" } else { "NOT (" });
                self.test(&column, test);
                self.push(")");
            }
            Filter::Linked { name, link, exists } => {
                self.linked(place, name, link, *exists == wanted);
            }
            Filter::Through { name, link, filter } => {
                self.through(place, name, link, filter, wanted);
            }
        }
    }

    /// Parts joined by AND when `every`, else by OR.
    fn all_of(&mut self, parts: &[Filter], place: &Place<'a>, wanted: bool, every: bool) {
        if parts.is_empty() {
            return self.push(if every { "1 = 1" } else { "1 = 0" });
        }
        // Halves of halves: SQLite limits the depth of an expression, and a row of operators
        // is as deep as it is long.
        match parts {
            [only] => self.condition(only, place, wanted),
            parts => {
                let (left, right) = parts.split_at(parts.len() / 2);
                self.push("(");
                self.all_of(left, place, wanted, every);
                self.push(if every { " AND " } else { " OR " });
                self.all_of(right, place, wanted, every);
                self.push(")");
            }
        }
    }

    fn linked(&mut self, place: &Place<'a>, name: &str, link: &Link, exists: bool) {
        if let Link::Component { repeatable: false, .. } = link {
            let null = if exists { "IS NOT NULL" } else { "IS NULL" };
            return self.push(&format!("({} ->> '{name}') {null}", place.json));
        }
        let not = if exists { "" } else { "NOT " };
        self.push(&format!("{not}EXISTS (SELECT 1"));
        let reach = self.reach(place, name, link);
        self.from(place, name, &reach);
        self.push(")");
    }

    fn through(
        &mut self,
        place: &Place<'a>,
        name: &str,
        link: &Link,
        filter: &Filter,
        wanted: bool,
    ) {
        if let Link::Component { repeatable: false, .. } = link {
            let inner = place.component(name, format!("({} -> '{name}')", place.json));
            return self.condition(filter, &inner, wanted);
        }
        let of_nothing = holds_for_nothing(filter, wanted) == Some(true);
        self.push(if of_nothing { "(EXISTS (SELECT 1" } else { "EXISTS (SELECT 1" });
        let reach = self.reach(place, name, link);
        self.from(place, name, &reach);
        self.push(" AND ");
        self.condition(filter, &reach.inner, wanted);
        self.push(")");
        if of_nothing {
            self.push(" OR ");
            self.linked(place, name, link, false);
            self.push(")");
        }
    }
}

/// What a filter says of a row of nulls: whether it can be made `wanted`; `None` is unknown.
fn holds_for_nothing(filter: &Filter, wanted: bool) -> Option<bool> {
    let all =
        |parts: &[Filter]| parts.iter().all(|part| holds_for_nothing(part, wanted) == Some(true));
    let any =
        |parts: &[Filter]| parts.iter().any(|part| holds_for_nothing(part, wanted) == Some(true));
    match filter {
        Filter::And(parts) => Some(if wanted { all(parts) } else { any(parts) }),
        Filter::Or(parts) => Some(if wanted { any(parts) } else { all(parts) }),
        Filter::Not(inner) => holds_for_nothing(inner, !wanted),
        Filter::Field { test, .. } => match test {
            Test::Null | Test::Eq(Value::Null) | Test::EqI(Value::Null) => Some(wanted),
            Test::NotNull | Test::Ne(Value::Null) | Test::NeI(Value::Null) => Some(!wanted),
            _ => None,
        },
        Filter::Linked { exists, .. } => Some(*exists != wanted),
        Filter::Through { filter, .. } => holds_for_nothing(filter, wanted),
    }
}

//! Sort keys as `ORDER BY`.
//!
//! Missing values come first ascending and last descending, as in SQLite. A key that leads to
//! several values takes the first of them in its own direction.

use cms_api::query::{FieldKind, Link, SortKey};

use super::Query;
use super::place::Place;
use crate::store::Dialect;

impl<'a> Query<'a> {
    /// Writes the keys, each followed by a comma.
    pub(super) fn order(&mut self, place: &Place<'a>, keys: &[SortKey]) {
        for key in keys {
            let direction = match (key.descending, self.dialect()) {
                (false, Dialect::Sqlite) => " ASC, ",
                (true, Dialect::Sqlite) => " DESC, ",
                (false, Dialect::Postgres) => " ASC NULLS FIRST, ",
                (true, Dialect::Postgres) => " DESC NULLS LAST, ",
            };
            if key.through.is_empty()
                && let Some(start) = self.column(place, &key.field, key.kind).start
            {
                self.push(&format!("{start}{direction}"));
            }
            self.sort_value(place, &key.through, key);
            self.push(direction);
        }
    }

    fn sort_value(&mut self, place: &Place<'a>, through: &[(String, Link)], key: &SortKey) {
        match through.split_first() {
            None => {
                let column = self.column(place, &key.field, key.kind);
                let sql = match key.kind {
                    FieldKind::Json => self.json_order(&column),
                    _ => column.sql,
                };
                self.push(&sql);
            }
            Some(((name, Link::Component { repeatable: false, .. }), rest)) => {
                let inner = place.component(name, format!("({} -> '{name}')", place.json));
                self.sort_value(&inner, rest, key);
            }
            Some(((name, link), rest)) => {
                let reach = self.reach(place, name, link);
                self.push("(SELECT ");
                self.sort_value(&reach.inner, rest, key);
                self.from(place, name, &reach);
                self.push(if key.descending {
                    " ORDER BY 1 DESC NULLS LAST LIMIT 1)"
                } else {
                    " ORDER BY 1 ASC NULLS FIRST LIMIT 1)"
                });
            }
        }
    }
}

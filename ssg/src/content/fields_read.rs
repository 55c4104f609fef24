//! Which attributes of which types a question looks at, found from the question alone.
//!
//! May name too many, never too few: an edit of anything else leaves the answer as it was.

use std::collections::{BTreeMap, BTreeSet};

use cms_api::query::{Filter, Link, Populate, QuerySpec, SortKey};

use super::view::type_of_link;

/// The row id; it changes with every publish and orders rows that are otherwise equal.
pub(crate) const ID: &str = "id";

/// Attributes looked at, by content type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldsRead(BTreeMap<String, Fields>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fields {
    All,
    Some(BTreeSet<String>),
}

impl FieldsRead {
    /// What a question about rows of `uid` looks at. That the rows of its own list are
    /// ordered by id where nothing else decides is not part of it.
    pub(crate) fn of(uid: &str, spec: &QuerySpec) -> Self {
        let mut read = Self::default();
        if spec.search.is_some() {
            read.all(uid);
        }
        read.filter(Row::entry(uid), &spec.filter);
        read.sort(Row::entry(uid), &spec.sort);
        read.shown(Row::entry(uid), spec.fields.as_deref(), &spec.populate);
        read
    }

    /// Whether any of these attributes of a type is looked at.
    pub(crate) fn touches(&self, uid: &str, attributes: &BTreeSet<String>) -> bool {
        match self.0.get(uid) {
            None => false,
            Some(Fields::All) => true,
            Some(Fields::Some(names)) => !names.is_disjoint(attributes),
        }
    }

    fn all(&mut self, uid: &str) {
        self.0.insert(uid.to_owned(), Fields::All);
    }

    fn field(&mut self, row: Row<'_>, name: &str) {
        // What is inside a component belongs to the attribute that holds it.
        if !row.is_part
            && let Fields::Some(names) =
                self.0.entry(row.uid.to_owned()).or_insert_with(|| Fields::Some(BTreeSet::new()))
        {
            names.insert(name.to_owned());
        }
    }

    /// Notes what following an attribute looks at; the row it leads to.
    fn follow<'a>(&mut self, row: Row<'a>, name: &str, link: &'a Link) -> Row<'a> {
        match link {
            Link::Relation { target, mapped_by: Some(owner), .. } => {
                self.field(Row::entry(target), owner);
                self.field(Row::entry(target), ID);
            }
            Link::Localizations => self.field(row, ID),
            _ => self.field(row, name),
        }
        match type_of_link(row.uid, link) {
            Some(uid) => Row::entry(uid),
            None => Row { is_part: true, ..row },
        }
    }

    fn filter(&mut self, row: Row<'_>, filter: &Filter) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().for_each(|part| self.filter(row, part));
            }
            Filter::Not(inner) => self.filter(row, inner),
            Filter::Field { name, .. } => self.field(row, name),
            Filter::Linked { name, link, .. } => drop(self.follow(row, name, link)),
            Filter::Through { name, link, filter } => {
                let there = self.follow(row, name, link);
                self.filter(there, filter);
            }
        }
    }

    fn sort(&mut self, row: Row<'_>, sort: &[SortKey]) {
        for key in sort {
            let through = key.through.iter();
            let there = through.fold(row, |row, (name, link)| self.follow(row, name, link));
            self.field(there, &key.field);
        }
    }

    fn shown(&mut self, row: Row<'_>, fields: Option<&[String]>, populate: &[Populate]) {
        match fields {
            None if !row.is_part => self.all(row.uid),
            None => {}
            Some(fields) => fields.iter().for_each(|name| self.field(row, name)),
        }
        populate.iter().for_each(|populate| self.populated(row, populate));
    }

    fn populated(&mut self, row: Row<'_>, populate: &Populate) {
        let there = self.follow(row, &populate.name, &populate.link);
        self.filter(there, &populate.filter);
        self.sort(there, &populate.sort);
        if !populate.sort.is_empty() {
            self.field(there, ID);
        }
        if !populate.count {
            self.shown(there, populate.fields.as_deref(), &populate.populate);
        }
        for (_, part) in populate.on.iter().flatten() {
            self.shown(there, part.fields.as_deref(), &part.populate);
        }
    }
}

/// Where in a question: a row of a type, or a component inside one.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    uid: &'a str,
    is_part: bool,
}

impl<'a> Row<'a> {
    fn entry(uid: &'a str) -> Self {
        Self { uid, is_part: false }
    }
}

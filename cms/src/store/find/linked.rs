//! What many rows lead to along one attribute, in one statement.

use std::collections::HashMap;

use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::query::{Link, Part, Populate};

use super::place::Place;
use super::{NO_ID, Query, Row, Scope, row_columns};
use crate::store::{Conn, Dialect, StoreError};

/// Where a [`Row`] has them.
const PARENT: usize = 0;
const COMPONENT: usize = 1;
const ID: usize = 2;

/// The rows to start from: all of one type, or components of one attribute path in them.
#[derive(Debug, Clone, Copy)]
pub struct Parents<'a> {
    pub ty: &'a ContentType,
    /// Rows of that type.
    pub ids: &'a [i64],
    /// `links.path` of the attribute: its name, after those of the components it is in.
    pub path: &'a str,
}

/// What many rows lead to. A row that several lead to is read once.
#[derive(Debug, Default)]
pub struct Linked {
    /// The row and the component in it that hold a link (0: the row itself), and where in
    /// `rows` its target is.
    pub links: Vec<((i64, i64), usize)>,
    pub rows: Vec<Row>,
}

impl Linked {
    /// Keeps of what each holder leads to the items of a part, and of the rows those that are
    /// then led to.
    #[must_use]
    pub fn cut(self, part: Part) -> Self {
        let mut seen: HashMap<(i64, i64), u64> = HashMap::new();
        let mut links = self.links;
        links.retain(|(holder, _)| {
            let place = seen.entry(*holder).or_default();
            *place += 1;
            part.shows(*place - 1)
        });
        let mut places = vec![None; self.rows.len()];
        links.iter().for_each(|(_, place)| places[*place] = Some(0));
        let mut rows = Vec::with_capacity(links.len().min(self.rows.len()));
        for (place, row) in places.iter_mut().zip(self.rows) {
            if let Some(place) = place {
                *place = rows.len();
                rows.push(row);
            }
        }
        links.retain_mut(|(_, place)| match places[*place] {
            Some(kept) => {
                *place = kept;
                true
            }
            None => false,
        });
        Self { links, rows }
    }
}

/// The rows that the parents lead to, in the order of the links or of the populate's sort
/// keys. Empty for what is stored in the parents themselves.
///
/// # Errors
/// Those of the database.
pub fn linked(
    conn: &mut Conn,
    scope: Scope<'_>,
    parents: Parents<'_>,
    populate: &Populate,
) -> Result<Linked, StoreError> {
    let target = match &populate.link {
        Link::Relation { target, .. } => scope.model.get(target),
        Link::Media { .. } => scope.model.get(builtin::FILE),
        Link::Localizations => Some(parents.ty),
        Link::Component { .. } | Link::DynamicZone { .. } => None,
    };
    let Some(target) = target else { return Ok(Linked::default()) };
    if parents.ids.is_empty() {
        return Ok(Linked::default());
    }
    let mut query = Query::new(conn.dialect(), scope);
    let place = query.document(target);
    let ends = match &populate.link {
        Link::Relation { mapped_by: Some(owner), .. } => {
            query.linked_backward(parents, &place, owner)
        }
        Link::Localizations => query.linked_localizations(parents, &place),
        _ => query.linked_forward(parents, &place),
    };
    query.publication(&place);
    if !populate.filter.is_always() {
        query.push(" AND ");
        query.condition(&populate.filter, &place, true);
    }
    query.push(" ORDER BY ");
    query.order(&place, &populate.sort);
    query.push(&ends);
    let (mut found, mut places) = (Linked::default(), HashMap::new());
    query.statement.each(conn, |row| {
        let place = *places.entry(row.integer(ID)?).or_insert(found.rows.len());
        found.links.push(((row.integer(PARENT)?, row.integer(COMPONENT)?), place));
        if place == found.rows.len() {
            found.rows.push(row.document()?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The paths of the links that these rows hold.
///
/// # Errors
/// Those of the database.
pub fn paths(conn: &mut Conn, scope: Scope<'_>, ids: &[i64]) -> Result<Vec<String>, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    query.push("SELECT DISTINCT path FROM links WHERE source_id");
    query.among(ids);
    let mut paths = Vec::new();
    query.statement.each(conn, |row| {
        paths.push(row.text(0)?);
        Ok(())
    })?;
    Ok(paths)
}

impl<'a> Query<'a> {
    fn linked_forward(&mut self, parents: Parents<'_>, place: &Place<'a>) -> String {
        let (source, link) = (self.alias("s"), self.alias("l"));
        let then = self.then();
        let columns = row_columns(&place.document);
        self.push(&format!(
            "SELECT {link}.source_id AS parent, {link}.component_id AS component, {columns} FROM \
             links {link} {then} "
        ));
        // The source is asked for its locale only.
        if parents.ty.localized && place.ty.localized {
            self.push(&format!("documents {source} ON {source}.id = {link}.source_id {then} "));
        }
        self.push(&format!("documents {} ON ", place.document));
        self.target_row(&link, &place.document, place.ty);
        self.locale_of_target(&link, (parents.ty, &source), (place.ty, &place.document));
        self.push(&format!(" WHERE {link}.source_id"));
        self.among(parents.ids);
        self.push(&format!(" AND {link}.path = "));
        self.bind_text(parents.path);
        format!("{link}.position, {link}.id")
    }

    fn linked_backward(&mut self, parents: Parents<'_>, place: &Place<'a>, owner: &str) -> String {
        let (mirror, link) = (self.alias("m"), self.alias("l"));
        let then = self.then();
        let columns = row_columns(&place.document);
        self.push(&format!(
            "SELECT {mirror}.id AS parent, {NO_ID} AS component, {columns} FROM documents {mirror} \
             {then} links {link} ON {link}.target_document_id = {mirror}.document_id"
        ));
        self.backward_link(&link, owner, parents.ty);
        self.push(&format!(" {then} documents {} ON ", place.document));
        self.owner_row(&link, &place.document, place.ty, false);
        self.mirror_row(&link, (parents.ty, &mirror), (place.ty, &place.document));
        self.push(&format!(" WHERE {mirror}.id"));
        self.among(parents.ids);
        format!("{link}.inverse_position, {link}.id")
    }

    fn linked_localizations(&mut self, parents: Parents<'_>, place: &Place<'a>) -> String {
        let (row, other) = (self.alias("s"), &place.document);
        let then = self.then();
        let columns = row_columns(other);
        self.push(&format!(
            "SELECT {row}.id AS parent, {NO_ID} AS component, {columns} FROM documents {row} {then} \
             documents {other} ON {other}.uid = {row}.uid AND {other}.document_id = \
             {row}.document_id AND {other}.status = {row}.status WHERE {row}.id"
        ));
        self.among(parents.ids);
        // As in Strapi: a row that is shown beside its translations is not one of them.
        self.push(&format!(" AND {other}.id NOT"));
        self.among(parents.ids);
        // As Strapi's index of documents has them.
        format!("{other}.locale, {other}.number")
    }

    /// ` IN` a list of any length: one bound value, since databases limit their number.
    pub(super) fn among(&mut self, ids: &[i64]) {
        let list = format!("[{}]", ids.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
        self.among_values(&list, "bigint");
    }

    /// As [`Query::among`], for texts.
    pub(super) fn among_texts(&mut self, texts: &[&str]) {
        self.among_values(&serde_json::json!(texts).to_string(), "text");
    }

    /// `list` is a JSON list of values of a type.
    fn among_values(&mut self, list: &str, ty: &str) {
        match self.dialect() {
            Dialect::Sqlite => {
                self.push(" IN (SELECT value FROM json_each(");
                self.bind_text(list);
                self.push("))");
            }
            Dialect::Postgres => {
                self.push(" IN (SELECT CAST(jsonb_array_elements_text(CAST(");
                self.bind_text(list);
                self.push(&format!(" AS jsonb)) AS {ty}))"));
            }
        }
    }
}

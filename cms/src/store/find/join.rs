//! From a place to what one of its attributes leads to.

use cms_api::builtin;
use cms_api::content_type::ContentType;
use cms_api::query::Link;

use super::Query;
use super::place::Place;
use crate::store::Dialect;

/// A way from a place along one of its attributes, with its aliases but not yet written.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    pub(super) inner: Place<'a>,
    /// Alias of the table of links.
    link: String,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Forward,
    /// Along the attribute of this name of the type that owns the links.
    Backward(String),
    Items,
    Localizations,
    /// To a type that is gone.
    Nowhere,
}

impl<'a> Query<'a> {
    pub(super) fn reach(&mut self, place: &Place<'a>, name: &str, link: &Link) -> Reach<'a> {
        let model = self.scope.model;
        let (ty, way) = match link {
            Link::Relation { target, mapped_by: None, .. } => (model.get(target), Way::Forward),
            Link::Relation { target, mapped_by: Some(owner), .. } => {
                (model.get(target), Way::Backward(owner.clone()))
            }
            Link::Media { .. } => (model.get(builtin::FILE), Way::Forward),
            Link::Localizations => (Some(place.ty), Way::Localizations),
            Link::Component { .. } | Link::DynamicZone { .. } => {
                let inner = place.component(name, format!("{}.value", self.alias("c")));
                return Reach { inner, link: String::new(), way: Way::Items };
            }
        };
        let link = self.alias("l");
        match ty {
            Some(ty) => Reach { inner: self.document(ty), link, way },
            None => Reach { inner: self.document(place.ty), link, way: Way::Nowhere },
        }
    }

    /// Writes `FROM … WHERE …` for a way.
    pub(super) fn from(&mut self, place: &Place<'a>, name: &str, reach: &Reach<'a>) {
        match &reach.way {
            Way::Forward => self.forward(place, name, reach),
            Way::Backward(owner) => self.backward(place, owner, reach),
            Way::Items => self.items(place, name, &reach.inner),
            Way::Localizations => self.localizations(place, &reach.inner),
            Way::Nowhere => {
                self.push(&format!(" FROM documents {} WHERE 1 = 0", reach.inner.document));
            }
        }
    }

    /// Joins what is reached from what stands before it. Without statistics SQLite guesses which
    /// table to begin with, and an index with many columns makes it begin with every row of a
    /// type; its `CROSS JOIN` is a join in the order written.
    pub(super) fn then(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        }
    }

    /// Links of this row, and the row of the target that each means.
    fn forward(&mut self, place: &Place<'a>, name: &str, reach: &Reach<'a>) {
        let (link, inner) = (&reach.link, &reach.inner);
        let then = self.then();
        self.push(&format!(" FROM links {link} {then} documents {} ON ", inner.document));
        self.target_row(link, &inner.document, inner.ty);
        self.locale_of_target(link, (place.ty, &place.document), (inner.ty, &inner.document));
        self.push(&format!(
            " WHERE {link}.source_id = {}.id AND {link}.component_id = ",
            place.document
        ));
        match place.component {
            Some(_) => self.push(&self.component_id(place)),
            None => self.push("0"),
        }
        self.push(&format!(" AND {link}.path = "));
        self.bind_text(&place.path_of(name));
    }

    /// Ties a link to the row of its target.
    pub(super) fn target_row(&mut self, link: &str, row: &str, target: &ContentType) {
        let status = self.status_of(target).as_str();
        self.push(&format!(
            "{row}.document_id = {link}.target_document_id AND {row}.status = '{status}' AND \
             {row}.uid = "
        ));
        self.bind_text(&target.uid);
        self.push(&format!(" AND {link}.target_uid = {row}.uid"));
        if target.draft_and_publish {
            self.push(&format!(" AND {link}.target_status IN ('', '{status}')"));
        }
    }

    /// A link stays within the locale of its source unless it names another; a source without
    /// one reaches the locale that was asked for.
    pub(super) fn locale_of_target(
        &mut self,
        link: &str,
        (source, source_row): (&ContentType, &str),
        (target, row): (&ContentType, &str),
    ) {
        match (source.localized, target.localized) {
            (_, false) => self.push(&format!(" AND {row}.locale = ''")),
            (true, true) => self.push(&format!(
                " AND {row}.locale = coalesce(nullif({link}.target_locale, ''), {source_row}.locale)"
            )),
            (false, true) => {
                self.push(&format!(" AND {row}.locale = "));
                self.bind_text(self.scope.locale);
            }
        }
    }

    /// Rows of the owning type that link to this document.
    fn backward(&mut self, place: &Place<'a>, name: &str, reach: &Reach<'a>) {
        let (link, inner) = (&reach.link, &reach.inner);
        let then = self.then();
        self.push(&format!(" FROM links {link} {then} documents {} ON ", inner.document));
        let every_status = self.scope.every_status && !place.ty.draft_and_publish;
        self.owner_row(link, &inner.document, inner.ty, every_status);
        self.push(&format!(" WHERE {link}.target_document_id = {}.document_id", place.document));
        self.backward_link(link, name, place.ty);
        self.mirror_row(link, (place.ty, &place.document), (inner.ty, &inner.document));
    }

    /// Ties a link to the row that holds it.
    pub(super) fn owner_row(
        &mut self,
        link: &str,
        row: &str,
        owner: &ContentType,
        every_status: bool,
    ) {
        self.push(&format!("{row}.id = {link}.source_id AND {row}.uid = "));
        self.bind_text(&owner.uid);
        if !every_status {
            self.push(&format!(" AND {row}.status = '{}'", self.status_of(owner).as_str()));
        }
    }

    /// The owning attribute, pointing at documents of the mirroring type.
    pub(super) fn backward_link(&mut self, link: &str, name: &str, mirror: &ContentType) {
        self.push(&format!(" AND {link}.component_id = 0 AND {link}.path = "));
        self.bind_text(name);
        self.push(&format!(" AND {link}.target_uid = "));
        self.bind_text(&mirror.uid);
    }

    /// Leaves out links that name another row of this document. Seen from a document without
    /// a locale, owners of every locale link to it.
    pub(super) fn mirror_row(
        &mut self,
        link: &str,
        (mirror, mirror_row): (&ContentType, &str),
        (owner, row): (&ContentType, &str),
    ) {
        if mirror.draft_and_publish {
            self.push(&format!(" AND {link}.target_status IN ('', {mirror_row}.status)"));
        }
        if mirror.localized && owner.localized {
            self.push(&format!(
                " AND coalesce(nullif({link}.target_locale, ''), {row}.locale) = \
                 {mirror_row}.locale"
            ));
        }
    }

    /// The items of a repeatable component.
    fn items(&mut self, place: &Place<'a>, name: &str, inner: &Place<'a>) {
        let list = format!("({} -> '{name}')", place.json);
        let item = inner.json.trim_end_matches(".value");
        match self.dialect() {
            Dialect::Sqlite => {
                self.push(&format!(" FROM json_each({list}) {item} WHERE {item}.type = 'object'"));
            }
            Dialect::Postgres => self.push(&format!(
                " FROM jsonb_array_elements(CASE WHEN jsonb_typeof({list}) = 'array' THEN {list} \
                 ELSE '[]'::jsonb END) AS {item}(value) WHERE jsonb_typeof({item}.value) = 'object'"
            )),
        }
    }

    /// In conditions a row is one of its own localizations, as in Strapi.
    fn localizations(&mut self, place: &Place<'a>, inner: &Place<'a>) {
        let (row, other) = (&place.document, &inner.document);
        self.push(&format!(
            " FROM documents {other} WHERE {other}.uid = {row}.uid AND {other}.document_id = \
             {row}.document_id"
        ));
        if !self.scope.every_status {
            self.push(&format!(" AND {other}.status = {row}.status"));
        }
    }

    pub(super) fn component_id(&self, place: &Place<'_>) -> String {
        match self.dialect() {
            Dialect::Sqlite => format!("CAST({} ->> 'id' AS INTEGER)", place.json),
            Dialect::Postgres => format!("({} ->> 'id')::bigint", place.json),
        }
    }
}

//! `_q`: one text looked for in every searchable attribute.

use cms_api::content_type::{Attribute, AttributeKind};

use super::Query;
use super::operator::escape;
use super::place::Place;

impl<'a> Query<'a> {
    pub(super) fn search(&mut self, text: &str, place: &Place<'a>) {
        let pattern = format!("%{}%", escape(text));
        let numeric = text.trim().parse::<f64>().is_ok();
        let document = &place.document;
        let own = ["number", "document_id", "locale"].map(|name| format!("{document}.{name}"));
        let attributes =
            place.ty.attributes.iter().filter(|(_, attribute)| {
                is_searched(attribute) || (numeric && is_number(attribute))
            });
        let found = attributes.map(|(name, _)| self.member(&place.json, name));
        let columns: Vec<_> = own.into_iter().chain(found).collect();
        self.push("(");
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                self.push(" OR ");
            }
            self.like_pattern(column, "", &pattern);
        }
        self.push(")");
    }
}

/// Texts that may be shown; what is hidden must not be found out by searching either.
fn is_searched(attribute: &Attribute) -> bool {
    use AttributeKind as Kind;
    let text = matches!(
        attribute.kind,
        Kind::String
            | Kind::Text
            | Kind::RichText
            | Kind::Uid { .. }
            | Kind::Email
            | Kind::Enumeration { .. }
    );
    text && attribute.searchable && !attribute.is_hidden()
}

fn is_number(attribute: &Attribute) -> bool {
    use AttributeKind as Kind;
    let number =
        matches!(attribute.kind, Kind::Integer | Kind::BigInteger | Kind::Float | Kind::Decimal);
    number && attribute.searchable && !attribute.is_hidden()
}

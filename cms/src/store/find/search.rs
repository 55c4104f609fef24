//! `_q`: one text looked for in every searchable attribute.

use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::query_parse::is_number as is_number_in_javascript;

use cms_api::query::FieldKind;

use super::Query;
use super::place::Place;

impl<'a> Query<'a> {
    pub(super) fn search(&mut self, text: &str, place: &Place<'a>) {
        // An underscore stands for any letter, as Strapi has it here and nowhere else.
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%"));
        let numeric = is_number_in_javascript(text);
        let document = &place.document;
        let own = ["number", "document_id", "locale"].map(|name| format!("{document}.{name}"));
        let attributes =
            place.ty.attributes.iter().filter(|(_, attribute)| {
                is_searched(attribute) || (numeric && is_number(attribute))
            });
        let found = attributes.map(|(name, attribute)| match attribute.kind {
            AttributeKind::Float | AttributeKind::Decimal => {
                let kind = FieldKind::Float;
                self.text_of(&self.column(place, name, kind))
            }
            _ => self.member(&place.json, name),
        });
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

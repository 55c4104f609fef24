//! Stored values as SQL expressions.

use cms_api::query::FieldKind;

use super::Query;
use super::place::Place;
use crate::store::Dialect;

/// How a column's values compare and what is bound against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Text,
    Number,
    /// A number that reads `5.0` where it is looked into as a text.
    Real,
    Boolean,
    /// A date and time as text.
    Moment,
    /// Milliseconds, in the table's own columns.
    Millis,
    RowId,
    Json,
}

/// An expression for a stored value.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// What is compared and sorted.
    pub(super) sql: String,
    /// What is null when the value is missing.
    pub(super) null: String,
    pub(super) stored: Stored,
    /// The value as JSON, where an index may be on it.
    pub(super) indexed: Option<String>,
}

impl Query<'_> {
    pub(super) fn column(&self, place: &Place<'_>, name: &str, kind: FieldKind) -> Column {
        let own = if place.is_document() { self.own_column(place, name) } else { None };
        own.unwrap_or_else(|| self.json_column(place, name, kind))
    }

    fn own_column(&self, place: &Place<'_>, name: &str) -> Option<Column> {
        let (column, stored) = match name {
            "id" => ("number", Stored::RowId),
            "documentId" => ("document_id", Stored::Text),
            "locale" => ("locale", Stored::Text),
            "createdAt" => ("created_at", Stored::Millis),
            "updatedAt" => ("updated_at", Stored::Millis),
            "publishedAt" => ("published_at", Stored::Millis),
            _ => return None,
        };
        let null = format!("{}.{column}", place.document);
        let sql = if stored == Stored::Text { self.by_bytes(&null) } else { null.clone() };
        Some(Column { sql, null, stored, indexed: None })
    }

    fn json_column(&self, place: &Place<'_>, name: &str, kind: FieldKind) -> Column {
        let null = self.member(&place.json, name);
        let (sqlite, postgres, stored) = match kind {
            FieldKind::Text | FieldKind::Date | FieldKind::Time => {
                (null.clone(), self.by_bytes(&null), Stored::Text)
            }
            FieldKind::DateTime => (null.clone(), self.by_bytes(&null), Stored::Moment),
            FieldKind::Integer => (null.clone(), format!("{null}::numeric"), Stored::Number),
            FieldKind::Float => (null.clone(), format!("{null}::numeric"), Stored::Real),
            // Stored as text, so that no client rounds it.
            FieldKind::BigInteger => {
                (format!("CAST({null} AS INTEGER)"), format!("{null}::bigint"), Stored::Number)
            }
            FieldKind::RowId => {
                (format!("CAST({null} AS INTEGER)"), format!("{null}::bigint"), Stored::RowId)
            }
            FieldKind::Boolean => (null.clone(), format!("{null}::boolean"), Stored::Boolean),
            FieldKind::Json => (null.clone(), self.by_bytes(&null), Stored::Json),
        };
        match self.dialect() {
            Dialect::Sqlite => Column { sql: sqlite, null, stored, indexed: None },
            Dialect::Postgres => {
                let indexed = (place.is_document() && kind == FieldKind::Text)
                    .then(|| format!("({} -> '{name}')", place.json));
                Column { sql: postgres, null, stored, indexed }
            }
        }
    }

    /// A member of a JSON object, spelled as the indexes on values spell it: an index serves
    /// only conditions that are written the same way.
    pub(super) fn member(&self, json: &str, name: &str) -> String {
        match self.dialect() {
            Dialect::Sqlite => format!("({json} ->> '$.{name}')"),
            Dialect::Postgres => format!("({json} ->> '{name}')"),
        }
    }

    /// Text in the order of its bytes, whatever the database was created with.
    pub(super) fn by_bytes(&self, sql: &str) -> String {
        match self.dialect() {
            Dialect::Sqlite => sql.to_owned(),
            Dialect::Postgres => format!("({sql}) COLLATE \"C\""),
        }
    }

    /// A column as the text that is looked into.
    pub(super) fn text_of(&self, column: &Column) -> String {
        let sql = &column.sql;
        match (column.stored, self.dialect()) {
            (Stored::Real, dialect) => self.real_as_text(sql, dialect),
            (Stored::Boolean, Dialect::Postgres) => self.as_text(&format!("({sql})::integer")),
            (Stored::Moment, dialect) => self.moment_as_text(&column.null, dialect),
            (_, Dialect::Sqlite) => sql.clone(),
            (_, Dialect::Postgres) => self.as_text(sql),
        }
    }

    /// The text of a moment is that of its milliseconds, as in Strapi's tables.
    fn moment_as_text(&self, iso: &str, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => format!(
                "CAST(CAST(strftime('%s', {iso}) AS INTEGER) * 1000 + \
                 CAST(substr({iso}, 21, 3) AS INTEGER) AS TEXT)"
            ),
            Dialect::Postgres => self.as_text(&format!(
                "CAST(extract(epoch from CAST({iso} AS timestamptz)) * 1000 AS bigint)"
            )),
        }
    }

    /// Whole numbers have a fraction in the text of a real.
    pub(super) fn real_as_text(&self, sql: &str, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => format!("CAST(CAST({sql} AS REAL) AS TEXT)"),
            Dialect::Postgres => self.by_bytes(&format!(
                "CASE WHEN {sql} = trunc({sql}) THEN CAST(trunc({sql}) AS TEXT) || '.0' ELSE \
                 CAST(trim_scale({sql}) AS TEXT) END"
            )),
        }
    }

    /// Any value as text.
    pub(super) fn as_text(&self, sql: &str) -> String {
        self.by_bytes(&format!("CAST({sql} AS TEXT)"))
    }
}

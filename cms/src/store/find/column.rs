//! Stored values as SQL expressions.
//!
//! The indexes on values are made of the same expressions: an index serves only what is
//! spelled the way it is.

use cms_api::query::FieldKind;
use serde_json::Value;

use super::Query;
use super::place::Place;
use crate::store::Dialect;
use crate::store::statement::Statement;

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
    /// The beginning of a text that an index may not hold in full. It is in the same order as
    /// the texts, so that whatever is asked of them can be asked of their beginnings too.
    pub(super) start: Option<String>,
    /// The number a JSON value is, where the database does not say so itself.
    pub(super) number: Option<String>,
}

/// PostgreSQL's indexes have entries of at most 2704 bytes; four of them are one character.
const START_LENGTH: usize = 200;

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
        Some(Column { sql, null, stored, start: None, number: None })
    }

    fn json_column(&self, place: &Place<'_>, name: &str, kind: FieldKind) -> Column {
        if kind == FieldKind::Json {
            return self.json_value(place, name);
        }
        let mut column = value_of(self.dialect(), &place.json, name, kind);
        if !place.is_document() {
            column.start = None;
        }
        column
    }

    pub(super) fn member(&self, json: &str, name: &str) -> String {
        member(self.dialect(), json, name)
    }

    pub(super) fn by_bytes(&self, sql: &str) -> String {
        by_bytes(self.dialect(), sql)
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

/// What an index on an attribute's values is made of, `data` being the table's column.
pub(in crate::store) fn index_key(dialect: Dialect, name: &str, kind: FieldKind) -> String {
    let column = value_of(dialect, "data", name, kind);
    let key = column.start.unwrap_or(column.sql);
    match dialect {
        Dialect::Sqlite => format!("({key})"),
        // As sort keys have it.
        Dialect::Postgres => format!("({key}) NULLS FIRST"),
    }
}

/// Adds what an index needs to know to find an attribute's value, ending in ` AND `. Only
/// PostgreSQL's ask for more than the comparison itself.
pub(in crate::store) fn push_index_condition(query: &mut Statement, name: &str, value: &Value) {
    let of = |kind| value_of(Dialect::Postgres, "data", name, kind);
    match value {
        Value::String(text) => {
            let start = of(FieldKind::Text).start.unwrap_or_default();
            // No text on PostgreSQL has a zero byte.
            let text = text.replace('\0', "\u{fffd}");
            query.push(&format!("{start} = ")).bind(start_of(&text)).push(" AND ");
        }
        Value::Number(number) => {
            if let Some(number) = number.as_i64() {
                let number_of = of(FieldKind::Integer).sql;
                query.push(&format!("{number_of} = ")).bind(number).push(" AND ");
            }
        }
        _ => {}
    }
}

/// The beginning of a text, as an index holds it.
pub(super) fn start_of(text: &str) -> &str {
    text.char_indices().nth(START_LENGTH).map_or(text, |(end, _)| &text[..end])
}

/// A top-level member of a JSON object. On PostgreSQL the expressions must accept whatever is
/// stored: an index on one that failed would refuse rows of an attribute's former kind.
fn value_of(dialect: Dialect, json: &str, name: &str, kind: FieldKind) -> Column {
    let null = member(dialect, json, name);
    let (sqlite, postgres, stored) = match kind {
        FieldKind::Text | FieldKind::Date | FieldKind::Time => {
            (null.clone(), by_bytes(dialect, &null), Stored::Text)
        }
        FieldKind::DateTime => (null.clone(), by_bytes(dialect, &null), Stored::Moment),
        FieldKind::Integer => (null.clone(), as_number(json, name), Stored::Number),
        FieldKind::Float => (null.clone(), as_number(json, name), Stored::Real),
        // Stored as text, so that no client rounds it.
        FieldKind::BigInteger => (as_integer(&null), as_whole(&null), Stored::Number),
        FieldKind::RowId => (as_integer(&null), format!("{null}::bigint"), Stored::RowId),
        FieldKind::Boolean => (null.clone(), as_boolean(&null), Stored::Boolean),
        FieldKind::Json => (null.clone(), by_bytes(dialect, &null), Stored::Json),
    };
    match dialect {
        Dialect::Sqlite => Column { sql: sqlite, null, stored, start: None, number: None },
        Dialect::Postgres => {
            let text = matches!(stored, Stored::Text | Stored::Moment);
            let start = text.then(|| by_bytes(dialect, &format!("left({null}, {START_LENGTH})")));
            Column { sql: postgres, null, stored, start, number: None }
        }
    }
}

fn as_integer(sql: &str) -> String {
    format!("CAST({sql} AS INTEGER)")
}

fn as_number(json: &str, name: &str) -> String {
    format!(
        "(CASE WHEN jsonb_typeof({json} -> '{name}') = 'number' THEN ({json} ->> '{name}')::numeric \
         END)"
    )
}

fn as_whole(sql: &str) -> String {
    format!("(CASE WHEN {sql} ~ '^-?[0-9]+$' THEN {sql}::numeric END)")
}

fn as_boolean(sql: &str) -> String {
    format!("(CASE {sql} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)")
}

fn member(dialect: Dialect, json: &str, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("({json} ->> '$.{name}')"),
        Dialect::Postgres => format!("({json} ->> '{name}')"),
    }
}

/// Text in the order of its bytes, whatever the database was created with.
fn by_bytes(dialect: Dialect, sql: &str) -> String {
    match dialect {
        Dialect::Sqlite => sql.to_owned(),
        Dialect::Postgres => format!("({sql}) COLLATE \"C\""),
    }
}

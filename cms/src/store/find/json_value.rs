//! JSON attributes in conditions, as a column of SQLite's with numeric affinity has them.
//!
//! A number is a number, and so is a text that spells one and a boolean; anything else is its
//! text. Numbers come before texts. PostgreSQL has no such column, so there both sides are
//! spelled out.

use cms_api::query_parse::numeric_operand;
use serde_json::{Number, Value};

use super::Query;
use super::column::{Column, Stored};
use super::place::Place;
use crate::store::Dialect;
use crate::store::statement::Bind;

/// A text PostgreSQL reads as a number that SQLite reads as one too.
const NUMBER: &str = r"^[\t-\r ]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?[\t-\r ]*$";
/// Blanks between the tokens of JSON, and the strings that must be kept.
const TOKENS: &str = r#"("(?:[^"\\]|\\.)*")|\s+"#;

impl Query<'_> {
    pub(super) fn json_value(&self, place: &Place<'_>, name: &str) -> Column {
        let null = self.member(&place.json, name);
        let (sql, number) = match self.dialect() {
            // Only a text that spells a number equals the number it is cast to.
            Dialect::Sqlite => (
                format!(
                    "(CASE WHEN {null} = CAST({null} AS NUMERIC) THEN CAST({null} AS NUMERIC) \
                     ELSE {null} END)"
                ),
                None,
            ),
            Dialect::Postgres => {
                let kind = format!("jsonb_typeof({} -> '{name}')", place.json);
                let number = format!(
                    "(CASE WHEN {kind} = 'boolean' THEN {null}::boolean::integer::numeric WHEN \
                     {kind} = 'number' OR ({kind} = 'string' AND {null} ~ '{NUMBER}') THEN \
                     trim_scale({null}::numeric) END)"
                );
                let text = format!(
                    "CASE WHEN {number} IS NOT NULL THEN {number}::text WHEN {kind} = 'string' \
                     THEN {null} ELSE regexp_replace({null}, '{TOKENS}', '\\1', 'g') END"
                );
                (self.by_bytes(&text), Some(number))
            }
        };
        Column { sql, null, stored: Stored::Json, start: None, number }
    }

    pub(super) fn compare_json(&mut self, column: &Column, operator: &str, value: &Value) {
        let number = value.as_str().and_then(numeric_operand);
        let Some(stored) = &column.number else {
            self.push(&format!("{} {operator} ", column.sql));
            return self.json_operand(number, value);
        };
        // What holds between a number and a text.
        let (operators, sql) = match number {
            Some(_) => (["<>", ">", ">="], stored),
            None => (["<>", "<", "<="], &column.sql),
        };
        let mixed = operators.contains(&operator);
        self.push(&match number {
            Some(_) => format!("(CASE WHEN {stored} IS NULL AND {} IS NOT NULL", column.null),
            None => format!("(CASE WHEN {stored} IS NOT NULL"),
        });
        self.push(&format!(" THEN {mixed} ELSE {sql} {operator} "));
        self.json_operand(number, value);
        self.push(" END)");
    }

    pub(super) fn json_one_of(&mut self, column: &Column, operator: &str, values: &[Value]) {
        self.push(if operator == "IN" { "(" } else { "NOT (" });
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.push(" OR ");
            }
            self.compare_json(column, "=", value);
        }
        // Of an empty list nothing is known.
        self.push(if values.is_empty() { "NULL)" } else { ")" });
    }

    fn json_operand(&mut self, number: Option<Number>, value: &Value) {
        let bind = match (number, value) {
            (None, Value::Null) => return self.push("NULL"),
            (None, Value::String(text)) => return self.folded_text(text),
            (None, other) => return self.folded_text(&other.to_string()),
            (Some(number), _) => match number.as_i64() {
                Some(integer) => Bind::Integer(integer),
                None => Bind::Float(number.as_f64().unwrap_or_default()),
            },
        };
        self.statement.bind(bind);
    }

    /// What a JSON attribute is sorted by.
    pub(super) fn json_order(&self, column: &Column) -> String {
        match &column.number {
            None => column.sql.clone(),
            Some(number) => format!(
                "CASE WHEN {} IS NOT NULL THEN ROW({number} IS NULL, {number}, {}) END",
                column.null, column.sql
            ),
        }
    }
}

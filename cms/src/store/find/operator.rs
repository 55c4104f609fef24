//! Operators of a filter on one column.

use cms_api::query::Test;
use cms_api::temporal;
use serde_json::Value;

use super::Query;
use super::column::{Column, Stored, start_of};
use crate::store::{Dialect, statement::Bind};

impl Query<'_> {
    pub(super) fn test(&mut self, column: &Column, test: &Test) {
        match test {
            Test::Null | Test::Eq(Value::Null) | Test::EqI(Value::Null) => {
                self.push(&format!("{} IS NULL", column.null));
            }
            Test::NotNull | Test::Ne(Value::Null) | Test::NeI(Value::Null) => {
                self.push(&format!("{} IS NOT NULL", column.null));
            }
            Test::Eq(value) => self.compare(column, "=", value),
            Test::Ne(value) => self.compare(column, "<>", value),
            Test::Lt(value) => self.compare(column, "<", value),
            Test::Lte(value) => self.compare(column, "<=", value),
            Test::Gt(value) => self.compare(column, ">", value),
            Test::Gte(value) => self.compare(column, ">=", value),
            Test::EqI(value) => self.compare_folded(column, "=", value),
            Test::NeI(value) => self.compare_folded(column, "<>", value),
            Test::In(values) => self.one_of(column, "IN", values),
            Test::NotIn(values) if values.is_empty() => self.push("1 = 1"),
            Test::NotIn(values) => self.one_of(column, "NOT IN", values),
            Test::Between(low, high) => {
                self.push("(");
                self.compare(column, ">=", low);
                self.push(" AND ");
                self.compare(column, "<=", high);
                self.push(")");
            }
            Test::Contains { text, negated, .. } => self.like(column, "%", text, "%", *negated),
            Test::StartsWith { text, negated, .. } => self.like(column, "", text, "%", *negated),
            Test::EndsWith { text, negated, .. } => self.like(column, "%", text, "", *negated),
        }
    }

    fn compare(&mut self, column: &Column, operator: &str, value: &Value) {
        // A row id and a text: numbers come before texts.
        if column.stored == Stored::RowId && value.is_string() {
            let holds = matches!(operator, "<>" | "<" | "<=");
            // Of a row that is missing nothing is known.
            let test = if holds { "=" } else { "<>" };
            return self.push(&format!("{0} {test} {0}", column.sql));
        }
        if let (Some(start), Value::String(text)) = (&column.start, value) {
            match operator {
                "=" => self.push(&format!("{start} = ")),
                "<" | "<=" => self.push(&format!("{start} <= ")),
                ">" | ">=" => self.push(&format!("{start} >= ")),
                _ => return self.compare_whole(column, operator, value),
            }
            self.bind_text(start_of(text));
            self.push(" AND ");
        }
        self.compare_whole(column, operator, value);
    }

    fn compare_whole(&mut self, column: &Column, operator: &str, value: &Value) {
        if column.stored == Stored::Json {
            return self.compare_json(column, operator, value);
        }
        self.push(&format!("{} {operator} ", column.sql));
        self.operand(column.stored, value);
    }

    fn one_of(&mut self, column: &Column, operator: &str, values: &[Value]) {
        if column.stored == Stored::Json {
            return self.json_one_of(column, operator, values);
        }
        if let (Some(start), "IN") = (&column.start, operator)
            && values.iter().all(Value::is_string)
        {
            self.push(&format!("{start} IN "));
            let starts: Vec<_> = values.iter().filter_map(Value::as_str).map(start_of).collect();
            self.bind_texts(&starts);
            self.push(" AND ");
        }
        self.push(&format!("{} {operator} (", column.sql));
        let comparable: Vec<_> =
            values.iter().filter(|v| column.stored != Stored::RowId || !v.is_string()).collect();
        for (at, value) in comparable.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.operand(column.stored, value);
        }
        // No row has the id -1: an empty list is not valid SQL everywhere.
        self.push(match (comparable.is_empty(), column.stored) {
            (false, _) => ")",
            (true, Stored::RowId) => "-1)",
            (true, _) => "NULL)",
        });
    }

    fn bind_texts(&mut self, texts: &[&str]) {
        for (at, text) in texts.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "(" });
            self.bind_text(text);
        }
        self.push(if texts.is_empty() { "(NULL)" } else { ")" });
    }

    fn operand(&mut self, stored: Stored, value: &Value) {
        let moment = |text: &str| temporal::parse_datetime(text);
        let bind = match (stored, value) {
            (_, Value::Null) => return self.push("NULL"),
            (Stored::Boolean, value) => {
                let flag = value.as_bool().unwrap_or_else(|| value.as_i64() == Some(1));
                match self.dialect() {
                    Dialect::Sqlite => Bind::Integer(flag.into()),
                    Dialect::Postgres => Bind::Bool(flag),
                }
            }
            (Stored::Moment, Value::Number(number)) => {
                Bind::Text(temporal::format_datetime(number.as_i64().unwrap_or_default()))
            }
            (Stored::Millis, Value::String(text)) => match moment(text) {
                Some(ms) => Bind::Integer(ms),
                None => return self.push("NULL"),
            },
            (
                Stored::Number | Stored::Real | Stored::Millis | Stored::RowId,
                Value::Number(number),
            ) => match number.as_i64() {
                Some(integer) => Bind::Integer(integer),
                None => Bind::Float(number.as_f64().unwrap_or_default()),
            },
            (_, Value::String(text)) => return self.bind_text(text),
            (_, other) => return self.bind_text(&other.to_string()),
        };
        self.statement.bind(bind);
    }

    /// Equality without regard to the case of ASCII letters.
    fn compare_folded(&mut self, column: &Column, operator: &str, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let left = self.text_of(column);
        self.push(&format!("LOWER({left}) {operator} LOWER("));
        self.folded_text(&text);
        self.push(")");
    }

    /// `LIKE` without regard to the case of ASCII letters, which is SQLite's. The text has no
    /// wildcards of its own.
    fn like(&mut self, column: &Column, before: &str, text: &str, after: &str, negated: bool) {
        let not = if negated { "NOT " } else { "" };
        let pattern = format!("{before}{}{after}", escape(text));
        self.like_pattern(&self.text_of(column), not, &pattern);
    }

    pub(super) fn like_pattern(&mut self, sql: &str, not: &str, pattern: &str) {
        match self.dialect() {
            Dialect::Sqlite => {
                self.push(&format!("{sql} {not}LIKE "));
                self.bind_text(pattern);
            }
            Dialect::Postgres => {
                self.push(&format!("LOWER({}) {not}LIKE LOWER(", self.as_text(sql)));
                self.folded_text(pattern);
                self.push(")");
            }
        }
        self.push(" ESCAPE '\\'");
    }

    pub(super) fn folded_text(&mut self, text: &str) {
        self.bind_text(text);
        if self.dialect() == Dialect::Postgres {
            self.push("::text COLLATE \"C\"");
        }
    }
}

/// A text that a pattern matches as it stands.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

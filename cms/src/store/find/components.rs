//! Filters and sort keys on components that were read already.
//!
//! The components go back to the database as one bound list: the rules of comparison are the
//! database's own, and relations inside components are within its reach.

use cms_api::content_type::ContentType;
use cms_api::query::{Filter, SortKey};
use diesel::sql_types::BigInt;

use super::place::{InComponent, Place};
use super::{Query, Scope};
use crate::store::{Conn, Dialect, StoreError};

/// Components of one attribute path in rows of one type, and what is asked of them.
#[derive(Debug)]
pub struct Selection<'a> {
    pub ty: &'a ContentType,
    /// Attribute path of the components.
    pub path: &'a str,
    /// Each with the row it is in, as `(row id, JSON text of the component)`.
    pub components: Vec<(i64, &'a str)>,
    pub filter: &'a Filter,
    pub sort: &'a [SortKey],
}

#[derive(diesel::QueryableByName)]
#[diesel(check_for_backend(crate::store::pool::MultiBackend))]
struct Selected {
    #[diesel(sql_type = BigInt)]
    document: i64,
    #[diesel(sql_type = BigInt)]
    component: i64,
}

/// The components that pass the filter as `(row id, component id)`, in the order of the sort
/// keys.
///
/// # Errors
/// Those of the database.
pub fn select_components(
    conn: &mut Conn,
    scope: Scope<'_>,
    selection: &Selection<'_>,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let items = selection
        .components
        .iter()
        .map(|(row, component)| format!("{{\"row\":{row},\"component\":{component}}}"));
    let list = format!("[{}]", items.collect::<Vec<_>>().join(","));
    let mut query = Query::new(conn.dialect(), scope);
    let (item, row) = (query.alias("c"), query.alias("d"));
    let (source, owner) = match query.dialect() {
        Dialect::Sqlite => ("json_each(", format!(") {item}")),
        Dialect::Postgres => (
            "jsonb_array_elements(CAST(",
            format!(" AS jsonb)) WITH ORDINALITY AS {item}(value, key)"),
        ),
    };
    let row_of = match query.dialect() {
        Dialect::Sqlite => format!("({item}.value ->> 'row')"),
        Dialect::Postgres => format!("CAST({item}.value ->> 'row' AS bigint)"),
    };
    let place = Place {
        document: row.clone(),
        ty: selection.ty,
        json: format!("({item}.value -> 'component')"),
        component: Some(InComponent { path: selection.path.to_owned() }),
    };
    let id = query.component_id(&place);
    query.push(&format!("SELECT {row}.id AS document, {id} AS component FROM {source}"));
    query.bind_text(&list);
    let then = query.then();
    query.push(&format!("{owner} {then} documents {row} ON {row}.id = {row_of} WHERE "));
    query.condition(selection.filter, &place, true);
    query.push(" ORDER BY ");
    query.order(&place, selection.sort);
    query.push(&format!("{item}.key"));
    let rows: Vec<Selected> = query.statement.load(conn)?;
    Ok(rows.into_iter().map(|row| (row.document, row.component)).collect())
}

//! What rows lead to by links of their own: the links of all their attributes in one
//! statement, the documents of a type in one more.
//!
//! For links that are followed as they stand. What filters or sorts asks attribute by
//! attribute (`linked`).

use cms_api::content_type::ContentType;

use super::{Query, Row, Scope, columns, quoted};
use crate::store::{Conn, StoreError};

/// A link, and the document it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Among those of its attribute.
    position: f64,
    id: i64,
    /// The row that holds the link.
    pub source: i64,
    /// The component in that row that does; 0 for the row itself.
    pub component: i64,
    pub path: String,
    pub target_uid: String,
    pub target: String,
    /// The locale of the row that is meant; empty: that of the source.
    pub locale: String,
}

/// Who asks for so many attributes asks for nearly all that a row has links at.
const NEARLY_ALL: usize = 4;

/// The links that these rows hold at these attribute paths, those of an attribute in its order.
///
/// # Errors
/// Those of the database.
pub fn held(
    conn: &mut Conn,
    scope: Scope<'_>,
    ids: &[i64],
    paths: &[String],
) -> Result<Vec<Held>, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    query.push(
        "SELECT source_id, component_id, path, target_uid, target_document_id, position, id, \
         target_locale FROM links WHERE source_id",
    );
    query.among(ids);
    query.push(&format!(" AND target_status IN ('', '{}')", scope.status.as_str()));
    match (paths.iter().min(), paths.iter().max()) {
        // One look into the index per row, not one per row and path.
        (Some(first), Some(last)) if paths.len() >= NEARLY_ALL => {
            query.push(" AND path BETWEEN ");
            query.bind_text(first);
            query.push(" AND ");
            query.bind_text(last);
        }
        _ => {
            query.push(" AND path IN ");
            query.statement.bind_list(paths.iter().map(String::as_str));
        }
    }
    let mut found = Vec::new();
    query.statement.each(conn, |row| {
        let path = row.text(2)?;
        if !paths.contains(&path) {
            return Ok(());
        }
        found.push(Held {
            path,
            source: row.integer(0)?,
            component: row.integer(1)?,
            target_uid: row.text(3)?,
            target: row.text(4)?,
            position: row.float(5)?,
            id: row.integer(6)?,
            locale: row.text(7)?,
        });
        Ok(())
    })?;
    // Dearer in the database, which would copy every row to sort it.
    found.sort_unstable_by(|a, b| a.position.total_cmp(&b.position).then(a.id.cmp(&b.id)));
    Ok(found)
}

/// The rows of these documents in these locales, of the status that is asked for, in no order.
///
/// # Errors
/// Those of the database.
pub fn documents(
    conn: &mut Conn,
    scope: Scope<'_>,
    ty: &ContentType,
    locales: &[&str],
    document_ids: &[&str],
) -> Result<Vec<Row>, StoreError> {
    let mut query = Query::new(conn.dialect(), scope);
    let place = query.document(ty);
    let alias = &place.document;
    let (uid, status) = (quoted(&ty.uid), query.status_of(ty).as_str());
    query.push(&format!(
        "SELECT {} FROM documents {alias} WHERE {alias}.uid = {uid} AND {alias}.status = \
         '{status}' AND {alias}.locale IN ",
        columns(alias)
    ));
    query.statement.bind_list(locales.iter().copied());
    query.push(&format!(" AND {alias}.document_id"));
    query.among_texts(document_ids);
    query.documents(conn)
}

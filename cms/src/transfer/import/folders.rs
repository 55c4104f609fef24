//! Folders of the media library. Their paths are made of numbers that must be unique here,
//! so a folder may get another number, and what lies below it another path.

use std::collections::{HashMap, HashSet};

use cms_api::builtin;
use serde_json::{Map, Value};

use super::entries::EntityLine;
use crate::store::{Conn, archive, documents};

/// Numbers of folders in the archive, and here.
pub(super) type PathIds = HashMap<i64, i64>;

/// Chooses a number for every folder: the one it has when it is here already, the one it
/// brings when that is free.
///
/// # Errors
/// Those of the database.
pub(super) fn assign(conn: &mut Conn, mut lines: Vec<EntityLine>) -> anyhow::Result<PathIds> {
    let mut here = Vec::new();
    for outline in archive::outlines(conn, builtin::FOLDER)? {
        here.extend(documents::get_by_id(conn, outline.id)?);
    }
    let mut taken: HashSet<i64> =
        here.iter().filter_map(|row| number(&row.data, "pathId")).collect();
    // Parents come before what lies in them.
    lines.sort_by_key(|line| (text(&line.data, "path").matches('/').count(), line.id));
    let mut ids = PathIds::new();
    for line in lines {
        let Some(theirs) = number(&line.data, "pathId") else { continue };
        let document_id = text(&line.data, "documentId");
        let parent = parent_of(&moved(&ids, text(&line.data, "path"))).to_owned();
        let same = here.iter().find(|row| row.identity.document_id == document_id).or_else(|| {
            here.iter().find(|row| {
                parent_of(text(&row.data, "path")) == parent
                    && text(&row.data, "name") == text(&line.data, "name")
            })
        });
        let ours = match same.and_then(|row| number(&row.data, "pathId")) {
            Some(known) => known,
            None if !taken.contains(&theirs) => theirs,
            None => taken.iter().max().map_or(1, |highest| highest + 1),
        };
        taken.insert(ours);
        ids.insert(theirs, ours);
    }
    Ok(ids)
}

/// Gives a folder the number and path it has here.
pub(super) fn renumber(ids: &PathIds, data: &mut Map<String, Value>) {
    if let Some(ours) = number(data, "pathId").and_then(|theirs| ids.get(&theirs)) {
        data.insert("pathId".into(), (*ours).into());
    }
    let path = moved(ids, text(data, "path"));
    data.insert("path".into(), path.into());
}

/// Gives a file the path its folder has here.
pub(super) fn move_file(ids: &PathIds, data: &mut Map<String, Value>) {
    let path = moved(ids, text(data, "folderPath"));
    if !path.is_empty() {
        data.insert("folderPath".into(), path.into());
    }
}

/// `/1/3` with every number replaced.
fn moved(ids: &PathIds, path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let ours = part.parse().ok().and_then(|theirs: i64| ids.get(&theirs));
        ours.map_or_else(|| part.to_owned(), ToString::to_string)
    });
    parts.collect::<Vec<_>>().join("/")
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn text<'a>(data: &'a Map<String, Value>, name: &str) -> &'a str {
    data.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(data: &Map<String, Value>, name: &str) -> Option<i64> {
    data.get(name).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_their_folders() {
        let ids = PathIds::from([(1, 7), (3, 3)]);
        assert_eq!(moved(&ids, "/1/3"), "/7/3");
        assert_eq!(moved(&ids, "/"), "/");
        assert_eq!(parent_of("/7/3"), "/7");
    }
}

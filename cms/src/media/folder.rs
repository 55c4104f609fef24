//! The folder of files that came over REST. Strapi makes it with the first of them; clients
//! never see it, archives hold it.

use cms_api::builtin;
use serde_json::{Map, Value};

use crate::store::documents::{self, Identity, Row};
use crate::store::links::{self, Slot, Target};
use crate::store::{self, Conn, StoreError, archive};

const NAME: &str = "API Uploads";
/// Folders are numbered; their numbers make up paths.
const NUMBER: &str = "pathId";
const PATH: &str = "path";
/// Of a file.
const FOLDER: &str = "folder";
const FOLDER_PATH: &str = "folderPath";

/// A folder as files name it.
#[derive(Debug)]
pub(crate) struct Folder {
    document_id: String,
    path: String,
}

impl Folder {
    /// The folder uploads go to; it is made when it is not there.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn of_uploads(conn: &mut Conn, now: i64) -> Result<Self, StoreError> {
        for document_id in archive::holding(conn, builtin::FOLDER, &[("name", NAME)])? {
            let row = documents::get(conn, &identity(&document_id))?;
            let path = row.as_ref().map(|row| text(&row.data, PATH).to_owned());
            if let Some(path) = path.filter(|path| path.matches('/').count() == 1) {
                return Ok(Self { document_id, path });
            }
        }
        Self::create(conn, now)
    }

    fn create(conn: &mut Conn, now: i64) -> Result<Self, StoreError> {
        let mut highest = 0;
        for outline in archive::outlines(conn, builtin::FOLDER)? {
            let row = documents::get_by_id(conn, outline.id)?;
            let number = row.and_then(|row| row.data.get(NUMBER).and_then(Value::as_i64));
            highest = highest.max(number.unwrap_or(0));
        }
        let number = highest + 1;
        let path = format!("/{number}");
        let identity = identity(&cuid2::create_id());
        let data = Map::from_iter([
            ("name".to_owned(), Value::from(NAME)),
            (NUMBER.to_owned(), number.into()),
            (PATH.to_owned(), path.as_str().into()),
        ]);
        let row = store::builtin::insert(conn, identity, data, now)?;
        Ok(Self { document_id: row.identity.document_id, path })
    }

    /// What the row of a file in it says.
    pub(crate) fn note(&self, file: &mut Map<String, Value>) {
        file.insert(FOLDER_PATH.into(), self.path.as_str().into());
    }

    /// Puts a file into it.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn hold(&self, conn: &mut Conn, file: &Row) -> Result<(), StoreError> {
        let slot = Slot { source_id: file.id, path: FOLDER.into(), component_id: 0 };
        let target = Target::document(builtin::FOLDER, &self.document_id);
        let inverse = links::next_inverse_position(conn, FOLDER, &target)?;
        links::insert(conn, &slot, &target, 1.0, inverse)
    }
}

fn identity(document_id: &str) -> Identity {
    store::builtin::identity(builtin::FOLDER, document_id.to_owned())
}

fn text<'a>(data: &'a Map<String, Value>, name: &str) -> &'a str {
    data.get(name).and_then(Value::as_str).unwrap_or_default()
}

//! Lines of one section, on disk until the archive is written: a tar member must say its
//! length first.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::transfer::archive::member::Section;
use crate::transfer::archive::target::Writer;

/// Where Strapi begins another file.
const MAX_FILE_BYTES: u64 = 256_000_000;

/// The lines of a section.
#[derive(Debug)]
pub(super) struct Spool {
    section: Section,
    folder: PathBuf,
    /// Files without a name, with their lengths.
    files: Vec<(std::io::BufWriter<File>, u64)>,
    pub(super) lines: usize,
}

impl Spool {
    pub(super) fn new(section: Section, folder: &Path) -> Self {
        Self { section, folder: folder.to_owned(), files: Vec::new(), lines: 0 }
    }

    /// # Errors
    /// Those of the disk.
    pub(super) fn push(&mut self, line: &Value) -> std::io::Result<()> {
        let text = format!("{line}\n");
        let length = text.len() as u64;
        if self.files.last().is_none_or(|(_, held)| held + length > MAX_FILE_BYTES) {
            let file = tempfile::tempfile_in(&self.folder)?;
            self.files.push((std::io::BufWriter::new(file), 0));
        }
        if let Some((file, held)) = self.files.last_mut() {
            file.write_all(text.as_bytes())?;
            *held += length;
        }
        self.lines += 1;
        Ok(())
    }

    /// # Errors
    /// Those of the disk.
    pub(super) fn write(self, archive: &mut Writer) -> anyhow::Result<()> {
        let folder = self.section.folder();
        for (at, (file, length)) in self.files.into_iter().enumerate() {
            let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.seek(SeekFrom::Start(0))?;
            let name = format!("{folder}/{folder}_{:05}.jsonl", at + 1);
            archive.add(&name, length, &mut file)?;
        }
        Ok(())
    }
}

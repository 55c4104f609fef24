//! Moving a whole site in and out: archives as `strapi export` writes them, and backups.
//!
//! An import is all or nothing. Everything is unpacked into a staging folder first, then one
//! transaction writes the rows and names that folder, and only then files get their final
//! names. Whatever moment a crash picks, [`recovery`] makes the import whole or as if it had
//! never begun. Media pass through as streams; memory grows with the number of entries only.

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod installation;
mod kept;
mod names;
pub(crate) mod recovery;
mod refused;
mod request;
mod schemas;
mod staging;

pub(crate) use refused::Refused;
pub(crate) use request::Request;

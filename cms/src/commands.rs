//! One file per command of the command line.

pub(crate) mod archive;
pub(crate) mod backup;
pub(crate) mod docs;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod locale;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod pair;
pub(crate) mod permission;
pub(crate) mod restore;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod transfer;
pub(crate) mod types;
pub(crate) mod user;
pub(crate) mod webhook;

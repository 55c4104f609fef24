//! Uploaded files: from the request to the disk or a bucket, their smaller variants, their
//! rows, and back out to visitors.

mod extension;
pub(crate) mod file_info;
pub(crate) mod folder;
pub(crate) mod kind;
pub(crate) mod owed;
pub(crate) mod picture;
pub(crate) mod receive;
pub(crate) mod related;
pub(crate) mod rows;
mod scale;
pub(crate) mod serve;
pub mod storage;
mod tiff;
pub(crate) mod upload;
mod vector;

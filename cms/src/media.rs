//! Uploaded files: from the request to the disk, their smaller variants, their rows, and
//! back out to visitors.

pub(crate) mod kind;
pub(crate) mod picture;
pub(crate) mod receive;
pub(crate) mod rows;
pub(crate) mod serve;
pub mod storage;
pub(crate) mod upload;

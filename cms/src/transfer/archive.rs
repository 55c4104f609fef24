//! The container: tar, gzip, encryption, or a plain folder, and the names inside.

pub(crate) mod cipher;
pub(crate) mod lines;
pub(crate) mod member;
pub(crate) mod source;
pub(crate) mod target;

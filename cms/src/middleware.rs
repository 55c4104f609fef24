//! What happens around every request.

pub(crate) mod access_log;
pub(crate) mod cors;
pub(crate) mod headers;

//! Documents: one verb per file. Rules live here; HTTP above, SQL below.

pub mod access;

//! One file per command of the command line.

pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod token;

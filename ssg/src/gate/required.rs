//! Pages that must be there.

use std::path::Path;

use percent_encoding::percent_decode_str;

use super::{Policy, file_for};
use crate::release::Finding;

pub(super) fn check(policy: &Policy, tree: &Path) -> Vec<Finding> {
    policy.required.iter().filter_map(|url| missing(url, tree)).collect()
}

fn missing(url: &str, tree: &Path) -> Option<Finding> {
    let path = percent_decode_str(url).decode_utf8_lossy();
    let message = match file_for(tree, &path).map(|file| file.metadata()) {
        Some(Ok(meta)) if meta.len() > 0 => return None,
        Some(_) => "must not be empty",
        None => "must exist and does not",
    };
    Some(Finding::new("required", Some(url), message))
}

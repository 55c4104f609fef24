//! Asking a tree for a URL, as a visitor would.

use std::{fs, path::Path};

use anyhow::Result;
use percent_encoding::percent_decode_str;

use super::file_for;
use crate::rules::{Action, Asked, Rules};

/// What a visitor gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Whoever answers visitors.
pub(super) trait Visit {
    fn get(&self, url: &str) -> Result<Answer>;
}

/// The files alone, with the owner's redirects.
pub(super) struct Tree<'a> {
    pub(super) root: &'a Path,
    pub(super) rules: &'a Rules,
}

impl Visit for Tree<'_> {
    fn get(&self, url: &str) -> Result<Answer> {
        let (raw, query) =
            url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
        let path = percent_decode_str(raw).decode_utf8_lossy();
        let file = file_for(self.root, &path);
        let asked = Asked { raw, path: &path, query };
        let (status, file) = match self.rules.decide(asked, || file.is_some()) {
            Some(Action::Redirect { status, .. }) => (status, None),
            Some(Action::Show { status, file: shown }) => {
                (status, shown.and_then(|shown| file_for(self.root, &shown)))
            }
            None if file.is_some() => (200, file),
            None => (404, file_for(self.root, "/404.html")),
        };
        let body = file.map(fs::read).transpose()?.unwrap_or_default();
        Ok(Answer { status, body })
    }
}

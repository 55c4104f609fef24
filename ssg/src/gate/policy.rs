//! `[gate]` in site.toml, read and checked.

/// What the site's owner expects of every release.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// URLs that must lead to a file with something in it, in the order of the file.
    pub required: Vec<String>,
    /// The share of the pages that may go without an editor having deleted them.
    pub max_page_loss: f64,
    /// The share of the bytes that remaining pages may lose without their content changing.
    pub max_size_loss: f64,
    pub links: Strictness,
    /// Ask a shadow nginx for the pages.
    pub smoke: bool,
    pub assertions: Vec<Assertion>,
}

/// What a broken link does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strictness {
    #[default]
    Off,
    Warn,
    Refuse,
}

/// `[[gate.assert]]`: what one URL must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub url: String,
    pub status: u16,
    pub contains: Vec<String>,
    pub not_contains: Vec<String>,
}

/// A fifth.
const MAX_PAGE_LOSS: f64 = 0.2;
/// A new design may well be a third smaller; half of everything is no design.
const MAX_SIZE_LOSS: f64 = 0.5;

impl Default for Policy {
    fn default() -> Self {
        Self {
            required: Vec::new(),
            max_page_loss: MAX_PAGE_LOSS,
            max_size_loss: MAX_SIZE_LOSS,
            links: Strictness::Off,
            smoke: false,
            assertions: Vec::new(),
        }
    }
}

//! Where a value stands, for messages (`seo.links[0].label`) and for `details.errors[].path`.

/// A path from the root of the data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    parts: Vec<String>,
    shown: String,
}

impl Place {
    pub(crate) fn key(&self, key: &str) -> Self {
        let mut next = self.clone();
        if !next.shown.is_empty() {
            next.shown.push('.');
        }
        next.shown.push_str(key);
        next.parts.push(key.to_owned());
        next
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        let mut next = self.clone();
        next.shown.push_str(&format!("[{index}]"));
        next.parts.push(index.to_string());
        next
    }

    pub(crate) fn parts(&self) -> Vec<String> {
        self.parts.clone()
    }

    /// The name in a sentence; the root is called `this`.
    pub(crate) fn name(&self) -> &str {
        if self.shown.is_empty() { "this" } else { &self.shown }
    }

    /// The path as text, empty at the root.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

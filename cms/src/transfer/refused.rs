//! An archive that cannot be taken over as it is: the fault is in the content, not in how
//! the program was called.

/// Why, naming the member of the archive and the line where there is one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(String);

impl Refused {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

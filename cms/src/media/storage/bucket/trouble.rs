//! What can be wrong with a bucket, in the words of whoever has to mend it.

use std::error::Error;

use object_store::Error as StoreError;

/// A bucket that does not do what it is asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{place}: there is no such bucket")]
    NoBucket { place: String },
    #[error("{place}: the credentials are refused ({said})")]
    Refused { place: String, said: String },
    #[error("{place}: no credentials were found; set CMS_S3_ACCESS_KEY_ID and its secret ({said})")]
    NoCredentials { place: String, said: String },
    #[error("{place}: the server cannot be reached ({said})")]
    Unreachable { place: String, said: String },
    #[error("{place}: {said}")]
    Other { place: String, said: String },
}

/// Codes of S3 by which a server says that it does not know, or not trust, its client.
const REFUSALS: [&str; 8] = [
    "AccessDenied",
    "NotSignedUp",
    "Unauthorized",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "ExpiredToken",
    "InvalidToken",
];

impl Trouble {
    pub(super) fn of(error: &StoreError, place: &str) -> Self {
        let place = place.to_owned();
        let text = whole(error);
        let code = code(&text);
        let said = match (&code, message(&text)) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let refused = matches!(
            error,
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }
        );
        match code.as_deref() {
            Some("NoSuchBucket") => Self::NoBucket { place },
            Some(code) if refused || REFUSALS.contains(&code) => Self::Refused { place, said },
            _ if refused => Self::Refused { place, said },
            None if is_about_credentials(&text) => Self::NoCredentials { place, said },
            None if is_connection(error) => Self::Unreachable { place, said: innermost(error) },
            _ => Self::Other { place, said },
        }
    }
}

/// Nothing for an object that is not there. Of a bucket that is not there nothing is there
/// either, and that is another matter.
pub(super) fn unless_gone<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ StoreError::NotFound { .. }) => {
            match code(&whole(&error)).as_deref() == Some("NoSuchBucket") {
                true => Err(error),
                false => Ok(None),
            }
        }
        Err(error) => Err(error),
    }
}

/// A file of this machine that cannot be read.
pub(super) fn of_disk(error: std::io::Error) -> StoreError {
    StoreError::Generic { store: "disk", source: Box::new(error) }
}

fn chain(error: &StoreError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |error: &&(dyn Error + 'static)| Error::source(*error))
}

/// The error with all its causes, as far as they say something new.
fn whole(error: &StoreError) -> String {
    let mut text = String::new();
    for cause in chain(error).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}: {cause}") };
        }
    }
    text
}

fn innermost(error: &StoreError) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn is_connection(error: &StoreError) -> bool {
    chain(error).any(|cause| {
        cause.downcast_ref::<object_store::client::HttpError>().is_some()
            || cause.downcast_ref::<std::io::Error>().is_some_and(is_network)
    })
}

fn is_network(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::TimedOut
            | ErrorKind::BrokenPipe
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

/// The machine's own credentials are asked for at an address that only clouds have.
fn is_about_credentials(text: &str) -> bool {
    text.contains("169.254.169.254") || text.contains("instance metadata") || text.contains("IMDS")
}

/// The code in an answer of S3.
fn code(text: &str) -> Option<String> {
    between(text, "<Code>", "</Code>")
}

fn message(text: &str) -> Option<String> {
    between(text, "<Message>", "</Message>")
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found.to_owned())
}

//! What a bucket answers, in words for whoever has to mend it.

use std::error::Error as _;

use anyhow::anyhow;
use object_store::{Error, client::HttpError};

/// An error that names the bucket and what is wrong with it.
pub(super) fn told(error: &Error, place: &str) -> anyhow::Error {
    let said = answer(error);
    let refused = matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. });
    match said {
        Some((code, _)) if code == "NoSuchBucket" => anyhow!("{place}: there is no such bucket"),
        Some((code, text)) if refused || code == "NotSignedUp" => {
            anyhow!("{place}: the credentials are refused ({code}: {text})")
        }
        Some((code, text)) => anyhow!("{place}: {code}: {text}"),
        None if refused => anyhow!("{place}: the credentials are refused"),
        None if is_connection(error) => {
            anyhow!("{place}: the server cannot be reached ({})", innermost(error))
        }
        None => anyhow!("{place}: {error}"),
    }
}

/// Nothing for an object that is not there; a bucket that is not there is another matter.
pub(super) fn unless_gone<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Err(error @ Error::NotFound { .. }) => match answer(&error) {
            Some((code, _)) if code == "NoSuchBucket" => Err(error),
            _ => Ok(None),
        },
        result => result.map(Some),
    }
}

/// A file of this machine that cannot be read.
pub(super) fn of_disk(error: std::io::Error) -> Error {
    Error::Generic { store: "disk", source: Box::new(error) }
}

/// Code and message, where S3 said something.
fn answer(error: &Error) -> Option<(String, String)> {
    let mut cause = error.source();
    while let Some(now) = cause {
        let text = now.to_string();
        if let Some(code) = element(&text, "Code") {
            return Some((code, element(&text, "Message").unwrap_or_default()));
        }
        cause = now.source();
    }
    None
}

fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(found, _)| found.to_owned())
}

fn is_connection(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(now) = cause {
        if now.is::<HttpError>() {
            return true;
        }
        cause = now.source();
    }
    false
}

fn innermost(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(now) = cause {
        text = now.to_string();
        cause = now.source();
    }
    text
}

//! Why a page was rendered: every rendered page names what changed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One cause. In reports: `{read, uid, documentId, field|query|template}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "read", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reason {
    /// The page did not exist before.
    #[serde(rename = "new")]
    NewPage {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_id: Option<String>,
    },
    /// A document the page shows changed; no field when it came or went as a whole.
    Entry {
        uid: String,
        document_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
    /// A list, count or neighbour has another answer, because of this document if known.
    Query {
        uid: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_id: Option<String>,
        query: String,
    },
    /// A page that is linked to moved, appeared or disappeared.
    Url {
        document_id: String,
        locale: String,
    },
    /// The route, the alternates or the position in a list changed.
    Page {
        page: String,
    },
    /// Pages of a folder came, went or are called something else.
    Pages {
        below: String,
    },
    /// What an output is made of that is made from the whole site.
    Made {
        made: String,
    },
    Template {
        template: String,
    },
    Config {
        config: String,
    },
    Asset {
        asset: String,
    },
    /// The time the page shows has moved on; in seconds, how often it does.
    Time {
        seconds: u64,
    },
    /// Somebody asked for it, by path or by tag.
    Revalidate {
        target: String,
    },
    /// A file of the media library is shown, is shown no more, or has another content.
    Media {
        media: String,
    },
    /// The published file is not the one this page made.
    Output {
        page: String,
    },
    /// The last attempt failed.
    Failed {
        message: String,
    },
    /// A clean build was asked for, or nothing is known about earlier ones.
    Clean {},
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewPage { uid: Some(uid), document_id: Some(id) } => {
                write!(f, "new page for {uid} {id}")
            }
            Self::NewPage { .. } => f.write_str("new page"),
            Self::Entry { uid, document_id, field: Some(field) } => {
                write!(f, "`{field}` of {uid} {document_id} changed")
            }
            Self::Entry { uid, document_id, field: None } => {
                write!(f, "{uid} {document_id} appeared or disappeared")
            }
            Self::Query { uid, document_id, query } => {
                write!(f, "the answer to {uid} {query} changed")?;
                match document_id {
                    Some(id) => write!(f, " with {id}"),
                    None => Ok(()),
                }
            }
            Self::Url { document_id, locale } => {
                write!(f, "the URL of {document_id} ({locale}) changed")
            }
            Self::Page { .. } => f.write_str("its route, alternates or position changed"),
            Self::Pages { below } => write!(f, "the pages of `/{below}` changed"),
            Self::Made { .. } => f.write_str("what it is made of changed"),
            Self::Template { template } => write!(f, "template {template} changed"),
            Self::Config { config } => write!(f, "`{config}` in site.toml changed"),
            Self::Asset { asset } => write!(f, "asset {asset} changed"),
            Self::Time { seconds } => write!(f, "{seconds} s have passed"),
            Self::Revalidate { target } => write!(f, "`{target}` was to be rendered again"),
            Self::Media { media } => write!(f, "media file {media}"),
            Self::Output { .. } => f.write_str("its published file was missing or another"),
            Self::Failed { message } => write!(f, "it failed before: {message}"),
            Self::Clean {} => f.write_str("a clean build"),
        }
    }
}

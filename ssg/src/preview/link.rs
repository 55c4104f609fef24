//! What a preview link shows, and until when: as text that stands in a URL.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::build::Selection;

/// A preview shows the site of the moment: a link for years would be another site by then.
pub const UNLIMITED_LINK: &str = "30 days";
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Documents one link may name: it has to fit into a URL.
const MOST_DOCUMENTS: usize = 50;

/// The longest time a link may live.
#[must_use]
pub fn longest_life() -> Duration {
    LONGEST
}

/// A preview. The names are short because they stand in a URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Tells links apart, so that one can be revoked.
    #[serde(rename = "i")]
    pub id: String,
    /// DocumentIds of drafts; all drafts when empty.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The site at this time, in Unix seconds.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// In Unix seconds.
    #[serde(rename = "e")]
    pub expires: i64,
}

impl Link {
    /// A link to drafts, from now on for some time.
    ///
    /// # Errors
    /// When it would be too long, in time or in letters.
    pub fn new(
        documents: Vec<String>,
        locale: Option<String>,
        at: Option<i64>,
        now: i64,
        life: Duration,
    ) -> Result<Self, String> {
        if life > LONGEST || life.is_zero() {
            return Err(format!("a preview link lives at most {UNLIMITED_LINK}"));
        }
        if documents.len() > MOST_DOCUMENTS {
            return Err(format!("a preview link names at most {MOST_DOCUMENTS} documents"));
        }
        let nonce = getrandom::u64().map_err(|error| format!("there is no randomness: {error}"))?;
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let expires = now.saturating_add(life);
        Ok(Self { id: format!("{nonce:016x}"), documents, locale, at, expires })
    }

    #[must_use]
    pub fn selection(&self) -> Selection {
        let documents: BTreeSet<String> = self.documents.iter().cloned().collect();
        Selection { documents, locale: self.locale.clone() }
    }

    pub(super) fn text(&self) -> String {
        BASE64.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_slice(&BASE64.decode(text).ok()?).ok()
    }
}

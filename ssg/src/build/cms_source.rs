//! The CMS as a source of content.

use std::path::Path;

use cms_api::change::SyncPage;
use tokio::runtime::Handle;

use super::crawl::{self, Crawl};
use super::listing::Listing;
use super::source::{Pulled, Source, SourceError};
use crate::client::{ClientError, Cms, SyncReply, SyncRequest};

/// Builds run on threads of their own; this lets them wait for the asynchronous client.
#[derive(Debug)]
pub struct CmsSource {
    cms: Cms,
    /// For a CMS without a feed.
    crawl: Crawl,
    name: String,
    /// Where a first listing is kept while it arrives.
    listing: Option<Listing>,
    runtime: Handle,
}

impl CmsSource {
    /// `name` is the CMS's address. Must not be used from asynchronous code.
    #[must_use]
    pub fn new(cms: Cms, crawl: Crawl, name: impl Into<String>, runtime: Handle) -> Self {
        Self { cms, crawl, name: name.into(), listing: None, runtime }
    }

    /// Keeps a first listing in this folder while it arrives.
    #[must_use]
    pub fn keeping(self, cache: &Path) -> Self {
        Self { listing: Some(Listing::new(cache, &self.name)), ..self }
    }
}

impl Source for CmsSource {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        Ok(self.runtime.block_on(self.cms.within(self.read(cursor)))?)
    }

    fn drafts(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        Ok(self.runtime.block_on(self.cms.within(self.read_drafts(cursor)))?)
    }

    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError> {
        Ok(self.runtime.block_on(self.cms.download(url, to)).map(drop)?)
    }
}

impl CmsSource {
    async fn read(&self, cursor: Option<&str>) -> Result<Pulled, ClientError> {
        // Where a feed has come to a plain Strapi's address, it starts at its beginning.
        let token = cursor.filter(|cursor| !crawl::is_cursor(cursor)).map(str::to_owned);
        let mut reading = match token {
            Some(token) => Reading { pulled: Pulled::default(), token: Some(token) },
            None => self.resumed(),
        };
        loop {
            let token = reading.token.as_deref();
            let request = token.map_or(SyncRequest::Initial, SyncRequest::Token);
            let page = match self.cms.sync(request).await? {
                SyncReply::Page(page) => page,
                SyncReply::Restart if token.is_some() => {
                    tracing::info!("the feed cannot go on from here; pulling everything again");
                    reading = self.restarted(&reading);
                    continue;
                }
                SyncReply::Restart => {
                    return Err(ClientError::Contract("the feed cannot be started".to_owned()));
                }
                SyncReply::NoFeed => return self.crawl.pull(&self.cms, cursor).await,
            };
            if let Some(pulled) = self.take(&mut reading, page)? {
                return Ok(pulled);
            }
        }
    }

    /// Drafts are kept in memory alone, so a listing that is cut off starts again.
    async fn read_drafts(&self, cursor: Option<&str>) -> Result<Pulled, ClientError> {
        let mut pulled = Pulled { complete: cursor.is_none(), ..Pulled::default() };
        let mut token = cursor.map(str::to_owned);
        loop {
            let request = token.as_deref().map_or(SyncRequest::Drafts, SyncRequest::Token);
            let page = match self.cms.sync(request).await? {
                SyncReply::Page(page) => page,
                SyncReply::Restart if token.is_some() => {
                    pulled = Pulled { complete: true, ..Pulled::default() };
                    token = None;
                    continue;
                }
                SyncReply::Restart | SyncReply::NoFeed => {
                    let why = "there is no feed of drafts (`/sync?status=draft`): previews need \
                               Galley's content server";
                    return Err(ClientError::Contract(why.to_owned()));
                }
            };
            let next = (page.next_page.clone(), page.next_sync.clone());
            pulled.add(page);
            match next {
                (Some(next), _) => token = Some(next),
                (None, Some(next)) => {
                    pulled.cursor = next;
                    return Ok(pulled);
                }
                (None, None) => {
                    return Err(ClientError::Contract(
                        "a page of the feed has no token".to_owned(),
                    ));
                }
            }
        }
    }

    /// A listing from its beginning, or from where it was cut off.
    fn resumed(&self) -> Reading {
        match self.listing.as_ref().and_then(Listing::begun) {
            Some((pulled, token)) => {
                tracing::info!(entries = pulled.items.len(), "going on with a listing");
                Reading { pulled, token: Some(token) }
            }
            None => self.afresh(),
        }
    }

    fn afresh(&self) -> Reading {
        if let Some(listing) = &self.listing {
            listing.forget();
        }
        Reading { pulled: Pulled { complete: true, ..Pulled::default() }, token: None }
    }

    /// After the content server did not know the token: that of a listing, or our cursor.
    fn restarted(&self, reading: &Reading) -> Reading {
        if reading.pulled.complete { self.afresh() } else { self.resumed() }
    }

    /// Adds a page; what was pulled, when it is the last one.
    fn take(&self, reading: &mut Reading, page: SyncPage) -> Result<Option<Pulled>, ClientError> {
        let next = (page.next_page.clone(), page.next_sync.clone());
        if let Some(listing) = &self.listing {
            match reading.pulled.complete {
                true => listing.keep(&page),
                // A stored cursor works: whatever was listed before it has been stored, too.
                false if next.1.is_some() => listing.forget(),
                false => {}
            }
        }
        reading.pulled.add(page);
        match next {
            (Some(next), _) => {
                reading.token = Some(next);
                Ok(None)
            }
            (None, Some(next)) => {
                reading.pulled.cursor = next;
                Ok(Some(std::mem::take(&mut reading.pulled)))
            }
            (None, None) => {
                Err(ClientError::Contract("a page of the feed has no token".to_owned()))
            }
        }
    }
}

/// What has been read of the feed, and where it goes on: none for its beginning.
struct Reading {
    pulled: Pulled,
    token: Option<String>,
}

impl From<ClientError> for SourceError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Transient { .. } => Self::Unreachable(message),
            ClientError::Permanent { status: 404, .. } => Self::Missing(message),
            ClientError::Unauthorized(_) => Self::Unauthorized(message),
            ClientError::Permanent { .. } | ClientError::Contract(_) => Self::Refused(message),
        }
    }
}

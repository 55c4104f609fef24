//! The CMS as a source of content.

use std::path::Path;

use tokio::runtime::Handle;

use super::crawl::{self, Crawl};
use super::source::{Pulled, Source, SourceError};
use crate::client::{ClientError, Cms, SyncReply, SyncRequest};

/// Builds run on threads of their own; this lets them wait for the asynchronous client.
#[derive(Debug)]
pub struct CmsSource {
    cms: Cms,
    /// For a CMS without a feed.
    crawl: Crawl,
    name: String,
    runtime: Handle,
}

impl CmsSource {
    /// `name` is the CMS's address. Must not be used from asynchronous code.
    #[must_use]
    pub fn new(cms: Cms, crawl: Crawl, name: impl Into<String>, runtime: Handle) -> Self {
        Self { cms, crawl, name: name.into(), runtime }
    }
}

impl Source for CmsSource {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        Ok(self.runtime.block_on(pull(&self.cms, &self.crawl, cursor))?)
    }

    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError> {
        Ok(self.runtime.block_on(self.cms.download(url, to)).map(drop)?)
    }
}

async fn pull(cms: &Cms, strapi: &Crawl, cursor: Option<&str>) -> Result<Pulled, ClientError> {
    // Where a feed has come to a plain Strapi's address, it starts at its beginning.
    let mut token = cursor.filter(|cursor| !crawl::is_cursor(cursor)).map(str::to_owned);
    let mut pulled = Pulled { complete: token.is_none(), ..Pulled::default() };
    loop {
        let request = token.as_deref().map_or(SyncRequest::Initial, SyncRequest::Token);
        let page = match cms.sync(request).await? {
            SyncReply::Page(page) => page,
            SyncReply::Restart if token.is_some() => {
                tracing::info!("the feed cannot go on from here; pulling everything again");
                pulled = Pulled { complete: true, ..Pulled::default() };
                token = None;
                continue;
            }
            SyncReply::Restart => {
                return Err(ClientError::Contract("the feed cannot be started".to_owned()));
            }
            SyncReply::NoFeed => return strapi.pull(cms, cursor).await,
        };
        pulled.items.extend(page.items);
        pulled.seq = page.upto;
        pulled.locales = page.locales;
        match (page.next_page, page.next_sync) {
            (Some(next), _) => token = Some(next),
            (None, Some(next)) => {
                pulled.cursor = next;
                return Ok(pulled);
            }
            (None, None) => {
                return Err(ClientError::Contract("a page of the feed has no token".to_owned()));
            }
        }
    }
}

impl From<ClientError> for SourceError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Transient { .. } => Self::Unreachable(message),
            ClientError::Permanent { status: 404, .. } => Self::Missing(message),
            ClientError::Unauthorized(_)
            | ClientError::Permanent { .. }
            | ClientError::Contract(_) => Self::Refused(message),
        }
    }
}

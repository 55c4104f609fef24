//! Is the content server there, does its clock agree, does it let us read?

use std::time::Duration;

use jiff::Timestamp;

use super::{Finding, bad, doubtful, good};
use crate::{
    client::{ClientError, Cms, Knock, SyncReply, SyncRequest, knock},
    config::{Config, Credentials},
};

const WHAT: &str = "content server";
const CLOCK: &str = "clock";
const TOKEN: &str = "credentials";
/// Access tokens allow for this much.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
/// Signed webhooks that are further off are refused.
const CLOCK_LIMIT: Duration =
    Duration::from_secs(cms_api::webhook::TOLERANCE_SECONDS.unsigned_abs());

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let url = &config.cms.url;
    let knock = match knock(&config.cms).await {
        Ok(knock) => knock,
        Err(error) => return vec![bad(WHAT, format!("{url} (SSG_CMS_URL): {error}"))],
    };
    let mut findings = vec![there(url.as_str(), &knock)];
    findings.extend(knock.date.map(|date| clock(date, Timestamp::now())));
    findings.push(credentials(config).await);
    findings
}

fn there(url: &str, knock: &Knock) -> Finding {
    let took = knock.took.as_millis();
    match knock.status {
        // Strapi's own way to say that it is up.
        204 => good(WHAT, format!("{url} answers in {took} ms")),
        status => bad(
            WHAT,
            format!("{url} (SSG_CMS_URL) answers /_health with {status}: is it a content server?"),
        ),
    }
}

fn clock(theirs: Timestamp, ours: Timestamp) -> Finding {
    let apart = ours.duration_since(theirs).unsigned_abs();
    let detail = format!("{} s from the content server's", apart.as_secs());
    if apart > CLOCK_LIMIT {
        bad(CLOCK, format!("{detail}: webhooks and tokens are refused; set both clocks by NTP"))
    } else if apart > CLOCK_TOLERANCE {
        doubtful(CLOCK, format!("{detail}: tokens may be refused; set both clocks by NTP"))
    } else {
        good(CLOCK, detail)
    }
}

async fn credentials(config: &Config) -> Finding {
    let as_whom = match &config.cms.credentials {
        Credentials::Anonymous => "nobody (neither SSG_CMS_TOKEN nor SSG_CMS_IDENTIFIER is set)",
        Credentials::ApiToken(_) => "SSG_CMS_TOKEN",
        Credentials::Login { .. } => "SSG_CMS_IDENTIFIER",
    };
    let cms = match Cms::new(&config.cms, &config.cache) {
        Ok(cms) => cms,
        Err(error) => return bad(TOKEN, error),
    };
    match cms.sync(SyncRequest::Initial).await {
        Ok(SyncReply::Page(page)) if page.items.is_empty() => {
            doubtful(TOKEN, format!("{as_whom} may read the feed, and there is nothing in it"))
        }
        Ok(SyncReply::Page(_)) => good(TOKEN, format!("{as_whom} may read the feed")),
        Ok(SyncReply::Restart) => bad(TOKEN, "the content server gives no feed to begin with"),
        Ok(SyncReply::NoFeed) if config.schemas.is_some() => {
            good(TOKEN, "there is no change feed: a plain Strapi, read by SSG_SCHEMA_DIR")
        }
        Ok(SyncReply::NoFeed) => bad(
            TOKEN,
            "there is no change feed at this address: another program, another version, or a \
             plain Strapi, for which SSG_SCHEMA_DIR is needed?",
        ),
        Err(error @ ClientError::Contract(_)) => {
            bad(TOKEN, format!("{error}; are both programs of the same version?"))
        }
        Err(error) => bad(TOKEN, format!("as {as_whom}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn clocks_may_differ_a_little() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (apart, state) in
            [(0, State::Good), (-59, State::Good), (61, State::Doubtful), (-301, State::Bad)]
        {
            let theirs = Timestamp::from_second(now.as_second() + apart).unwrap();
            assert_eq!(clock(theirs, now).state, state, "{apart}");
        }
    }
}

//! Whether an answer may be kept, for how long, and how much longer in need: RFC 9111 and
//! RFC 5861 for a cache that everybody shares.

use std::time::Duration;

use crate::{client::Headers, site::proxy::CachePolicy};

/// What is not there may appear at any time.
const NEGATIVE: Duration = Duration::from_secs(5);
/// Request headers that change from visitor to visitor and are passed on.
const PERSONAL: [&str; 4] = ["x-forwarded-for", "forwarded", "x-request-id", "*"];

/// How long an answer may be used, each counted from the end of the one before but the last,
/// which is counted from the end of the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) fresh: Duration,
    pub(super) while_revalidate: Duration,
    pub(super) if_error: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep(Lifetime),
    /// For all who are waiting for it now, and nobody else.
    Share,
    /// For the one who asked.
    Own,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Directives {
    no_store: bool,
    private: bool,
    no_cache: bool,
    must_revalidate: bool,
    max_age: Option<u64>,
    s_maxage: Option<u64>,
    while_revalidate: Option<u64>,
    if_error: Option<u64>,
}

pub(super) fn judge(status: u16, headers: &Headers, policy: &CachePolicy) -> Verdict {
    let directives = Directives::read(headers);
    let personal = directives.no_store
        || directives.private
        || values(headers, "set-cookie").next().is_some()
        || values(headers, "content-encoding").any(|value| value != "identity")
        || vary(headers).any(|name| PERSONAL.contains(&name.as_str()));
    if personal {
        return Verdict::Own;
    }
    match status {
        200 | 301 | 308 => Verdict::Keep(directives.lifetime(headers, policy)),
        404 | 410 => {
            let fresh = directives.lifetime(headers, policy).fresh.min(NEGATIVE);
            Verdict::Keep(Lifetime { fresh, ..Lifetime::default() })
        }
        _ => Verdict::Share,
    }
}

/// The request headers that an answer depends on.
pub(super) fn vary(headers: &Headers) -> impl Iterator<Item = String> {
    let names = values(headers, "vary").flat_map(|value| value.split(','));
    names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
}

/// How old the answer was when it came: others may have kept it.
pub(super) fn age(headers: &Headers) -> Duration {
    let age = values(headers, "age").next().and_then(|value| value.trim().parse().ok());
    Duration::from_secs(age.unwrap_or(0).min(u64::from(u32::MAX)))
}

pub(super) fn values<'a>(headers: &'a Headers, name: &str) -> impl Iterator<Item = &'a str> {
    let named = headers.iter().filter(move |(known, _)| known == name);
    named.filter_map(|(_, value)| std::str::from_utf8(value).ok())
}

impl Directives {
    fn read(headers: &Headers) -> Self {
        let mut read = Self::default();
        for part in values(headers, "cache-control").flat_map(|value| value.split(',')) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            // What is no number counts as the end of all freshness.
            let seconds = || value.trim().trim_matches('"').parse().unwrap_or(0);
            let least =
                |known: Option<u64>| Some(known.map_or_else(seconds, |known| known.min(seconds())));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => read.no_store = true,
                "private" => read.private = true,
                "no-cache" => read.no_cache = true,
                "must-revalidate" | "proxy-revalidate" => read.must_revalidate = true,
                "max-age" => read.max_age = least(read.max_age),
                "s-maxage" => read.s_maxage = least(read.s_maxage),
                "stale-while-revalidate" => read.while_revalidate = least(read.while_revalidate),
                "stale-if-error" => read.if_error = least(read.if_error),
                _ => {}
            }
        }
        read
    }

    fn lifetime(&self, headers: &Headers, policy: &CachePolicy) -> Lifetime {
        let seconds = |seconds: u64| Duration::from_secs(seconds.min(u64::from(u32::MAX)));
        let explicit = self.s_maxage.or(self.max_age).map(seconds);
        let fresh = match explicit.or_else(|| expires(headers)) {
            _ if self.no_cache => Duration::ZERO,
            Some(explicit) => explicit,
            None => policy.ttl,
        };
        if self.must_revalidate || self.no_cache {
            return Lifetime { fresh, ..Lifetime::default() };
        }
        // `s-maxage` forbids what is stale unless the answer itself allows it again.
        let allowed = |own: Option<u64>, ours: Duration| match (own, self.s_maxage) {
            (Some(own), _) => seconds(own),
            (None, Some(_)) => Duration::ZERO,
            (None, None) => ours,
        };
        Lifetime {
            fresh,
            while_revalidate: allowed(self.while_revalidate, policy.stale_while_revalidate),
            if_error: allowed(self.if_error, policy.stale_if_error),
        }
    }
}

fn expires(headers: &Headers) -> Option<Duration> {
    let parse = |text: &str| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let expires = values(headers, "expires").next()?;
    let Some(expires) = parse(expires) else { return Some(Duration::ZERO) };
    let date = values(headers, "date").next().and_then(parse);
    let span = expires.duration_since(date.unwrap_or_else(jiff::Timestamp::now));
    Some(span.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, given: &[(&str, &str)]) -> Verdict {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        judge(status, &given.iter().map(header).collect(), &CachePolicy::default())
    }

    fn lifetime(control: &str) -> [u64; 3] {
        let Verdict::Keep(life) = judged(200, &[("cache-control", control)]) else {
            panic!("{control} is not kept")
        };
        [life.fresh, life.while_revalidate, life.if_error].map(|span| span.as_secs())
    }

    #[test]
    fn the_cms_decides_over_the_site() {
        assert_eq!(lifetime(""), [5, 60, 86400]);
        assert_eq!(lifetime("max-age=30"), [30, 60, 86400]);
        assert_eq!(lifetime("max-age=30, stale-while-revalidate=7, stale-if-error=8"), [30, 7, 8]);
        assert_eq!(lifetime("max-age=30, s-maxage=9"), [9, 0, 0]);
        assert_eq!(lifetime("s-maxage=9, stale-if-error=8"), [9, 0, 8]);
        assert_eq!(lifetime("max-age=30, must-revalidate"), [30, 0, 0]);
        assert_eq!(lifetime("max-age=30, must-revalidate, stale-if-error=8"), [30, 0, 0]);
        assert_eq!(lifetime("no-cache"), [0, 0, 0]);
        assert_eq!(lifetime("max-age=later"), [0, 60, 86400]);
        assert_eq!(lifetime("max-age=30, MAX-AGE=\"3\""), [3, 60, 86400]);
    }

    #[test]
    fn what_is_for_one_is_not_for_others() {
        for header in [
            ("cache-control", "no-store"),
            ("cache-control", "public, private=\"x\""),
            ("set-cookie", "a=b"),
            ("vary", "Accept, *"),
            ("vary", "X-Forwarded-For"),
            ("content-encoding", "gzip"),
        ] {
            assert_eq!(judged(200, &[header]), Verdict::Own, "{header:?}");
            assert_eq!(judged(404, &[header]), Verdict::Own, "{header:?}");
        }
    }

    #[test]
    fn errors_are_kept_shortly_or_not_at_all() {
        let five = Lifetime { fresh: NEGATIVE, ..Lifetime::default() };
        assert_eq!(judged(404, &[("cache-control", "max-age=600")]), Verdict::Keep(five));
        for status in [206, 302, 400, 401, 403, 429, 500, 503] {
            assert_eq!(judged(status, &[("cache-control", "max-age=9")]), Verdict::Share);
        }
    }

    #[test]
    fn a_date_of_expiry_counts_from_the_answers_own() {
        let date = ("date", "Mon, 23 Nov 2026 10:00:00 GMT");
        let Verdict::Keep(life) =
            judged(200, &[date, ("expires", "Mon, 23 Nov 2026 10:01:00 GMT")])
        else {
            panic!()
        };
        assert_eq!(life.fresh.as_secs(), 60);
        let Verdict::Keep(life) = judged(200, &[date, ("expires", "0")]) else { panic!() };
        assert_eq!(life.fresh.as_secs(), 0);
    }
}

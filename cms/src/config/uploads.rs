//! Where uploaded files are kept, and how they get to their readers.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::Span;

const SCHEME: &str = "s3://";
/// What the names of the standard settings of AWS begin with.
const STANDARD: &str = "AWS_";
/// Bucket names are host names.
const BUCKET_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// A folder, or a part of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    Bucket {
        name: String,
        /// Folders in the bucket, with `/` between them and none around; may be empty.
        prefix: String,
    },
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return match text.is_empty() || text.contains("://") {
                true => Err(format!("`{text}` is no place for uploads; {ACCEPTED}")),
                false => Ok(Self::Folder(PathBuf::from(text))),
            };
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = BUCKET_LENGTH.contains(&name.len())
            && name.bytes().all(|byte| plain(byte) || b".-".contains(&byte))
            && name.bytes().next().is_some_and(plain);
        if !is_name {
            return Err(format!("`{name}` is no name of a bucket; {ACCEPTED}"));
        }
        let prefix = prefix.trim_matches('/');
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it))
                && !part.starts_with('.')
        };
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(format!(
                "`{prefix}` is no prefix for uploads: its parts are letters, digits, `.`, `_` and \
                 `-`"
            ));
        }
        Ok(Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

const ACCEPTED: &str = "accepted are the path of a folder and `s3://BUCKET/PREFIX`";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { name, prefix } if prefix.is_empty() => write!(f, "{SCHEME}{name}"),
            Self::Bucket { name, prefix } => write!(f, "{SCHEME}{name}/{prefix}"),
        }
    }
}

/// How visitors read files that lie in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Reads {
    /// Through this server
    Proxy,
    /// From the bucket itself, by a signed URL that soon expires
    Redirect,
}

/// Everything about uploaded files that every command on them needs.
#[derive(Clone, clap::Args)]
pub struct Uploads {
    /// Where uploaded files are kept: a folder, or `s3://BUCKET/PREFIX`
    #[arg(
        long = "uploads",
        env = "CMS_UPLOADS",
        value_name = "PLACE",
        default_value = "cms/data/uploads"
    )]
    pub place: Place,
    /// URL of an S3 server that is not Amazon's
    #[arg(long, env = "CMS_S3_ENDPOINT", value_name = "URL", value_parser = address)]
    pub s3_endpoint: Option<Url>,
    /// The same server as visitors reach it, for signed URLs [default: the endpoint]
    #[arg(long, env = "CMS_S3_PUBLIC_ENDPOINT", value_name = "URL", value_parser = address)]
    pub s3_public_endpoint: Option<Url>,
    /// Region of the bucket [default: AWS_REGION, else us-east-1]
    #[arg(long, env = "CMS_S3_REGION", value_name = "NAME")]
    pub s3_region: Option<String>,
    /// Who this server is to the bucket [default: AWS_ACCESS_KEY_ID, else the machine's role]
    #[arg(long, env = "CMS_S3_ACCESS_KEY_ID", value_name = "ID")]
    pub s3_access_key_id: Option<String>,
    /// Its secret [default: AWS_SECRET_ACCESS_KEY]
    #[arg(
        long,
        env = "CMS_S3_SECRET_ACCESS_KEY",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "s3_access_key_id"
    )]
    pub s3_secret_access_key: Option<String>,
    /// Name the bucket in the host, `BUCKET.HOST`, instead of in the path
    #[arg(
        long,
        env = "CMS_S3_VIRTUAL_HOST",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub s3_virtual_host: bool,
    /// Silence of the bucket after which a request is given up
    #[arg(long, env = "CMS_S3_TIMEOUT", value_name = "TIME", default_value = "30s")]
    pub s3_timeout: Span,
    /// How visitors read files that lie in a bucket
    #[arg(long, env = "CMS_UPLOAD_READS", value_name = "HOW", default_value = "proxy")]
    pub upload_reads: Reads,
    /// Life of a signed URL
    #[arg(long, env = "CMS_S3_LINK_TTL", value_name = "TIME", default_value = "10m")]
    pub s3_link_ttl: Span,
}

impl Uploads {
    /// The settings AWS's own tools take from the environment too: keys, region, the role of the
    /// machine. Names are as there, in lower case.
    #[must_use]
    pub fn standard() -> Vec<(String, String)> {
        #[expect(clippy::disallowed_methods, reason = "settings are read here and nowhere else")]
        let all = std::env::vars();
        all.filter(|(name, value)| name.starts_with(STANDARD) && !value.is_empty())
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect()
    }
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
    });
    url.ok_or_else(|| format!("`{text}` is no URL of a server, as `https://s3.example.org`"))
}

// The secret must not reach a log through `{:?}`.
impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_part_of_a_bucket() {
        let bucket = |text: &str| match text.parse().unwrap() {
            Place::Bucket { name, prefix } => (name, prefix),
            Place::Folder(folder) => panic!("{folder:?}"),
        };
        assert_eq!(bucket("s3://media"), ("media".into(), String::new()));
        assert_eq!(bucket("s3://my.media-1/a/b_c/"), ("my.media-1".into(), "a/b_c".into()));
        assert_eq!("data/up".parse(), Ok(Place::Folder("data/up".into())));
        for bad in ["", "gs://x", "s3://", "s3://ab", "s3://Media", "s3://media/../x", "s3://-ab"] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
        for whole in ["s3://media", "s3://media/a/b", "data/up"] {
            assert_eq!(whole.parse::<Place>().unwrap().to_string(), whole);
        }
    }
}

//! From settings to a client, and from a file's name to what its object says about it.

use std::time::Duration;

use anyhow::Context as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{Attribute, Attributes, BackoffConfig, ClientOptions, RetryConfig};
use url::Url;

use super::super::FileName;
use crate::config::{Place, Uploads};
use crate::media::{extension, serve};

/// Of a connection that does not come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a request that failed is sent again, and the first and longest wait before that.
const RETRIES: usize = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const WAIT_GROWTH: f64 = 2.0;
/// Nobody waits longer for an answer than that.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);
/// Settings of the standard environment that say who this server is.
const STANDARD_KEYS: [&str; 3] =
    ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
const STANDARD_ENDPOINTS: [&str; 2] = ["aws_endpoint_url_s3", "aws_endpoint_url"];

type Standard = [(String, String)];

fn standard_of<'a>(standard: &'a Standard, names: &[&str]) -> Option<&'a str> {
    let named = |name: &&str| standard.iter().find(|(known, _)| known == name);
    names.iter().find_map(named).map(|(_, value)| value.as_str())
}

/// The bucket as its endpoint knows it.
///
/// # Errors
/// When the settings do not fit together.
pub(super) fn store(
    uploads: &Uploads,
    endpoint: Option<&Url>,
    standard: &Standard,
) -> anyhow::Result<AmazonS3> {
    let Place::Bucket { name, .. } = &uploads.place else {
        anyhow::bail!("`{}` is no bucket", uploads.place);
    };
    let mut builder = AmazonS3Builder::new().with_bucket_name(name);
    let own_keys = uploads.s3_access_key_id.is_some();
    for (name, value) in standard {
        let is_key = STANDARD_KEYS.contains(&name.as_str());
        let is_endpoint = STANDARD_ENDPOINTS.contains(&name.as_str());
        // Of others we do not know what they would do.
        let is_role = ["aws_web_identity_", "aws_role_", "aws_container_", "aws_endpoint_url_sts"]
            .iter()
            .any(|beginning| name.starts_with(beginning));
        let is_region = ["aws_region", "aws_default_region"].contains(&name.as_str());
        let fits = (!own_keys && (is_key || is_role))
            || (endpoint.is_none() && is_endpoint)
            || (uploads.s3_region.is_none() && is_region);
        if let Some(key) = name.parse().ok().filter(|_| fits) {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(id) = &uploads.s3_access_key_id {
        let secret = uploads.s3_secret_access_key.as_ref();
        let secret = secret.context("CMS_S3_ACCESS_KEY_ID needs CMS_S3_SECRET_ACCESS_KEY")?;
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    if let Some(region) = &uploads.s3_region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    let plain = endpoint.map(Url::as_str).or_else(|| standard_of(standard, &STANDARD_ENDPOINTS));
    builder
        .with_virtual_hosted_style_request(uploads.s3_virtual_host)
        .with_client_options(client(uploads, is_plain(plain)))
        .with_retry(retries())
        .build()
        .with_context(|| format!("`{}`", uploads.place))
}

fn is_plain(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|url| url.starts_with("http:"))
}

/// A large file may take long: only silence ends a request.
fn client(uploads: &Uploads, is_plain: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(is_plain)
        // A machine without any CA certificate can still reach a server without TLS.
        .with_no_system_certificates(is_plain)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout_disabled()
        .with_read_timeout(uploads.s3_timeout.0)
        .with_http1_only()
}

fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: FIRST_WAIT, max_backoff: LONGEST_WAIT, base: WAIT_GROWTH };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT }
}

/// As messages call it.
pub(super) fn place(uploads: &Uploads, standard: &Standard) -> String {
    let endpoint = uploads.s3_endpoint.as_ref().map(Url::as_str);
    match endpoint.or_else(|| standard_of(standard, &STANDARD_ENDPOINTS)) {
        Some(endpoint) => format!("{} at {}", uploads.place, endpoint.trim_end_matches('/')),
        None => uploads.place.to_string(),
    }
}

/// What a browser is told by the bucket itself, when it is sent there.
pub(super) fn attributes(name: &FileName) -> Attributes {
    let kind = extension::kind_of(name.as_str());
    let kind = kind.as_deref().unwrap_or(serve::UNKNOWN_KIND);
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, serve::content_type(kind).into());
    attributes.insert(Attribute::CacheControl, serve::CACHE_CONTROL.into());
    if serve::is_attachment(kind) {
        let disposition = format!("attachment; filename=\"{}\"", name.as_str());
        attributes.insert(Attribute::ContentDisposition, disposition.into());
    }
    attributes
}

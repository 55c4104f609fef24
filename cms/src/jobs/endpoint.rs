//! A webhook endpoint before it is stored: the address it may have, the secret it gets.

use cms_api::webhook::Secret;
use url::Url;

use crate::auth::secret;
use crate::clock;
use crate::store::webhooks::WebhookRow;

/// A complete http or https URL, in its normal form.
///
/// # Errors
/// What is wrong with the text and what is accepted.
pub fn address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url.to_string())
    } else {
        Err(format!("`{text}` is no address to post to; accepted are http and https URLs"))
    }
}

/// An enabled endpoint for every type and locale, with a new secret and no headers of its own.
///
/// # Errors
/// When the system has no randomness to give.
pub fn fresh(
    name: &str,
    url: &str,
    events: &[String],
    dialect: &str,
) -> anyhow::Result<WebhookRow> {
    Ok(WebhookRow {
        id: 0,
        name: name.to_owned(),
        url: url.to_owned(),
        events: serde_json::json!(events).to_string(),
        types: "[]".to_owned(),
        locales: "[]".to_owned(),
        headers: "{}".to_owned(),
        secret: Secret::from_bytes(secret::random_bytes()?).reveal(),
        old_secret: None,
        old_until: None,
        dialect: dialect.to_owned(),
        allow_private: false,
        coalesce: false,
        enabled: true,
        created_at: clock::now(),
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn urls_lead_somewhere() {
        assert!(address("http://127.0.0.1:8787/hooks/cms").is_ok());
        for bad in ["/hooks", "ftp://x/", "mailto:a@b.c"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}

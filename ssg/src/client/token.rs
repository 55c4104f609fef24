//! The access token: an API token as it is, or one that login and refresh keep
//! fresh.
//!
//! Refresh tokens rotate: each works once, and the CMS treats a second use as
//! theft and ends the session. So tasks of this process wait for one another
//! (single flight), and processes share one session through a file in the
//! content cache, guarded by a lock: whoever comes second finds the pair that
//! the first one fetched. When the session is gone all the same (a lost
//! answer, a restored backup), the password opens a new one.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cms_api::auth::{LoginRequest, RefreshRequest, TokenPair};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{ClientError, Http, Result, http, retry::PATIENT};
use crate::{config::Credentials, file_lock::FileLock};

/// A token is renewed when this share of its life is over, in hundredths.
const RENEW_AT_PERCENT: i64 = 80;
/// Longer than a login with its retries: the other process is at it.
const LOCK_WAIT: Duration = Duration::from_secs(60);
const TOKEN_FILE: &str = "token.json";
const LOCK_FILE: &str = "token.lock";

#[derive(Debug)]
pub enum Authorizer {
    Anonymous,
    ApiToken(ApiToken),
    Session(Box<Session>),
}

pub struct ApiToken(String);

impl fmt::Debug for ApiToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiToken(…)")
    }
}

impl Authorizer {
    pub fn new(http: &Http, credentials: &Credentials, cache: &Path) -> Self {
        match credentials {
            Credentials::Anonymous => Self::Anonymous,
            Credentials::ApiToken(token) => Self::ApiToken(ApiToken(token.clone())),
            Credentials::Login { identifier, password } => Self::Session(Box::new(Session {
                http: http.clone(),
                identifier: identifier.clone(),
                password: password.clone(),
                folder: cache.to_owned(),
                tokens: Mutex::new(None),
            })),
        }
    }

    /// The token to send now.
    pub async fn bearer(&self) -> Result<Option<String>> {
        match self {
            Self::Anonymous => Ok(None),
            Self::ApiToken(token) => Ok(Some(token.0.clone())),
            Self::Session(session) => session.access(None).await.map(Some),
        }
    }

    /// The token to send after the CMS refused `refused`; `None` when there is
    /// no other to be had.
    pub async fn after_refusal(&self, refused: &str) -> Result<Option<String>> {
        match self {
            Self::Anonymous | Self::ApiToken(_) => Ok(None),
            Self::Session(session) => session.access(Some(refused)).await.map(Some),
        }
    }
}

/// A logged-in service account.
pub struct Session {
    http: Http,
    identifier: String,
    password: String,
    folder: PathBuf,
    tokens: Mutex<Option<Tokens>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

/// The pair as it is kept in the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    url: String,
    identifier: String,
    jwt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// In seconds since 1970 by our own clock; never, when the token says nothing.
    renew_at: Option<i64>,
}

impl Tokens {
    fn is_usable(&self, refused: Option<&str>) -> bool {
        refused != Some(self.jwt.as_str()) && self.renew_at.is_none_or(|at| now() < at)
    }
}

impl Session {
    /// A token that is fresh and not the one that was refused.
    async fn access(&self, refused: Option<&str>) -> Result<String> {
        let mut tokens = self.tokens.lock().await;
        if let Some(known) = tokens.as_ref().filter(|known| known.is_usable(refused)) {
            return Ok(known.jwt.clone());
        }
        let _lock = self.lock_file().await?;
        let stored = self.stored();
        let fresh = match stored {
            Some(stored) if stored.is_usable(refused) => stored,
            stored => {
                let fresh = self.renew(stored.or_else(|| tokens.clone())).await?;
                self.store(&fresh)?;
                fresh
            }
        };
        let jwt = fresh.jwt.clone();
        *tokens = Some(fresh);
        Ok(jwt)
    }

    /// Refreshes the session, or opens a new one when it is gone.
    async fn renew(&self, known: Option<Tokens>) -> Result<Tokens> {
        if let Some(refresh_token) = known.and_then(|known| known.refresh_token) {
            match self.refresh(refresh_token).await {
                Ok(tokens) => return Ok(tokens),
                // An answer that got lost has used the token up as well: only
                // a login is certain now.
                Err(error) => tracing::info!(%error, "the session is gone; logging in again"),
            }
        }
        self.login().await
    }

    async fn refresh(&self, refresh_token: String) -> Result<Tokens> {
        // Not repeated: the second use of a refresh token ends its family.
        self.exchange("api/auth/refresh", &RefreshRequest { refresh_token }).await
    }

    async fn login(&self) -> Result<Tokens> {
        let body =
            LoginRequest { identifier: self.identifier.clone(), password: self.password.clone() };
        let body = &body;
        let answer = PATIENT.run(move || self.exchange("api/auth/local", body)).await;
        answer.map_err(|error| match error {
            // Strapi answers 400 to a wrong password.
            ClientError::Permanent { status: 400 | 403, message, .. } => {
                ClientError::Unauthorized(message)
            }
            error => error,
        })
    }

    async fn exchange(&self, path: &str, body: &impl Serialize) -> Result<Tokens> {
        let asked_at = now();
        let request = self.http.request(Method::POST, path)?.json(body);
        let pair: TokenPair = http::json(http::send(request).await?).await?;
        let renew_at = lifetime(&pair.jwt).map(|life| asked_at + life * RENEW_AT_PERCENT / 100);
        Ok(Tokens {
            url: self.http.base().to_string(),
            identifier: self.identifier.clone(),
            jwt: pair.jwt,
            refresh_token: pair.refresh_token,
            renew_at,
        })
    }

    async fn lock_file(&self) -> Result<FileLock> {
        let folder = self.folder.clone();
        let lock = move || {
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            let path = folder.join(LOCK_FILE);
            FileLock::exclusive(&path, LOCK_WAIT).map_err(|error| error.to_string())
        };
        let locked = tokio::task::spawn_blocking(lock).await;
        locked
            .map_err(|error| error.to_string())
            .flatten()
            .map_err(|message| ClientError::Transient { message, retry_after: None })
    }

    /// The pair of an earlier run or another process, if it is for this account.
    fn stored(&self) -> Option<Tokens> {
        let bytes = fs::read(self.folder.join(TOKEN_FILE)).ok()?;
        let tokens: Tokens = serde_json::from_slice(&bytes).ok()?;
        let ours = tokens.url == self.http.base().as_str() && tokens.identifier == self.identifier;
        ours.then_some(tokens)
    }

    fn store(&self, tokens: &Tokens) -> Result<()> {
        write_private(&self.folder.join(TOKEN_FILE), tokens).map_err(|error| {
            let message = format!("cannot keep the session in {TOKEN_FILE}: {error}");
            ClientError::Transient { message, retry_after: None }
        })
    }
}

/// Written aside and renamed: a crash leaves the old pair or the new one.
fn write_private(path: &Path, tokens: &Tokens) -> io::Result<()> {
    let aside = path.with_extension("new");
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(&serde_json::to_vec(tokens)?)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

/// How long the token lives, from its own words; it is not ours to verify.
fn lifetime(jwt: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Claims {
        iat: Option<i64>,
        exp: i64,
    }
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    // Both times are the CMS's clock, so a skew between the two cancels out.
    Some((claims.exp - claims.iat.unwrap_or_else(now)).max(0))
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_tells_how_long_it_lives() {
        assert_eq!(lifetime(&jwt(r#"{"iat":100,"exp":700}"#)), Some(600));
        assert_eq!(lifetime(&jwt(r#"{"iat":100}"#)), None);
        assert_eq!(lifetime("not a jwt"), None);
    }

    #[test]
    fn a_token_is_used_until_it_is_old_or_refused() {
        let tokens = |renew_at| Tokens {
            url: "u".into(),
            identifier: "i".into(),
            jwt: "j".into(),
            refresh_token: None,
            renew_at,
        };
        assert!(tokens(None).is_usable(None));
        assert!(tokens(Some(now() + 100)).is_usable(Some("other")));
        assert!(!tokens(Some(now() + 100)).is_usable(Some("j")));
        assert!(!tokens(Some(now() - 1)).is_usable(None));
    }
}

//! The keys that sign tokens, all derived from one secret.
//!
//! Access and refresh tokens have keys of their own, so that neither can ever pass for the
//! other whatever is in them.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret;

/// Shorter secrets could be guessed offline from one token.
const MIN_SECRET_BYTES: usize = 32;
/// In the data folder.
pub const FILE_NAME: &str = "jwt.secret";

/// Derived keys.
#[derive(Clone)]
pub struct Keys {
    access: Vec<u8>,
    refresh: Vec<u8>,
    /// Names the key in a token's header; tells nothing about it.
    id: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Keys {
    /// # Errors
    /// When the secret is too short.
    pub fn derive(secret: &str) -> anyhow::Result<Self> {
        if secret.len() < MIN_SECRET_BYTES {
            anyhow::bail!(
                "the JWT secret (`--jwt-secret`, CMS_JWT_SECRET) has {} bytes; it needs at least \
                 {MIN_SECRET_BYTES}",
                secret.len()
            );
        }
        let id = URL_SAFE_NO_PAD.encode(subkey(secret, "key id")?).chars().take(8).collect();
        Ok(Self { access: subkey(secret, "access")?, refresh: subkey(secret, "refresh")?, id })
    }

    /// The configured secret, or the one in the data folder, which is made when missing.
    ///
    /// # Errors
    /// When the secret is too short or its file cannot be read or written.
    pub fn load(configured: Option<&str>, data_dir: &Path) -> anyhow::Result<Self> {
        match configured {
            Some(secret) => Self::derive(secret),
            None => Self::derive(&generated(data_dir)?),
        }
    }

    /// As [`Keys::load`], but a secret that was never made is not made now.
    ///
    /// # Errors
    /// When the secret is too short or its file cannot be read.
    pub fn find(configured: Option<&str>, data_dir: &Path) -> anyhow::Result<Option<Self>> {
        match configured {
            None if !data_dir.join(FILE_NAME).exists() => Ok(None),
            configured => Self::load(configured, data_dir).map(Some),
        }
    }

    pub(super) fn access(&self) -> &[u8] {
        &self.access
    }

    pub(super) fn refresh(&self) -> &[u8] {
        &self.refresh
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn subkey(secret: &str, purpose: &str) -> anyhow::Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| anyhow::anyhow!("the JWT secret is no key: {error}"))?;
    mac.update(b"cms token key: ");
    mac.update(purpose.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

/// Reads the secret of an earlier start or writes a new one that only this user can read.
fn generated(data_dir: &Path) -> anyhow::Result<String> {
    let path = data_dir.join(FILE_NAME);
    let failed = || format!("the JWT secret `{}` cannot be used", path.display());
    std::fs::create_dir_all(data_dir).with_context(failed)?;
    let mut options = std::fs::OpenOptions::new();
    // `create_new` decides between two programs that start at the same time.
    match options.write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            let secret = secret::random_text()?;
            file.write_all(secret.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(failed)?;
            Ok(secret)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(std::fs::read_to_string(&path).with_context(failed)?.trim().to_owned())
        }
        Err(error) => Err(error).with_context(failed),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_generated_secret_is_private_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::load(None, folder.path()).unwrap();
        let again = Keys::load(None, folder.path()).unwrap();
        assert_eq!(first.access(), again.access());
        let mode = folder.path().join(FILE_NAME).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_short_secret_is_refused_without_being_shown() {
        let error = Keys::derive("hunter2").unwrap_err().to_string();
        assert!(error.contains("at least 32") && !error.contains("hunter2"), "{error}");
    }
}

//! Which bucket, and by which right.

use std::fmt;

/// A bucket as site.toml names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketPlace {
    pub name: String,
    /// Folders in the bucket, with `/` between them and none around; may be empty.
    pub prefix: String,
    /// Of a server that is not Amazon's.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// `BUCKET.HOST` instead of `HOST/BUCKET`.
    pub virtual_host: bool,
    pub access: Access,
}

impl fmt::Display for BucketPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "s3://{}", self.name)?;
        if !self.prefix.is_empty() {
            write!(out, "/{}", self.prefix)?;
        }
        match &self.endpoint {
            Some(endpoint) => write!(out, " at {endpoint}"),
            None => Ok(()),
        }
    }
}

/// Keys, or the role of this machine: settings by the names that AWS's own tools have for them
/// in the environment. They are shown nowhere.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Access(pub Vec<(String, String)>);

impl fmt::Debug for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Access(…)")
    }
}

//! Files in an S3 bucket. The only folder that imports object_store.
//!
//! An object appears whole or not at all, and bytes pass in pieces in both directions: what a
//! large file takes of memory is [`PART_BYTES`] a few times. Everything runs on threads of its
//! own, so that callers may wait wherever they are.

mod options;
mod pieces;
mod threads;
mod trouble;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::signer::{Method, Signer as _};
use object_store::{
    Attributes, GetOptions, GetRange, ObjectMeta, ObjectStore as _, ObjectStoreExt as _,
    PutMultipartOptions, PutOptions, WriteMultipart,
};
use tokio::io::AsyncReadExt as _;
use url::Url;

use super::{FileName, Version};
use crate::config::{Place, Reads, Uploads};

pub(crate) use self::pieces::Pieces;
use self::threads::Threads;
pub(crate) use self::trouble::Trouble;

/// Larger files are sent in parts of this size; S3 takes 10 000 of them.
const PART_BYTES: usize = 8 << 20;
/// Parts of one file on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// What [`Bucket::try_out`] writes.
const TRIAL: &str = ".trial";

/// A part of a bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bucket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: AmazonS3,
    /// Knows the bucket by the address that visitors use.
    signer: AmazonS3,
    reads: Reads,
    link_ttl: Duration,
    prefix: String,
    /// As people call it, and where it is.
    place: String,
    threads: Threads,
}

/// What a bucket says about a file.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) bytes: u64,
    /// With its quotes.
    pub(crate) tag: Option<String>,
    pub(crate) modified: std::time::SystemTime,
}

impl From<ObjectMeta> for About {
    fn from(meta: ObjectMeta) -> Self {
        Self { bytes: meta.size, tag: meta.e_tag, modified: meta.last_modified.into() }
    }
}

impl From<ObjectMeta> for Version {
    fn from(meta: ObjectMeta) -> Self {
        Self { bytes: meta.size, tag: meta.e_tag, seconds: meta.last_modified.timestamp() }
    }
}

impl Bucket {
    /// # Errors
    /// When the settings do not fit together.
    pub(super) fn open(uploads: &Uploads) -> anyhow::Result<Self> {
        let Place::Bucket { prefix, .. } = &uploads.place else {
            anyhow::bail!("`{}` is no bucket", uploads.place);
        };
        let standard = Uploads::standard();
        let store = options::store(uploads, uploads.s3_endpoint.as_ref(), &standard)?;
        let public = uploads.s3_public_endpoint.as_ref().or(uploads.s3_endpoint.as_ref());
        Ok(Self(Arc::new(Inner {
            store,
            signer: options::store(uploads, public, &standard)?,
            reads: uploads.upload_reads,
            link_ttl: uploads.s3_link_ttl.0,
            prefix: prefix.clone(),
            place: options::place(uploads, &standard),
            threads: Threads::start()?,
        })))
    }

    pub(crate) fn reads(&self) -> Reads {
        self.0.reads
    }

    fn key(&self, name: &str) -> Key {
        match self.0.prefix.as_str() {
            "" => Key::from(name),
            prefix => Key::from(format!("{prefix}/{name}")),
        }
    }

    /// An error that names the place and what is wrong with it.
    fn told<T>(&self, result: object_store::Result<T>) -> anyhow::Result<T> {
        result.map_err(|error| Trouble::of(&error, &self.0.place).into())
    }

    /// Runs `work` to its end and waits for it.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.told(self.0.threads.wait(work)?)
    }

    /// Puts a file under its name at once.
    pub(super) fn put(&self, file: File, name: &FileName) -> anyhow::Result<()> {
        self.put_at(file, name.as_str(), name)
    }

    /// Puts a file under `key` that is to become `name`.
    pub(crate) fn put_at(&self, file: File, key: &str, name: &FileName) -> anyhow::Result<()> {
        let (inner, key, attributes) =
            (Arc::clone(&self.0), self.key(key), options::attributes(name));
        self.wait(async move { send(&inner.store, file, &key, attributes).await })
    }

    /// Gives what lies under one key another one; both are there afterwards.
    pub(crate) fn copy(&self, from: &str, to: &FileName) -> anyhow::Result<()> {
        let (inner, from, to) = (Arc::clone(&self.0), self.key(from), self.key(to.as_str()));
        self.wait(async move { inner.store.copy(&from, &to).await })
    }

    /// One that is gone already is no error.
    pub(crate) fn remove(&self, key: &str) -> anyhow::Result<()> {
        let (inner, key) = (Arc::clone(&self.0), self.key(key));
        let removed = self.0.threads.wait(async move { inner.store.delete(&key).await })?;
        self.told(trouble::unless_gone(removed)).map(drop)
    }

    pub(super) fn version(&self, name: &FileName) -> anyhow::Result<Option<Version>> {
        let (inner, key) = (Arc::clone(&self.0), self.key(name.as_str()));
        let about = self.0.threads.wait(async move { inner.store.head(&key).await })?;
        Ok(self.told(trouble::unless_gone(about))?.map(Version::from))
    }

    pub(super) fn read(&self, name: &FileName) -> anyhow::Result<Option<(Version, Box<dyn Read>)>> {
        let (inner, key) = (Arc::clone(&self.0), self.key(name.as_str()));
        let found =
            self.0.threads.wait(async move { get(&inner, &key, GetOptions::default()).await })?;
        let found = self.told(trouble::unless_gone(found))?;
        Ok(found.map(|(about, _, pieces)| (about.into(), Box::new(pieces) as Box<dyn Read>)))
    }

    pub(super) fn list(&self) -> anyhow::Result<Vec<(FileName, Version)>> {
        let (inner, prefix) = (Arc::clone(&self.0), self.0.prefix.clone());
        let prefix = (!prefix.is_empty()).then(|| Key::from(prefix));
        let found: Vec<ObjectMeta> =
            self.wait(async move { inner.store.list(prefix.as_ref()).try_collect().await })?;
        let above = self.key("").as_ref().len();
        let mut files: Vec<_> = found
            .into_iter()
            .filter_map(|meta| {
                let name = meta.location.as_ref().get(above..)?.trim_start_matches('/');
                Some((FileName::parse(name)?, meta.into()))
            })
            .collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(files)
    }

    pub(super) fn try_out(&self) -> anyhow::Result<()> {
        let (inner, key) = (Arc::clone(&self.0), self.key(TRIAL));
        self.wait(async move {
            // Some servers make the bucket of an object that is put there.
            inner.store.list(Some(&key)).try_next().await?;
            inner.store.put(&key, "trial".into()).await?;
            inner.store.delete(&key).await
        })
    }

    /// What is known about a file.
    pub(crate) async fn about(&self, name: &FileName) -> anyhow::Result<Option<About>> {
        let (inner, key) = (Arc::clone(&self.0), self.key(name.as_str()));
        let about = self.0.threads.run(async move { inner.store.head(&key).await }).await?;
        Ok(self.told(trouble::unless_gone(about))?.map(About::from))
    }

    /// A file, or a part of one, as it comes: with what is known about it and which bytes of
    /// it these are.
    pub(crate) async fn stream(
        &self,
        name: &FileName,
        range: Option<Range<u64>>,
    ) -> anyhow::Result<Option<(About, Range<u64>, Pieces)>> {
        let (inner, key) = (Arc::clone(&self.0), self.key(name.as_str()));
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.0.threads.run(async move { get(&inner, &key, options).await }).await?;
        let found = self.told(trouble::unless_gone(found))?;
        Ok(found.map(|(about, range, pieces)| (about.into(), range, pieces)))
    }

    /// A URL that lets its holder read the file for a while.
    pub(crate) async fn link(&self, name: &FileName) -> anyhow::Result<Url> {
        let (inner, key) = (Arc::clone(&self.0), self.key(name.as_str()));
        let signed = self
            .0
            .threads
            .run(async move { inner.signer.signed_url(Method::GET, &key, inner.link_ttl).await });
        self.told(signed.await?)
    }
}

async fn get(
    inner: &Inner,
    key: &Key,
    options: GetOptions,
) -> object_store::Result<(ObjectMeta, Range<u64>, Pieces)> {
    let found = inner.store.get_opts(key, options).await?;
    let (meta, range) = (found.meta.clone(), found.range.clone());
    let place = inner.place.clone();
    Ok((meta, range, inner.threads.pass_on(found.into_stream(), place)))
}

async fn send(
    store: &AmazonS3,
    file: File,
    key: &Key,
    attributes: Attributes,
) -> object_store::Result<()> {
    let mut file = tokio::fs::File::from_std(file);
    let first = part(&mut file).await.map_err(trouble::of_disk)?;
    if first.len() < PART_BYTES {
        let options = PutOptions { attributes, ..PutOptions::default() };
        return store.put_opts(key, first.into(), options).await.map(drop);
    }
    let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
    let upload = store.put_multipart_opts(key, options).await?;
    let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
    let mut next = first;
    while !next.is_empty() {
        parts.put(next.into());
        if let Err(error) = parts.wait_for_capacity(PARTS_AT_ONCE).await {
            drop(parts.abort().await);
            return Err(error);
        }
        next = match part(&mut file).await {
            Ok(next) => next,
            Err(error) => {
                drop(parts.abort().await);
                return Err(trouble::of_disk(error));
            }
        };
    }
    parts.finish().await.map(drop)
}

/// The next part of a file; the last one is shorter.
async fn part(file: &mut tokio::fs::File) -> std::io::Result<Vec<u8>> {
    let mut part = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut part).await?;
    Ok(part)
}

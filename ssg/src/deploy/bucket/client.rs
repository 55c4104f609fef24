//! Requests to one bucket, from code that waits for their answers.
//!
//! Deployments run on threads that must not wait for a runtime they are part of, so the bucket
//! has one of its own.

use std::{fs::File, path::Path, sync::mpsc, time::Duration};

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{
    Attributes, BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, RetryConfig, UpdateVersion, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as Key,
};
use tokio::{
    io::AsyncReadExt,
    runtime::{Builder, Runtime},
};

use super::{access::BucketPlace, trouble};

/// Of a connection that does not come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of silence.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is sent again, and for how long altogether.
const RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const WAIT_GROWTH: f64 = 2.0;
/// Requests at once.
const AT_ONCE: usize = 16;
/// Larger files are sent in parts of this size, some at once.
const PART_BYTES: usize = 8 << 20;
const PARTS_AT_ONCE: usize = 2;
/// They only pass bytes on.
const THREADS: usize = 2;

#[derive(Debug)]
pub(super) struct Client {
    store: AmazonS3,
    prefix: String,
    place: String,
    runtime: Option<Runtime>,
}

/// One file on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) file: std::path::PathBuf,
    pub(super) key: String,
    pub(super) attributes: Attributes,
}

/// Which version of an object was seen.
#[derive(Debug, Clone)]
pub(super) struct Tag(UpdateVersion);

/// How a write on a condition ended.
#[derive(Debug)]
pub(super) enum Written {
    Now(Tag),
    /// Somebody else was there first.
    Late,
}

impl Client {
    pub(super) fn open(place: &BucketPlace) -> Result<Self> {
        let plain = place.endpoint.as_ref().is_some_and(|url| url.starts_with("http:"));
        let options = ClientOptions::new()
            .with_allow_http(plain)
            .with_no_system_certificates(plain)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout_disabled()
            .with_read_timeout(READ_TIMEOUT)
            .with_http1_only();
        let backoff = BackoffConfig {
            init_backoff: FIRST_WAIT,
            max_backoff: LONGEST_WAIT,
            base: WAIT_GROWTH,
        };
        let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT };
        let mut builder = AmazonS3Builder::new();
        for (name, value) in &place.access.0 {
            if let Ok(name) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(name, value);
            }
        }
        builder = builder
            .with_bucket_name(&place.name)
            .with_virtual_hosted_style_request(place.virtual_host)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = &place.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &place.region {
            builder = builder.with_region(region);
        }
        let place_text = place.to_string();
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
        Ok(Self {
            store: builder.build().with_context(|| place_text.clone())?,
            prefix: place.prefix.clone(),
            place: place_text,
            runtime: Some(runtime),
        })
    }

    fn key(&self, path: &str) -> Result<Key> {
        let whole = if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        };
        Key::parse(&whole).with_context(|| format!("`{path}` cannot be a key of a bucket"))
    }

    /// Whether the bucket can have something at this path.
    pub(super) fn check(&self, path: &str) -> Result<()> {
        self.key(path).map(drop)
    }

    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.outcome(work)?.map_err(|error| trouble::told(&error, &self.place))
    }

    fn outcome<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<object_store::Result<T>> {
        let runtime = self.runtime.as_ref().context("the bucket's threads have ended")?;
        let (done, result) = mpsc::sync_channel(1);
        runtime.spawn(async move { drop(done.send(work.await)) });
        result.recv().context("a request to the bucket ended abnormally")
    }

    /// A small object, when it is there.
    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Tag)>> {
        let (store, key) = (self.store.clone(), self.key(path)?);
        let found = self.outcome(async move {
            let found = store.get(&key).await?;
            let version = found.meta.version.clone();
            let tag = Tag(UpdateVersion { e_tag: found.meta.e_tag.clone(), version });
            Ok((found.bytes().await?.to_vec(), tag))
        })?;
        let found = trouble::unless_gone(found);
        found.map_err(|error| trouble::told(&error, &self.place))
    }

    pub(super) fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        let (store, key) = (self.store.clone(), self.key(path)?);
        self.wait(async move { store.put(&key, bytes.into()).await.map(drop) })
    }

    /// Replaces an object that is as it was seen, or makes one that was not there.
    pub(super) fn put_if(&self, path: &str, bytes: Vec<u8>, seen: Option<&Tag>) -> Result<Written> {
        let (store, key) = (self.store.clone(), self.key(path)?);
        let mode = seen.map_or(PutMode::Create, |tag| PutMode::Update(tag.0.clone()));
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.outcome(async move { store.put_opts(&key, bytes.into(), options).await })? {
            Ok(put) => Ok(Written::Now(Tag(put.into()))),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => Ok(Written::Late),
            Err(error) => Err(trouble::told(&error, &self.place)),
        }
    }

    /// Paths of everything below a folder.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<String>> {
        let (store, key) = (self.store.clone(), self.key(folder)?);
        let above = key.as_ref().len() - folder.len();
        let found: Vec<_> = self.wait(async move { store.list(Some(&key)).try_collect().await })?;
        let path = |meta: &object_store::ObjectMeta| {
            meta.location.as_ref().get(above..).unwrap_or_default().to_owned()
        };
        Ok(found.iter().map(path).collect())
    }

    pub(super) fn send(&self, parcels: Vec<Parcel>) -> Result<()> {
        let keyed = parcels.into_iter().map(|parcel| Ok((self.key(&parcel.key)?, parcel)));
        let keyed = keyed.collect::<Result<Vec<_>>>()?;
        let store = self.store.clone();
        self.wait(async move {
            let sends = stream::iter(keyed).map(|(key, parcel)| {
                let store = store.clone();
                async move { send(&store, &parcel.file, &key, parcel.attributes).await }
            });
            sends.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
        })
    }

    /// Copies inside the bucket, from the first of each pair to the second.
    pub(super) fn copy(&self, pairs: &[(String, String)]) -> Result<()> {
        let keyed = pairs.iter().map(|(from, to)| Ok((self.key(from)?, self.key(to)?)));
        let keyed = keyed.collect::<Result<Vec<_>>>()?;
        let store = self.store.clone();
        self.wait(async move {
            let copies = stream::iter(keyed).map(|(from, to)| {
                let store = store.clone();
                async move { store.copy(&from, &to).await }
            });
            copies.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
        })
    }

    pub(super) fn remove(&self, paths: &[String]) -> Result<()> {
        let keys = paths.iter().map(|path| self.key(path)).collect::<Result<Vec<_>>>()?;
        let store = self.store.clone();
        self.wait(async move {
            let removals = stream::iter(keys).map(|key| {
                let store = store.clone();
                async move { trouble::unless_gone(store.delete(&key).await).map(drop) }
            });
            removals.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Whoever drops it may be on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn send(
    store: &AmazonS3,
    file: &Path,
    key: &Key,
    attributes: Attributes,
) -> object_store::Result<()> {
    let file = File::open(file).map_err(trouble::of_disk)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut next = part(&mut file).await?;
    if next.len() < PART_BYTES {
        let options = PutOptions { attributes, ..PutOptions::default() };
        return store.put_opts(key, next.into(), options).await.map(drop);
    }
    let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
    let upload = store.put_multipart_opts(key, options).await?;
    let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
    while !next.is_empty() {
        parts.put(next.into());
        let went = match parts.wait_for_capacity(PARTS_AT_ONCE).await {
            Ok(()) => part(&mut file).await,
            Err(error) => Err(error),
        };
        next = match went {
            Ok(next) => next,
            Err(error) => {
                drop(parts.abort().await);
                return Err(error);
            }
        };
    }
    parts.finish().await.map(drop)
}

/// The next part of a file; the last one is shorter.
async fn part(file: &mut tokio::fs::File) -> object_store::Result<Vec<u8>> {
    let mut part = Vec::new();
    let read = file.take(PART_BYTES as u64).read_to_end(&mut part).await;
    read.map(|_| part).map_err(trouble::of_disk)
}

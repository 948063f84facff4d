//! What is known of the files, and the way to know it.
//!
//! In: keys from `target`. Out: resources and contents, from memory where they are young enough or still match the
//! disk, else from disk. One request looks at a path or reads a file for all who ask meanwhile, and what it began
//! goes on if the request is given up, so that the next one finds it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use pushgen_runtime::PolicyHandle;
use tokio::sync::{Semaphore, watch};

use super::cache::Cache;
use super::content::Content;
use super::lookup::{self, Answer, Refusal};
use super::resource::{Representation, Resource, Source};
use super::{FilesOptions, Unreadable};

/// What is known and kept.
#[derive(Debug)]
pub(super) struct Store {
    /// As given, but absolute: links in it are followed anew each time, so that a link which is set to the next
    /// release leads there at once.
    root: PathBuf,
    pub(super) options: FilesOptions,
    /// What says where pages are divided, once there is one.
    pub(super) policy: OnceLock<PolicyHandle>,
    began: Instant,
    resources: Mutex<Cache<Arc<Resource>>>,
    contents: Mutex<Cache<Arc<Content>>>,
    /// As many may compress as there are processors; each holds a file and what becomes of it in memory.
    compressions: Arc<Semaphore>,
    /// Contents that are being read, for those who wait for them.
    pub(super) readings: Mutex<HashMap<Arc<[u8]>, Awaited>>,
}

/// What reading comes to.
pub(super) type Read = Result<Arc<Content>, Unreadable>;

/// A content that is to come.
type Awaited = watch::Receiver<Option<Read>>;

/// What is kept about paths, in bytes.
const RESOURCE_MEMORY: usize = 32 << 20;

/// What a resource takes besides its names, and a content besides its bytes; roughly.
const OVERHEAD: usize = 512;

/// How often a reading is waited for that turns out to be older than the file.
const ATTEMPTS: usize = 4;

/// What a path of the site stands for.
pub(super) enum Known {
    File(Arc<Resource>),
    Folder,
    Missing,
    Failed(Unreadable),
}

impl Store {
    /// Prepares to look at the files below a folder, which must be absolute.
    pub(super) fn new(root: PathBuf, options: FilesOptions) -> Self {
        Self {
            root,
            policy: OnceLock::new(),
            began: Instant::now(),
            resources: Mutex::new(Cache::of_bytes(RESOURCE_MEMORY)),
            contents: Mutex::new(Cache::of_bytes(options.memory)),
            compressions: Arc::new(Semaphore::new(
                available_parallelism().map_or(1, NonZero::get),
            )),
            readings: Mutex::default(),
            options,
        }
    }

    /// What is known of a path and young enough. Whoever gets nothing has to [look](Self::look): it may be the one
    /// that looks for all.
    pub(super) fn fresh_resource(&self, key: &[u8]) -> Option<Arc<Resource>> {
        let resource = lock(&self.resources).value(key)?;
        let interval = nanoseconds(self.options.recheck);
        resource.is_fresh(self.now(), interval).then_some(resource)
    }

    /// What a path stands for, from memory or from disk.
    pub(super) async fn known(self: &Arc<Self>, key: &[u8]) -> Known {
        match self.fresh_resource(key) {
            Some(resource) => Known::File(resource),
            None => self.look(key).await,
        }
    }

    /// What a path stands for, from disk.
    pub(super) async fn look(self: &Arc<Self>, key: &[u8]) -> Known {
        let store = Arc::clone(self);
        let key = key.to_vec();
        let look = move || {
            let known = store.look_blocking(&key);
            let mut resources = lock(&store.resources);
            match &known {
                Ok(Known::File(resource)) => {
                    let names = resource.representations.iter().map(|it| it.key.len());
                    let weight = OVERHEAD + key.len() + 2 * names.sum::<usize>();
                    resources.insert(key.into(), Arc::clone(resource), weight);
                }
                _ => resources.remove(&key),
            }
            Ok(known)
        };
        match blocking(look).await {
            Ok(Ok(known)) => known,
            Ok(Err(refusal)) if refusal.error.kind() == ErrorKind::NotFound => Known::Missing,
            Ok(Err(Refusal { path, error })) => Known::Failed(Unreadable::new(&path, error)),
            Err(error) => Known::Failed(Unreadable::new(&self.root, error)),
        }
    }

    fn look_blocking(&self, key: &[u8]) -> Result<Known, Refusal> {
        let now = self.now();
        let root = fs::canonicalize(&self.root).map_err(|error| Refusal {
            path: self.root.clone(),
            error,
        })?;
        Ok(
            match lookup::look_up(&root, key, self.options.clean_urls)? {
                Answer::Missing => Known::Missing,
                Answer::Folder => Known::Folder,
                Answer::File(found) => {
                    let before = lock(&self.resources).value(key);
                    let next = now.saturating_add(nanoseconds(self.options.recheck));
                    let (compresses, before) = (self.options.compresses, before.as_deref());
                    let resource = Resource::look(&root, found, compresses, before, now, next)?;
                    Known::File(Arc::new(resource))
                }
            },
        )
    }

    /// The content in memory, if the file is still what it was.
    pub(super) fn kept_content(
        &self,
        resource: &Resource,
        representation: &Representation,
    ) -> Option<Arc<Content>> {
        let content = lock(&self.contents).value(&representation.key)?;
        let is_same = content.is_settled && content.stamp == representation.stamp;
        (is_same || content.read_at >= resource.checked_at).then_some(content)
    }

    /// The content from disk, read and compressed once for all who ask meanwhile.
    pub(super) async fn read(
        self: &Arc<Self>,
        resource: &Resource,
        representation: &Representation,
    ) -> Read {
        let failure =
            |message: &str| Unreadable::new(&representation.location, io::Error::other(message));
        for _ in 0..ATTEMPTS {
            let mut reading = self.reading(representation);
            let read = reading.wait_for(Option::is_some).await;
            // The sender goes without a word if reading panicked or the runtime ends.
            let read = read.ok().and_then(|read| read.clone());
            let content = read.ok_or_else(|| failure("reading was broken off"))??;
            // What others began to read may be older than what is known of the file.
            if content.read_at >= resource.checked_at || content.stamp == representation.stamp {
                return Ok(content);
            }
        }
        Err(failure("the file changes while it is read"))
    }

    /// Joins the reading of a content, or begins it.
    fn reading(self: &Arc<Self>, representation: &Representation) -> Awaited {
        let mut readings = lock(&self.readings);
        if let Some(reading) = readings.get(&representation.key) {
            return reading.clone();
        }
        let (done, reading) = watch::channel(None);
        readings.insert(Arc::clone(&representation.key), reading.clone());
        // The lock is given back first: a runtime that ends drops the closure, and with it the entry.
        drop(readings);
        let entry = Reading {
            store: Arc::clone(self),
            key: Arc::clone(&representation.key),
        };
        let representation = representation.clone();
        let compressions = match representation.source {
            Source::File => None,
            Source::Compressed { .. } => Some(Arc::clone(&self.compressions)),
        };
        let read = move || {
            let read = entry.store.read_blocking(&representation);
            drop(entry);
            // Nobody may be waiting any more.
            let _ = done.send(Some(read));
        };
        match compressions {
            None => drop(tokio::task::spawn_blocking(read)),
            Some(compressions) => drop(tokio::spawn(async move {
                // Never closed.
                let _permit = compressions.acquire_owned().await;
                drop(tokio::task::spawn_blocking(read).await);
            })),
        }
        reading
    }

    fn read_blocking(&self, representation: &Representation) -> Read {
        let Representation { key, location, .. } = representation;
        let content = match representation.source {
            Source::File => Content::read(location, representation.coding, self.now()),
            Source::Compressed { divided_at } => {
                Content::compress(location, divided_at, self.now())
            }
        };
        let content = Arc::new(content.map_err(|error| Unreadable::new(location, error))?);
        let bytes = content.bytes.as_ref().map_or(0, bytes::Bytes::len);
        let weight = OVERHEAD + key.len() + bytes;
        lock(&self.contents).insert(Arc::clone(key), Arc::clone(&content), weight);
        Ok(content)
    }

    /// Nanoseconds since the service began.
    fn now(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }
}

/// An entry of the contents that are being read; it goes when reading ends, however that is.
struct Reading {
    store: Arc<Store>,
    key: Arc<[u8]>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        lock(&self.store.readings).remove(&self.key);
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error)),
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A panic elsewhere leaves the stores whole: they are changed by their own methods only.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The file service: a built site over HTTP.
//!
//! In: requests. Out: the files of a folder, as the analyzer maps paths to them. RFC 9110 (semantics) and RFC 9111
//! (caching); what each part follows is said there.
//!
//! ```text
//! request -> target -> resource (lookup, media_type, cache_control) -> negotiation -> content -> response -> body
//!            path       what the path stands for, and its codings      one of them    hash,      conditions,
//!                       kept, looked at again after a moment                          bytes      ranges
//! ```
//!
//! Text that has no sibling in gzip is compressed with gzip when a client first wants it so, the same files at
//! the same level as the analyzer counts on. A page is flushed behind its policy's head, so that the runtime can put
//! the pushes there, and browsers can read the head before the rest has come.
//!
//! What is known of a path, the bytes of small files and all that was compressed are kept, so that most requests are
//! answered without a system call and without waiting. A path is looked at again when what is known of it is older than
//! [`FilesOptions::recheck`]; everything that touches the disk or compresses runs on the threads for blocking work, and
//! what many ask for at once is read once.
//!
//! Left out: listings of folders, other codings than gzip on the fly, uploads, several ranges in one response.

mod answer;
mod body;
mod cache;
mod cache_control;
mod conditions;
mod content;
mod hashed_name;
mod lookup;
mod media_type;
mod negotiation;
mod ranges;
mod resource;
mod response;
mod stamp;
mod store;
mod target;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use pushgen_runtime::PolicyHandle;
use tower_service::Service;

pub(crate) use body::FileBody;
use store::Store;

/// How files are served.
#[derive(Debug, Clone)]
pub(crate) struct FilesOptions {
    /// The URL path that the root is mounted at; a final slash is added.
    pub(crate) base_path: String,
    /// Whether `about.html` is served as `/about`, as the analyzer has it.
    pub(crate) clean_urls: bool,
    /// Whether unknown paths that look like pages are answered with the root's `index.html`.
    pub(crate) spa: bool,
    /// Whether text is compressed.
    pub(crate) compresses: bool,
    /// How long what is known of a path is used without looking at the disk.
    pub(crate) recheck: Duration,
    /// Bytes of file content that are kept in memory.
    pub(crate) memory: usize,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self {
            base_path: "/".to_owned(),
            clean_urls: false,
            spa: false,
            compresses: true,
            // Shorter than it takes to save a file and to ask for it.
            recheck: Duration::from_millis(200),
            memory: 128 << 20,
        }
    }
}

/// A file that could not be read, for the log: found in the extensions of a response with status 500.
#[derive(Debug, Clone)]
pub(crate) struct Unreadable {
    /// Where it is.
    pub(crate) path: Arc<Path>,
    /// What the system said.
    pub(crate) error: Arc<io::Error>,
}

/// Serves the files of a folder. Clones share what is known and kept.
#[derive(Debug, Clone)]
pub(crate) struct Files(Arc<Store>);

impl Files {
    /// Prepares to serve a folder. Nothing of it is read yet.
    ///
    /// # Errors
    /// When there is no such folder, and when the base path is none.
    pub(crate) fn new(root: &Path, mut options: FilesOptions) -> io::Result<Self> {
        if !fs::metadata(root)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let base = &mut options.base_path;
        if !base.starts_with('/') || base.starts_with("//") || base.contains(['?', '#', '\\']) {
            let message = format!("{base:?} is no base path; it should look like /docs/");
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        if !base.ends_with('/') {
            base.push('/');
        }
        let root = std::path::absolute(root)?;
        Ok(Self(Arc::new(Store::new(root, options))))
    }

    /// Pages are divided as this policy says, from now on and for all clones. The first one that is given counts.
    pub(crate) fn divide_by(&self, policy: PolicyHandle) {
        // It is replaced by its handle.
        let _ = self.0.policy.set(policy);
    }
}

impl<B: Send + 'static> Service<Request<B>> for Files {
    type Response = Response<FileBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        let (request, _) = request.into_parts();
        Answering(match self.0.answer_at_once(&request) {
            Ok(response) => Progress::Done(Some(Box::new(response))),
            Err(start) => {
                let store = Arc::clone(&self.0);
                let answer = async move { store.answer(&request, start).await };
                Progress::Running(Box::pin(answer))
            }
        })
    }
}

/// The future of a response.
pub(crate) struct Answering(Progress);

enum Progress {
    Done(Option<Box<Response<FileBody>>>),
    Running(Pin<Box<dyn Future<Output = Response<FileBody>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<FileBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Progress::Running(future) => future.as_mut().poll(context).map(Ok),
            Progress::Done(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(*response)),
                // Polled after completion, which the contract of futures forbids.
                None => Poll::Pending,
            },
        }
    }
}

impl Unreadable {
    fn new(path: &Path, error: io::Error) -> Self {
        Self {
            path: path.into(),
            error: Arc::new(error),
        }
    }
}

//! The file service as a whole: requests in, responses out.

mod attacks;
mod changes;
mod compression;
mod mapping;
mod semantics;

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use pushgen_runtime::DocumentHead;
use tokio::runtime::Runtime;

use super::content::MOST_IN_MEMORY;
use super::*;

/// A folder with files, and the service for it. Whatever is known is looked at again with every request.
struct Fixture {
    folder: tempfile::TempDir,
    files: Files,
    runtime: Runtime,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    unreadable: Option<Unreadable>,
    /// How many bytes of the body are the page's head.
    head: Option<usize>,
}

impl Fixture {
    fn new(files: &[(&str, &[u8])]) -> Self {
        Self::with_options(files, |_| {})
    }

    fn with_options(files: &[(&str, &[u8])], change: impl FnOnce(&mut FilesOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, content) in files {
            write(&folder.path().join(name), content);
        }
        Self::of_folder(folder, change)
    }

    fn of_folder(folder: tempfile::TempDir, change: impl FnOnce(&mut FilesOptions)) -> Self {
        let mut options = FilesOptions {
            recheck: Duration::ZERO,
            ..FilesOptions::default()
        };
        change(&mut options);
        let files = Files::new(folder.path(), options).expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        Self {
            folder,
            files,
            runtime,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        write(&self.path(name), content);
    }

    fn get(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask("GET", target, fields)
    }

    fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Answer {
        let request = request(method, target, fields);
        self.runtime.block_on(answer(&self.files, request))
    }
}

impl Answer {
    fn field(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("ASCII"))
    }
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, content).expect("a file");
}

fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

async fn answer(files: &Files, request: Request<()>) -> Answer {
    let Ok(response) = files.clone().call(request).await;
    let (head, body) = response.into_parts();
    let promised = body.size_hint().exact().expect("an exact length");
    let body = collected(body).await.expect("a whole body");
    assert_eq!(body.len() as u64, promised);
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        unreadable: head.extensions.get().cloned(),
        head: head
            .extensions
            .get()
            .map(|DocumentHead(bytes)| usize::try_from(*bytes).expect("a length")),
    }
}

async fn collected(body: FileBody) -> io::Result<Bytes> {
    let mut body = pin!(body);
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        whole.extend(frame?.into_data().expect("data"));
    }
    Ok(whole.into())
}

/// A text whose every part is different.
fn large() -> Vec<u8> {
    let words = (0u32..).flat_map(u32::to_be_bytes);
    words.take(MOST_IN_MEMORY as usize + 12_345).collect()
}

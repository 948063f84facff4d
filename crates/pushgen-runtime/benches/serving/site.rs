//! The files that all servers serve, and the policy for them.
//!
//! In: nothing. Out: bodies of five sizes for requests without pushes, and pages with three assets each;
//! in memory as a service, on disk for other servers, and as a push policy.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use pushgen_policy::{Policy, Sha256};
use tower_service::Service;

use crate::Fallible;

/// Pages, each with assets of its own.
pub(crate) const PAGES: usize = 25;
pub(crate) const PAGE_BYTES: usize = 20_000;
pub(crate) const ASSET_BYTES: usize = 10_000;
/// The assets of each page, with their destination and class.
const ASSETS: [(&str, &str, &str); 3] = [
    ("a.css", "text/css", "style"),
    ("b.js", "text/javascript", "script"),
    ("c.css", "text/css", "style"),
];

const PLAIN: [(&str, usize); 4] = [
    ("/13", 13),
    ("/10k", 10_000),
    ("/1M", 1_000_000),
    ("/50M", 50_000_000),
];

/// The target of a page.
pub(crate) fn page(number: usize) -> String {
    format!("/p{:02}/index.html", number % PAGES)
}

/// The targets of a page's assets.
pub(crate) fn assets(number: usize) -> impl Iterator<Item = String> {
    let folder = number % PAGES;
    ASSETS
        .iter()
        .map(move |(name, ..)| format!("/p{folder:02}/{name}"))
}

/// A service of files in memory.
#[derive(Debug, Clone)]
pub(crate) struct Files(Arc<HashMap<String, File>>);

#[derive(Debug, Clone)]
pub(crate) struct File {
    media_type: HeaderValue,
    body: Bytes,
}

impl Files {
    pub(crate) fn new() -> Self {
        let mut files = HashMap::new();
        let mut add = |target: String, media_type, size| {
            let body: Bytes = text(&target, size).into();
            let media_type = HeaderValue::from_static(media_type);
            files.insert(target, File { media_type, body });
        };
        for (target, size) in PLAIN {
            add(target.to_owned(), "text/plain", size);
        }
        for number in 0..PAGES {
            add(page(number), "text/html", PAGE_BYTES);
            for (target, (_, media_type, _)) in assets(number).zip(ASSETS) {
                add(target, media_type, ASSET_BYTES);
            }
        }
        Self(Arc::new(files))
    }

    /// Writes the pages and their assets into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Fallible<()> {
        for (target, file) in self.0.iter() {
            if let Some((directory, name)) = target.trim_start_matches('/').split_once('/') {
                fs::create_dir_all(folder.join(directory))?;
                fs::write(folder.join(directory).join(name), &file.body)?;
            }
        }
        Ok(())
    }

    /// What a request for `target` is answered with.
    pub(crate) fn answer(&self, target: &str) -> Response<Full<Bytes>> {
        let Some(file) = self.0.get(target) else {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        let mut response = Response::new(Full::new(file.body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, file.media_type.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
        response
    }
}

impl<B> Service<Request<B>> for Files {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.uri().path())))
    }
}

/// Every page pushes its three assets.
pub(crate) fn policy() -> Fallible<Policy> {
    let (mut table, mut plans, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PAGES {
        let mut entries = Vec::new();
        for (target, (_, media_type, class)) in assets(number).zip(ASSETS) {
            let content = Sha256::of(text(&target, ASSET_BYTES).as_bytes());
            entries.push(format!(
                r#"{{"asset": {}, "class": "{class}", "depth": 1, "means": ["push", "hint"], "reason": "measured"}}"#,
                table.len()
            ));
            table.push(format!(
                r#"{{"path": "{target}", "type": "{media_type}", "destination": "{class}", "sizes": {{"identity": {ASSET_BYTES}}}, "content": "{content}"}}"#
            ));
        }
        plans.push(format!(
            r#"{{"reason": "measured", "bytes": {}, "entries": [{}]}}"#,
            ASSETS.len() * ASSET_BYTES,
            entries.join(", ")
        ));
        pages.push(format!(r#""{}": {{"plan": {number}}}"#, page(number)));
    }
    let json = format!(
        r#"{{"$schema": "{}", "version": 1, "generator": "benchmark", "assets": [{}], "plans": [{}], "pages": {{{}}}}}"#,
        pushgen_policy::SCHEMA,
        table.join(", "),
        plans.join(", "),
        pages.join(", ")
    );
    Ok(Policy::from_json(json.as_bytes())?)
}

/// Some text that differs from file to file.
fn text(target: &str, size: usize) -> String {
    let line = format!("/* {target} */ ");
    let mut text = line.repeat(size.div_ceil(line.len()));
    text.truncate(size);
    text
}

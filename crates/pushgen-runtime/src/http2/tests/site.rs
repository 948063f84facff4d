//! A site for tests: a service of a few files, with a policy for its pages.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

use crate::body::Body;
use crate::builder::Settings;
use crate::loaded_policy::example;
use crate::{LoadedPolicy, PolicyHandle, Rules};

/// What a request is answered with.
#[derive(Clone)]
pub(super) struct File {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) delay: Duration,
}

impl File {
    pub(super) fn of(body: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            headers: vec![("cache-control", "max-age=600".to_owned())],
            body: body.into(),
            delay: Duration::ZERO,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A request that the service saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) target: String,
    pub(super) request: Arc<http::request::Parts>,
}

type Answers = dyn Fn(&Request<Body>) -> File + Send + Sync;

/// The service.
#[derive(Clone)]
pub(super) struct Site {
    answers: Arc<Answers>,
    pub(super) seen: Arc<std::sync::Mutex<Vec<Seen>>>,
    /// Futures of the service that have not ended or been dropped.
    pub(super) alive: Arc<AtomicUsize>,
}

impl Site {
    pub(super) fn new(answers: impl Fn(&Request<Body>) -> File + Send + Sync + 'static) -> Self {
        Self {
            answers: Arc::new(answers),
            seen: Arc::default(),
            alive: Arc::default(),
        }
    }

    /// Every page is `<html>`, every asset ten bytes.
    pub(super) fn plain() -> Self {
        Self::new(|request| {
            if request.uri().path().ends_with(".css") {
                File::of("0123456789")
            } else {
                File::of("<html>").header("content-type", "text/html")
            }
        })
    }

    pub(super) fn targets(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.target.clone()).collect()
    }
}

impl Service<Request<Body>> for Site {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let file = (self.answers)(&request);
        let target = request.uri().path_and_query().unwrap().to_string();
        let request = Arc::new(request.into_parts().0);
        self.seen.lock().unwrap().push(Seen { target, request });
        let alive = Alive::new(&self.alive);
        Box::pin(async move {
            let _alive = alive;
            if !file.delay.is_zero() {
                tokio::time::sleep(file.delay).await;
            }
            let mut response = Response::builder().status(file.status);
            for (name, value) in &file.headers {
                response = response.header(*name, value);
            }
            let mut body = file.body;
            if StatusCode::from_u16(file.status).unwrap() == StatusCode::NOT_MODIFIED {
                body = Bytes::new();
            }
            Ok(response.body(Full::new(body)).unwrap())
        })
    }
}

struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `/` and `/b/` push three and one style sheet, `/hint/` hints two.
pub(super) fn policy() -> Arc<LoadedPolicy> {
    example::policy(
        &[
            ("/1.css", "1"),
            ("/2.css", "2"),
            ("/3.css", "3"),
            ("/4.css", "4"),
        ],
        &[
            ("/", &[(0, "both"), (1, "both"), (2, "both")]),
            ("/b/", &[(3, "both")]),
            ("/hint/", &[(0, "hint"), (1, "hint")]),
        ],
    )
}

pub(super) fn settings() -> Settings {
    Settings {
        policy: Some(PolicyHandle::of(policy())),
        rules: Rules::default(),
        ..Settings::default()
    }
}

//! A site for tests: a service that answers as a test says, with a policy for its pages.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use pushgen_policy::{Class, Policy, wire};
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use crate::body::{Body, BoxError};
use crate::builder::Settings;
use crate::connection_info::Promised;
use crate::loaded_policy::example;
use crate::{DocumentHead, LoadedPolicy, PolicyHandle};

pub(super) type Answer = Result<Response<Pieces>, BoxError>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(super) struct File {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Pieces,
    delay: Duration,
    head: Option<DocumentHead>,
}

impl File {
    /// A 200 that may be kept.
    pub(super) fn of(body: impl Into<Bytes>) -> Self {
        Self::in_pieces(Pieces::of(body))
    }

    pub(super) fn in_pieces(body: Pieces) -> Self {
        Self {
            status: 200,
            headers: vec![("cache-control", "max-age=600".to_owned())],
            body,
            delay: Duration::ZERO,
            head: None,
        }
    }

    pub(super) fn html() -> Self {
        Self::of("<html>")
    }

    pub(super) fn css() -> Self {
        Self::of("0123456789")
    }

    /// With this field instead of those of the name.
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

    /// With the service's own word on where it is divided.
    pub(super) fn document_head(mut self, bytes: u64) -> Self {
        self.head = Some(DocumentHead(bytes));
        self
    }

    pub(super) async fn answer(self) -> Answer {
        if !self.delay.is_zero() {
            sleep(self.delay).await;
        }
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        if let Some(head) = self.head {
            response = response.extension(head);
        }
        Ok(response.body(self.body)?)
    }
}

/// A request that the service saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) target: String,
    pub(super) head: Arc<http::request::Parts>,
}

impl Seen {
    pub(super) fn is_promised(&self) -> bool {
        self.head.extensions.get::<Promised>().is_some()
    }
}

/// The service.
#[derive(Clone)]
pub(super) struct Site {
    handler: Arc<dyn Fn(Request<Body>) -> Answering + Send + Sync>,
    seen: Arc<Mutex<Vec<Seen>>>,
    alive: Arc<AtomicUsize>,
}

impl Site {
    /// Answers with files.
    pub(super) fn of(file: impl Fn(&str) -> File + Send + Sync + 'static) -> Self {
        Self::handling(move |request| {
            let target = request.uri().path_and_query();
            file(target.map_or("", |target| target.as_str())).answer()
        })
    }

    /// Answers as the handler does.
    pub(super) fn handling<F>(handler: impl Fn(Request<Body>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self {
            handler: Arc::new(move |request| Box::pin(handler(request))),
            seen: Arc::default(),
            alive: Arc::default(),
        }
    }

    /// Every page is `<html>`, every asset ten bytes.
    pub(super) fn plain() -> Self {
        Self::of(plain)
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Their targets.
    pub(super) fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Handlers that have not ended or been dropped.
    pub(super) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}

/// What a plain site answers.
pub(super) fn plain(target: &str) -> File {
    if target.ends_with(".css") {
        File::css()
    } else {
        File::html()
    }
}

impl Service<Request<Body>> for Site {
    type Response = Response<Pieces>;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let (head, body) = request.into_parts();
        self.seen.lock().unwrap().push(Seen {
            target: head.uri.path_and_query().unwrap().to_string(),
            head: Arc::new(head.clone()),
        });
        let answer = (self.handler)(Request::from_parts(head, body));
        self.alive.fetch_add(1, Ordering::SeqCst);
        let alive = Alive(Arc::clone(&self.alive));
        Box::pin(async move {
            let _alive = alive;
            answer.await
        })
    }
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One thing that a body does.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Data(Bytes),
    Wait(Duration),
    Trailers(HeaderMap),
    Fail,
    Panic,
    /// Nothing more, and no end.
    Hang,
}

/// A body that does one thing after the other.
#[derive(Debug)]
pub(super) struct Pieces {
    left: VecDeque<Piece>,
    length: Option<u64>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    /// Bytes, of known length.
    pub(super) fn of(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = Some(bytes.len() as u64);
        let left = if bytes.is_empty() {
            VecDeque::new()
        } else {
            [Piece::Data(bytes)].into()
        };
        Self {
            left,
            length,
            waiting: None,
        }
    }

    /// Of no known length.
    pub(super) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            left: pieces.into_iter().collect(),
            length: None,
            waiting: None,
        }
    }
}

impl Clone for Pieces {
    fn clone(&self) -> Self {
        Self {
            left: self.left.clone(),
            length: self.length,
            waiting: None,
        }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            return Poll::Ready(match self.left.pop_front() {
                None => None,
                Some(Piece::Data(bytes)) => Some(Ok(Frame::data(bytes))),
                Some(Piece::Trailers(fields)) => Some(Ok(Frame::trailers(fields))),
                Some(Piece::Fail) => Some(Err("the body fails".into())),
                Some(Piece::Panic) => panic!("the body panics"),
                Some(Piece::Hang) => {
                    self.left.push_front(Piece::Hang);
                    return Poll::Pending;
                }
                Some(Piece::Wait(time)) => {
                    self.waiting = Some(Box::pin(sleep(time)));
                    continue;
                }
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// `/` and `/b/` push three and one style sheet, `/ab/` one of either, `/hint/` hints two, `/mixed/`
/// pushes one and hints another, `/wide/` links one for wide screens and hints another.
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
            ("/ab/", &[(0, "both"), (3, "both")]),
            ("/b/", &[(3, "both")]),
            ("/hint/", &[(0, "hint"), (1, "hint")]),
            ("/mixed/", &[(0, "both"), (1, "hint")]),
            ("/wide/", &[(0, "link"), (1, "hint")]),
        ],
    )
}

/// `/` hints a style sheet, a script and the image of its largest paint, in this order.
pub(super) fn painted() -> Settings {
    let assets = [("/hero.jpg", "1"), ("/main.js", "2"), ("/page.css", "3")];
    let entries = [(2, "hint"), (1, "hint"), (0, "hint")];
    let policy = example::policy(&assets, &[("/", &entries)]);
    let mut wire = wire::Policy::from(policy.policy());
    wire.plans[0].entries[2].class = Class::Lcp;
    let policy = Policy::try_from(wire).unwrap();
    with_policy(LoadedPolicy::new(policy, []).into())
}

/// Pages `/0/`, `/1/` and so on, each with as many pushes of its own.
pub(super) fn many_pages(pages: usize, pushes: usize) -> Arc<LoadedPolicy> {
    let paths: Vec<String> = (0..pages * pushes)
        .map(|asset| format!("/{asset:05}.css"))
        .collect();
    let assets: Vec<(&str, &str)> = paths.iter().map(|path| (&**path, &**path)).collect();
    let targets: Vec<String> = (0..pages).map(|page| format!("/{page}/")).collect();
    let entries: Vec<Vec<example::Entry>> = (0..pages)
        .map(|page| {
            (page * pushes..)
                .take(pushes)
                .map(|asset| (asset, "both"))
                .collect()
        })
        .collect();
    let plans: Vec<(&str, &[example::Entry])> = targets
        .iter()
        .zip(&entries)
        .map(|(target, entries)| (&**target, &**entries))
        .collect();
    example::policy(&assets, &plans)
}

pub(super) fn settings() -> Settings {
    with_policy(policy())
}

pub(super) fn with_policy(policy: Arc<LoadedPolicy>) -> Settings {
    Settings {
        policy: Some(PolicyHandle::of(policy)),
        ..Settings::default()
    }
}

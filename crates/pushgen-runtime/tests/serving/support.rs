//! A site, and clients that write and read bytes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use pushgen_policy::Policy;
use pushgen_runtime::{Body, BoxError, Builder, ConnectionError, HttpService, Hyper, PolicyHandle};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub(crate) const CSS: &str = "</app.css>; rel=preload; as=style";
pub(crate) const JS: &str = "</app.js>; rel=preload; as=script";

/// Pages that hint a style sheet and a script.
pub(crate) fn policy() -> PolicyHandle {
    PolicyHandle::new(policy_of(&["/", "/gone/", "/own/", "/shared/"]), [])
}

pub(crate) fn policy_of(pages: &[&str]) -> Policy {
    let pages: Vec<String> = pages
        .iter()
        .map(|page| format!(r#""{page}": {{"plan": 0}}"#))
        .collect();
    let json = r#"{
        "$schema": "urn:pushgen:schema:policy:1", "version": 1, "generator": "test",
        "assets": [
            {"path": "/app.css", "type": "text/css", "destination": "style", "sizes": {"identity": 1},
             "content": "NuZPGfV6BcjNW2v37_cnA7S7qxne94MutOaG5_pILu8"},
            {"path": "/app.js", "type": "text/javascript", "destination": "script", "sizes": {"identity": 1},
             "content": "Fs7fgK3gHGK90a6THQSSMwwLYr8pTAjAlc4vqyGpKY0"}
        ],
        "plans": [{"reason": "test", "bytes": 2, "entries": [
            {"asset": 0, "class": "style", "depth": 1, "means": ["push", "hint"], "reason": "test"},
            {"asset": 1, "class": "script", "depth": 1, "means": ["hint"], "reason": "test"}
        ]}],
        "pages": {PAGES}
    }"#;
    Policy::from_json(json.replace("PAGES", &pages.join(",")).as_bytes()).unwrap()
}

/// What tests send as the body of a response.
pub(crate) type Answer = UnsyncBoxBody<Bytes, BoxError>;

pub(crate) fn full(text: impl Into<Bytes>) -> Answer {
    Full::new(text.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// A body that is sent while it is made.
pub(crate) struct Parts(pub(crate) mpsc::UnboundedReceiver<&'static str>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let part = self.0.poll_recv(context);
        part.map(|part| part.map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes())))))
    }
}

pub(crate) fn service<F, R>(answer: F) -> impl HttpService + Sync
where
    F: Fn(Request<Body>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Response<Answer>, BoxError>> + Send + 'static,
{
    Hyper(hyper::service::service_fn(answer))
}

/// A site with one of everything.
pub(crate) fn site() -> impl HttpService + Sync {
    service(respond)
}

async fn respond(mut request: Request<Body>) -> Result<Response<Answer>, BoxError> {
    let response = Response::builder();
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        "/gone/" | "/nowhere" => response.status(StatusCode::NOT_FOUND).body(full("gone"))?,
        "/own/" => response
            .header(
                "link",
                "<https://cdn.example>; rel=preconnect, </app.css>; rel=preload; as=style; x=y",
            )
            .body(full("own"))?,
        "/shared/" => response
            .header("cache-control", "public, max-age=60")
            .body(full("shared"))?,
        "/app.css" | "/app.js" => response
            .header("cache-control", "max-age=60")
            .body(full("css"))?,
        "/echo" => response.body(request.into_body().boxed_unsync())?,
        "/fails" => return Err("it fails".into()),
        "/panics" => panic!("it panics, as it should here"),
        "/large" => response.body(full(vec![b'x'; 1 << 20]))?,
        "/never" => std::future::pending().await,
        "/upgrade" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut io = TokioIo::new(upgrade.await.unwrap());
                let (mut read, mut write) = tokio::io::split(&mut io);
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
            response
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "upgrade")
                .header("upgrade", "echo")
                .body(full(""))?
        }
        _ => response.body(full(path))?,
    })
}

pub(crate) type Serving = JoinHandle<Result<(), ConnectionError>>;

/// A connection with small buffers.
pub(crate) fn connect(
    builder: &Builder,
    service: impl HttpService + Sync,
) -> (Client<DuplexStream>, Serving) {
    let (client, server) = tokio::io::duplex(4096);
    let builder = builder.clone();
    let serving = tokio::spawn(async move { builder.serve_connection(server, service).await });
    (Client::new(client), serving)
}

/// Writes requests and reads responses of HTTP/1.
pub(crate) struct Client<Io> {
    pub(crate) io: Io,
    read: Vec<u8>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Client<Io> {
    pub(crate) fn new(io: Io) -> Self {
        Self {
            io,
            read: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.io.write_all(text.as_bytes()).await.unwrap();
    }

    /// Asks with GET as a browser does for a page.
    pub(crate) async fn get(&mut self, target: &str) -> (String, String) {
        self.send(&format!(
            "GET {target} HTTP/1.1\r\nHost: example.com\r\nAccept: text/html\r\n\r\n"
        ))
        .await;
        self.response().await
    }

    /// What comes up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self
                .read
                .windows(end.len())
                .position(|window| window == end.as_bytes());
            if let Some(found) = found {
                return self.take(found + end.len());
            }
            let read = self.io.read_buf(&mut self.read).await.unwrap();
            assert_ne!(
                read,
                0,
                "ended after {:?}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }

    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// A head and a body of known length.
    pub(crate) async fn response(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let body = self.exactly(length).await;
        (head, body)
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> String {
        while self.read.len() < length {
            assert_ne!(self.io.read_buf(&mut self.read).await.unwrap(), 0);
        }
        self.take(length)
    }

    /// What comes until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        self.io.read_to_end(&mut self.read).await.unwrap();
        self.take(self.read.len())
    }

    fn take(&mut self, length: usize) -> String {
        let taken = self.read.drain(..length).collect();
        String::from_utf8(taken).unwrap()
    }
}

/// The values of a field of a head.
pub(crate) fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    head.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .collect()
}

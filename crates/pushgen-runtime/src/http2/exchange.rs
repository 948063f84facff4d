//! One stream's response, as long as its head is not sent.
//!
//! In: `h2`'s [`SendResponse`]. Out: [`Exchange`], which the tasks that may have a say in the response
//! share: the request's own sends the head, a handler may send a 103 before it, and the connection's
//! task promises on it. Whoever comes after the head finds the exchange closed.
//!
//! A stream on which promises were made is not reset at once: with the reset, `h2` would drop those
//! that still wait to be written and keep their streams for ever. Such a stream goes to the
//! connection's task, which resets it when every promise is out. Left out: bodies.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{HeaderMap, Response, StatusCode, response};
use tokio::sync::mpsc;

use crate::http2::turns::Handed;

/// One stream's response.
pub(crate) struct Exchange {
    stream: u32,
    response: Mutex<Option<SendResponse<Handed>>>,
    early_hints_sent: AtomicBool,
    has_promised: AtomicBool,
    abandoned: mpsc::UnboundedSender<Abandoned>,
}

/// A stream to be reset once no promise waits to be written.
pub(crate) enum Abandoned {
    /// Before the head.
    Response(SendResponse<Handed>, Reason),
    /// After it.
    Body(SendStream<Handed>, Reason),
}

impl Abandoned {
    /// Resets the stream.
    pub(crate) fn reset(self) {
        match self {
            Self::Response(mut response, reason) => response.send_reset(reason),
            Self::Body(mut body, reason) => body.send_reset(reason),
        }
    }
}

/// The exchange is over: the head is sent, or the stream reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

impl Exchange {
    pub(crate) fn new(
        response: SendResponse<Handed>,
        abandoned: mpsc::UnboundedSender<Abandoned>,
    ) -> Arc<Self> {
        Arc::new(Self {
            stream: response.stream_id().as_u32(),
            response: Mutex::new(Some(response)),
            early_hints_sent: AtomicBool::new(false),
            has_promised: AtomicBool::new(false),
            abandoned,
        })
    }

    /// The stream's identifier.
    pub(crate) fn stream(&self) -> u32 {
        self.stream
    }

    /// Whether a 103 was sent.
    pub(crate) fn early_hints_sent(&self) -> bool {
        self.early_hints_sent.load(Ordering::Relaxed)
    }

    /// Ready when the client has reset the stream, the connection is gone, or the head was sent.
    pub(crate) fn poll_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self.lock() {
            Some(response) => response.poll_reset(context).map(|_| ()),
            None => Poll::Ready(()),
        }
    }

    /// Sends a response that is not the last one.
    pub(crate) fn inform(&self, status: StatusCode, headers: HeaderMap) -> Result<(), Closed> {
        let mut head = Response::new(());
        *head.status_mut() = status;
        *head.headers_mut() = headers;
        let mut response = self.lock();
        let sent = response
            .as_mut()
            .ok_or(Closed)?
            .send_informational(head)
            .map_err(|_| Closed);
        if status == StatusCode::EARLY_HINTS && sent.is_ok() {
            self.early_hints_sent.store(true, Ordering::Relaxed);
        }
        sent
    }

    /// Sends the head of the response.
    pub(crate) fn respond(
        &self,
        head: response::Parts,
        ends: bool,
    ) -> Result<SendStream<Handed>, Closed> {
        let mut response = self.lock().take().ok_or(Closed)?;
        let head = Response::from_parts(head, ());
        response.send_response(head, ends).map_err(|_| Closed)
    }

    /// For the connection's task: makes promises on the stream while its response is not begun.
    pub(crate) fn promise<T>(
        &self,
        promise: impl FnOnce(&mut SendResponse<Handed>) -> T,
    ) -> Result<T, Closed> {
        let mut response = self.lock();
        let response = response.as_mut().ok_or(Closed)?;
        self.has_promised.store(true, Ordering::Relaxed);
        Ok(promise(response))
    }

    /// Gives the response up, without a head.
    pub(crate) fn abandon(&self, reason: Reason) {
        if let Some(response) = self.lock().take() {
            self.reset(Abandoned::Response(response, reason));
        }
    }

    /// Gives the response up after its head.
    pub(crate) fn abandon_body(&self, body: SendStream<Handed>, reason: Reason) {
        self.reset(Abandoned::Body(body, reason));
    }

    fn reset(&self, stream: Abandoned) {
        if !self.has_promised.load(Ordering::Relaxed) {
            stream.reset();
        } else if let Err(unsent) = self.abandoned.send(stream) {
            // The connection has ended.
            unsent.0.reset();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<SendResponse<Handed>>> {
        self.response.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a request's content, once it is wanted (RFC 9110, section 10.1.1).
pub(crate) struct Continue(Weak<Exchange>);

impl Continue {
    pub(crate) fn new(exchange: &Arc<Exchange>) -> Self {
        Self(Arc::downgrade(exchange))
    }

    pub(crate) fn send(self) {
        if let Some(exchange) = self.0.upgrade() {
            // A response that was sent already asks for nothing.
            let _ = exchange.inform(StatusCode::CONTINUE, HeaderMap::new());
        }
    }
}

impl std::fmt::Debug for Continue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Continue")
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Exchange")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

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
use std::task::{Context, Poll, Waker};

use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{HeaderMap, Response, StatusCode, response};
use tokio::sync::mpsc;

use crate::http2::turns::Handed;

/// One stream's response.
pub(crate) struct Exchange {
    stream: u32,
    state: Mutex<State>,
    early_hints_sent: AtomicBool,
    has_promised: AtomicBool,
    abandoned: mpsc::UnboundedSender<Box<Abandoned>>,
}

struct State {
    /// None once the head is sent or the response given up.
    response: Option<SendResponse<Handed>>,
    /// The request's own task, if it waits for the stream to close. h2 keeps one waker of a stream, so
    /// whoever else looks at the stream must leave this one there.
    own_task: Option<Waker>,
    /// Other tasks that wait for the exchange to be over.
    others: Vec<Waker>,
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
        abandoned: mpsc::UnboundedSender<Box<Abandoned>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            stream: response.stream_id().as_u32(),
            state: Mutex::new(State {
                response: Some(response),
                own_task: None,
                others: Vec::new(),
            }),
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

    /// Whether a promise was made on the stream, or was about to be.
    pub(crate) fn has_promised(&self) -> bool {
        self.has_promised.load(Ordering::Relaxed)
    }

    /// Ready when the client has reset the stream, the connection is gone, or the head was sent. For the
    /// request's own task only.
    pub(crate) fn poll_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match &mut state.own_task {
            Some(own_task) => own_task.clone_from(context.waker()),
            None => state.own_task = Some(context.waker().clone()),
        }
        state.poll_closed()
    }

    /// The same, for any task that only looks.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().poll_closed().is_ready()
    }

    /// Ready when the head was sent or the response given up. For any task; when the client resets the
    /// stream, the request's own task gives the response up.
    pub(crate) fn poll_over(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.response.is_none() {
            return Poll::Ready(());
        }
        let waker = context.waker();
        if !state.others.iter().any(|other| other.will_wake(waker)) {
            state.others.push(waker.clone());
        }
        Poll::Pending
    }

    /// Sends a response that is not the last one.
    pub(crate) fn inform(&self, status: StatusCode, headers: HeaderMap) -> Result<(), Closed> {
        let mut head = Response::new(());
        *head.status_mut() = status;
        *head.headers_mut() = headers;
        let mut state = self.lock();
        // h2 would send it on a stream that the client has reset.
        if state.poll_closed().is_ready() {
            return Err(Closed);
        }
        let response = state.response.as_mut().ok_or(Closed)?;
        let sent = response.send_informational(head).map_err(|_| Closed);
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
        let mut response = self.take().ok_or(Closed)?;
        let head = Response::from_parts(head, ());
        response.send_response(head, ends).map_err(|_| Closed)
    }

    /// For the connection's task: makes promises on the stream while its response is not begun.
    pub(crate) fn promise<T>(
        &self,
        promise: impl FnOnce(&mut SendResponse<Handed>) -> T,
    ) -> Result<T, Closed> {
        let mut state = self.lock();
        let response = state.response.as_mut().ok_or(Closed)?;
        self.has_promised.store(true, Ordering::Relaxed);
        Ok(promise(response))
    }

    /// Gives the response up, without a head.
    pub(crate) fn abandon(&self, reason: Reason) {
        if let Some(response) = self.take() {
            self.reset(Abandoned::Response(response, reason));
        }
    }

    /// Gives the response up after its head.
    pub(crate) fn abandon_body(&self, body: SendStream<Handed>, reason: Reason) {
        self.reset(Abandoned::Body(body, reason));
    }

    fn reset(&self, stream: Abandoned) {
        if !self.has_promised() {
            stream.reset();
        } else if let Err(unsent) = self.abandoned.send(Box::new(stream)) {
            // The connection has ended.
            unsent.0.reset();
        }
    }

    /// The response, which is over for everyone else.
    fn take(&self) -> Option<SendResponse<Handed>> {
        let mut state = self.lock();
        let response = state.response.take();
        let others = std::mem::take(&mut state.others);
        drop(state);
        others.into_iter().for_each(Waker::wake);
        response
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_closed(&mut self) -> Poll<()> {
        let waker = self.own_task.as_ref().unwrap_or(Waker::noop());
        match &mut self.response {
            Some(response) => response
                .poll_reset(&mut Context::from_waker(waker))
                .map(|_| ()),
            None => Poll::Ready(()),
        }
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

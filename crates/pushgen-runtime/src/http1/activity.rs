//! What an HTTP/1 connection waits for, so that it does not wait for ever.
//!
//! In: the reads and writes of a connection, the begin and the end of its responses. Out: a
//! [`Wait`], and a [`Clock`] that says when it has lasted too long. hyper has a timer for the fields
//! of a request, which does not tell a client that sends them slowly from one that asks for nothing
//! more; and none for a client that does not read. Left out: a request's content, which a service
//! may wait for as long as it wants.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The first request, or one that has begun.
    Fields,
    /// A further request.
    Request,
    /// The client to take what was written.
    Writing,
    /// The service.
    Response,
}

/// What happened on a connection. One task sees all of it, so no order is asked for.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Bytes.
    read: AtomicU64,
    /// Bytes.
    written: AtomicU64,
    is_blocked: AtomicBool,
    requests: AtomicU64,
    responses: AtomicU64,
    /// Bytes read when the last response ended.
    read_before: AtomicU64,
    /// Whether the last request has content, some of which may still come.
    has_content: AtomicBool,
}

impl Activity {
    pub(super) fn begin(&self, has_content: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.has_content.store(has_content, Relaxed);
    }

    pub(super) fn end(&self) {
        self.responses.fetch_add(1, Relaxed);
        self.read_before.store(self.read.load(Relaxed), Relaxed);
    }

    /// What is waited for, and a number that is another one when something of it has happened.
    pub(super) fn wait(&self) -> (Wait, u64) {
        let requests = self.requests.load(Relaxed);
        let read = self.read.load(Relaxed);
        if self.is_blocked.load(Relaxed) {
            (Wait::Writing, self.written.load(Relaxed))
        } else if requests > self.responses.load(Relaxed) {
            (Wait::Response, requests)
        } else if requests == 0 {
            (Wait::Fields, 0)
        } else if self.has_content.load(Relaxed) {
            // What comes may be the rest of the content.
            (Wait::Request, read)
        } else if read > self.read_before.load(Relaxed) {
            (Wait::Fields, requests)
        } else {
            (Wait::Request, requests)
        }
    }
}

/// A stream of bytes that is watched.
#[derive(Debug)]
pub(super) struct Watched<Io> {
    io: Io,
    activity: Arc<Activity>,
}

impl<Io> Watched<Io> {
    pub(super) fn new(io: Io, activity: &Arc<Activity>) -> Self {
        Self {
            io,
            activity: Arc::clone(activity),
        }
    }

    fn saw<T>(&self, written: Poll<T>) -> Poll<T> {
        self.activity
            .is_blocked
            .store(written.is_pending(), Relaxed);
        written
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(length)) = written {
            self.activity.written.fetch_add(length as u64, Relaxed);
        }
        self.saw(written)
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Watched<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        self.activity.read.fetch_add(read as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Watched<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.saw(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(context);
        self.saw(shut)
    }
}

/// Measures how long the same thing is waited for.
#[derive(Debug)]
pub(super) struct Clock {
    waits: (Wait, u64),
    since: Instant,
    /// Rings no later than the wait is over. A busy connection so seldom sets it anew.
    alarm: Pin<Box<Sleep>>,
}

impl Clock {
    pub(super) fn new(activity: &Activity, patience: Duration) -> Self {
        Self {
            waits: activity.wait(),
            since: Instant::now(),
            alarm: Box::pin(tokio::time::sleep(patience)),
        }
    }

    /// Is ready when what `activity` waits for has lasted as long as `patience` has for it.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        activity: &Activity,
        patience: impl Fn(Wait) -> Option<Duration>,
    ) -> Poll<Wait> {
        let waits = activity.wait();
        if waits != self.waits {
            self.waits = waits;
            self.since = Instant::now();
        }
        let (wait, _) = waits;
        // Without a limit, or one that time does not reach, it may last.
        let Some(end) = patience(wait).and_then(|patience| self.since.checked_add(patience)) else {
            return Poll::Pending;
        };
        if end < self.alarm.deadline() {
            self.alarm.as_mut().reset(end);
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if Instant::now() >= end {
                return Poll::Ready(wait);
            }
            self.alarm.as_mut().reset(end);
        }
    }
}

//! A connection that counts as open for as long as it is.
//!
//! In: a stream of bytes. Out: the same stream. It holds its place among the server's connections
//! until it is dropped, also when an upgrade (RFC 9110, section 7.8) has handed it to a service.
//! Left out: what happens on it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;

use crate::metrics::Metrics;

/// A stream of bytes, and its place.
#[derive(Debug)]
pub(crate) struct OpenConnection<Io> {
    io: Io,
    _place: Place,
}

#[derive(Debug)]
struct Place {
    metrics: Arc<Metrics>,
    /// None if whoever accepts connections is not this crate.
    _permit: Option<OwnedSemaphorePermit>,
}

impl<Io> OpenConnection<Io> {
    pub(crate) fn new(
        io: Io,
        metrics: &Arc<Metrics>,
        permit: impl Into<Option<OwnedSemaphorePermit>>,
    ) -> Self {
        metrics.connections.add(1);
        metrics.open_connections.add(1);
        Self {
            io,
            _place: Place {
                metrics: Arc::clone(metrics),
                _permit: permit.into(),
            },
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.metrics.open_connections.remove(1);
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for OpenConnection<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for OpenConnection<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

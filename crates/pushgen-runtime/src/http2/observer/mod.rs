//! The frame observer: a byte stream that notes what passes between `h2` and the peer.
//!
//! In: the bytes stream under a server's HTTP/2 connection, from the client's preface on. Out: the
//! same stream, and [`Observations`] of what h2 does not tell and a pushing server must know: when
//! promises and ends of promised streams are written, the peer's ENABLE_PUSH, GOAWAY and priority
//! updates, when bytes last moved. Frames are those of RFC 9113; payloads stream past uncopied,
//! apart from a few bytes that [`incoming`] and [`outgoing`] name.
//!
//! While a promise waits in h2, reading is held back (the cork, see [`observations`]).
//!
//! *Written* means accepted by the inner stream. Over TLS that may be the TLS layer's buffer; the
//! order of frames, on which all this rests, is the same.
//!
//! Left out: time limits, and everything that needs header fields.

#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod incoming;
mod observations;
mod outgoing;
mod peer;
#[cfg(test)]
pub(in crate::http2) mod tests;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use incoming::Incoming;
use outgoing::Outgoing;

pub(crate) use observations::{ClosedBy, Observations};

/// A byte stream under observation.
#[derive(Debug)]
pub(crate) struct Observed<Io> {
    io: Io,
    incoming: Incoming,
    outgoing: Outgoing,
    observations: Arc<Observations>,
}

impl<Io> Observed<Io> {
    /// Observes a connection whose first byte is neither read nor written yet.
    pub(crate) fn new(io: Io) -> Self {
        Self {
            io,
            incoming: Incoming::new(),
            outgoing: Outgoing::new(),
            observations: Arc::new(Observations::new()),
        }
    }

    /// What is seen, to be shared before h2 takes the stream.
    pub(crate) fn observations(&self) -> &Arc<Observations> {
        &self.observations
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Observed<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.observations.poll_uncorked(context).is_pending() {
            this.observations.read_polled(Poll::Pending);
            return Poll::Pending;
        }
        let filled_before = buffer.filled().len();
        let Poll::Ready(result) = Pin::new(&mut this.io).poll_read(context, buffer) else {
            this.observations.read_polled(Poll::Pending);
            return Poll::Pending;
        };
        let bytes = buffer.filled().get(filled_before..).unwrap_or_default();
        this.observations.read_polled(Poll::Ready(bytes.len()));
        this.incoming.observe(bytes, &this.observations);
        Poll::Ready(result)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Observed<Io> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Poll::Ready(result) = Pin::new(&mut this.io).poll_write(context, bytes) else {
            this.observations.write_polled(Poll::Pending);
            return Poll::Pending;
        };
        let written = result?;
        this.observations.write_polled(Poll::Ready(written));
        let (written_bytes, _) = bytes.split_at(written.min(bytes.len()));
        this.outgoing.observe(written_bytes, &this.observations);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Poll::Ready(result) = Pin::new(&mut this.io).poll_write_vectored(context, slices)
        else {
            this.observations.write_polled(Poll::Pending);
            return Poll::Pending;
        };
        let written = result?;
        this.observations.write_polled(Poll::Ready(written));
        let mut left = written;
        for slice in slices {
            let (written_bytes, _) = slice.split_at(left.min(slice.len()));
            this.outgoing.observe(written_bytes, &this.observations);
            left -= written_bytes.len();
            if left == 0 {
                break;
            }
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Poll::Ready(result) = Pin::new(&mut this.io).poll_flush(context) else {
            this.observations.write_polled(Poll::Pending);
            return Poll::Pending;
        };
        this.observations.flushed();
        Poll::Ready(result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

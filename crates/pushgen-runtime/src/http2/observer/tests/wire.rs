//! Frames written by hand, and a byte stream that takes and gives as a test says.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::{Observations, Observed};

pub(in crate::http2) const DATA: u8 = 0x0;
pub(in crate::http2) const HEADERS: u8 = 0x1;
pub(in crate::http2) const RST_STREAM: u8 = 0x3;
pub(in crate::http2) const SETTINGS: u8 = 0x4;
pub(in crate::http2) const PUSH_PROMISE: u8 = 0x5;
pub(in crate::http2) const PING: u8 = 0x6;
pub(in crate::http2) const GOAWAY: u8 = 0x7;
pub(in crate::http2) const WINDOW_UPDATE: u8 = 0x8;
pub(in crate::http2) const CONTINUATION: u8 = 0x9;
pub(in crate::http2) const PRIORITY_UPDATE: u8 = 0x10;

pub(in crate::http2) const END_STREAM: u8 = 0x1;
pub(in crate::http2) const END_HEADERS: u8 = 0x4;
pub(in crate::http2) const PADDED: u8 = 0x8;

pub(in crate::http2) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(in crate::http2) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(in crate::http2) fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (identifier, value) in settings {
        payload.extend(identifier.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &payload)
}

pub(in crate::http2) fn push_promise(parent: u32, promised: u32) -> Vec<u8> {
    let payload = [&promised.to_be_bytes()[..], b"fields"].concat();
    frame(PUSH_PROMISE, END_HEADERS, parent, &payload)
}

pub(in crate::http2) fn rst_stream(stream: u32, error_code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &error_code.to_be_bytes())
}

pub(in crate::http2) fn goaway(last_stream: u32, error_code: u32) -> Vec<u8> {
    let mut payload = [last_stream.to_be_bytes(), error_code.to_be_bytes()].concat();
    payload.extend(b"reason");
    frame(GOAWAY, 0, 0, &payload)
}

pub(in crate::http2) fn priority_update(stream: u32, value: &[u8]) -> Vec<u8> {
    let payload = [&stream.to_be_bytes()[..], value].concat();
    frame(PRIORITY_UPDATE, 0, 0, &payload)
}

pub(in crate::http2) fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

/// The inner stream of a scripted connection.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// What each read gives; none left is Pending.
    pub(super) input: VecDeque<Vec<u8>>,
    /// How many bytes each write takes, 0 being Pending; none left takes everything.
    room: VecDeque<usize>,
    pub(super) output: Vec<u8>,
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(bytes) = self.get_mut().input.pop_front() else {
            return Poll::Pending;
        };
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let room = this.room.pop_front().unwrap_or(usize::MAX);
        if room == 0 {
            return Poll::Pending;
        }
        let before = this.output.len();
        for byte in slices.iter().flat_map(|slice| slice.iter()).take(room) {
            this.output.push(*byte);
        }
        Poll::Ready(Ok(this.output.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A connection without h2: the test says what is sent and what the client sends.
#[derive(Debug)]
pub(in crate::http2) struct Connection {
    pub(super) observed: Observed<Script>,
    pub(in crate::http2) observations: Arc<Observations>,
}

impl Connection {
    /// Nothing but the preface has been read.
    pub(in crate::http2) fn begun() -> Self {
        let observed = Observed::new(Script::default());
        let observations = Arc::clone(observed.observations());
        let mut connection = Self {
            observed,
            observations,
        };
        connection.receives(PREFACE);
        connection
    }

    /// The client sends bytes; the server reads all that it may.
    pub(in crate::http2) fn receives(&mut self, bytes: &[u8]) {
        self.observed.io.input.push_back(bytes.to_vec());
        self.reads(Waker::noop());
    }

    /// The server reads all that it may; returns how many bytes that was.
    pub(super) fn reads(&mut self, waker: &Waker) -> usize {
        let mut storage = vec![0; 1 << 17];
        let mut read = 0;
        loop {
            let mut buffer = ReadBuf::new(&mut storage);
            let mut context = Context::from_waker(waker);
            let poll = Pin::new(&mut self.observed).poll_read(&mut context, &mut buffer);
            let Poll::Ready(result) = poll else {
                return read;
            };
            result.unwrap();
            read += buffer.filled().len();
        }
    }

    /// The server writes bytes, all of which are taken.
    pub(in crate::http2) fn sends(&mut self, bytes: &[u8]) {
        assert_eq!(self.writes(&[bytes]), Poll::Ready(bytes.len()));
    }

    /// The next writes will take so many bytes.
    pub(super) fn has_room(&mut self, room: &[usize]) {
        self.observed.io.room.extend(room);
    }

    /// The server offers bytes in one vectored write.
    pub(super) fn writes(&mut self, slices: &[&[u8]]) -> Poll<usize> {
        let slices: Vec<_> = slices.iter().map(|bytes| io::IoSlice::new(bytes)).collect();
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.observed)
            .poll_write_vectored(&mut context, &slices)
            .map(Result::unwrap)
    }
}

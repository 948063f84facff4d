//! What the server sends: promises, the life of promised streams, DATA and GOAWAY.
//!
//! In: the bytes that the inner stream accepted. Out: calls on [`Observations`]. A promise, HEADERS
//! and the end of a stream count when the last byte of the header block or frame is written
//! (RFC 9113, sections 4.3, 6.2 and 6.6); DATA counts byte by byte.
//!
//! Left out: header blocks, and checks of what h2 writes.

use super::observations::Observations;
use crate::http2::frames::{FrameHead, FramePiece, FrameScanner, FrameType, stream_id};

/// The observer of one connection's output.
#[derive(Debug)]
pub(super) struct Outgoing {
    scanner: FrameScanner,
    frame: Frame,
}

/// The frame in progress.
#[derive(Debug)]
struct Frame {
    head: Option<FrameHead>,
    /// The header block in progress; no other frame can come between its parts.
    block: Option<HeaderBlock>,
    /// The front of a PUSH_PROMISE payload, with the pad length if there is one.
    promise: [u8; PROMISE_FRONT_MAX],
    promise_len: usize,
    /// DATA payload not yet reported.
    data: u64,
}

#[derive(Debug, Clone, Copy)]
struct HeaderBlock {
    stream: u32,
    promised: Option<u32>,
    ends_stream: bool,
}

/// Pad length and promised id.
const PROMISE_FRONT_MAX: usize = 5;

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            scanner: FrameScanner::new(),
            frame: Frame {
                head: None,
                block: None,
                promise: [0; PROMISE_FRONT_MAX],
                promise_len: 0,
                data: 0,
            },
        }
    }

    /// Takes the next bytes that were written.
    pub(super) fn observe(&mut self, bytes: &[u8], observations: &Observations) {
        let Self { scanner, frame } = self;
        scanner.scan(bytes, |piece| match piece {
            FramePiece::Head(head) => {
                frame.head = Some(head);
                frame.promise_len = 0;
            }
            FramePiece::Payload(bytes) => frame.extend(bytes),
            FramePiece::End => frame.end(observations),
        });
        let data = std::mem::take(&mut frame.data);
        if data > 0 {
            observations.data_written_now(data);
        }
    }
}

impl Frame {
    fn extend(&mut self, bytes: &[u8]) {
        match self.head.map(|head| head.kind) {
            Some(FrameType::Data) => self.data += bytes.len() as u64,
            Some(FrameType::PushPromise) => {
                let places = self.promise.iter_mut().skip(self.promise_len);
                for (place, byte) in places.zip(bytes) {
                    *place = *byte;
                    self.promise_len += 1;
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, observations: &Observations) {
        let Some(head) = self.head.take() else {
            return;
        };
        match head.kind {
            FrameType::Data if head.is_on_promised_stream() && head.ends_stream() => {
                observations.promised_end_written(head.stream);
            }
            FrameType::Headers => {
                self.block = Some(HeaderBlock {
                    stream: head.stream,
                    promised: None,
                    ends_stream: head.ends_stream(),
                });
            }
            FrameType::PushPromise => {
                self.block = self.promised(head).map(|promised| HeaderBlock {
                    stream: head.stream,
                    promised: Some(promised),
                    ends_stream: false,
                });
            }
            FrameType::RstStream => observations.reset_written(head.stream),
            FrameType::GoAway => observations.goaway_written(),
            _ => {}
        }
        let is_of_block = matches!(
            head.kind,
            FrameType::Headers | FrameType::PushPromise | FrameType::Continuation
        );
        if is_of_block
            && head.ends_headers()
            && let Some(block) = self.block.take()
        {
            block.end(observations);
        }
    }

    /// The promised id of a PUSH_PROMISE frame, unless the frame is too short for one.
    fn promised(&self, head: FrameHead) -> Option<u32> {
        let front = self.promise.get(..self.promise_len)?;
        let id = front.get(usize::from(head.is_padded())..)?;
        id.first_chunk().map(|id| stream_id(*id))
    }
}

impl HeaderBlock {
    fn end(self, observations: &Observations) {
        if let Some(promised) = self.promised {
            observations.promise_written(self.stream, promised);
        } else if self.stream.is_multiple_of(2) {
            observations.promised_headers_written(self.stream);
            if self.ends_stream {
                observations.promised_end_written(self.stream);
            }
        } else {
            observations.fields_written(self.stream);
        }
    }
}

//! HTTP/2 frames in a stream of bytes (RFC 9113, section 4.1).
//!
//! In: one direction of a connection in pieces of any size. Out: the same direction as frame heads,
//! slices of payload, and the end of each frame. Payloads are handed on as they lie in the caller's
//! buffer; nothing but the nine bytes of a head is ever copied.
//!
//! Left out: header blocks (HPACK), and every judgement. A frame of 2^24-1 bytes streams past like
//! any other; whether it is allowed is decided by `h2`, which reads the same bytes.

/// Bytes of a frame head.
pub(crate) const FRAME_HEAD_LEN: usize = 9;

/// Bytes of the preface that a client sends before its first frame (RFC 9113, section 3.4).
pub(crate) const CLIENT_PREFACE_LEN: usize = 24;

/// The frame types that say something about pushes or the order of sending (RFC 9113, section 6; RFC
/// 9218, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameType {
    Data,
    Headers,
    RstStream,
    Settings,
    PushPromise,
    GoAway,
    WindowUpdate,
    Continuation,
    PriorityUpdate,
    Other(u8),
}

impl From<u8> for FrameType {
    fn from(code: u8) -> Self {
        match code {
            0x00 => Self::Data,
            0x01 => Self::Headers,
            0x03 => Self::RstStream,
            0x04 => Self::Settings,
            0x05 => Self::PushPromise,
            0x07 => Self::GoAway,
            0x08 => Self::WindowUpdate,
            0x09 => Self::Continuation,
            0x10 => Self::PriorityUpdate,
            other => Self::Other(other),
        }
    }
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Bytes of payload that follow, below 2^24.
    pub(crate) length: u32,
    pub(crate) kind: FrameType,
    pub(crate) flags: u8,
    /// The stream, without the reserved bit; 0 is the connection.
    pub(crate) stream: u32,
}

impl FrameHead {
    const ACK: u8 = 0x01;
    const END_STREAM: u8 = 0x01;
    const END_HEADERS: u8 = 0x04;
    const PADDED: u8 = 0x08;

    fn parse(head: [u8; FRAME_HEAD_LEN]) -> Self {
        let [l2, l1, l0, kind, flags, s3, s2, s1, s0] = head;
        Self {
            length: u32::from_be_bytes([0, l2, l1, l0]),
            kind: FrameType::from(kind),
            flags,
            stream: stream_id([s3, s2, s1, s0]),
        }
    }

    /// The ACK flag of SETTINGS.
    pub(crate) fn is_ack(self) -> bool {
        self.flags & Self::ACK != 0
    }

    /// The END_STREAM flag of DATA and HEADERS.
    pub(crate) fn ends_stream(self) -> bool {
        self.flags & Self::END_STREAM != 0
    }

    /// The END_HEADERS flag of HEADERS, PUSH_PROMISE and CONTINUATION.
    pub(crate) fn ends_headers(self) -> bool {
        self.flags & Self::END_HEADERS != 0
    }

    /// The PADDED flag of DATA, HEADERS and PUSH_PROMISE.
    pub(crate) fn is_padded(self) -> bool {
        self.flags & Self::PADDED != 0
    }

    /// Whether the frame is on a stream that only a promise can have opened.
    pub(crate) fn is_on_promised_stream(self) -> bool {
        self.stream != 0 && self.stream.is_multiple_of(2)
    }
}

/// A stream id as it stands on the wire, without its reserved bit.
pub(crate) fn stream_id(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// What [`FrameScanner::scan`] finds, in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FramePiece<'a> {
    /// A frame begins.
    Head(FrameHead),
    /// Some of its payload, never empty.
    Payload(&'a [u8]),
    /// The frame is complete.
    End,
}

/// Finds the frames of one direction, wherever its bytes are cut.
#[derive(Debug)]
pub(crate) struct FrameScanner {
    preface_left: usize,
    head: [u8; FRAME_HEAD_LEN],
    head_len: usize,
    payload_left: usize,
}

impl FrameScanner {
    /// For what a server sends.
    pub(crate) fn new() -> Self {
        Self {
            preface_left: 0,
            head: [0; FRAME_HEAD_LEN],
            head_len: 0,
            payload_left: 0,
        }
    }

    /// For what a client sends: the preface is passed over unread, since `h2` refuses a wrong one.
    pub(crate) fn after_client_preface() -> Self {
        Self {
            preface_left: CLIENT_PREFACE_LEN,
            ..Self::new()
        }
    }

    /// Takes the next bytes and tells `sink` what they are.
    pub(crate) fn scan<'a>(&mut self, bytes: &'a [u8], mut sink: impl FnMut(FramePiece<'a>)) {
        let preface = self.preface_left.min(bytes.len());
        self.preface_left -= preface;
        let (_, mut bytes) = bytes.split_at(preface);
        while !bytes.is_empty() {
            if self.payload_left == 0 {
                // Most heads come whole.
                if self.head_len == 0
                    && let Some((head, rest)) = bytes.split_first_chunk()
                {
                    bytes = rest;
                    self.begin(*head, &mut sink);
                    continue;
                }
                let missing = FRAME_HEAD_LEN - self.head_len;
                let (now, rest) = bytes.split_at(missing.min(bytes.len()));
                for (slot, byte) in self.head.iter_mut().skip(self.head_len).zip(now) {
                    *slot = *byte;
                }
                self.head_len += now.len();
                bytes = rest;
                if self.head_len == FRAME_HEAD_LEN {
                    self.head_len = 0;
                    self.begin(self.head, &mut sink);
                }
            } else {
                let (now, rest) = bytes.split_at(self.payload_left.min(bytes.len()));
                self.payload_left -= now.len();
                bytes = rest;
                sink(FramePiece::Payload(now));
                if self.payload_left == 0 {
                    sink(FramePiece::End);
                }
            }
        }
    }

    fn begin<'a>(&mut self, head: [u8; FRAME_HEAD_LEN], sink: &mut impl FnMut(FramePiece<'a>)) {
        let head = FrameHead::parse(head);
        self.payload_left = head.length as usize;
        sink(FramePiece::Head(head));
        if head.length == 0 {
            sink(FramePiece::End);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Heads with their payloads, for comparing scans whatever the cuts.
    fn frames(chunks: &[&[u8]], mut scanner: FrameScanner) -> Vec<(FrameHead, Vec<u8>, bool)> {
        let mut frames: Vec<(FrameHead, Vec<u8>, bool)> = Vec::new();
        for chunk in chunks {
            scanner.scan(chunk, |piece| match piece {
                FramePiece::Head(head) => frames.push((head, Vec::new(), false)),
                FramePiece::Payload(bytes) => {
                    assert!(!bytes.is_empty());
                    frames.last_mut().unwrap().1.extend_from_slice(bytes);
                }
                FramePiece::End => frames.last_mut().unwrap().2 = true,
            });
        }
        frames
    }

    #[test]
    fn reads_a_head_without_its_reserved_bit() {
        let wire = [0, 1, 2, 0x05, 0x0c, 0x80, 0, 0, 3];
        let mut heads = Vec::new();
        FrameScanner::new().scan(&wire, |piece| heads.push(piece));
        let head = FrameHead {
            length: 258,
            kind: FrameType::PushPromise,
            flags: 0x0c,
            stream: 3,
        };
        assert_eq!(heads, [FramePiece::Head(head)]);
        assert!(head.ends_headers() && head.is_padded() && !head.ends_stream());
        assert!(!head.is_on_promised_stream());
    }

    #[test]
    fn ends_an_empty_frame_at_its_head() {
        let wire = [
            0, 0, 0, 0x04, 0x01, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 2, 9,
        ];
        let found = frames(&[&wire], FrameScanner::new());
        let expected: [(FrameType, u32, &[u8]); 2] =
            [(FrameType::Settings, 0, b""), (FrameType::Data, 2, b"\x09")];
        assert_eq!(found.len(), expected.len());
        for ((head, payload, complete), (kind, stream, bytes)) in found.iter().zip(expected) {
            assert_eq!(
                (head.kind, head.stream, &payload[..]),
                (kind, stream, bytes)
            );
            assert!(complete);
        }
    }

    #[test]
    fn streams_the_longest_frame_past() {
        let mut scanner = FrameScanner::new();
        let mut length = 0_usize;
        let mut ends = 0;
        scanner.scan(&[0xff, 0xff, 0xff, 0xfa, 0, 0, 0, 0, 0], |_| {});
        let chunk = [0; 4096];
        for _ in 0..4096 {
            scanner.scan(&chunk, |piece| match piece {
                FramePiece::Payload(bytes) => length += bytes.len(),
                FramePiece::End => ends += 1,
                FramePiece::Head(_) => {}
            });
        }
        assert_eq!((length, ends), ((1 << 24) - 1, 1));
    }

    proptest! {
        #[test]
        fn finds_the_same_frames_wherever_the_bytes_are_cut(
            sizes in prop::collection::vec((0_usize..40, any::<u8>(), any::<u32>()), 0..12),
            cuts in prop::collection::vec(1_usize..30, 1..8),
            preface in any::<bool>(),
        ) {
            let mut wire = vec![b'P'; if preface { CLIENT_PREFACE_LEN } else { 0 }];
            for (length, kind, stream) in &sizes {
                wire.extend_from_slice(&[0, 0, *length as u8, *kind, 0]);
                wire.extend_from_slice(&stream.to_be_bytes());
                wire.extend(std::iter::repeat_n(*kind, *length));
            }
            let scanner = || if preface {
                FrameScanner::after_client_preface()
            } else {
                FrameScanner::new()
            };
            let whole = frames(&[&wire], scanner());
            prop_assert_eq!(whole.len(), sizes.len());
            prop_assert!(whole.iter().all(|(_, _, complete)| *complete));
            let mut pieces = Vec::new();
            let mut rest = &wire[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                pieces.push(now);
                rest = later;
            }
            prop_assert_eq!(frames(&pieces, scanner()), whole);
        }
    }
}

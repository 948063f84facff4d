//! Frames as a scripted client writes and reads them (RFC 9113, section 4.1), and its requests in HPACK
//! without a table (RFC 7541, section 6.2.2).

use crate::http2::observer::tests::wire::*;

pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;
pub(super) const INTERNAL_ERROR: u32 = 2;

pub(super) const ENABLE_PUSH: u16 = 2;
pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The first frame of `bytes`, which it takes off.
    pub(super) fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        let [l2, l1, l0, kind, flags, stream @ ..] = *bytes.first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let payload = bytes.get(9..9 + length)?.to_vec();
        bytes.drain(..9 + length);
        Some(Self {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
            payload,
        })
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.has(END_STREAM)
    }

    /// Four bytes of the payload: a promised stream, an error code, the last stream of a GOAWAY.
    pub(super) fn number(&self, place: usize) -> u32 {
        let bytes = &self.payload[place * 4..];
        u32::from_be_bytes(*bytes.first_chunk().unwrap())
    }

    /// The stream that is promised.
    pub(super) fn promised(&self) -> Option<u32> {
        (self.kind == PUSH_PROMISE).then(|| self.number(0))
    }

    /// For comparing: `HEADERS 1`, `PROMISE 2 ON 1`, `DATA 2 END`, `RST 2 CODE 8`.
    pub(super) fn name(&self) -> String {
        let end = if self.ends_stream() { " END" } else { "" };
        match self.kind {
            DATA => format!("DATA {}{end}", self.stream),
            HEADERS => format!("HEADERS {}{end}", self.stream),
            PUSH_PROMISE => format!("PROMISE {} ON {}", self.number(0), self.stream),
            RST_STREAM => format!("RST {} CODE {}", self.stream, self.number(0)),
            GOAWAY => format!("GOAWAY CODE {}", self.number(1)),
            PING => "PING".to_owned(),
            SETTINGS if self.has(1) => "SETTINGS ACK".to_owned(),
            SETTINGS => "SETTINGS".to_owned(),
            WINDOW_UPDATE => format!("WINDOW {}", self.stream),
            kind => format!("FRAME {kind} ON {}", self.stream),
        }
    }
}

/// The names of the frames that belong to streams.
pub(super) fn names(frames: &[Frame]) -> Vec<String> {
    let of_streams = frames.iter().filter(|frame| frame.stream != 0);
    of_streams.map(Frame::name).collect()
}

/// What is pushed, in the order of the promises.
pub(super) fn promised(frames: &[Frame]) -> Vec<u32> {
    frames.iter().filter_map(Frame::promised).collect()
}

/// Bytes of DATA on a stream.
pub(super) fn data_of(frames: &[Frame], stream: u32) -> usize {
    let data = frames
        .iter()
        .filter(|frame| frame.kind == DATA && frame.stream == stream);
    data.map(|frame| frame.payload.len()).sum()
}

/// Whether a response has come to its end.
pub(super) fn has_ended(frames: &[Frame], stream: u32) -> bool {
    let mut of_stream = frames.iter().filter(|frame| frame.stream == stream);
    of_stream.any(Frame::ends_stream)
}

/// The answer to a PING.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    frame(PING, 1, 0, payload)
}

/// GET of a target on `http://example.com`.
pub(super) fn get(stream: u32, target: &str) -> Vec<u8> {
    request(stream, "GET", target, &[])
}

/// A request without content.
pub(super) fn request(stream: u32, method: &str, target: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let block = fields_of("http", method, "example.com", target, fields);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// A field block.
pub(super) fn fields_of(
    scheme: &str,
    method: &str,
    authority: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> Vec<u8> {
    let pseudo = [
        (":method", method),
        (":scheme", scheme),
        (":authority", authority),
        (":path", target),
    ];
    let mut block = Vec::new();
    for (name, value) in pseudo.iter().chain(fields) {
        if value.is_empty() && name.starts_with(':') {
            continue;
        }
        block.push(0);
        string(name, &mut block);
        string(value, &mut block);
    }
    block
}

fn string(text: &str, block: &mut Vec<u8>) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128) as u8 | 128);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend(text.as_bytes());
}

/// SETTINGS_ENABLE_PUSH.
pub(super) fn enable_push(value: u32) -> Vec<u8> {
    settings(&[(ENABLE_PUSH, value)])
}

/// SETTINGS_MAX_CONCURRENT_STREAMS.
pub(super) fn limit(value: u32) -> Vec<u8> {
    settings(&[(MAX_CONCURRENT_STREAMS, value)])
}

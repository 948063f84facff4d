//! What a strict client minds: every rule of RFC 9113 that a server with pushes could break.
//!
//! In: what the client sends and what it receives. Out: a panic at the first frame that a client could
//! end the connection for. Left out: field blocks, which clients with HPACK read in other tests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::frame::{ENABLE_PUSH, Frame, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS};
use crate::http2::observer::tests::wire::*;

/// The state of a connection as its client sees it.
#[derive(Debug)]
pub(super) struct Strict {
    streams: BTreeMap<u32, Stream>,
    /// Pushes that count against the limit.
    open_pushes: BTreeSet<u32>,
    highest_promised: u32,
    /// Sent and not acknowledged.
    unacknowledged: VecDeque<Vec<(u16, u32)>>,
    takes_pushes: bool,
    max_concurrent: u32,
    initial_window: i64,
    window: i64,
    open_block: Option<u32>,
    server_goes_away: bool,
}

#[derive(Debug)]
struct Stream {
    has_head: bool,
    server_ended: bool,
    client_reset: bool,
    window: i64,
}

impl Strict {
    pub(super) fn new() -> Self {
        Self {
            streams: BTreeMap::new(),
            open_pushes: BTreeSet::new(),
            highest_promised: 0,
            unacknowledged: VecDeque::new(),
            takes_pushes: true,
            max_concurrent: u32::MAX,
            initial_window: 65_535,
            window: 65_535,
            open_block: None,
            server_goes_away: false,
        }
    }

    /// The client sends frames.
    pub(super) fn sends(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        while let Some(frame) = Frame::take(&mut bytes) {
            match frame.kind {
                HEADERS => {
                    let window = self.initial_window;
                    self.streams
                        .entry(frame.stream)
                        .or_insert(Stream::new(window));
                }
                RST_STREAM => {
                    if let Some(stream) = self.streams.get_mut(&frame.stream) {
                        stream.client_reset = true;
                        self.open_pushes.remove(&frame.stream);
                    }
                }
                SETTINGS if !frame.has(1) => self.unacknowledged.push_back(settings_of(&frame)),
                WINDOW_UPDATE if frame.stream == 0 => self.window += i64::from(frame.number(0)),
                WINDOW_UPDATE => {
                    if let Some(stream) = self.streams.get_mut(&frame.stream) {
                        stream.window += i64::from(frame.number(0));
                    }
                }
                _ => {}
            }
        }
    }

    /// The client receives a frame.
    pub(super) fn receives(&mut self, frame: &Frame) {
        let name = frame.name();
        match self.open_block {
            Some(stream) => {
                let goes_on = frame.kind == CONTINUATION && frame.stream == stream;
                assert!(goes_on, "{name} in the fields of {stream}");
            }
            None => assert_ne!(frame.kind, CONTINUATION, "{name}"),
        }
        if matches!(frame.kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
            self.open_block = (!frame.has(END_HEADERS)).then_some(frame.stream);
        }
        match frame.kind {
            DATA => self.receives_data(frame),
            HEADERS => self.receives_headers(frame),
            PUSH_PROMISE => self.receives_promise(frame),
            RST_STREAM => {
                let stream = self.streams.get_mut(&frame.stream);
                stream
                    .unwrap_or_else(|| panic!("{name} on an idle stream"))
                    .server_ended = true;
            }
            SETTINGS if frame.has(1) => {
                let settings = self.unacknowledged.pop_front();
                self.apply(&settings.unwrap_or_else(|| panic!("{name} of nothing")));
            }
            GOAWAY => self.server_goes_away = true,
            WINDOW_UPDATE => assert!(frame.stream == 0 || frame.stream % 2 == 1, "{name}"),
            _ => {}
        }
        if frame.ends_stream() || frame.kind == RST_STREAM {
            self.open_pushes.remove(&frame.stream);
        }
    }

    fn receives_promise(&mut self, frame: &Frame) {
        let name = frame.name();
        let promised = frame.number(0);
        assert!(self.takes_pushes, "{name}, but pushes are disabled");
        assert!(!self.server_goes_away, "{name} after GOAWAY");
        assert_eq!(promised % 2, 0, "{name}");
        assert!(
            promised > self.highest_promised,
            "{name} after {}",
            self.highest_promised
        );
        self.highest_promised = promised;
        let parent = self.streams.get(&frame.stream);
        let parent = parent.unwrap_or_else(|| panic!("{name} on an idle stream"));
        assert_eq!(frame.stream % 2, 1, "{name} on a push");
        assert!(!parent.server_ended, "{name} after the end");
        let window = self.initial_window;
        self.streams.insert(promised, Stream::new(window));
    }

    fn receives_headers(&mut self, frame: &Frame) {
        let name = frame.name();
        let is_push = frame.stream.is_multiple_of(2);
        let open = self.open_pushes.len() as u32;
        let stream = self.streams.get_mut(&frame.stream);
        let stream = stream.unwrap_or_else(|| panic!("{name} on an idle stream"));
        assert!(!stream.server_ended, "{name} after the end");
        if is_push && !stream.has_head && !stream.client_reset {
            assert!(open < self.max_concurrent, "{name} beyond the limit {open}");
            self.open_pushes.insert(frame.stream);
        }
        stream.has_head = true;
        stream.server_ended |= frame.ends_stream();
    }

    fn receives_data(&mut self, frame: &Frame) {
        let name = frame.name();
        let stream = self.streams.get_mut(&frame.stream);
        let stream = stream.unwrap_or_else(|| panic!("{name} on an idle stream"));
        assert!(stream.has_head, "{name} before the head");
        assert!(!stream.server_ended, "{name} after the end");
        let length = frame.payload.len() as i64;
        self.window -= length;
        stream.window -= length;
        if length > 0 && !stream.client_reset {
            assert!(self.window >= 0, "{name} without window: {}", self.window);
            assert!(stream.window >= 0, "{name} without window of its own");
        }
        stream.server_ended |= frame.ends_stream();
    }

    fn apply(&mut self, settings: &[(u16, u32)]) {
        for &(identifier, value) in settings {
            match identifier {
                ENABLE_PUSH => self.takes_pushes = value == 1,
                MAX_CONCURRENT_STREAMS => self.max_concurrent = value,
                INITIAL_WINDOW_SIZE => {
                    let change = i64::from(value) - self.initial_window;
                    self.initial_window += change;
                    for stream in self.streams.values_mut() {
                        stream.window += change;
                    }
                }
                _ => {}
            }
        }
    }

    /// Streams that have come to no end.
    pub(super) fn unfinished(&self) -> Vec<u32> {
        let unfinished = self.streams.iter().filter(|(_, stream)| !stream.is_over());
        unfinished.map(|(id, _)| *id).collect()
    }
}

impl Stream {
    fn new(window: i64) -> Self {
        Self {
            has_head: false,
            server_ended: false,
            client_reset: false,
            window,
        }
    }

    fn is_over(&self) -> bool {
        self.server_ended || self.client_reset
    }
}

fn settings_of(frame: &Frame) -> Vec<(u16, u32)> {
    let settings = frame.payload.chunks_exact(6).map(|setting| {
        let [i1, i0, v3, v2, v1, v0] = *setting.first_chunk().unwrap();
        (
            u16::from_be_bytes([i1, i0]),
            u32::from_be_bytes([v3, v2, v1, v0]),
        )
    });
    settings.collect()
}

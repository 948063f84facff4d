//! What a client sends: its settings, resets of promised streams, GOAWAY, window and priority updates.
//!
//! In: the bytes read, from the preface on. Out: calls on [`Observations`], each at the last byte of
//! its frame, which is when h2 can act on it too. Followed: RFC 9113, sections 6.4, 6.5, 6.8 and
//! 6.9; RFC 9218, section 7.1.
//!
//! A frame that breaks its rules (settings that are no multiple of six bytes or have a forbidden
//! value, a GOAWAY on a stream) is passed over whole: h2 ends the connection for it. Of payloads
//! only the few bytes that count are kept, a priority field value of up to 1 KiB at most.

use bytes::Bytes;

use super::observations::Observations;
use super::peer::{GoAway, PeerSettings, PriorityUpdate};
use crate::http2::frames::{FrameHead, FramePiece, FrameScanner, FrameType, stream_id};

/// Longest Priority field value that is kept. One in use has some ten bytes; of a longer one
/// nothing is kept, since a part of it would say something else.
pub(super) const PRIORITY_VALUE_MAX: usize = 1024;

/// Bytes of one setting: identifier and value.
const SETTING_LEN: usize = 6;

/// The observer of one connection's input.
#[derive(Debug)]
pub(super) struct Incoming {
    scanner: FrameScanner,
    frame: Frame,
}

/// The frame in progress, as far as it is of interest.
#[derive(Debug)]
struct Frame {
    kind: Kind,
    kept: Vec<u8>,
}

#[derive(Debug)]
enum Kind {
    PassedOver,
    Settings(PeerSettings),
    RstStream { stream: u32 },
    GoAway,
    WindowUpdate { stream: u32 },
    PriorityUpdate,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            scanner: FrameScanner::after_client_preface(),
            frame: Frame {
                kind: Kind::PassedOver,
                kept: Vec::new(),
            },
        }
    }

    /// Takes the next bytes that were read.
    pub(super) fn observe(&mut self, bytes: &[u8], observations: &Observations) {
        let Self { scanner, frame } = self;
        scanner.scan(bytes, |piece| match piece {
            FramePiece::Head(head) => frame.begin(head, observations),
            FramePiece::Payload(bytes) => frame.extend(bytes),
            FramePiece::End => frame.end(observations),
        });
    }
}

impl Frame {
    fn begin(&mut self, head: FrameHead, observations: &Observations) {
        let length = head.length as usize;
        self.kept.clear();
        self.kind = match head.kind {
            FrameType::Settings
                if head.stream == 0 && !head.is_ack() && length.is_multiple_of(SETTING_LEN) =>
            {
                Kind::Settings(observations.peer_settings().unwrap_or_default())
            }
            FrameType::RstStream if head.is_on_promised_stream() && length == 4 => {
                Kind::RstStream {
                    stream: head.stream,
                }
            }
            FrameType::GoAway if head.stream == 0 && length >= 8 => Kind::GoAway,
            FrameType::WindowUpdate if length == 4 => Kind::WindowUpdate {
                stream: head.stream,
            },
            FrameType::PriorityUpdate
                if head.stream == 0 && (4..=4 + PRIORITY_VALUE_MAX).contains(&length) =>
            {
                Kind::PriorityUpdate
            }
            _ => Kind::PassedOver,
        };
    }

    fn extend(&mut self, bytes: &[u8]) {
        match &mut self.kind {
            Kind::PassedOver => {}
            Kind::Settings(settings) => {
                for byte in bytes {
                    self.kept.push(*byte);
                    if let Some(&[i1, i0, v3, v2, v1, v0]) = self.kept.first_chunk() {
                        self.kept.clear();
                        let identifier = u16::from_be_bytes([i1, i0]);
                        let value = u32::from_be_bytes([v3, v2, v1, v0]);
                        if !settings.apply(identifier, value) {
                            self.kind = Kind::PassedOver;
                            return;
                        }
                    }
                }
            }
            Kind::RstStream { .. } | Kind::WindowUpdate { .. } => self.keep(bytes, 4),
            Kind::GoAway => self.keep(bytes, 8),
            Kind::PriorityUpdate => self.keep(bytes, 4 + PRIORITY_VALUE_MAX),
        }
    }

    fn keep(&mut self, bytes: &[u8], limit: usize) {
        let missing = limit.saturating_sub(self.kept.len());
        self.kept.extend(bytes.iter().take(missing));
    }

    fn end(&mut self, observations: &Observations) {
        match self.kind {
            Kind::PassedOver => {}
            Kind::Settings(settings) => observations.settings_received(settings),
            Kind::RstStream { stream } => {
                if let Some(code) = self.kept.first_chunk() {
                    observations.reset_received(stream, u32::from_be_bytes(*code));
                }
            }
            Kind::GoAway => {
                if let Some(&[s3, s2, s1, s0, e3, e2, e1, e0]) = self.kept.first_chunk() {
                    observations.goaway_received_now(GoAway {
                        last_stream: stream_id([s3, s2, s1, s0]),
                        error_code: u32::from_be_bytes([e3, e2, e1, e0]),
                    });
                }
            }
            Kind::WindowUpdate { stream } => {
                if let Some(increment) = self.kept.first_chunk() {
                    // The reserved bit is where that of a stream id is.
                    observations.window_update_received(stream, stream_id(*increment));
                }
            }
            Kind::PriorityUpdate => {
                if let Some((stream, value)) = self.kept.split_first_chunk() {
                    let stream = stream_id(*stream);
                    if stream != 0 {
                        let value = Bytes::copy_from_slice(value);
                        observations.priority_update_received(PriorityUpdate { stream, value });
                    }
                }
                // An idle connection keeps no room for a value that seldom comes.
                self.kept = Vec::new();
            }
        }
        self.kind = Kind::PassedOver;
    }
}

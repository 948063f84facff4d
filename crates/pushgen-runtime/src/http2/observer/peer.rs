//! What a client says of itself outside its requests: SETTINGS (RFC 9113, section 6.5), GOAWAY
//! (section 6.8) and PRIORITY_UPDATE (RFC 9218, section 7.1), as far as pushes and the order of
//! sending depend on it.

use bytes::Bytes;

/// What the peer's SETTINGS say about pushes, with the defaults of RFC 9113, section 6.5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerSettings {
    /// SETTINGS_ENABLE_PUSH.
    pub(crate) enable_push: bool,
    /// SETTINGS_MAX_CONCURRENT_STREAMS; `None` is no limit.
    pub(crate) max_concurrent_streams: Option<u32>,
    /// SETTINGS_INITIAL_WINDOW_SIZE, in bytes.
    pub(crate) initial_window_size: u32,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            enable_push: true,
            max_concurrent_streams: None,
            initial_window_size: 65_535,
        }
    }
}

impl PeerSettings {
    /// Takes one setting over; false if its value is forbidden.
    pub(super) fn apply(&mut self, identifier: u16, value: u32) -> bool {
        match (identifier, value) {
            (0x2, 0 | 1) => self.enable_push = value == 1,
            (0x3, _) => self.max_concurrent_streams = Some(value),
            (0x4, 0..=0x7fff_ffff) => self.initial_window_size = value,
            (0x2 | 0x4, _) => return false,
            _ => {}
        }
        true
    }

    /// How many promised streams may live at once, under this server's own limit.
    pub(in crate::http2) fn push_limit(&self, own_limit: u32) -> u32 {
        own_limit.min(self.max_concurrent_streams.unwrap_or(u32::MAX))
    }
}

/// The peer's GOAWAY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GoAway {
    /// The last promised stream that the peer processes.
    pub(crate) last_stream: u32,
    /// The error code.
    pub(crate) error_code: u32,
}

/// A PRIORITY_UPDATE frame (RFC 9218, section 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PriorityUpdate {
    /// The prioritised stream, of either parity and perhaps not yet open.
    pub(crate) stream: u32,
    /// The Priority field value, unparsed.
    pub(crate) value: Bytes,
}

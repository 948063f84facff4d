//! The small turns that a connection begins with.
//!
//! In: what was handed over so far. Out: the most bytes of the next turn. Over TLS a client can read
//! nothing of a record before it has all of it. A turn becomes a frame, and a frame a record, so a first
//! turn of 16 KiB is larger than what TCP sends before it hears from the client (RFC 6928: 10 segments),
//! and the client reads nothing for two round trips. So turns begin with what fits into one segment,
//! and grow with what was sent: of each flight only a small part waits for the next one.
//!
//! After a second without anything to write it begins anew, as TCP does (RFC 9293, section 3.8.1 has the
//! time that it takes at least; RFC 5681, section 4.1). Left out: connections in the clear, which have no
//! records.

use std::time::Duration;

/// What fits into a segment of 1500 bytes with the heads of IPv6, TCP with timestamps, a TLS 1.3 record
/// and a frame.
const SEGMENT: u64 = 1370;

/// The part of what was sent that may wait for the next flight.
const PART: u64 = 8;

/// After so long a connection begins anew.
pub(in crate::http2) const IDLE: Duration = Duration::from_secs(1);

/// Where a connection is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Opening {
    /// Whether turns begin small.
    is_wanted: bool,
    /// What was handed over in all when it last began.
    from: u64,
}

impl Opening {
    /// Over TLS.
    pub(super) fn of_records() -> Self {
        Self {
            is_wanted: true,
            from: 0,
        }
    }

    pub(super) fn begin_anew(&mut self, handed: u64) {
        self.from = handed;
    }

    /// The most bytes of the next turn, if so many were handed over or are about to be.
    pub(super) fn turn(&self, handed: u64) -> u64 {
        if self.is_wanted {
            (handed.saturating_sub(self.from) / PART).max(SEGMENT)
        } else {
            u64::MAX
        }
    }
}

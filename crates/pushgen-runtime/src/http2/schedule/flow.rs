//! How soon bytes are written, and how many may therefore be under way.
//!
//! In: what was handed to h2 and what of it is written, whenever that changes. Out: the limits. Where bytes are written as
//! soon as they are handed over, nothing waits behind them for long, and small turns only cost time. So the limits and the
//! turns double whenever all that was under way is written within [`SOON`], up to [`DOUBLINGS_MAX`] times, and are halved
//! whenever it takes longer. That holds as far as it leaves the order alone, and not while there are pushes: for the
//! response that had the last turn, and for responses of one frame as long as there are only such under way, since those h2
//! sends in the order in which it gets them. Left out: whose turn it is.

use std::time::Duration;

use tokio::time::Instant;

use super::FRAME;

/// Bytes under way while several responses are sending, at first.
pub(in crate::http2) const LIMIT: u64 = 2 * FRAME;
/// Bytes under way of a response that is alone, at first.
pub(super) const LIMIT_ALONE: u64 = 8 * FRAME;
/// What the latter grows to: no more than h2 takes of one response, unless it is told to take less.
pub(super) const LIMIT_ALONE_MAX: u64 = 24 * FRAME;
/// What counts as soon when it is to be written.
const SOON: Duration = Duration::from_millis(5);
/// How often the limits double at most.
pub(super) const DOUBLINGS_MAX: u32 = 3;

/// How soon bytes are written that were handed over.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) doublings: u32,
    /// What is awaited: that so many bytes are written, which were handed over at that instant.
    mark: u64,
    since: Option<Instant>,
}

impl Flow {
    /// Takes note of how many bytes were handed over in all and written, and how many of those in between cannot be.
    pub(super) fn note(&mut self, written: u64, handed: u64, stuck: u64, now: Instant) {
        let outstanding = handed.saturating_sub(written);
        let is_late = self.since.is_some_and(|since| now - since > SOON);
        let has_come = outstanding <= stuck || written >= self.mark;
        if is_late {
            self.doublings = self.doublings.saturating_sub(1);
        } else if has_come {
            let was_at_once = handed > self.mark && outstanding <= stuck;
            let is_soon = self.since.is_some() || was_at_once;
            self.doublings = (self.doublings + u32::from(is_soon)).min(DOUBLINGS_MAX);
        }
        if has_come {
            self.mark = handed;
            self.since = (outstanding > stuck).then_some(now);
        } else if is_late {
            self.since = Some(now);
        }
    }

    /// The most bytes under way now, while several responses are sending and of one that is alone.
    pub(super) fn limits(&self) -> (u64, u64) {
        let alone = LIMIT_ALONE << self.doublings;
        (LIMIT << self.doublings, alone.min(LIMIT_ALONE_MAX))
    }
}

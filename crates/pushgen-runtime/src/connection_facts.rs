//! What a connection and a stream say about pushes, at one moment.
//!
//! In: what the connection's driver has seen: frames of the client, its own promises. Out:
//! [`ConnectionFacts`] and [`StreamFacts`], and whether the connection takes pushes at all (RFC
//! 9113, sections 5.1.2, 6.5.2, 6.8 and 8.4). Left out: how the driver sees it.

use http::Version;

use crate::refusal::Refusal;
use crate::rules::Rules;

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionFacts {
    /// The protocol version.
    pub version: Version,
    /// Whether the client takes pushes; its ENABLE_PUSH setting, `None` until its first
    /// SETTINGS frame.
    pub push_enabled: Option<bool>,
    /// Whether a GOAWAY frame was sent or received.
    pub goaway: bool,
    /// Whether the server is shutting down.
    pub shutting_down: bool,
    /// How many more streams the client lets the server open now.
    pub free_slots: usize,
    /// Promises so far.
    pub promises: u32,
    /// Bytes of pushed bodies so far.
    pub pushed_bytes: u64,
    /// Pushes that the client cancelled or refused so far.
    pub cancels: u32,
}

impl ConnectionFacts {
    /// A connection on which nothing has happened.
    #[must_use]
    pub const fn new(version: Version) -> Self {
        Self {
            version,
            push_enabled: None,
            goaway: false,
            shutting_down: false,
            free_slots: 0,
            promises: 0,
            pushed_bytes: 0,
            cancels: 0,
        }
    }

    /// Whether the connection takes pushes at all.
    ///
    /// # Errors
    ///
    /// The first reason against it.
    pub fn takes_pushes(&self, rules: &Rules) -> Result<(), Refusal> {
        if self.version != Version::HTTP_2 {
            return Err(Refusal::HttpVersion);
        }
        match self.push_enabled {
            None => return Err(Refusal::SettingsUnseen),
            Some(false) => return Err(Refusal::PushDisabled),
            Some(true) => {}
        }
        if self.goaway {
            return Err(Refusal::Goaway);
        }
        if self.shutting_down {
            return Err(Refusal::ShuttingDown);
        }
        // A few are not yet a ratio.
        let most_cancelled = self.promises >= 4 && self.cancels > self.promises / 2;
        if self.cancels >= rules.max_cancels || most_cancelled {
            return Err(Refusal::Cancels);
        }
        Ok(())
    }

    /// Whether these many pushes more, of so many bytes together, are within the limits.
    ///
    /// # Errors
    ///
    /// The first limit that would be passed.
    pub fn has_room(&self, pushes: usize, bytes: u64, rules: &Rules) -> Result<(), Refusal> {
        if pushes > rules.max_pushes_per_page {
            return Err(Refusal::PageLimit);
        }
        let promises_left = rules.max_promises.saturating_sub(self.promises);
        if u32::try_from(pushes).is_ok_and(|pushes| pushes <= promises_left) {
            let bytes_left = rules.max_pushed_bytes.saturating_sub(self.pushed_bytes);
            if bytes > bytes_left {
                Err(Refusal::ByteBudget)
            } else if pushes > self.free_slots {
                Err(Refusal::Slots)
            } else {
                Ok(())
            }
        } else {
            Err(Refusal::PromiseBudget)
        }
    }
}

/// The state of the stream that a request came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamFacts {
    /// Whether the request is a promised one and not the client's own.
    pub promised: bool,
    /// Whether the response is complete or the stream is reset by either side.
    pub closed: bool,
    /// Whether a 103 was sent, by the policy or by a handler.
    pub early_hints_sent: bool,
}

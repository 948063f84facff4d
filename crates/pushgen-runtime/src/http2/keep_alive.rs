//! Keep-alive: PING frames to a client from which nothing is heard (RFC 9113, section 6.7).
//!
//! In: when bytes were last read. Out: a PING when that is too long ago, and whether its answer is
//! overdue. Left out: ending the connection.

use std::task::Context;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::Instant;

/// PING frames to a client from which nothing is heard.
pub(crate) struct KeepAlive {
    ping_pong: PingPong,
    interval: Duration,
    answer: Duration,
    asked: Option<Instant>,
    reads: bool,
    /// When nothing could be heard for the last time.
    deaf_until: Option<Instant>,
}

impl KeepAlive {
    pub(crate) fn new(ping_pong: PingPong, interval: Duration, answer: Duration) -> Self {
        Self {
            ping_pong,
            interval,
            answer,
            asked: None,
            reads: true,
            deaf_until: None,
        }
    }

    /// Whether anything is read at all. While nothing is, the client's silence means nothing, and an
    /// answer that has come is read after that.
    pub(crate) fn note_reading(&mut self, reads: bool, now: Instant) {
        if !reads || !self.reads {
            self.deaf_until = Some(now);
            if let Some(asked) = &mut self.asked {
                *asked = now;
            }
        }
        self.reads = reads;
    }

    /// Takes in the answer, if it has come.
    pub(crate) fn hear(&mut self, context: &mut Context<'_>) {
        if self.asked.is_some() && self.ping_pong.poll_pong(context).is_ready() {
            self.asked = None;
        }
    }

    /// When it will be time to ask, or the answer overdue.
    pub(crate) fn deadline(&self, last_read: Instant) -> Instant {
        match self.asked {
            Some(asked) => asked + self.answer,
            None => self.heard(last_read) + self.interval,
        }
    }

    /// Asks when it is time to; whether the answer to the last question is overdue.
    pub(crate) fn is_overdue(&mut self, last_read: Instant, now: Instant) -> bool {
        match self.asked {
            Some(asked) => now >= asked + self.answer,
            None => {
                if now >= self.heard(last_read) + self.interval
                    && self.ping_pong.send_ping(Ping::opaque()).is_ok()
                {
                    self.asked = Some(now);
                }
                false
            }
        }
    }

    fn heard(&self, last_read: Instant) -> Instant {
        self.deaf_until
            .map_or(last_read, |until| until.max(last_read))
    }
}

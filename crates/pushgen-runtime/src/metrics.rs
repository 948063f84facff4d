//! What a server has done, in numbers.
//!
//! In: the connections' own counting. Out: [`Metrics`], read at any time. Left out: any format; see
//! `pushgen serve --metrics` for Prometheus'.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::refusal::Refusals;

/// A number that goes up, or a level that goes both ways.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, less: u64) {
        self.0.fetch_sub(less, Ordering::Relaxed);
    }
}

/// What a server has done since it began.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Connections that are open.
    pub open_connections: Count,
    /// Connections taken on.
    pub connections: Count,
    /// Connections that ended with an error: of TLS, of the protocol, of time.
    pub failed_connections: Count,
    /// Requests of clients.
    pub requests: Count,
    /// Pages answered with their plan, in whole or in part.
    pub pages: Count,
    /// PUSH_PROMISE frames.
    pub promises: Count,
    /// Bytes of pushed bodies.
    pub pushed_bytes: Count,
    /// Pushes that the client cancelled or refused.
    pub cancelled_pushes: Count,
    /// 103 responses.
    pub early_hints: Count,
    /// `Link` values in final responses.
    pub links: Count,
    /// Why something was not sent ahead.
    pub refusals: Refusals,
}

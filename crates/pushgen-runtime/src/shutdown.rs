//! The end of a server: new connections are refused, old ones are brought to an end.
//!
//! In: one call of [`Shutdown::begin`]. Out: every holder of a clone knows. A connection finishes the
//! responses in progress and then closes (RFC 9113, section 6.8: GOAWAY; HTTP/1: `Connection: close`),
//! at the latest when [`Timeouts::shutdown`](crate::Timeouts::shutdown) is over.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells connections to end. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// One that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins it, once and for all.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it begins.
    pub async fn begun(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = receiver.wait_for(|has_begun| *has_begun).await;
    }
}

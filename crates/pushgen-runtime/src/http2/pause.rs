//! How long one response may keep others waiting while it has nothing to send.
//!
//! In: responses that wait for their bodies, and the clock. Out: until when they may keep their place
//! in the order. A file is read from the disk piece by piece, and a push that lost its turn to the rest
//! of its page at every piece would arrive when the page does; but a push that yields nothing must not
//! hold the page up. So all pushes of a page share one [`Pause`], which they use up by waiting, and
//! together never wait for longer. Left out: whose turn it is (`schedule`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The most that a page is held up by pushes that have nothing to send, and pushes by a page. Much
/// longer than it takes to read a file, and shorter than the round trip that a push saves on the
/// fastest network that pushes are planned for, so that even in vain it costs less than it gains.
pub(crate) const PAUSE_MAX: Duration = Duration::from_millis(20);

/// What is left for all who share it.
#[derive(Debug)]
pub(crate) struct Pause(Mutex<Left>);

#[derive(Debug)]
struct Left {
    time: Duration,
    /// How many wait, and since when there is one.
    waiting: usize,
    since: Instant,
}

impl Pause {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Left {
            time: PAUSE_MAX,
            waiting: 0,
            since: Instant::now(),
        })))
    }

    /// A response begins to wait, until the answer is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Pausing {
        let mut left = self.lock();
        if left.waiting == 0 {
            left.since = Instant::now();
        }
        left.waiting += 1;
        Pausing {
            until: left.since + left.time,
            of: Arc::clone(self),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        // A panic cannot leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response that waits.
#[derive(Debug)]
pub(crate) struct Pausing {
    /// When it has to let others go on.
    pub(crate) until: Instant,
    of: Arc<Pause>,
}

impl Drop for Pausing {
    fn drop(&mut self) {
        let mut left = self.of.lock();
        left.waiting -= 1;
        if left.waiting == 0 {
            left.time = left.time.saturating_sub(left.since.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn all_waits_together_are_no_longer_than_the_most() {
        let pause = Pause::new();
        // Two at once use time up once.
        let (one, other) = (pause.begin(), pause.begin());
        assert_eq!(one.until, other.until);
        advance(5 * MS).await;
        drop(one);
        advance(3 * MS).await;
        drop(other);
        // Between waits nothing is used up.
        advance(100 * MS).await;
        let now = Instant::now();
        let again = pause.begin();
        assert_eq!(again.until - now, PAUSE_MAX - 8 * MS);
        advance(100 * MS).await;
        drop(again);
        assert_eq!(pause.begin().until, Instant::now());
    }
}

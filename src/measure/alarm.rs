//! Waking at a time, to a tenth of a millisecond.
//!
//! In: a time. Out: a future that ends then. Tokio's timers count whole milliseconds, which is much of a round trip
//! that is made of four of them; a thread that sleeps on a condition variable is woken by the system's own timer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// Wakes who asked for it. Its thread ends with the last clone.
#[derive(Debug, Clone)]
pub(crate) struct Alarm(Arc<Owner>);

#[derive(Debug)]
struct Owner(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    count: u64,
    is_over: bool,
}

#[derive(Debug)]
struct Sleeper {
    until: Instant,
    /// Those of one time wake in the order in which they lay down.
    number: u64,
    wake: oneshot::Sender<()>,
}

impl Alarm {
    /// Starts the thread.
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        });
        Self(Arc::new(Owner(shared)))
    }

    /// Waits until a time has come.
    pub(crate) async fn sleep_until(&self, until: Instant) {
        if until <= Instant::now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        let shared = &self.0.0;
        let is_first = {
            let mut state = shared.lock();
            let is_first = state
                .sleepers
                .peek()
                .is_none_or(|Reverse(it)| until < it.until);
            state.count += 1;
            let number = state.count;
            state.sleepers.push(Reverse(Sleeper {
                until,
                number,
                wake,
            }));
            is_first
        };
        if is_first {
            shared.changed.notify_one();
        }
        // The thread lives as long as `self`.
        let _ = woken.await;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.is_over {
            let now = Instant::now();
            let until = state.sleepers.peek().map(|Reverse(sleeper)| sleeper.until);
            state = match until {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) if until > now => {
                    let waited = self.changed.wait_timeout(state, until - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    if let Some(Reverse(sleeper)) = state.sleepers.pop() {
                        // Who slept may have been dropped.
                        let _ = sleeper.wake.send(());
                    }
                    state
                }
            };
        }
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.until, self.number).cmp(&(other.until, other.number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn wakes_within_a_millisecond_in_the_middle_of_many() {
        let alarm = Alarm::new();
        let mut late = Vec::new();
        for _ in 0..41 {
            let until = Instant::now() + Duration::from_micros(2_300);
            // What is later does not keep what is earlier.
            let (alarm, later) = (&alarm, until + Duration::from_millis(1));
            tokio::join!(alarm.sleep_until(later), async {
                alarm.sleep_until(until).await;
                assert!(Instant::now() >= until);
                late.push(until.elapsed());
            });
        }
        // A busy machine makes some of them later.
        late.sort_unstable();
        assert!(late[10] < Duration::from_millis(1), "{late:?}");
    }
}

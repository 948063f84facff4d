//! What calls the connection's task to what seldom happens: its channels, its timer, the shutdown.
//!
//! In: a wake-up of any of them. Out: whether there was one since the task last looked. The task is
//! polled for every response; asking each of them every time would cost more than all else that it does
//! besides `h2`. Left out: what there is to be done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::http2::observer::Observations;

/// The bell of one connection.
#[derive(Debug)]
pub(crate) struct Bell {
    rung: Arc<Rung>,
    waker: Waker,
}

#[derive(Debug)]
struct Rung {
    is_rung: AtomicBool,
    observations: Arc<Observations>,
}

impl Bell {
    /// It is rung at first, so that everything is polled once.
    pub(crate) fn new(observations: Arc<Observations>) -> Self {
        let rung = Arc::new(Rung {
            is_rung: AtomicBool::new(true),
            observations,
        });
        Self {
            waker: Waker::from(Arc::clone(&rung)),
            rung,
        }
    }

    /// Whether it was rung since the last call.
    pub(crate) fn was_rung(&self) -> bool {
        self.rung.is_rung.load(Ordering::Relaxed) && self.rung.is_rung.swap(false, Ordering::AcqRel)
    }

    /// Rings it.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }
}

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_rung.store(true, Ordering::Release);
        self.observations.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::http2::observer::Observed;

    #[tokio::test]
    async fn calls_the_task_once_for_any_number_of_rings() {
        let observed = Observed::new(tokio::io::empty());
        let observations = Arc::clone(observed.observations());
        let bell = Bell::new(Arc::clone(&observations));
        assert_eq!([bell.was_rung(), bell.was_rung()], [true, false]);
        let ringer = bell.waker().clone();
        bell.waker().wake_by_ref();
        ringer.wake();
        poll_fn(|context| observations.poll_change(context)).await;
        assert_eq!([bell.was_rung(), bell.was_rung()], [true, false]);

        let ringer = bell.waker().clone();
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            let change = observations.poll_change(context);
            if change.is_pending() {
                ringer.wake_by_ref();
            }
            change
        })
        .await;
        assert_eq!((polls, bell.was_rung()), (2, true));
        let change = poll_fn(|context| Poll::Ready(observations.poll_change(context))).await;
        assert!(change.is_pending());
    }
}

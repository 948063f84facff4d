//! Waiting a moment for the other requests that a 103 leads to.
//!
//! In: what a 103 hints, in the plan's order, and the requests that follow. Out: when the response to
//! such a request may send its DATA. A browser asks for what it is hinted within about a millisecond, but
//! in no fixed order, and the first response hands its first frames to the system before the next request
//! is read. So a response to what was hinted waits until all that was hinted before it in the plan has
//! *come*: its response has asked for a turn, or is over. From then on the urgencies decide (`schedule`).
//! Its fields do not wait, and nothing that was not hinted does, the page least of all.
//!
//! The wait ends for all, and for good, [`GATHER_MAX`] after the first such request. It does not end
//! earlier when the connection has nothing else to send: that is how it is when the first request comes.
//! If nothing is asked for, what was hinted is forgotten after [`ANSWER_MAX`]; and a connection gathers for
//! its latest 103 only. A response that waits holds
//! nobody back; only, what goes before it is not alone, and does not fill h2 with what others would then be
//! sent in turns with.
//!
//! A connection without a 103 takes no lock here. Left out: a handler's own 103, whose order is nobody's
//! plan; requests that a proxy passed on; authorities, since in so short a time a client asks one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// How long the responses to a 103 wait for each other at most, all together. The requests that they wait
/// for are written by a browser in about one millisecond, and arrive with the jitter of a network; waiting
/// is in vain if the browser has some of them cached, and then costs this much once. It is less than a
/// third of a frame on a screen, and much less than the round trip that the 103 has saved.
pub(crate) const GATHER_MAX: Duration = Duration::from_millis(5);

/// How long after a 103 requests still count as its consequence: more than most round trips.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What the latest 103 of a connection hinted.
#[derive(Debug, Default)]
pub(crate) struct Gatherings {
    /// Whether there is any; so that requests need no lock to know that there is none.
    is_open: AtomicBool,
    latest: Mutex<Option<Arc<Gathering>>>,
}

/// What one 103 hinted.
#[derive(Debug)]
struct Gathering(Mutex<State>);

#[derive(Debug)]
struct State {
    /// When nobody waits any more.
    until: Instant,
    /// In the plan's order.
    hinted: Box<[Hinted]>,
    /// How many of the first have come.
    come: usize,
}

#[derive(Debug)]
struct Hinted {
    target: Box<str>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    NotAsked,
    /// Its response, if it waits.
    Asked(Option<Waker>),
    Come,
}

impl Gatherings {
    /// A 103 is about to be sent that hints these targets, in the plan's order.
    pub(crate) fn open(&self, targets: impl Iterator<Item = Box<str>>) {
        let hinted: Box<[Hinted]> = targets
            .map(|target| Hinted {
                target,
                stage: Stage::NotAsked,
            })
            .collect();
        // One needs to wait for no other.
        let gathering = (hinted.len() > 1).then(|| {
            Arc::new(Gathering(Mutex::new(State {
                until: Instant::now() + ANSWER_MAX,
                hinted,
                come: 0,
            })))
        });
        self.set(gathering);
    }

    /// The 103 was not sent.
    pub(crate) fn close(&self) {
        self.set(None);
    }

    /// The client asks for a target. If that was hinted, its response is to wait for the others, and they
    /// for it.
    pub(crate) fn ask(&self, target: &str) -> Option<Gathered> {
        if !self.is_open.load(Ordering::Acquire) {
            return None;
        }
        let gathering = lock(&self.latest).clone()?;
        let (place, is_over) = gathering.ask(target, Instant::now());
        if is_over {
            self.forget(&gathering);
        }
        place.map(|place| Gathered {
            of: gathering,
            place,
        })
    }

    fn forget(&self, gathering: &Arc<Gathering>) {
        let mut latest = lock(&self.latest);
        // Another page may have opened the next one meanwhile.
        if latest.as_ref().is_some_and(|it| Arc::ptr_eq(it, gathering)) {
            self.is_open.store(false, Ordering::Release);
            *latest = None;
        }
    }

    fn set(&self, gathering: Option<Arc<Gathering>>) {
        let mut latest = lock(&self.latest);
        self.is_open.store(gathering.is_some(), Ordering::Release);
        let before = std::mem::replace(&mut *latest, gathering);
        drop(latest);
        drop(before);
    }
}

impl Gathering {
    /// The place of a target that is asked for the first time, and whether nothing is left to ask for.
    fn ask(&self, target: &str, now: Instant) -> (Option<usize>, bool) {
        let mut state = lock(&self.0);
        if now >= state.until {
            return (None, true);
        }
        let mut not_asked = 0;
        let mut asked = None;
        for (place, hinted) in state.hinted.iter_mut().enumerate() {
            if !matches!(hinted.stage, Stage::NotAsked) {
                continue;
            }
            if asked.is_none() && *hinted.target == *target {
                hinted.stage = Stage::Asked(None);
                asked = Some(place);
            } else {
                not_asked += 1;
            }
        }
        if asked.is_some() {
            // Of the first request; later ones do not put it off.
            state.until = state.until.min(now + GATHER_MAX);
        }
        (asked, not_asked == 0)
    }
}

/// The response to a request for what was hinted. It has come when this is dropped.
#[derive(Debug)]
#[must_use = "the response has come when it is dropped"]
pub(crate) struct Gathered {
    of: Arc<Gathering>,
    place: usize,
}

impl Gathered {
    /// When the response need not wait any more.
    pub(crate) fn until(&self) -> Instant {
        lock(&self.of.0).until
    }

    /// Ready when all has come that was hinted before it.
    pub(crate) fn poll_others(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.of.0);
        if state.come >= self.place {
            return Poll::Ready(());
        }
        let stage = state.hinted.get_mut(self.place);
        let mut before = None;
        if let Some(Stage::Asked(waker)) = stage.map(|hinted| &mut hinted.stage) {
            before = waker.replace(context.waker().clone());
        }
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        let mut state = lock(&self.of.0);
        if let Some(hinted) = state.hinted.get_mut(self.place) {
            hinted.stage = Stage::Come;
        }
        let have_come = |hinted: &&Hinted| matches!(hinted.stage, Stage::Come);
        state.come = state.hinted.iter().take_while(have_come).count();
        let come = state.come;
        // Who comes next waits for nobody now. The others do, or have come.
        let next = state.hinted.get_mut(come).map(|hinted| &mut hinted.stage);
        let waker = match next {
            Some(Stage::Asked(waker)) => waker.take(),
            _ => None,
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic cannot leave anything half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

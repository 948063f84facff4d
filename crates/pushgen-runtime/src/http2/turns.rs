//! Turns: when each response of a connection may hand DATA to h2.
//!
//! In: the tasks that send responses, each with a [`Turn`], and what the observer sees of the wire. Out:
//! leave to hand over so many bytes, in the order of [`schedule`](super::schedule), and the wake-ups
//! that go with it.
//!
//! ```text
//!  body task                                          connection task
//!  poll_turn      n bytes may go
//!  h2             room of the stream (none: yield_turn)
//!  hand_over      wraps the bytes for h2
//!  send_data                                    ->    polls h2, which writes DATA
//!  poll_turn      waits                         <-    advance
//! ```
//!
//! Bytes are *outstanding* from [`Turn::hand_over`] until the observer has seen them written or h2 has
//! dropped them. With the turns that are given and not used, they never exceed the window that the
//! peer has granted the connection, so that h2 has window for every turn as soon as it has acted on what
//! was read.
//!
//! A turn is given to its task before the task is woken, and waits there: whoever got one holds back
//! what ranks lower until it uses the turn, yields or ends. No lock of this module is held while a waker
//! is called; h2's own may be.
//!
//! Left out: windows of streams, resets by the peer, time limits.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::time::Instant;

use crate::http2::observer::Observations;
use crate::http2::pause::{Pause, Pausing};
use crate::http2::schedule::{IDLE, Place, Schedule, Wire};
use crate::request_facts::Priority;

pub(crate) use crate::http2::schedule::{Next, Role};

/// The turns of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    observations: Arc<Observations>,
    /// Whether a task waits for its turn; mirrors the schedule, so that `advance` takes no lock.
    is_waited_for: AtomicBool,
    /// Bytes outstanding that were handed over while their response was alone.
    ahead: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    schedule: Schedule,
    /// By place in the schedule.
    wakers: Vec<Option<Waker>>,
    is_closed: bool,
}

/// The page of a push was given up, or the connection has ended: nothing more is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled;

impl Turns {
    pub(crate) fn new(observations: Arc<Observations>) -> Self {
        Self(Arc::new(Shared {
            observations,
            is_waited_for: AtomicBool::new(false),
            ahead: AtomicU64::new(0),
            state: Mutex::default(),
        }))
    }

    /// For a connection over TLS, on which a client reads whole records.
    pub(crate) fn of_records(observations: Arc<Observations>) -> Self {
        let turns = Self::new(observations);
        turns.0.lock().schedule = Schedule::of_records();
        turns
    }

    /// A response begins. It leaves when the turn is dropped. An early priority update of the stream
    /// holds instead of `priority` (RFC 9218, section 7).
    pub(crate) fn enter(&self, stream: u32, role: Role, priority: Priority) -> Turn {
        let mut state = self.0.lock();
        let schedule = &mut state.schedule;
        if schedule.len() == 0 && self.0.observations.last_write().elapsed() > IDLE {
            schedule.open_anew();
        }
        let place = schedule.enter(stream, role, priority);
        drop(state);
        Turn {
            shared: Arc::clone(&self.0),
            place,
            pause: None,
        }
    }

    /// Wakes whoever may go on. To be called by the connection's task after each poll of h2, in which
    /// DATA may have been written and window granted.
    pub(crate) fn advance(&self) {
        // Pairs with the fence in `poll_turn`: either a task that begins to wait sees what was written
        // and granted, or it is seen to wait.
        fence(Ordering::SeqCst);
        if !self.0.is_waited_for.load(Ordering::Relaxed) {
            return;
        }
        let observations = &self.0.observations;
        let written = observations.data_written();
        let mut state = self.0.lock();
        if observations.initial_window_was_lowered() && observations.write_stalled_since().is_none()
        {
            state.schedule.note_stuck(written);
        }
        state.schedule.note_flow(written, Instant::now());
        self.0.give_turns(state, Woken::default());
    }

    /// Takes over a priority update, perhaps for a stream whose response has not begun; a few of those
    /// are kept.
    pub(crate) fn reprioritize(&self, stream: u32, priority: Priority) {
        let mut state = self.0.lock();
        state.schedule.reprioritize(stream, priority);
        self.0.give_turns(state, Woken::default());
    }

    /// The pushes of a page are to stop, because the page was.
    pub(crate) fn cancel_pushes_of(&self, parent: u32) {
        let mut state = self.0.lock();
        let mut woken = Woken::default();
        for place in state.schedule.cancel_pushes_of(parent) {
            woken.extend(state.take_waker(place));
        }
        self.0.give_turns(state, woken);
    }

    /// The connection has ended: nobody waits any more.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        let mut woken = Woken::default();
        for waker in std::mem::take(&mut state.wakers) {
            woken.extend(waker);
        }
        drop(state);
        woken.wake();
    }

    /// Bytes handed to h2 that are neither written nor dropped.
    #[cfg(test)]
    pub(crate) fn outstanding(&self) -> usize {
        let state = self.0.lock();
        let written = self.0.observations.data_written();
        usize::try_from(state.schedule.outstanding(written)).unwrap_or(usize::MAX)
    }

    /// Whether no response is in progress.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().schedule.len() == 0
    }
}

/// A response's place among those of its connection.
#[must_use = "the response leaves when it is dropped"]
pub(crate) struct Turn {
    shared: Arc<Shared>,
    place: Place,
    /// How long it may keep others waiting without data.
    pause: Option<Arc<Pause>>,
}

impl Turn {
    /// Ready when bytes may be handed to h2: so many, at least one of `wanted`. They stay reserved until [`Turn::hand_over`], [`Turn::yield_turn`] or drop.
    pub(crate) fn poll_turn(
        &mut self,
        context: &mut Context<'_>,
        wanted: usize,
    ) -> Poll<Result<usize, Cancelled>> {
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut state = self.shared.lock();
        if state.is_over(self.place) {
            return Poll::Ready(Err(Cancelled));
        }
        let mut woken = Woken::default();
        // A task that polls needs no waking for what it gets now.
        let earlier = state.take_waker(self.place);
        state.schedule.want(self.place, wanted as u64);
        state.give_turns(&self.shared, &mut woken);
        if state.schedule.grant(self.place).is_none() {
            // What the connection's task does from here on it tells by `advance`; what it did before is
            // seen now.
            self.shared.is_waited_for.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            state.give_turns(&self.shared, &mut woken);
        }
        let turn = state.schedule.grant(self.place);
        if turn.is_none() {
            state.register(self.place, context.waker());
        }
        self.shared.unlock(state, woken);
        drop(earlier);
        match turn {
            Some(grant) => Poll::Ready(Ok(usize::try_from(grant.bytes).unwrap_or(wanted))),
            None => Poll::Pending,
        }
    }

    /// Ready when nothing more is to be sent. For tasks that wait for something else than their turn.
    pub(crate) fn poll_cancelled(&mut self, context: &mut Context<'_>) -> Poll<Cancelled> {
        let mut state = self.shared.lock();
        if state.is_over(self.place) {
            return Poll::Ready(Cancelled);
        }
        let replaced = state.register(self.place, context.waker());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Gives the turn back. The response holds nobody back until it polls for a turn again. To be
    /// called when the stream has no window, and when the body has no data yet.
    ///
    /// While it waits for window, a stream should have no more than one byte reserved in h2: what the peer
    /// grants the connection would otherwise go to it out of turn.
    pub(crate) fn yield_turn(&mut self) {
        let mut state = self.shared.lock();
        state.schedule.rest(self.place);
        self.shared.give_turns(state, Woken::default());
    }

    /// DATA is about to come: what ranks lower waits, until the first turn, [`Turn::yield_turn`] or
    /// drop.
    pub(crate) fn expect_data(&mut self) {
        self.shared.lock().schedule.expect(self.place);
    }

    /// The response waits for others before it wants its first turn; see [`gathering`](super::gathering).
    pub(crate) fn gather(&mut self) {
        self.shared.lock().schedule.gather(self.place);
    }

    /// So many bytes of this page go before its pushes, which wait for them a little. To be said before
    /// the first turn.
    pub(crate) fn set_head(&mut self, bytes: u64) {
        self.shared.lock().schedule.set_head(self.place, bytes);
        self.pause = Some(Pause::new());
    }

    /// The response is the image of the largest paint. To be said before the first turn.
    pub(crate) fn raise(&mut self) {
        self.shared.lock().schedule.raise(self.place);
    }

    /// The response may keep the rest of its page waiting, for as long as there is left of this.
    pub(crate) fn share_pause(&mut self, pause: &Arc<Pause>) {
        self.pause = Some(Arc::clone(pause));
    }

    /// The response has no data now, and others of its page wait for it. It keeps its place as long as it
    /// may.
    pub(crate) fn begin_pause(&self) -> Option<Pausing> {
        let pause = self.pause.as_ref()?;
        let is_waited_for = self.shared.lock().schedule.is_waited_for(self.place);
        is_waited_for.then(|| pause.begin())
    }

    /// DATA written on the connection in all.
    pub(crate) fn data_written(&self) -> u64 {
        self.shared.observations.data_written()
    }

    /// Wraps the bytes that go to h2 now, and ends the turn. Without bytes, as for an empty last frame,
    /// no turn is needed, and one that there is remains.
    pub(crate) fn hand_over(&mut self, bytes: Bytes, next: Next) -> Handed {
        if bytes.is_empty() {
            return Handed {
                bytes,
                of: None,
                ahead: false,
            };
        }
        let mut state = self.shared.lock();
        let length = bytes.len() as u64;
        let ahead = state.schedule.hand_over(self.place, length, next);
        if ahead {
            self.shared.ahead.fetch_add(length, Ordering::Relaxed);
        }
        self.shared.give_turns(state, Woken::default());
        Handed {
            bytes,
            of: Some(Arc::clone(&self.shared)),
            ahead,
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Turn").field(&self.place.0).finish()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.schedule.leave(self.place);
        let waker = state.take_waker(self.place);
        if state.schedule.len() == 0 && state.wakers.capacity() > 8 {
            state.wakers = Vec::new();
        }
        self.shared.give_turns(state, Woken::default());
        drop(waker);
    }
}

/// Bytes on their way through h2.
pub(crate) struct Handed {
    bytes: Bytes,
    of: Option<Arc<Shared>>,
    ahead: bool,
}

impl Handed {
    fn is_no_longer_ahead(&self, bytes: usize) {
        if self.ahead
            && let Some(of) = &self.of
        {
            of.ahead.fetch_sub(bytes as u64, Ordering::Relaxed);
        }
    }
}

impl Buf for Handed {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.is_no_longer_ahead(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        let bytes = self.bytes.copy_to_bytes(length);
        self.is_no_longer_ahead(length);
        bytes
    }
}

impl fmt::Debug for Handed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = formatter.debug_tuple("Handed");
        tuple.field(&self.bytes.len()).finish()
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        self.is_no_longer_ahead(self.bytes.len());
        if let Some(of) = &self.of {
            let mut state = of.lock();
            state.schedule.take_back(self.bytes.len() as u64);
            of.give_turns(state, Woken::default());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state half changed: nothing under the lock calls foreign code but
        // the cloning of a waker, which comes before any change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wire(&self) -> Wire {
        Wire {
            window: self.observations.window_granted(),
            written: self.observations.data_written(),
            ahead: self.ahead.load(Ordering::Relaxed),
        }
    }

    /// Gives every turn that can be given, and wakes whoever got one after the lock is released.
    fn give_turns(&self, mut state: MutexGuard<'_, State>, mut woken: Woken) {
        state.give_turns(self, &mut woken);
        self.unlock(state, woken);
    }

    fn unlock(&self, state: MutexGuard<'_, State>, woken: Woken) {
        let is_waited_for = state.schedule.is_waiting();
        self.is_waited_for.store(is_waited_for, Ordering::Relaxed);
        drop(state);
        woken.wake();
    }
}

impl State {
    fn give_turns(&mut self, shared: &Shared, woken: &mut Woken) {
        if self.schedule.is_waiting() {
            while let Some(place) = self.schedule.next(shared.wire()) {
                woken.extend(self.take_waker(place));
            }
        }
    }

    fn is_over(&self, place: Place) -> bool {
        self.is_closed || self.schedule.is_cancelled(place)
    }

    fn take_waker(&mut self, place: Place) -> Option<Waker> {
        self.wakers.get_mut(place.0).and_then(Option::take)
    }

    /// Keeps the waker; the one that it replaces is to be dropped after the lock is released.
    fn register(&mut self, place: Place, waker: &Waker) -> Option<Waker> {
        if self.wakers.len() <= place.0 {
            self.wakers.resize(place.0 + 1, None);
        }
        let slot = self.wakers.get_mut(place.0)?;
        if slot.as_ref().is_some_and(|slot| slot.will_wake(waker)) {
            return None;
        }
        slot.replace(waker.clone())
    }
}

/// Wakers to be called once the lock is released. One needs no memory.
#[derive(Default)]
struct Woken {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Woken {
    fn extend(&mut self, waker: Option<Waker>) {
        match (&self.first, waker) {
            (None, waker) => self.first = waker,
            (Some(_), waker) => self.others.extend(waker),
        }
    }

    fn wake(self) {
        let Some(first) = self.first else {
            return;
        };
        first.wake();
        for waker in self.others {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;

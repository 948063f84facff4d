//! What has been seen on one connection, and the order of its promises.
//!
//! In: the frames that [`Observed`](super::Observed) finds, and the push slots that are taken. Out:
//! the state of every promised stream (RFC 9113, section 5.1), the peer's settings, and whether
//! input must be held back.
//!
//! A promised stream passes through these states; the columns say when it holds the *cork*, during
//! which nothing is read, and when it holds a push slot:
//!
//! ```text
//!                                               cork  slot
//!  slot taken                                    x     x     before h2 knows of the promise
//!    | h2 accepts the promise
//!  Queued    in h2's queue of the parent         x     x
//!    | PUSH_PROMISE written
//!  Reserved  reserved (local)                          x
//!    | HEADERS written
//!  Open      half-closed (remote)                      x
//!    | END_STREAM or RST_STREAM written, RST_STREAM or a GOAWAY below the id read
//!  closed    forgotten
//! ```
//!
//! The cork keeps a SETTINGS frame that forbids pushes, and a reset of the parent, from overtaking
//! promises that h2 has queued: both would be applied to a promise that still goes out, or is lost
//! with its stream left behind. Two rules remain with the connection task. It promises only while
//! [`Observations::may_promise`] holds, and only on a parent that has no DATA queued: DATA that
//! waits for window in front of a promise would wait for a WINDOW_UPDATE that nobody reads.
//!
//! Left out: whether a page should push at all, and time limits; the instants here serve the latter.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::peer::{GoAway, PeerSettings, PriorityUpdate};
use crate::http2::slots::NoPromise;

/// Where a promised stream is that has not closed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PromisedState {
    /// The promise waits in h2.
    Queued,
    /// The promise was written.
    Reserved,
    /// The response's HEADERS were written.
    Open,
}

/// A promised stream that has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClosedPush {
    /// The promised stream.
    pub(crate) stream: u32,
    /// What closed it.
    pub(crate) by: ClosedBy,
}

/// What closed a promised stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// The response is written to its end.
    EndStream,
    /// RST_STREAM was written, on the stream or on its parent before the promise went out.
    Server,
    /// The peer sent RST_STREAM with this error code.
    Peer(u32),
    /// The peer sent a GOAWAY that leaves the stream out.
    GoAway,
}

/// Most priority updates kept until the scheduler takes them; the oldest go first. Each is at most
/// `incoming::PRIORITY_VALUE_MAX` bytes long.
const PRIORITY_UPDATES_MAX: usize = 64;

/// The window that a connection begins with (RFC 9113, section 6.9.2).
const INITIAL_CONNECTION_WINDOW: u64 = 65_535;

/// What has been seen on one connection. Shared by the observer, which fills it, and the connection
/// task, which acts on it.
#[derive(Debug)]
pub(crate) struct Observations {
    /// Instants are kept as nanoseconds since this one.
    created: Instant,
    last_read: AtomicU64,
    last_write: AtomicU64,
    /// 0 while writing goes on.
    write_stalled_since: AtomicU64,
    data_written: AtomicU64,
    window_granted: AtomicU64,
    initial_window_was_lowered: AtomicBool,
    input_is_consumed: AtomicBool,
    /// Whether `State::awaited` has any, so that the usual HEADERS takes no lock.
    fields_are_awaited: AtomicBool,
    /// Mirrors `State::is_corked`, so that the usual read takes no lock.
    corked: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Slots taken for promises that h2 has not accepted yet.
    unnamed: u32,
    /// Promised streams in the state `Queued`.
    queued: u32,
    promised: BTreeMap<u32, Promised>,
    closed: Vec<ClosedPush>,
    promises_written: u64,
    highest_promised: u32,
    peer_settings: Option<PeerSettings>,
    goaway_received: Option<GoAway>,
    goaway_sent: bool,
    priority_updates: VecDeque<PriorityUpdate>,
    corked_since: Option<Instant>,
    /// Requests' streams on which fields are to be written, with who waits for that.
    awaited: Vec<(u32, Option<Waker>)>,
    changed: bool,
    reader: Option<Waker>,
    connection_task: Option<Waker>,
}

#[derive(Debug)]
struct Promised {
    state: PromisedState,
    parent: u32,
}

impl Observations {
    pub(super) fn new() -> Self {
        Self {
            created: Instant::now(),
            last_read: AtomicU64::new(0),
            last_write: AtomicU64::new(0),
            write_stalled_since: AtomicU64::new(0),
            data_written: AtomicU64::new(0),
            window_granted: AtomicU64::new(INITIAL_CONNECTION_WINDOW),
            initial_window_was_lowered: AtomicBool::new(false),
            input_is_consumed: AtomicBool::new(false),
            fields_are_awaited: AtomicBool::new(false),
            corked: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Whether the next batch of promises may be made: none is unwritten, and h2 has acted on every
    /// frame that was read, so that what it knows of parents, settings and limits is what is known.
    ///
    /// h2 stops in the middle of its input when a blocked writer keeps it from answering a PING or
    /// SETTINGS frame; a reset of the parent may then lie unseen in its buffer.
    pub(crate) fn may_promise(&self) -> bool {
        self.input_is_consumed.load(Ordering::Acquire) && !self.is_corked()
    }

    /// Whether promises are unwritten.
    pub(crate) fn is_corked(&self) -> bool {
        self.corked.load(Ordering::Acquire)
    }

    /// The peer's settings as last received, `None` before the first.
    pub(crate) fn peer_settings(&self) -> Option<PeerSettings> {
        self.lock().peer_settings
    }

    /// The peer's last GOAWAY.
    pub(crate) fn goaway_received(&self) -> Option<GoAway> {
        self.lock().goaway_received
    }

    /// Whether a GOAWAY was written.
    pub(crate) fn goaway_sent(&self) -> bool {
        self.lock().goaway_sent
    }

    /// The state of a promised stream; `None` if it has closed or was never promised.
    #[cfg(test)]
    pub(crate) fn promised_state(&self, stream: u32) -> Option<PromisedState> {
        self.lock().promised.get(&stream).map(|entry| entry.state)
    }

    /// PUSH_PROMISE frames written.
    #[cfg(test)]
    pub(crate) fn promises_written(&self) -> u64 {
        self.lock().promises_written
    }

    /// The highest promised stream on the wire, 0 before the first.
    #[cfg(test)]
    pub(crate) fn highest_promised(&self) -> u32 {
        self.lock().highest_promised
    }

    /// The promised streams that have not closed.
    #[cfg(fuzzing)]
    pub(super) fn promised_streams(&self) -> Vec<u32> {
        self.lock().promised.keys().copied().collect()
    }

    /// Panics if what is counted is not what there is.
    #[cfg(fuzzing)]
    pub(super) fn assert_consistent(&self) {
        let state = self.lock();
        let is_queued = |entry: &&Promised| entry.state == PromisedState::Queued;
        let queued = state.promised.values().filter(is_queued).count();
        assert_eq!(state.queued as usize, queued);
        assert_eq!(self.corked.load(Ordering::Acquire), state.is_corked());
        assert_eq!(state.corked_since.is_some(), state.is_corked());
        assert!(state.priority_updates.len() <= PRIORITY_UPDATES_MAX);
    }

    /// Takes the promised streams that have closed since the last call. Each comes once, so that
    /// what waits here is bounded by the promises made.
    pub(crate) fn take_closed(&self) -> Vec<ClosedPush> {
        std::mem::take(&mut self.lock().closed)
    }

    /// Takes the priority updates since the last call, the last one of each stream, oldest first.
    pub(crate) fn take_priority_updates(&self) -> VecDeque<PriorityUpdate> {
        std::mem::take(&mut self.lock().priority_updates)
    }

    /// Payload bytes of DATA frames written, over all streams. Progress here wakes nobody: it is
    /// made only while the connection task polls h2, and that task looks here afterwards.
    pub(crate) fn data_written(&self) -> u64 {
        self.data_written.load(Ordering::Relaxed)
    }

    /// The window that the peer has granted the connection in all. h2 knows of it once it has acted on
    /// what was read.
    pub(crate) fn window_granted(&self) -> u64 {
        self.window_granted.load(Ordering::Relaxed)
    }

    /// The connection's window: what the peer has granted less the DATA written.
    #[cfg(test)]
    pub(crate) fn connection_window(&self) -> i64 {
        let written = self.data_written();
        self.window_granted().cast_signed() - written.cast_signed()
    }

    /// Whether the peer has ever lowered SETTINGS_INITIAL_WINDOW_SIZE after its first SETTINGS, so that
    /// what h2 holds may be more than its streams have window for (RFC 9113, section 6.9.2).
    pub(crate) fn initial_window_was_lowered(&self) -> bool {
        self.initial_window_was_lowered.load(Ordering::Relaxed)
    }

    /// When bytes were last read, at first when the connection began.
    pub(crate) fn last_read(&self) -> Instant {
        self.instant(self.last_read.load(Ordering::Relaxed))
    }

    /// When bytes were last written, at first when the connection began.
    pub(crate) fn last_write(&self) -> Instant {
        self.instant(self.last_write.load(Ordering::Relaxed))
    }

    /// Since when bytes wait that the inner stream does not take; any byte that it takes ends the
    /// stall. `None` while nothing waits.
    pub(crate) fn write_stalled_since(&self) -> Option<Instant> {
        match self.write_stalled_since.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(self.instant(nanos)),
        }
    }

    /// Since when reading is held back. It ends when the peer reads; a peer that does not runs into
    /// the write stall, and this instant bounds whatever else might hold a promise back.
    pub(crate) fn corked_since(&self) -> Option<Instant> {
        self.lock().corked_since
    }

    /// Ready once for any number of changes since the last call: promises all written, a slot freed,
    /// settings, GOAWAY, window granted, a priority update. Otherwise the task is woken at the next change.
    ///
    /// One task may wait, the connection's. It calls this last in its poll function, after it polled
    /// h2, and starts over when ready.
    pub(crate) fn poll_change(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if std::mem::take(&mut state.changed) {
            return Poll::Ready(());
        }
        register(&mut state.connection_task, context.waker());
        Poll::Pending
    }

    /// Fields are about to be handed to h2 on the stream of a request: takes note of when they are
    /// written, until [`Observations::forget_fields`].
    pub(crate) fn await_fields(&self, stream: u32) {
        let mut state = self.lock();
        state.awaited.push((stream, None));
        self.fields_are_awaited.store(true, Ordering::Relaxed);
    }

    /// Ready when the fields are written.
    pub(crate) fn poll_fields(&self, stream: u32, context: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let mut awaited = state.awaited.iter_mut();
        match awaited.find(|(of, _)| *of == stream) {
            Some((_, waker)) => {
                register(waker, context.waker());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// Nobody waits for them any more. Returns who did.
    pub(crate) fn forget_fields(&self, stream: u32) -> Option<Waker> {
        let mut state = self.lock();
        let place = state.awaited.iter().position(|(of, _)| *of == stream)?;
        let (_, waker) = state.awaited.swap_remove(place);
        let any = !state.awaited.is_empty();
        self.fields_are_awaited.store(any, Ordering::Relaxed);
        waker
    }

    /// Wakes the connection's task, for a reason of its own.
    pub(crate) fn wake(&self) {
        self.change(|state| state.changed = true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state half changed: nothing under the lock calls foreign code.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, then opens or closes the cork and wakes whoever waits for the outcome.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, reader, connection_task) = {
            let mut state = self.lock();
            let result = change(&mut state);
            let corked = state.is_corked();
            match (corked, state.corked_since) {
                (true, None) => state.corked_since = Some(Instant::now()),
                (false, Some(_)) => {
                    state.corked_since = None;
                    state.changed = true;
                }
                _ => {}
            }
            self.corked.store(corked, Ordering::Release);
            let reader = if corked { None } else { state.reader.take() };
            let connection_task = if state.changed {
                state.connection_task.take()
            } else {
                None
            };
            (result, reader, connection_task)
        };
        for waker in [reader, connection_task].into_iter().flatten() {
            waker.wake();
        }
        result
    }

    fn now(&self) -> u64 {
        let nanos = Instant::now().duration_since(self.created).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    fn instant(&self, nanos: u64) -> Instant {
        self.created + Duration::from_nanos(nanos)
    }
}

/// Slots.
impl Observations {
    /// Push slots that are taken: promises not yet accepted by h2 and promised streams not closed.
    pub(in crate::http2) fn slots_taken(&self) -> u32 {
        self.lock().slots_taken()
    }

    /// Takes a push slot if `own_limit` and the peer leave one, and corks the input.
    pub(in crate::http2) fn take_slot(&self, own_limit: u32) -> Result<(), NoPromise> {
        self.change(|state| {
            let peer = state.peer_settings.ok_or(NoPromise::SettingsUnknown)?;
            if !peer.enable_push {
                return Err(NoPromise::Disabled);
            }
            if state.goaway_sent || state.goaway_received.is_some() {
                return Err(NoPromise::GoingAway);
            }
            if state.slots_taken() >= peer.push_limit(own_limit) {
                return Err(NoPromise::LimitReached);
            }
            state.unnamed += 1;
            Ok(())
        })
    }

    /// Gives back a slot that h2 accepted no promise for.
    pub(in crate::http2) fn return_slot(&self) {
        self.change(|state| {
            state.unnamed = state.unnamed.saturating_sub(1);
            state.changed = true;
        });
    }

    /// Names the promise that h2 accepted for a taken slot.
    pub(in crate::http2) fn name_slot(&self, parent: u32, promised: u32) {
        self.change(|state| {
            state.unnamed = state.unnamed.saturating_sub(1);
            // Ids rise, so a lower one was written (and perhaps closed) before this call.
            if promised > state.highest_promised {
                state.queued += 1;
                let entry = Promised {
                    state: PromisedState::Queued,
                    parent,
                };
                state.promised.insert(promised, entry);
            }
        });
    }
}

/// Input.
impl Observations {
    /// Whether input may be read; if not, the reader is woken when it may.
    pub(super) fn poll_uncorked(&self, context: &Context<'_>) -> Poll<()> {
        if !self.corked.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut state = self.lock();
        if !state.is_corked() {
            return Poll::Ready(());
        }
        register(&mut state.reader, context.waker());
        Poll::Pending
    }

    /// h2 has asked for more input; it does so when its buffer holds no complete frame, and gets
    /// either nothing for now or new bytes.
    pub(super) fn read_polled(&self, bytes: Poll<usize>) {
        self.input_is_consumed
            .store(bytes.is_pending(), Ordering::Release);
        if let Poll::Ready(1..) = bytes {
            self.last_read.store(self.now(), Ordering::Relaxed);
        }
    }

    pub(super) fn settings_received(&self, settings: PeerSettings) {
        self.change(|state| {
            let before = state.peer_settings;
            if before
                .is_some_and(|before| settings.initial_window_size < before.initial_window_size)
            {
                self.initial_window_was_lowered
                    .store(true, Ordering::Relaxed);
            }
            state.changed |= state.peer_settings != Some(settings);
            state.peer_settings = Some(settings);
        });
    }

    pub(super) fn goaway_received_now(&self, goaway: GoAway) {
        self.change(|state| {
            state.goaway_received = Some(goaway);
            state.changed = true;
            let left_out: Vec<u32> = (state.promised.iter())
                .filter(|(id, entry)| {
                    **id > goaway.last_stream && entry.state != PromisedState::Queued
                })
                .map(|(id, _)| *id)
                .collect();
            for stream in left_out {
                state.close(stream, ClosedBy::GoAway);
            }
        });
    }

    /// RST_STREAM on a promised stream. A peer cannot reset what it was not promised.
    pub(super) fn reset_received(&self, stream: u32, error_code: u32) {
        self.change(|state| {
            let known = state.promised.get(&stream);
            if known.is_some_and(|entry| entry.state != PromisedState::Queued) {
                state.close(stream, ClosedBy::Peer(error_code));
            }
        });
    }

    /// WINDOW_UPDATE on a stream, or on the connection, which is 0.
    pub(super) fn window_update_received(&self, stream: u32, increment: u32) {
        if stream == 0 {
            self.window_granted
                .fetch_add(u64::from(increment), Ordering::Relaxed);
        }
        self.change(|state| state.changed = true);
    }

    pub(super) fn priority_update_received(&self, update: PriorityUpdate) {
        self.change(|state| {
            let updates = &mut state.priority_updates;
            updates.retain(|earlier| earlier.stream != update.stream);
            if updates.len() == PRIORITY_UPDATES_MAX {
                updates.pop_front();
            }
            updates.push_back(update);
            state.changed = true;
        });
    }
}

/// Output.
impl Observations {
    /// The inner stream was offered bytes, or asked to flush.
    pub(super) fn write_polled(&self, written: Poll<usize>) {
        match written {
            Poll::Ready(0) => {}
            Poll::Ready(_) => {
                self.last_write.store(self.now(), Ordering::Relaxed);
                self.write_stalled_since.store(0, Ordering::Relaxed);
            }
            Poll::Pending => {
                if self.write_stalled_since.load(Ordering::Relaxed) == 0 {
                    let now = self.now().max(1);
                    self.write_stalled_since.store(now, Ordering::Relaxed);
                }
            }
        }
    }

    /// The inner stream has passed on all that it took.
    pub(super) fn flushed(&self) {
        self.write_stalled_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn data_written_now(&self, bytes: u64) {
        self.data_written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn promise_written(&self, parent: u32, promised: u32) {
        self.change(|state| {
            state.promises_written += 1;
            state.highest_promised = state.highest_promised.max(promised);
            let entry = Promised {
                state: PromisedState::Reserved,
                parent,
            };
            let earlier = state.promised.insert(promised, entry);
            if earlier.is_some_and(|entry| entry.state == PromisedState::Queued) {
                state.queued = state.queued.saturating_sub(1);
            }
        });
    }

    /// HEADERS on a stream of the client's.
    pub(super) fn fields_written(&self, stream: u32) {
        if self.fields_are_awaited.load(Ordering::Relaxed)
            && let Some(waker) = self.forget_fields(stream)
        {
            waker.wake();
        }
    }

    pub(super) fn promised_headers_written(&self, stream: u32) {
        self.change(|state| {
            let entry = state.promised.get_mut(&stream);
            // A promise that h2 still holds stays counted as one.
            if let Some(entry) = entry.filter(|entry| entry.state == PromisedState::Reserved) {
                entry.state = PromisedState::Open;
            }
        });
    }

    pub(super) fn promised_end_written(&self, stream: u32) {
        self.change(|state| state.close(stream, ClosedBy::EndStream));
    }

    /// RST_STREAM on any stream. If it is a parent, its promises that were not written are lost:
    /// h2 clears the queue of a stream that it resets.
    pub(super) fn reset_written(&self, stream: u32) {
        self.change(|state| {
            state.close(stream, ClosedBy::Server);
            if state.queued > 0 {
                let lost: Vec<u32> = (state.promised.iter())
                    .filter(|(_, entry)| {
                        entry.parent == stream && entry.state == PromisedState::Queued
                    })
                    .map(|(id, _)| *id)
                    .collect();
                for promised in lost {
                    state.close(promised, ClosedBy::Server);
                }
            }
        });
    }

    pub(super) fn goaway_written(&self) {
        self.change(|state| {
            state.goaway_sent = true;
            state.changed = true;
        });
    }
}

impl State {
    fn is_corked(&self) -> bool {
        self.unnamed > 0 || self.queued > 0
    }

    fn slots_taken(&self) -> u32 {
        let promised = u32::try_from(self.promised.len()).unwrap_or(u32::MAX);
        self.unnamed.saturating_add(promised)
    }

    /// Closes a promised stream, once.
    fn close(&mut self, stream: u32, by: ClosedBy) {
        if let Some(entry) = self.promised.remove(&stream) {
            if entry.state == PromisedState::Queued {
                self.queued = self.queued.saturating_sub(1);
            }
            self.closed.push(ClosedPush { stream, by });
            self.changed = true;
        }
    }
}

fn register(place: &mut Option<Waker>, waker: &Waker) {
    match place {
        Some(registered) => registered.clone_from(waker),
        None => *place = Some(waker.clone()),
    }
}

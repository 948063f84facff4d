//! The order of DATA on one connection: which response may hand bytes to h2 next, and how many.
//!
//! In: the responses that have begun, what each of them wants, and what is known of the wire. Out: the
//! next turn. h2 sends one frame of each stream in turn of what it has, so the order of sending is the
//! order in which bytes are handed to it, as long as it holds little.
//!
//! **Rank.** The lower urgency goes first (RFC 9218, section 10). Within one urgency, responses that
//! are not incremental go one after the other by stream id, and incremental ones take turns, frame by
//! frame. Between the two kinds the RFC leaves the choice, and warns that early responses that are not
//! incremental may keep incremental ones back; here all of the former together count as one that takes
//! turns with the latter.
//!
//! **Pages with pushes.** A page's head goes first, and is written before its pushes begin; these come in the
//! order of their plan, then the rest of the page; see [`inheritance`] for how that fits urgencies. Since h2
//! sends a frame of each stream in turn, what follows a push in that order is handed over when of the push
//! there is one frame left in h2.
//!
//! **In order.** For the same reason a response that goes after another one in order, by its urgency or because one of them
//! is not incremental, is given its turn when of that one there is one frame left in h2: what began small, in many frames,
//! would else be sent in turns with it.
//!
//! **Who holds others back.** A response that has its turn, wants one, or is expected to, and, as long as
//! bytes are under way, one that has just sent. A response without data or window holds nobody back.
//!
//! **How much.** [`LIMIT`] bytes are under way at most, so that what comes later need not wait behind
//! them; that much may be out of order, since h2 sends a frame of each stream in turn. A response that is
//! alone may run ahead to [`LIMIT_ALONE`](flow::LIMIT_ALONE). What it has handed over while alone does not count against
//! those that come later: their first frame passes it by. Nothing is given out
//! that the connection's window does not have, and pushes leave [`RESERVE`] of it while a response to a
//! request is unfinished.
//!
//! **How far that grows.** Where bytes are written as soon as they are handed over, the limits and the turns grow; see
//! [`flow`].
//!
//! Over TLS turns begin small; see [`opening`]. What clients and the policy say of priorities: [`priorities`].
//!
//! Left out: wakers and locks (see [`turns`](super::turns)), the windows of streams, time limits.

mod flow;
mod inheritance;
mod opening;
mod priorities;

use tokio::time::Instant;

use crate::request_facts::Priority;

pub(super) use flow::LIMIT;
use flow::{DOUBLINGS_MAX, Flow};
pub(super) use opening::IDLE;
use opening::Opening;
use priorities::{Spoken, urgency};

/// The most bytes in one turn, at first: the least that SETTINGS_MAX_FRAME_SIZE can be.
pub(super) const FRAME: u64 = 16 * 1024;
/// What pushes leave of the connection's window to responses: a quarter of the default.
pub(super) const RESERVE: u64 = 16 * 1024;

const DEFAULT_URGENCY: u8 = 3;
const LOWEST_URGENCY: u8 = 7;

/// What a response is to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It answers a request.
    Main {
        /// How many bytes of it go before its pushes.
        head_bytes: u64,
    },
    /// It is pushed.
    Pushed {
        /// The stream it was promised on.
        parent: u32,
        /// Its place in the plan.
        order: u32,
    },
}

/// What is known of the connection when a turn is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    /// The window that the peer has granted in all.
    pub(super) window: u64,
    /// DATA written in all.
    pub(super) written: u64,
    /// Of what is under way, how much was handed over while its response was alone.
    pub(super) ahead: u64,
}

/// A response's place in the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) usize);

/// A turn that was given and not used yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) bytes: u64,
    /// Whether the response was alone when it got them.
    pub(super) ahead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Wants nothing, and holds nobody back.
    Idle,
    /// DATA is about to come.
    Expected,
    Wanting(u64),
    Granted(Grant),
    /// Has handed bytes over, and may be about to want more.
    Sending,
}

/// What a response knows of what it will want, when it hands bytes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// So many bytes, at least one.
    Bytes(u64),
    /// Whatever its body yields.
    Unknown,
    /// Nothing: these were the last.
    Nothing,
}

#[derive(Debug)]
struct Entry {
    stream: u32,
    urgency: u8,
    incremental: bool,
    is_raised: bool,
    is_gathering: bool,
    state: State,
    /// What it last wanted, and whether it has ever handed anything over.
    wanted: u64,
    has_sent: bool,
    /// What was handed over in all when its last bytes were.
    sent_to: u64,
    /// DATA in all that is written before it may go on: what goes before it in the order of its page.
    not_before: u64,
    /// When it last took a turn among incremental responses.
    taken: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Main {
        head_left: u64,
        /// The best urgency of its unfinished pushes.
        best_push: Option<u8>,
    },
    Pushed {
        parent: u32,
        order: u32,
        /// The urgency of the page, as last known.
        page_urgency: u8,
        /// The urgency that counts.
        inherited: u8,
        /// Whether the client gave `urgency`.
        by_client: bool,
        is_cancelled: bool,
    },
}

/// Lower goes first: urgency; when its kind last took a turn; the page or request; its part; the stream.
type Rank = (u8, u64, u32, u64, u32);

/// The responses of one connection, and the bytes that were handed to h2.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    entries: Vec<Option<Entry>>,
    len: usize,
    mains: usize,
    pushes: usize,
    /// Entries that are not idle.
    active: usize,
    wanting: usize,
    /// Entries that wait for the rest of what a 103 hinted.
    gathering: usize,
    /// Bytes of turns given and not used, and how many of them were given to a response alone.
    granted: u64,
    granted_ahead: u64,
    /// Bytes handed over in all, but those that h2 dropped.
    handed: u64,
    /// Bytes under way that h2 cannot send for want of a stream's window.
    stuck: u64,
    /// Counts turns.
    clock: u64,
    /// Entries that are sending, and those that are incremental.
    sending: usize,
    incremental: usize,
    flow: Flow,
    opening: Opening,
    /// The entry that had the last turn.
    last_turn: Option<usize>,
    /// What was handed over in all when a response of several frames last did so.
    many_frames: u64,
    /// What is handed over of the response that had the last turn.
    tail: Tail,
    /// The entry of the best rank, as far as it is known; see [`Schedule::best`].
    best: Option<usize>,
    /// When responses that are not incremental last took a turn, by urgency.
    in_order_taken: [u64; 8],
    spoken: Spoken,
    /// What pushes inherit is to be worked out anew.
    groups_are_stale: bool,
}

/// The end of what a response has handed over. Who goes after it in order follows when there is one frame of it left in
/// h2, which would send the frames of both in turns.
#[derive(Debug, Default, Clone, Copy)]
struct Tail {
    /// What is handed over in all before its last frame.
    from: u64,
    urgency: u8,
    takes_turns: bool,
}

/// Responses.
impl Schedule {
    /// For a connection whose frames become records of TLS.
    pub(super) fn of_records() -> Self {
        Self {
            opening: Opening::of_records(),
            ..Self::default()
        }
    }

    /// Turns begin small again, if they did.
    pub(super) fn open_anew(&mut self) {
        self.opening.begin_anew(self.handed);
    }

    /// So many bytes of a page go before its pushes. To be said before it has handed any over.
    pub(super) fn set_head(&mut self, page: Place, bytes: u64) {
        if let Some(Some(Entry {
            kind: Kind::Main { head_left, .. },
            ..
        })) = self.entries.get_mut(page.0)
        {
            *head_left = bytes;
            self.groups_are_stale |= self.pushes > 0;
        }
    }

    /// Whether others of its page wait for a response: for a push the page, for a page's head the
    /// pushes.
    pub(super) fn is_waited_for(&self, place: Place) -> bool {
        let Some(entry) = self.entry(place) else {
            return false;
        };
        let mut others = self.entries.iter().flatten();
        match entry.kind {
            Kind::Pushed {
                is_cancelled: true, ..
            }
            | Kind::Main { head_left: 0, .. } => false,
            Kind::Pushed { parent, .. } => others.any(|other| other.stream == parent),
            Kind::Main { .. } => others.any(|other| other.is_pushed_with(entry.stream)),
        }
    }

    /// A response begins. It is idle at first.
    pub(super) fn enter(&mut self, stream: u32, role: Role, priority: Priority) -> Place {
        let early = self.spoken.take_early(stream);
        let by_client = early.is_some();
        let priority = early.unwrap_or(priority);
        let kind = match role {
            Role::Main { head_bytes } => {
                self.mains += 1;
                self.spoken.note(priority);
                Kind::Main {
                    head_left: head_bytes,
                    best_push: None,
                }
            }
            Role::Pushed { parent, order } => {
                self.pushes += 1;
                Kind::Pushed {
                    parent,
                    order,
                    page_urgency: DEFAULT_URGENCY,
                    inherited: urgency(priority),
                    by_client,
                    is_cancelled: false,
                }
            }
        };
        self.groups_are_stale |= self.pushes > 0;
        self.incremental += usize::from(priority.incremental);
        self.len += 1;
        self.clock += 1;
        let entry = Entry {
            stream,
            urgency: urgency(priority),
            incremental: priority.incremental,
            is_raised: false,
            is_gathering: false,
            state: State::Idle,
            wanted: 0,
            has_sent: false,
            sent_to: 0,
            not_before: 0,
            taken: self.clock,
            kind,
        };
        let free = if self.len <= self.entries.len() {
            self.entries.iter().position(Option::is_none)
        } else {
            None
        };
        let index = free.unwrap_or(self.entries.len());
        match self.entries.get_mut(index) {
            Some(slot) => *slot = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        Place(index)
    }

    /// A response ends; a turn that it has not used is given back.
    pub(super) fn leave(&mut self, place: Place) {
        // A page that ends leaves its urgency behind for its pushes.
        self.regroup();
        self.change(place, State::Idle);
        let Some(entry) = self.entries.get_mut(place.0).and_then(Option::take) else {
            return;
        };
        self.len -= 1;
        if self.last_turn == Some(place.0) {
            self.last_turn = None;
        }
        self.incremental -= usize::from(entry.incremental);
        self.gathering -= usize::from(entry.is_gathering);
        match entry.kind {
            Kind::Main { head_left, .. } => {
                self.mains -= 1;
                if head_left > 0 {
                    self.release_pushes_of(entry.stream);
                }
            }
            Kind::Pushed { .. } => {
                self.pushes -= 1;
                self.groups_are_stale = true;
            }
        }
        if self.len == 0 && self.entries.capacity() > 8 {
            self.entries = Vec::new();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Cancels the pushes of a page, and names them.
    pub(super) fn cancel_pushes_of(&mut self, page: u32) -> Vec<Place> {
        let mut cancelled = Vec::new();
        if self.pushes > 0 {
            for (index, entry) in self.entries.iter_mut().enumerate() {
                if let Some(entry) = entry
                    && let Kind::Pushed {
                        parent,
                        is_cancelled,
                        ..
                    } = &mut entry.kind
                    && *parent == page
                {
                    *is_cancelled = true;
                    cancelled.push(Place(index));
                }
            }
        }
        for place in &cancelled {
            self.change(*place, State::Idle);
            self.groups_are_stale = true;
        }
        cancelled
    }

    /// Whether a response is a push that was cancelled.
    pub(super) fn is_cancelled(&self, place: Place) -> bool {
        matches!(
            self.entry(place).map(|entry| &entry.kind),
            Some(Kind::Pushed {
                is_cancelled: true,
                ..
            })
        )
    }
}

/// Turns.
impl Schedule {
    /// A response wants a turn of up to so many bytes, at least one. One that it has is cut to that.
    pub(super) fn want(&mut self, place: Place, wanted: u64) {
        let wanted = wanted.clamp(1, FRAME << DOUBLINGS_MAX);
        if let Some(Some(entry)) = self.entries.get_mut(place.0) {
            entry.wanted = wanted;
            self.gathering -= usize::from(std::mem::take(&mut entry.is_gathering));
        }
        let state = match self.grant(place) {
            Some(grant) => State::Granted(Grant {
                bytes: grant.bytes.min(wanted),
                ..grant
            }),
            None => State::Wanting(wanted),
        };
        self.change(place, state);
    }

    /// A response is about to want a turn.
    pub(super) fn expect(&mut self, place: Place) {
        let state = self.entry(place).map(|entry| entry.state);
        if let Some(State::Idle | State::Sending) = state {
            self.change(place, State::Expected);
        }
    }

    /// A response has data, and wants a turn in a moment. It holds nobody back until then, but what goes
    /// before it does not run ahead.
    pub(super) fn gather(&mut self, place: Place) {
        if let Some(Some(entry)) = self.entries.get_mut(place.0)
            && !entry.is_gathering
        {
            entry.is_gathering = true;
            self.gathering += 1;
        }
    }

    /// A response wants nothing for now; a turn that it has is given back.
    pub(super) fn rest(&mut self, place: Place) {
        self.change(place, State::Idle);
    }

    /// The turn that a response has.
    pub(super) fn grant(&self, place: Place) -> Option<Grant> {
        match self.entry(place)?.state {
            State::Granted(grant) => Some(grant),
            _ => None,
        }
    }

    /// A response has handed bytes to h2, which ends its turn; true if it got the turn alone.
    pub(super) fn hand_over(&mut self, place: Place, bytes: u64, next: Next) -> bool {
        let ahead = self.grant(place).is_some_and(|grant| grant.ahead);
        self.change(place, State::Sending);
        let before = self.handed;
        self.handed += bytes;
        if let Some(Some(entry)) = self.entries.get_mut(place.0) {
            let is_of_one_frame = !entry.has_sent && entry.wanted <= FRAME.min(bytes);
            entry.has_sent = true;
            if !is_of_one_frame {
                self.many_frames = self.handed;
            }
            let last_frame = match bytes {
                0..=FRAME => entry.sent_to.min(before),
                _ => self.handed - 1 - (bytes - 1) % FRAME,
            };
            entry.sent_to = self.handed;
            let takes_turns = entry.takes_turns();
            if let Kind::Pushed { parent, order, .. } = entry.kind {
                self.hold_back(parent, order, last_frame);
            } else if let Some(urgency) = self.entry(place).map(|entry| self.rank(entry).0) {
                self.tail = Tail {
                    from: last_frame,
                    urgency,
                    takes_turns,
                };
            }
        }
        if let Some(Some(Entry {
            stream,
            kind: Kind::Main { head_left, .. },
            ..
        })) = self.entries.get_mut(place.0)
        {
            let stream = *stream;
            let had_head_left = *head_left > 0;
            *head_left = head_left.saturating_sub(bytes);
            if had_head_left && *head_left == 0 {
                self.release_pushes_of(stream);
            }
        }
        match next {
            // It need not ask first: who ranks lower would be asked meanwhile.
            Next::Bytes(wanted) => self.want(place, wanted),
            Next::Unknown if self.pushes > 0 && self.is_waited_for(place) => self.expect(place),
            Next::Unknown | Next::Nothing => {}
        }
        ahead
    }

    /// What follows the push in this place of a page's plan is to come when so much is written.
    fn hold_back(&mut self, page: u32, place: u32, written: u64) {
        for entry in self.entries.iter_mut().flatten() {
            let follows = match entry.kind {
                Kind::Main { .. } => entry.stream == page,
                Kind::Pushed { parent, order, .. } => parent == page && order > place,
            };
            if follows {
                entry.not_before = entry.not_before.max(written);
            }
        }
    }

    /// The head of a page is handed over: its pushes begin when it is written, since h2 would put their
    /// first frames between the page's fields and its head.
    fn release_pushes_of(&mut self, page: u32) {
        if self.pushes == 0 {
            return;
        }
        let handed = self.handed;
        for entry in self.entries.iter_mut().flatten() {
            if entry.is_pushed_with(page) {
                entry.not_before = handed;
            }
        }
    }

    /// h2 has dropped bytes unsent.
    pub(super) fn take_back(&mut self, bytes: u64) {
        self.handed = self.handed.saturating_sub(bytes);
        let handed = self.handed;
        self.tail.from = handed.min(self.tail.from);
        for entry in self.entries.iter_mut().flatten() {
            entry.not_before = handed.min(entry.not_before);
        }
    }

    /// Bytes handed over and not written.
    pub(super) fn outstanding(&self, written: u64) -> u64 {
        self.handed.saturating_sub(written)
    }

    /// Whether more than the last frame is in h2 of a response that is sent in order.
    #[cfg(test)]
    pub(super) fn has_tail(&self, written: u64) -> bool {
        written + self.stuck < self.tail.from
    }

    /// The socket takes all that h2 can send, so what is under way waits for the windows of its streams.
    pub(super) fn note_stuck(&mut self, written: u64) {
        self.stuck = self.outstanding(written);
    }

    /// Takes note of how soon bytes are written.
    pub(super) fn note_flow(&mut self, written: u64, now: Instant) {
        self.flow.note(written, self.handed, self.stuck, now);
    }

    /// The most bytes under way now, while several responses are sending and of one that is alone.
    pub(super) fn limits(&self) -> (u64, u64) {
        self.flow.limits()
    }

    /// Whether a response waits for its turn.
    pub(super) fn is_waiting(&self) -> bool {
        self.wanting > 0
    }

    /// Gives the next turn, if one can be given. To be called until there is none, whenever anything
    /// has changed.
    pub(super) fn next(&mut self, wire: Wire) -> Option<Place> {
        if self.wanting == 0 {
            return None;
        }
        self.regroup();
        let outstanding = self.outstanding(wire.written);
        self.stuck = self.stuck.min(outstanding);
        let under_way = outstanding - self.stuck + self.granted;
        let window = wire.window.saturating_sub(self.handed + self.granted);
        let reserve = if self.mains > 0 { RESERVE } else { 0 };
        let window_of_pushes = window.saturating_sub(reserve);
        if window == 0 {
            return None;
        }

        let index = self.best(under_way, window_of_pushes)?;
        let entry = self.entries.get(index)?.as_ref()?;
        let (urgency, ..) = self.rank(entry);
        let State::Wanting(wanted) = entry.state else {
            return None;
        };
        // What ranks lower waits with it; it is not for long.
        if !entry.sends_head() && wire.written + self.stuck < entry.not_before {
            return None;
        }
        let are_in_turns = self.tail.takes_turns && entry.takes_turns();
        let is_after = urgency > self.tail.urgency
            || (urgency == self.tail.urgency && !are_in_turns && self.last_turn != Some(index));
        let follows = self.pushes == 0 && is_after;
        if follows && wire.written + self.stuck < self.tail.from {
            return None;
        }
        let bytes = match entry.kind {
            Kind::Pushed { .. } => wanted.min(window_of_pushes),
            Kind::Main { head_left, .. } if entry.sends_head() => wanted.min(window).min(head_left),
            Kind::Main { .. } => wanted.min(window),
        };
        let ahead = wire.ahead + self.granted_ahead;
        let is_alone = self.active == 1 && self.gathering == 0;
        let takes_turns = entry.takes_turns();
        let most = self.opening.turn(self.handed + self.granted);
        let is_of_one_frame = !entry.has_sent && wanted <= FRAME.min(most);
        let keeps_order = if self.pushes > 0 {
            false
        } else if is_of_one_frame {
            wire.written + self.stuck >= self.many_frames
        } else {
            !takes_turns && self.last_turn == Some(index)
        };
        let (limit, limit_alone) = self.limits();
        let room = if is_alone {
            limit_alone.saturating_sub(under_way)
        } else if keeps_order {
            limit.saturating_sub(under_way.saturating_sub(ahead))
        } else {
            LIMIT.saturating_sub(under_way.saturating_sub(ahead))
        };
        let turn = if keeps_order { limit / 2 } else { FRAME };
        let bytes = bytes.min(turn).min(most);
        let bytes = match room {
            0..FRAME if bytes > room => return None,
            0..FRAME => bytes,
            // A part of a frame is not worth a turn.
            _ => bytes.min(room - room % FRAME),
        };

        if self.incremental > 0 {
            self.best = None;
        }
        self.clock += 1;
        self.last_turn = Some(index);
        let clock = self.clock;
        if takes_turns {
            if let Some(Some(entry)) = self.entries.get_mut(index) {
                entry.taken = clock;
            }
        } else if let Some(taken) = self.in_order_taken.get_mut(usize::from(urgency)) {
            *taken = clock;
        }
        let grant = Grant {
            bytes,
            ahead: is_alone,
        };
        self.change(Place(index), State::Granted(grant));
        Some(Place(index))
    }

    /// The entry of the best rank among those that hold others back.
    ///
    /// The last answer holds while there are no pushes, until its entry rests, ranks change, or nothing
    /// is under way any more. Without pushes and incremental responses no turn changes who ranks before
    /// whom, and of what begins to want a turn only the rank is to be compared, in [`Schedule::change`].
    fn best(&mut self, under_way: u64, window_of_pushes: u64) -> Option<usize> {
        if self.pushes == 0
            && let Some(best) = self.best
            && (under_way > 0 || self.sending == 0)
        {
            debug_assert!(self.ranks_best(best), "{best} in {self:?}");
            return Some(best);
        }
        let mut best: Option<(Rank, usize)> = None;
        for index in 0..self.entries.len() {
            let Some(Some(entry)) = self.entries.get(index) else {
                continue;
            };
            match entry.state {
                State::Idle => continue,
                State::Sending if under_way == 0 => {
                    self.change(Place(index), State::Idle);
                    continue;
                }
                _ => {}
            }
            if matches!(entry.kind, Kind::Pushed { .. }) && window_of_pushes == 0 {
                continue;
            }
            let rank = self.rank(entry);
            if best.is_none_or(|(best, _)| rank < best) {
                best = Some((rank, index));
            }
        }
        self.best = best.map(|(_, index)| index).filter(|_| self.pushes == 0);
        best.map(|(_, index)| index)
    }

    fn ranks_best(&self, index: usize) -> bool {
        let is_active = |entry: &&Entry| entry.state != State::Idle;
        let active = self.entries.iter().flatten().filter(is_active);
        let best = active.map(|entry| self.rank(entry)).min();
        best.is_some() && best == self.entry(Place(index)).map(|entry| self.rank(entry))
    }

    fn entry(&self, place: Place) -> Option<&Entry> {
        self.entries.get(place.0)?.as_ref()
    }

    /// Changes the state of an entry, and every sum that depends on it.
    fn change(&mut self, place: Place, state: State) {
        let Some(Some(entry)) = self.entries.get_mut(place.0) else {
            return;
        };
        let before = std::mem::replace(&mut entry.state, state);
        match before {
            State::Idle => self.active += 1,
            State::Wanting(_) => self.wanting -= 1,
            State::Granted(grant) => {
                self.granted -= grant.bytes;
                self.granted_ahead -= if grant.ahead { grant.bytes } else { 0 };
            }
            State::Sending => self.sending -= 1,
            State::Expected => {}
        }
        match state {
            State::Idle => self.active -= 1,
            State::Wanting(_) => self.wanting += 1,
            State::Granted(grant) => {
                self.granted += grant.bytes;
                self.granted_ahead += if grant.ahead { grant.bytes } else { 0 };
            }
            State::Sending => self.sending += 1,
            State::Expected => {}
        }
        if before == State::Idle && state != State::Idle {
            let best = self.best.and_then(|best| self.entry(Place(best)));
            let ranks_before = |it| best.is_some_and(|best| self.rank(it) < self.rank(best));
            if self.entry(place).is_some_and(ranks_before) {
                self.best = Some(place.0);
            }
        } else if state == State::Idle && self.best == Some(place.0) {
            self.best = None;
        }
    }

    fn rank(&self, entry: &Entry) -> Rank {
        let stream = entry.stream;
        let in_order = |urgency: u8, page, part| {
            let taken = self.in_order_taken.get(usize::from(urgency)).copied();
            (urgency, taken.unwrap_or_default(), page, part, stream)
        };
        match entry.kind {
            Kind::Main {
                best_push: Some(best),
                ..
            } if entry.sends_head() => in_order(entry.urgency.min(best), stream, 0),
            Kind::Main { .. } if entry.takes_turns() => (entry.urgency, entry.taken, 0, 0, stream),
            Kind::Main { .. } => in_order(entry.urgency, stream, u64::MAX),
            Kind::Pushed {
                parent,
                order,
                inherited,
                ..
            } => in_order(inherited, parent, 1 + u64::from(order)),
        }
    }
}

impl Entry {
    /// Whether it is pushed with this page.
    fn is_pushed_with(&self, page: u32) -> bool {
        matches!(self.kind, Kind::Pushed { parent, .. } if parent == page)
    }

    /// Whether it is a page that has pushes and has not sent its head.
    fn sends_head(&self) -> bool {
        matches!(
            self.kind,
            Kind::Main {
                head_left: 1..,
                best_push: Some(_),
            }
        )
    }

    /// Whether it takes turns with others of its urgency. A page does not while pushes of its urgency or a
    /// better one are unfinished, since they would take turns with what is to follow them.
    fn takes_turns(&self) -> bool {
        match self.kind {
            Kind::Main { best_push, .. } => {
                let pushes_go_first = best_push.is_some_and(|best| best <= self.urgency);
                self.incremental && !pushes_go_first && !self.sends_head()
            }
            Kind::Pushed { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;

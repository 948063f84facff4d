//! Push slots: how many promised streams may live at once.
//!
//! In: the server's own limit, and the peer's settings as the observer sees them. Out: a
//! [`PushSlot`] for every promise that may be made, or the reason why none may.
//!
//! The limit is the lower one of the two, and nothing before the peer's first SETTINGS, although RFC
//! 9113 (section 5.1.2) would start without limit and does not count reserved streams. A slot is
//! taken at the promise and freed when the end of the stream, or a reset, is on the wire. That is
//! later than h2's own count, so that a promised response never waits in h2 for room: for a stream
//! that waits there, any frame of the peer would end the connection.

use std::sync::Arc;

use crate::http2::observer::Observations;

/// Why no promise may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPromise {
    /// The peer's first SETTINGS have not come yet.
    SettingsUnknown,
    /// The peer's SETTINGS_ENABLE_PUSH is 0.
    Disabled,
    /// A GOAWAY was sent or received.
    GoingAway,
    /// Every push slot is taken.
    LimitReached,
}

/// The push slots of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    observations: Arc<Observations>,
    own_limit: u32,
}

impl Slots {
    /// No more than `own_limit` at once, whatever the peer allows.
    pub(crate) fn new(observations: Arc<Observations>, own_limit: u32) -> Self {
        Self {
            observations,
            own_limit,
        }
    }

    /// How many may be taken in all.
    pub(crate) fn limit(&self) -> u32 {
        let peer = self.observations.peer_settings();
        peer.map_or(0, |peer| peer.push_limit(self.own_limit))
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> u32 {
        self.observations.slots_taken()
    }

    /// How many are left, 0 if the peer has lowered its limit below what is taken.
    pub(crate) fn available(&self) -> u32 {
        self.limit().saturating_sub(self.taken())
    }

    /// Takes a slot and corks the input until the promise made with it is written. To be called
    /// right before `push_request`, in the task that polls the connection.
    pub(crate) fn take(&self) -> Result<PushSlot, NoPromise> {
        self.observations.take_slot(self.own_limit)?;
        Ok(PushSlot {
            observations: Arc::clone(&self.observations),
            is_named: false,
        })
    }
}

/// A slot for one promise. Dropped without [`PushSlot::promised`], it is free again.
#[derive(Debug)]
#[must_use = "the slot is given back when dropped"]
pub(crate) struct PushSlot {
    observations: Arc<Observations>,
    is_named: bool,
}

impl PushSlot {
    /// h2 has accepted the promise of stream `promised` on stream `parent`; from here on the
    /// observer frees the slot.
    pub(crate) fn promised(mut self, parent: u32, promised: u32) {
        self.is_named = true;
        self.observations.name_slot(parent, promised);
    }
}

impl Drop for PushSlot {
    fn drop(&mut self) {
        if !self.is_named {
            self.observations.return_slot();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http2::observer::tests::wire::*;

    const CANCEL: u32 = 8;

    fn max_concurrent_streams(limit: u32) -> Vec<u8> {
        settings(&[(3, limit)])
    }

    #[test]
    fn the_limit_is_the_lower_one_and_nothing_before_the_first_settings() {
        let mut connection = Connection::begun();
        let slots = Slots::new(Arc::clone(&connection.observations), 10);
        assert_eq!(slots.limit(), 0);
        assert_eq!(slots.take().unwrap_err(), NoPromise::SettingsUnknown);
        let table = [
            (settings(&[]), 10),
            (max_concurrent_streams(0), 0),
            (max_concurrent_streams(1), 1),
            (max_concurrent_streams(10), 10),
            (max_concurrent_streams(u32::MAX), 10),
        ];
        for (frame, limit) in table {
            connection.receives(&frame);
            assert_eq!(slots.limit(), limit);
            let taken: Vec<_> = std::iter::from_fn(|| slots.take().ok()).collect();
            assert_eq!(taken.len(), limit as usize);
            assert_eq!(slots.take().unwrap_err(), NoPromise::LimitReached);
            drop(taken);
            assert_eq!((slots.taken(), slots.available()), (0, limit));
        }
    }

    #[test]
    fn says_why_no_promise_may_be_made() {
        let table = [
            (settings(&[(2, 0)]), Vec::new(), NoPromise::Disabled),
            (goaway(0, 0), Vec::new(), NoPromise::GoingAway),
            (Vec::new(), goaway(1, 0), NoPromise::GoingAway),
            (
                max_concurrent_streams(0),
                Vec::new(),
                NoPromise::LimitReached,
            ),
        ];
        for (received, sent, reason) in table {
            let mut connection = Connection::begun();
            let slots = Slots::new(Arc::clone(&connection.observations), 10);
            connection.receives(&settings(&[]));
            drop(slots.take().unwrap());
            connection.receives(&received);
            connection.sends(&sent);
            assert_eq!(slots.take().unwrap_err(), reason);
        }
    }

    #[test]
    fn a_slot_is_freed_at_the_end_of_the_stream_and_not_before() {
        let mut connection = Connection::begun();
        connection.receives(&max_concurrent_streams(1));
        let slots = Slots::new(Arc::clone(&connection.observations), 10);
        let mut promised = 0;
        let endings: [fn(&mut Connection, u32); 4] = [
            |it, id| it.sends(&frame(DATA, END_STREAM, id, b"body")),
            |it, id| it.sends(&rst_stream(id, CANCEL)),
            |it, id| it.receives(&rst_stream(id, CANCEL)),
            |it, id| it.sends(&frame(HEADERS, END_HEADERS | END_STREAM, id, b"trailers")),
        ];
        for ending in endings {
            promised += 2;
            slots.take().unwrap().promised(1, promised);
            let before_the_end = [
                push_promise(1, promised),
                frame(HEADERS, END_HEADERS, promised, b"fields"),
                frame(DATA, 0, promised, b"body"),
            ];
            for frame in before_the_end {
                assert_eq!(slots.take().unwrap_err(), NoPromise::LimitReached);
                connection.sends(&frame);
            }
            assert_eq!((slots.taken(), slots.available()), (1, 0));
            ending(&mut connection, promised);
            assert_eq!((slots.taken(), slots.available()), (0, 1));
        }
    }

    #[test]
    fn a_lowered_limit_holds_until_enough_pushes_have_ended() {
        let mut connection = Connection::begun();
        connection.receives(&max_concurrent_streams(3));
        let slots = Slots::new(Arc::clone(&connection.observations), 10);
        for promised in [2, 4, 6] {
            slots.take().unwrap().promised(1, promised);
            connection.sends(&push_promise(1, promised));
        }
        connection.receives(&max_concurrent_streams(1));
        for ended in [2, 4, 6] {
            assert_eq!(slots.take().unwrap_err(), NoPromise::LimitReached);
            connection.sends(&rst_stream(ended, CANCEL));
        }
        assert_eq!(slots.available(), 1);
    }

    #[test]
    fn nothing_that_the_peer_repeats_frees_a_slot_twice() {
        let mut connection = Connection::begun();
        connection.receives(&settings(&[]));
        let slots = Slots::new(Arc::clone(&connection.observations), 2);
        slots.take().unwrap().promised(1, 2);
        connection.sends(&push_promise(1, 2));
        slots.take().unwrap().promised(1, 4);
        connection.sends(&push_promise(1, 4));
        for _ in 0..3 {
            connection.receives(&rst_stream(2, CANCEL));
            connection.receives(&rst_stream(6, CANCEL));
        }
        assert_eq!(slots.taken(), 1);
    }
}

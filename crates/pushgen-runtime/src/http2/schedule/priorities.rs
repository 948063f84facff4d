//! Priorities as they come: from the client, and from what the policy knows.
//!
//! In: priority updates (RFC 9218, section 7), also for responses that have not begun, and which
//! responses are to be raised. Out: the urgency and incrementality that count.
//!
//! **Raising.** A server may use its own knowledge (section 10). The policy knows the image of the largest
//! contentful paint; a browser does not before it has laid the page out, and asks for it like for any other
//! image. So that image gets the urgency [`RAISED`], behind scripts and style sheets and before other
//! images, and is sent as a whole, since half of it paints late anyway. A client that says better is
//! believed; worse is overruled, also in an update.
//!
//! That is only so on connections whose client has given some priority. Among requests that all have the
//! default one, the raised image would go before the style sheets and the page itself. Left out: what
//! pushes inherit (see [`inheritance`](super::inheritance)).

use std::collections::VecDeque;

use super::{DEFAULT_URGENCY, Kind, LOWEST_URGENCY, Place, Schedule};
use crate::request_facts::Priority;

/// Chromium asks for style sheets with 0, for scripts and fonts with 1, for images with 3.
const RAISED: u8 = 2;
/// Priority updates kept for streams whose response has not begun (RFC 9218, section 7.1, wants a limit).
const EARLY_UPDATES_MAX: usize = 32;

/// What the client has said.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// Whether it has given any priority but the default one.
    has_priorities: bool,
    early_updates: VecDeque<(u32, Priority)>,
}

impl Spoken {
    /// A request came with a priority.
    pub(super) fn note(&mut self, priority: Priority) {
        self.has_priorities |= priority != Priority::DEFAULT;
    }

    /// The priority update of a stream whose response begins.
    pub(super) fn take_early(&mut self, stream: u32) -> Option<Priority> {
        let mut updates = self.early_updates.iter();
        let index = updates.position(|(of, _)| *of == stream)?;
        let (_, update) = self.early_updates.remove(index)?;
        Some(update)
    }

    fn keep(&mut self, stream: u32, update: Priority) {
        self.early_updates.retain(|(of, _)| *of != stream);
        if self.early_updates.len() == EARLY_UPDATES_MAX {
            self.early_updates.pop_front();
        }
        self.early_updates.push_back((stream, update));
    }
}

impl Schedule {
    /// Takes a priority update over, also for a stream whose response has not begun.
    pub(in crate::http2) fn reprioritize(&mut self, stream: u32, priority: Priority) {
        self.spoken.has_priorities = true;
        let mut entries = self.entries.iter_mut();
        let index = entries.position(|entry| entry.as_ref().is_some_and(|it| it.stream == stream));
        match index {
            Some(index) => {
                if let Some(Some(entry)) = self.entries.get_mut(index)
                    && let Kind::Pushed { by_client, .. } = &mut entry.kind
                {
                    *by_client = true;
                }
                self.set_priority(Place(index), priority);
            }
            None => self.spoken.keep(stream, priority),
        }
    }

    /// A response is the image of the largest paint.
    pub(in crate::http2) fn raise(&mut self, place: Place) {
        if let Some(Some(entry)) = self.entries.get_mut(place.0) {
            entry.is_raised = true;
            let asked = Priority {
                urgency: Some(entry.urgency),
                incremental: entry.incremental,
            };
            self.set_priority(place, asked);
        }
    }

    fn set_priority(&mut self, place: Place, asked: Priority) {
        let Some(Some(entry)) = self.entries.get_mut(place.0) else {
            return;
        };
        let priority = if entry.is_raised && self.spoken.has_priorities {
            raised(asked)
        } else {
            asked
        };
        self.incremental -= usize::from(entry.incremental);
        self.incremental += usize::from(priority.incremental);
        self.best = None;
        entry.urgency = urgency(priority);
        entry.incremental = priority.incremental;
        self.groups_are_stale |= self.pushes > 0;
    }
}

fn raised(asked: Priority) -> Priority {
    if urgency(asked) < RAISED {
        return asked;
    }
    Priority {
        urgency: Some(RAISED),
        incremental: false,
    }
}

/// The urgency that a priority means.
pub(super) fn urgency(priority: Priority) -> u8 {
    let urgency = priority.urgency.unwrap_or(DEFAULT_URGENCY);
    urgency.min(LOWEST_URGENCY)
}

//! The agenda of a load: what happens when, apart from packets, whose order the connection knows.
//!
//! Events of one instant happen in the order in which they were put down, so that a load is the same
//! every time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Time;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The server reads a request.
    Asked(u16),
    /// The server begins to answer.
    Answered(u16),
    /// The server reads that a push is refused.
    Refused(u16),
    /// The browser sends a request.
    Ask(u16),
    /// The links of a 103 have reached the part that asks for them.
    Hinted,
    /// The document can be parsed, and its `Link` fields are read.
    Committed,
    /// So much of the document can be parsed.
    Available(u32),
    /// A response has arrived and is wanted.
    Got(u16),
    /// The parser has got this far.
    Parsed(u32),
    /// An asset can be used.
    Loaded(u16),
    /// A script has run.
    Ran(u16),
    /// A frame is due.
    Frame,
    /// The page is styled and laid out.
    Styled,
    /// Preloaded fonts are no longer waited for.
    FontsLate,
    /// Text is shown without its font.
    FontTimeout,
}

/// Events in the order of their times.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Time, u32, Event)>>,
    count: u32,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Time, event: Event) {
        self.count += 1;
        self.heap.push(Reverse((at, self.count, event)));
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Time {
        self.heap
            .peek()
            .map_or(Time::NEVER, |Reverse((at, ..))| *at)
    }

    /// What is due by now.
    pub(super) fn due(&mut self, now: Time) -> Option<Event> {
        if self.next() > now {
            return None;
        }
        self.heap.pop().map(|Reverse((.., event))| event)
    }
}

//! The server: which response's bytes go next into the kernel's buffer.
//!
//! In: requests as they arrive, and room in the buffer. Out: [`Chunk`]s in the order of sending. A page
//! with pushes sends its head, its pushes in the order of the plan, then the rest with all else. Among
//! the others the lower urgency goes first (RFC 9218, section 10); within one urgency those that are not
//! incremental go one after the other, and all of them together take turns with the incremental ones.
//! Left out: flow control, which browsers leave wide open.

use super::Time;

/// How a server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Server {
    /// How long it thinks before it answers for a page.
    pub think: Time,
    /// How long it takes for anything else.
    pub respond: Time,
    /// Whether clients say how urgent their requests are; otherwise they are answered in their order.
    pub priorities: bool,
    /// Whether it sends the image of the largest paint before others, whatever the client says.
    pub raises_largest: bool,
    /// How much of a response is handed over at once: a TLS record, which a client reads as a whole. It begins with one
    /// segment and grows to an eighth of what was handed over, so that little waits for the next flight.
    pub segment: u32,
    /// What it grows to.
    pub record: u32,
    /// Bytes that the system takes beyond what the network does (`TCP_NOTSENT_LOWAT`); nothing overtakes them.
    pub unsent: u32,
    /// Bytes of its part of the handshake; most of them are the certificate chain.
    pub hello: u32,
    /// Bytes of session tickets and SETTINGS, which go before the first response.
    pub greeting: u32,
    /// Bytes of a response's fields.
    pub fields: u32,
    /// Whether a 103 is sent before the page is asked for from within; otherwise it shares the first record
    /// of a page that is there at once.
    pub flushes_hints: bool,
    /// Bytes of a promise, and of a `Link` value.
    pub promise: u32,
}

impl Server {
    /// `pushgen serve`.
    pub const PUSHGEN: Self = Self {
        think: Time::ZERO,
        respond: Time::from_micros(500),
        priorities: true,
        raises_largest: true,
        segment: 1_370,
        record: 16 * 1024,
        unsent: 16 * 1024,
        hello: 1_300,
        greeting: 300,
        fields: 120,
        flushes_hints: true,
        promise: 60,
    };

    /// The record that comes after so many bytes.
    fn record_after(&self, handed: u64) -> u32 {
        let part = u32::try_from(handed / 8).unwrap_or(u32::MAX);
        part.clamp(self.segment.min(self.record), self.record)
            .max(1)
    }
}

/// Bytes that HTTP/2 and TLS 1.3 add to a record: a frame header, a record header, type and tag.
pub(super) const OVERHEAD: u32 = 9 + 5 + 1 + 16;

/// The document's place among streams; that of asset `i` is `i + 1`.
pub(super) const DOCUMENT: u16 = 0;

/// What is sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) what: What,
    /// Bytes on the wire.
    pub(super) wire: u32,
    /// Whether it shares a record with the next one, and so arrives with it.
    pub(super) joins_next: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    EarlyHints,
    /// Fields of the page that come before its content, or what belongs to the connection.
    Fields,
    /// The promises of all pushes.
    Promises,
    /// Content of the stream's response; the first with its fields.
    Data {
        stream: u16,
        bytes: u32,
        is_first: bool,
        is_last: bool,
    },
}

/// Lower goes first: urgency, phase, order within it.
type Rank = (u8, u8, u64);

const PHASE_HEAD: u8 = 0;
const PHASE_PUSH: u8 = 1;
const PHASE_REST: u8 = 2;

#[derive(Debug, Clone, Copy)]
struct Response {
    stream: u16,
    left: u32,
    /// Bytes that go before the pushes, if it is a page with pushes.
    head_left: u32,
    phase: u8,
    urgency: u8,
    is_incremental: bool,
    is_first: bool,
    /// When it last took a turn.
    taken: u64,
}

/// The responses that have begun and are not handed over.
#[derive(Debug, Default)]
pub(super) struct Responses {
    open: Vec<Response>,
    clock: u64,
    /// When those that are not incremental last took a turn.
    in_order_taken: u64,
    pub(super) handed: u64,
}

/// The urgency of requests that say nothing of it.
const DEFAULT_URGENCY: u8 = 3;

impl Responses {
    pub(super) fn begin(
        &mut self,
        server: &Server,
        stream: u16,
        bytes: u32,
        urgency: u8,
        is_incremental: bool,
    ) {
        self.clock += 1;
        self.open.push(Response {
            stream,
            left: bytes,
            head_left: 0,
            phase: PHASE_REST,
            urgency: if server.priorities {
                urgency
            } else {
                DEFAULT_URGENCY
            },
            is_incremental: is_incremental && server.priorities,
            is_first: true,
            taken: self.clock,
        });
    }

    /// The document, whose first `head` bytes go before its pushes.
    pub(super) fn begin_page(&mut self, server: &Server, bytes: u32, head: u32) {
        self.begin(server, DOCUMENT, bytes, 0, true);
        if let Some(page) = self.open.last_mut()
            && head > 0
        {
            page.head_left = head.min(bytes);
            page.phase = PHASE_HEAD;
        }
    }

    /// A pushed response; those of one page begin in the order of its plan.
    pub(super) fn begin_push(&mut self, server: &Server, stream: u16, bytes: u32) {
        self.begin(server, stream, bytes, 0, false);
        if let Some(push) = self.open.last_mut() {
            push.phase = PHASE_PUSH;
        }
    }

    /// The client wants no more of it.
    pub(super) fn reset(&mut self, stream: u16) {
        self.open.retain(|response| response.stream != stream);
    }

    /// What goes next.
    pub(super) fn next(&mut self, server: &Server) -> Option<Chunk> {
        let in_order_taken = self.in_order_taken;
        let rank = |response: &Response| -> Rank {
            let turn = match response.phase {
                // In the order of the plan, or of requests.
                PHASE_REST if response.is_incremental => response.taken,
                PHASE_REST => in_order_taken,
                _ => 0,
            };
            (response.urgency, response.phase, turn)
        };
        let mut best: Option<(Rank, usize)> = None;
        for (index, response) in self.open.iter().enumerate() {
            let rank = rank(response);
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, index));
            }
        }
        let (_, index) = best?;
        let response = self.open.get_mut(index)?;
        let limit = if response.head_left > 0 {
            response.head_left
        } else {
            response.left
        };
        let bytes = limit.min(server.record_after(self.handed));
        response.left -= bytes;
        if response.phase == PHASE_HEAD {
            response.head_left -= bytes;
            if response.head_left == 0 {
                response.phase = PHASE_REST;
            }
        }
        self.clock += 1;
        if response.is_incremental {
            response.taken = self.clock;
        } else {
            self.in_order_taken = self.clock;
        }
        let is_first = std::mem::take(&mut response.is_first);
        let is_last = response.left == 0;
        let stream = response.stream;
        if is_last {
            // In order, since that is the order of requests.
            self.open.remove(index);
        }
        self.handed += u64::from(bytes);
        let fields = if is_first { server.fields } else { 0 };
        Some(Chunk {
            what: What::Data {
                stream,
                bytes,
                is_first,
                is_last,
            },
            wire: bytes.saturating_add(fields).saturating_add(OVERHEAD),
            joins_next: false,
        })
    }
}

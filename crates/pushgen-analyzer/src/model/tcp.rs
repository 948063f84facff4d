//! TCP towards the client: slow start, the ack clock, the bottleneck, and a kernel buffer in order.
//!
//! In: chunks of the server, in the order in which it hands them over. Out: when each has arrived as a
//! whole. Packets of [`MSS`] bytes leave as long as the window allows (RFC 6928: ten at first), each
//! acknowledged packet adds itself to the window (RFC 5681, section 3.1; none while the sender has less to
//! send than half of it, RFC 7661), and all pass one bottleneck in order. A full queue holds the sender
//! back and ends slow start; nothing is lost. What is handed over cannot be overtaken.

use std::collections::VecDeque;

use super::server::{Chunk, What};
use super::{Network, Time};

/// Bytes of a packet.
pub(super) const MSS: u32 = 1460;
/// Bytes of the first window.
pub const INITIAL_WINDOW: u32 = 10 * MSS;

/// The sending half of a connection, with the path to the client.
#[derive(Debug)]
pub(super) struct Tcp {
    network: Network,
    window: u64,
    /// The window at which slow start ended.
    threshold: u64,
    in_flight: u64,
    /// Whether the window is what holds the sender back.
    is_limited: bool,
    /// Bytes handed over, sent and received in all.
    handed: u64,
    sent: u64,
    received: u64,
    /// When the bottleneck has put all it has on the wire.
    link_free: Time,
    /// The latest packets: when they arrive, and how large they are.
    packets: VecDeque<(Time, u32)>,
    /// Acknowledgements on their way back.
    acks: VecDeque<(Time, u32)>,
    /// Chunks that have not arrived, with the count of bytes at which they have.
    chunks: VecDeque<(u64, What)>,
    /// When a full queue takes a packet again.
    queue_frees: Time,
    /// How many of the last chunks arrive with the next one.
    joined: usize,
    /// How long a whole packet takes.
    packet_time: Time,
}

impl Tcp {
    pub(super) fn new(network: Network) -> Self {
        Self {
            network,
            window: INITIAL_WINDOW.into(),
            threshold: u64::MAX,
            in_flight: 0,
            is_limited: false,
            handed: 0,
            sent: 0,
            received: 0,
            link_free: Time::ZERO,
            packets: VecDeque::with_capacity(64),
            acks: VecDeque::with_capacity(64),
            chunks: VecDeque::with_capacity(64),
            queue_frees: Time::NEVER,
            joined: 0,
            packet_time: network.down_time(MSS.into()),
        }
    }

    /// Bytes handed over and not sent.
    pub(super) const fn unsent(&self) -> u64 {
        self.handed - self.sent
    }

    /// Bytes handed over in all.
    pub(super) const fn handed(&self) -> u64 {
        self.handed
    }

    pub(super) fn hand_over(&mut self, chunk: Chunk) {
        self.handed += u64::from(chunk.wire);
        for (end, _) in self.chunks.iter_mut().rev().take(self.joined) {
            *end = self.handed;
        }
        self.joined = if chunk.joins_next { self.joined + 1 } else { 0 };
        self.chunks.push_back((self.handed, chunk.what));
    }

    /// Sends what may be sent.
    pub(super) fn send(&mut self, now: Time) {
        self.queue_frees = Time::NEVER;
        while self.sent < self.handed {
            let room = self.window.saturating_sub(self.in_flight);
            if room < u64::from(MSS) && self.in_flight > 0 {
                self.is_limited = true;
                return;
            }
            if self.queued(now) + self.packet_time > self.queue() {
                self.threshold = self.threshold.min(self.window);
                self.queue_frees = self.link_free + self.packet_time - self.queue();
                return;
            }
            let size = (self.handed - self.sent).min(MSS.into()) as u32;
            let time = if size == MSS {
                self.packet_time
            } else {
                self.network.down_time(size.into())
            };
            self.sent += u64::from(size);
            self.in_flight += u64::from(size);
            if self.in_flight * 2 >= self.window {
                self.is_limited = true;
            }
            self.link_free = self.link_free.max(now) + time;
            self.packets
                .push_back((self.link_free + self.network.rtt.half(), size));
        }
    }

    /// Never so short that a first window does not fit.
    fn queue(&self) -> Time {
        self.network.queue.max(self.packet_time * 21)
    }

    fn queued(&self, now: Time) -> Time {
        self.link_free - now
    }

    /// When something happens here next.
    pub(super) fn next_event(&self) -> Time {
        let packet = self.packets.front().map_or(Time::NEVER, |(at, _)| *at);
        let ack = self.acks.front().map_or(Time::NEVER, |(at, _)| *at);
        packet.min(ack).min(self.queue_frees)
    }

    /// Takes what has arrived at either end by now. True if there may be room to send.
    pub(super) fn advance(&mut self, now: Time) -> bool {
        let mut may_send = self.queue_frees <= now;
        while let Some((at, size)) = self.packets.front().copied()
            && at <= now
        {
            self.packets.pop_front();
            self.received += u64::from(size);
            self.acks
                .push_back((at + (self.network.rtt - self.network.rtt.half()), size));
        }
        while let Some((at, size)) = self.acks.front().copied()
            && at <= now
        {
            self.acks.pop_front();
            let size = u64::from(size);
            if self.is_limited {
                self.window += if self.window < self.threshold {
                    size
                } else {
                    (u64::from(MSS) * size / self.window).max(1)
                };
            }
            self.in_flight -= size;
            if self.in_flight == 0 {
                self.is_limited = false;
            }
            may_send = true;
        }
        may_send
    }

    /// The next chunk that has arrived as a whole.
    pub(super) fn arrived(&mut self) -> Option<What> {
        let (end, what) = *self.chunks.front()?;
        if end > self.received {
            return None;
        }
        self.chunks.pop_front();
        Some(what)
    }
}

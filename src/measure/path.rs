//! A network path as arithmetic: when what is sent arrives.
//!
//! In: times and numbers of bytes. Out: when a packet may leave, and when it is there. No I/O and no clock.
//!
//! A [`Link`] is one direction of the path: a bottleneck that all connections share, first come, first served, and
//! half the round-trip time. A [`Flow`] is one direction of one connection, as TCP sends: ten packets at first (RFC
//! 6928), each acknowledged one adds itself to the window (RFC 5681, section 3.1), but not while the sender uses less
//! than half of it (RFC 7661). A full queue before the bottleneck holds the sender back and ends slow start; from
//! then on the window grows by a packet in a round trip. Rates are those of TCP's payload. Left out: loss, what
//! acknowledgements weigh, and the window's decay while nothing is sent.

use std::collections::VecDeque;

use pushgen_analyzer::model::{Network, Time};

/// Bytes of a packet.
pub(crate) const PACKET: u64 = 1460;
/// Bytes of the first window.
const INITIAL_WINDOW: u64 = 10 * PACKET;

/// One direction of a path, shared by all connections.
#[derive(Debug)]
pub(crate) struct Link {
    bits_per_second: u64,
    one_way: Time,
    /// How long the last packet of a full queue waits.
    queue: Time,
    /// When everything that was sent has passed the bottleneck.
    free: Time,
}

impl Link {
    /// Towards the client.
    pub(crate) fn down(network: &Network) -> Self {
        Self::new(network.down, network)
    }

    /// Towards the server.
    pub(crate) fn up(network: &Network) -> Self {
        Self::new(network.up, network)
    }

    fn new(bits_per_second: u64, network: &Network) -> Self {
        let mut link = Self {
            bits_per_second: bits_per_second.max(1),
            one_way: network.rtt.half(),
            queue: network.queue,
            free: Time::ZERO,
        };
        // Or it would hold back what a sender may send at once.
        link.queue = link.queue.max(link.passing(INITIAL_WINDOW));
        link
    }

    /// How long so many bytes take to pass the bottleneck.
    fn passing(&self, bytes: u64) -> Time {
        Time::from_nanos(bytes.saturating_mul(8_000_000_000) / self.bits_per_second)
    }

    /// From when on the queue takes a whole packet.
    fn takes_at(&self) -> Time {
        self.free + self.passing(PACKET) - self.queue
    }

    /// Sends a packet. Returns when it has arrived.
    fn carry(&mut self, now: Time, bytes: u64) -> Time {
        self.free = self.free.max(now) + self.passing(bytes);
        self.free + self.one_way
    }
}

/// One direction of one connection: what TCP has under way.
#[derive(Debug)]
pub(crate) struct Flow {
    window: u64,
    /// The window at which slow start ends.
    threshold: u64,
    in_flight: u64,
    /// The most that was in flight during this round trip.
    peak: u64,
    sent: u64,
    acknowledged: u64,
    /// The bytes that are acknowledged when this round trip ends.
    round: u64,
    /// When which packets are acknowledged, in this order.
    acknowledgements: VecDeque<(Time, u64)>,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Self {
            window: INITIAL_WINDOW,
            threshold: u64::MAX,
            in_flight: 0,
            peak: 0,
            sent: 0,
            acknowledged: 0,
            round: 0,
            acknowledgements: VecDeque::new(),
        }
    }

    /// The first time from `now` on at which a whole packet may leave. Others may be faster to fill the link: ask
    /// again when it has come.
    pub(crate) fn opening(&mut self, now: Time, link: &Link) -> Time {
        let mut opening = now;
        self.acknowledge(opening);
        while self.in_flight > 0 && self.in_flight + PACKET > self.window {
            // What is in flight is acknowledged some time.
            let next = self.acknowledgements.front();
            opening = next.map_or(opening, |(time, _)| opening.max(*time));
            self.acknowledge(opening);
        }
        let taken = link.takes_at();
        if taken > opening {
            self.threshold = self.threshold.min(self.window);
            opening = taken;
            self.acknowledge(opening);
        }
        opening
    }

    /// Sends a packet. Returns when it has arrived.
    pub(crate) fn send(&mut self, now: Time, bytes: u64, link: &mut Link) -> Time {
        let arrival = link.carry(now, bytes);
        self.sent += bytes;
        self.in_flight += bytes;
        self.peak = self.peak.max(self.in_flight);
        self.acknowledgements
            .push_back((arrival + link.one_way, bytes));
        arrival
    }

    fn acknowledge(&mut self, now: Time) {
        while let Some((_, bytes)) = self.acknowledgements.pop_front_if(|(time, _)| *time <= now) {
            if self.window < 2 * self.peak {
                self.window += match self.window < self.threshold {
                    true => bytes,
                    false => PACKET * bytes / self.window,
                };
            }
            self.in_flight -= bytes;
            self.acknowledged += bytes;
            if self.acknowledged > self.round {
                self.round = self.sent;
                self.peak = self.in_flight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    /// When the last of so many bytes arrives that are all there at `start`.
    fn transfer(flow: &mut Flow, link: &mut Link, start: Time, bytes: u64) -> Time {
        let (mut now, mut left, mut arrival) = (start, bytes, start);
        while left > 0 {
            now = flow.opening(now, link);
            let packet = left.min(PACKET);
            arrival = flow.send(now, packet, link);
            left -= packet;
        }
        arrival
    }

    /// Seconds: the window doubles each round trip until it fills the path, then the bottleneck decides.
    fn closed_form(bytes: f64, rtt: f64, rate: f64) -> f64 {
        let (mut window, mut left, mut time) = (INITIAL_WINDOW as f64, bytes, 0.0);
        while window < left && window / rate < rtt {
            left -= window;
            window *= 2.0;
            // The first acknowledgement waits for its packet.
            time += rtt + PACKET as f64 / rate;
        }
        time + left / rate + rtt / 2.0
    }

    // The queue holds a tenth of a second: where half a round trip is longer, slow start ends before the path is full.
    #[test]
    fn a_transfer_takes_its_rounds_of_slow_start_and_its_bytes() {
        for text in [
            "70ms/9Mbit",
            "150ms/1.6Mbit/0.75Mbit",
            "28ms/20Mbit",
            "90ms/50Mbit",
            "400ms/400kbit",
        ] {
            let network = network(text);
            let rtt = network.rtt.as_millis_f64() / 1e3;
            for bytes in [1_000, 14_600, 30_000, 100_000, 1_000_000, 10_000_000] {
                let (mut flow, mut link) = (Flow::new(), Link::down(&network));
                let start = Time::from_millis(5);
                let took = transfer(&mut flow, &mut link, start, bytes) - start;
                let expected = closed_form(bytes as f64, rtt, network.down as f64 / 8.0);
                let off = took.as_millis_f64() / 1e3 / expected - 1.0;
                assert!(
                    off.abs() < 0.02,
                    "{bytes} bytes at {text}: {:+.1} %",
                    off * 100.0
                );
            }
        }
    }

    #[test]
    fn connections_share_the_bottleneck() {
        let mut link = Link::down(&network("70ms/9Mbit"));
        let (mut one, mut other) = (Flow::new(), Flow::new());
        let first = transfer(&mut one, &mut link, Time::ZERO, 14_600);
        let second = transfer(&mut other, &mut link, Time::ZERO, 14_600);
        let passing = link.passing(PACKET) * 10;
        assert_eq!(first, passing + Time::from_millis(35));
        assert_eq!(second, first + passing);
    }

    #[test]
    fn a_full_queue_holds_the_sender_back() {
        let network = network("70ms/9Mbit");
        let (mut flow, mut link) = (Flow::new(), Link::down(&network));
        let (mut now, mut longest) = (Time::ZERO, Time::ZERO);
        for _ in 0..5_000 {
            now = flow.opening(now, &link);
            let arrival = flow.send(now, PACKET, &mut link);
            longest = longest.max(arrival - now);
        }
        // A tenth of a second in the queue and half a round trip on the way.
        let most = network.queue + network.rtt.half();
        assert!(
            longest <= most && longest + Time::from_millis(2) > most,
            "{longest:?}"
        );
    }

    #[test]
    fn a_window_that_is_not_used_does_not_grow() {
        let (mut flow, mut link) = (Flow::new(), Link::down(&network("70ms/9Mbit")));
        let mut now = Time::ZERO;
        for _ in 0..100 {
            now = flow.opening(now, &link) + Time::from_millis(200);
            flow.send(now, PACKET, &mut link);
        }
        assert_eq!(flow.window, INITIAL_WINDOW);
    }
}

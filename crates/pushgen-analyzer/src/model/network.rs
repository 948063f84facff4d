//! The network of a simulated load: named classes, and own ones.
//!
//! In: a class's name, or `RTT/DOWN` with an optional `/UP`, such as `150ms/1.6Mbit/0.75Mbit`. Out: a
//! [`Network`]. Classes: `slow-3g` and `fast-3g` are WebPageTest's "3G Slow" and "3G", `slow-4g` is what
//! Lighthouse calls slow 4G, `satellite` is a geostationary one. Left out: loss, jitter, DNS.

use std::str::FromStr;

use thiserror::Error;

use super::Time;

/// One path between a client and a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// The round-trip time of an idle path.
    pub rtt: Time,
    /// Bits per second towards the client, TCP payload.
    pub down: u64,
    /// Bits per second towards the server.
    pub up: u64,
    /// How long a packet waits at most in the queue before the bottleneck; the sender is held back then.
    pub queue: Time,
}

/// A network class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkClass {
    /// What it is called on the command line and in reports.
    pub name: &'static str,
    /// What it is.
    pub network: Network,
}

const fn class(name: &'static str, rtt_ms: u64, down_kbit: u64, up_kbit: u64) -> NetworkClass {
    NetworkClass {
        name,
        network: Network::new(Time::from_millis(rtt_ms), down_kbit * 1000, up_kbit * 1000),
    }
}

/// The classes, slowest first.
pub const NETWORK_CLASSES: [NetworkClass; 6] = [
    class("slow-3g", 400, 400, 400),
    class("satellite", 638, 1_000, 1_000),
    class("fast-3g", 300, 1_600, 768),
    class("slow-4g", 150, 1_600, 750),
    class("4g", 70, 9_000, 9_000),
    class("cable", 28, 20_000, 5_000),
];

/// The least and greatest that a network may have; they keep every sum of times far from overflow.
const RTT_MAX: Time = Time::from_millis(60_000);
const RATE_MIN: u64 = 1_000;
const RATE_MAX: u64 = 1_000_000_000_000;

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Neither a class nor `RTT/DOWN[/UP]`.
    #[error(
        "`{0}` is neither a network class ({known}) nor RTT/DOWN[/UP] such as 150ms/1.6Mbit/0.75Mbit",
        known = NETWORK_CLASSES.map(|class| class.name).join(", ")
    )]
    Unknown(String),
    /// The round-trip time cannot be read, or is longer than a minute.
    #[error("`{0}` is no round-trip time up to 60s, such as 70ms or 0.3s")]
    Rtt(String),
    /// A rate cannot be read, or is out of range.
    #[error("`{0}` is no rate from 1kbit to 1000Gbit, such as 400kbit or 1.6Mbit/s")]
    Rate(String),
}

impl Network {
    /// A network whose queue holds a tenth of a second.
    #[must_use]
    pub const fn new(rtt: Time, down: u64, up: u64) -> Self {
        Self {
            rtt,
            down,
            up,
            queue: Time::from_millis(100),
        }
    }

    /// How long so many bytes take towards the client.
    #[must_use]
    pub const fn down_time(&self, bytes: u64) -> Time {
        serialise(bytes, self.down)
    }

    /// How long so many bytes take towards the server.
    #[must_use]
    pub const fn up_time(&self, bytes: u64) -> Time {
        serialise(bytes, self.up)
    }

    /// The bytes that are under way towards the client when the path is full.
    #[must_use]
    pub const fn bandwidth_delay(&self) -> u64 {
        let product = self.rtt.as_nanos() as u128 * self.down as u128;
        (product / 8_000_000_000) as u64
    }
}

const fn serialise(bytes: u64, bits_per_second: u64) -> Time {
    let rate = if bits_per_second == 0 {
        1
    } else {
        bits_per_second
    };
    Time::from_nanos(bytes.saturating_mul(8_000_000_000) / rate)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        if let Some(class) = NETWORK_CLASSES.iter().find(|class| class.name == text) {
            return Ok(class.network);
        }
        // A rate may end in `/s`, which is no further part.
        let parts: Vec<&str> = text.split('/').filter(|part| *part != "s").collect();
        let (rtt, down, up) = match *parts.as_slice() {
            [rtt, down] => (rtt, down, down),
            [rtt, down, up] => (rtt, down, up),
            _ => return Err(NetworkError::Unknown(text.to_owned())),
        };
        Ok(Self::new(
            parse_rtt(rtt)?,
            parse_rate(down)?,
            parse_rate(up)?,
        ))
    }
}

impl FromStr for Time {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        parse_rtt(text)
    }
}

fn parse_rtt(text: &str) -> Result<Time, NetworkError> {
    scaled(text, &[("ms", 1e6), ("s", 1e9)])
        .map(Time::from_nanos)
        .filter(|rtt| *rtt <= RTT_MAX)
        .ok_or_else(|| NetworkError::Rtt(text.to_owned()))
}

fn parse_rate(text: &str) -> Result<u64, NetworkError> {
    scaled(text, &[("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9)])
        .filter(|rate| (RATE_MIN..=RATE_MAX).contains(rate))
        .ok_or_else(|| NetworkError::Rate(text.to_owned()))
}

/// A decimal number and one of these units, as a whole number of the smallest.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    // `f64` would also take `inf` and `1e9`.
    if !digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let value = digits.parse::<f64>().ok()? * factor;
    (value <= 1e15).then_some(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_classes_and_own_networks() {
        let own = |ms, down, up| Ok(Network::new(Time::from_millis(ms), down, up));
        for (text, expected) in [
            ("4g", own(70, 9_000_000, 9_000_000)),
            ("cable", own(28, 20_000_000, 5_000_000)),
            ("150ms/1.6Mbit", own(150, 1_600_000, 1_600_000)),
            ("0.3s/1.6Mbit/s/768kbit/s", own(300, 1_600_000, 768_000)),
            ("0ms/1Gbit", own(0, 1_000_000_000, 1_000_000_000)),
        ] {
            assert_eq!(text.parse::<Network>(), expected, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_network() {
        for (text, expected) in [
            ("5g", "`5g` is neither a network class (slow-3g, "),
            ("70/9Mbit", "`70` is no round-trip time"),
            ("61s/9Mbit", "`61s` is no round-trip time"),
            ("-1ms/9Mbit", "`-1ms` is no round-trip time"),
            ("70ms/9", "`9` is no rate"),
            ("70ms/infMbit", "`infMbit` is no rate"),
            ("70ms/0Mbit", "`0Mbit` is no rate"),
            ("70ms/1Mbit/1.2.3Mbit", "`1.2.3Mbit` is no rate"),
            (
                "1ms/1Mbit/1Mbit/1Mbit",
                "`1ms/1Mbit/1Mbit/1Mbit` is neither",
            ),
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn knows_how_much_is_under_way() {
        assert_eq!(class("", 150, 1_600, 1).network.bandwidth_delay(), 30_000);
    }
}

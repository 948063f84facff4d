//! The lower bound: what no delivery can beat, whatever it sends and in whichever order.
//!
//! In: the bytes that must arrive before the first paint, the network, the handshakes. Out: the time that
//! TCP's slow start needs for them on an idle path:
//!
//! ```text
//! handshakes·R + R + think + K·R + (S − IW·(2^K − 1)) / B
//! K = min(⌈log2(B·R / IW)⌉, ⌈log2(S / IW + 1)⌉ − 1)
//! ```
//!
//! `K` counts the round trips that are spent waiting for the window, which doubles in each until the
//! path is full. The client's work on what has to be there is a bound of its own: one thread does it, from the first byte
//! on. Left out: loss and an early end of slow start, which only add.

use super::load::Conditions;
use super::machine::cost;
use super::page::{Asset, Content, Discovery, Kind, Page};
use super::server::OVERHEAD;
use super::tcp::INITIAL_WINDOW;
use super::{Cache, Network, Time};

/// The least time until `bytes` have arrived, from the navigation, without any computing.
#[must_use]
pub fn delivery_bound(bytes: u64, network: &Network, handshakes: u64, think: Time) -> Time {
    let window = u64::from(INITIAL_WINDOW);
    let full = network.bandwidth_delay();
    let (mut rounds, mut sent, mut round) = (0, 0_u64, window);
    while round < full && sent + round < bytes {
        sent += round;
        round *= 2;
        rounds += 1;
    }
    network.rtt * (handshakes + 1 + rounds) + think + network.down_time(bytes - sent)
}

/// The lower bound of a page, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The least first contentful paint.
    pub fcp: Time,
    /// Bytes on the wire that must be there before it.
    pub bytes: u64,
}

/// The lower bound of a page's first contentful paint.
#[must_use]
pub fn lower_bound(page: &Page, conditions: &Conditions) -> Bound {
    let machine = &conditions.machine;
    let mut bytes = u64::from(match page.content() {
        Content::Html(at) => at.min(page.html_bytes()),
        Content::Run(_) => page.body_at().min(page.html_bytes()),
    });
    // Of the document at least this is laid out for the first frame, once all is there.
    let layout = cost(saturated(bytes), machine.layout);
    let mut work = cost(saturated(bytes), machine.html);
    for (asset, is_needed) in page.assets().iter().zip(needed(page)) {
        if !is_needed {
            continue;
        }
        work += match asset.kind {
            Kind::Sheet => cost(asset.bytes, machine.css),
            Kind::Script => machine.script_base + cost(asset.bytes, machine.script),
            _ => Time::ZERO,
        };
        if conditions.cache == Cache::Empty {
            bytes += u64::from(asset.bytes) + u64::from(OVERHEAD + conditions.server.fields);
        }
    }
    bytes += u64::from(OVERHEAD + conditions.server.fields);
    // On the open connection: one round trip, and what the first window leaves over.
    let response = delivery_bound(bytes, &conditions.network, 0, conditions.server.think);
    let arrived = conditions.request_sent() + response + machine.receive;
    // One thread does all the work, and begins it when the document has begun.
    let begun = conditions.request_sent() + conditions.network.rtt + conditions.server.think;
    let worked = begun + machine.commit + work;
    Bound {
        fcp: arrived.max(worked) + machine.frame + layout + machine.paint,
        bytes,
    }
}

fn saturated(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Which assets the first paint cannot do without.
fn needed(page: &Page) -> Vec<bool> {
    let content_at = match page.content() {
        Content::Html(at) => at,
        Content::Run(_) => page.body_at(),
    };
    let mut needed: Vec<bool> = page
        .assets()
        .iter()
        .map(|asset| {
            page.blocks_rendering(asset)
                || page.stops_parser(asset).is_some_and(|at| at < content_at)
        })
        .collect();
    if let Content::Run(script) = page.content()
        && let Some(script) = needed.get_mut(usize::from(script))
    {
        *script = true;
    }
    // What is imported by something needed is needed, and so is what leads to it.
    for (index, asset) in page.assets().iter().enumerate() {
        if let Discovery::Import(by) = asset.discovery {
            needed[index] |= needed[usize::from(by)] && is_waited_for(asset);
        }
    }
    for (index, asset) in page.assets().iter().enumerate().rev() {
        if let Some(by) = asset.discovery.asset().map(usize::from)
            && needed[index]
            && !matches!(asset.discovery, Discovery::Style(_))
        {
            needed[by] = true;
        }
    }
    needed
}

const fn is_waited_for(asset: &Asset) -> bool {
    matches!(asset.kind, Kind::Sheet | Kind::Module | Kind::AsyncModule)
}

/// What part of the possible gain a delivery takes: 1 is all of it, less than 0 a loss. `None` if there is
/// nothing to gain.
#[must_use]
pub fn captured(none: Time, delivered: Time, bound: Time) -> Option<f64> {
    let possible = (none - bound).as_nanos();
    (possible > 0).then(|| (none.as_nanos() as f64 - delivered.as_nanos() as f64) / possible as f64)
}

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
//! path is full. The client's work is a bound of its own: from the document's first byte to the first paint as if all that
//! this paint needs were there. Left out: loss and an early end of slow start, which only add.

use super::load::Conditions;
use super::machine::cost;
use super::page::{Asset, Content, Discovery, Kind, Page};
use super::server::OVERHEAD;
use super::tcp::INITIAL_WINDOW;
use super::{Cache, Machine, Network, Time};

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
    let (html, parsed) = needed_html(page);
    let [html, parsed] = [html, parsed].map(|bytes| bytes.min(page.html_bytes()));
    let needed = needed(page);
    let fields = u64::from(OVERHEAD + conditions.server.fields);
    let mut bytes = u64::from(html) + fields;
    if conditions.cache == Cache::Empty {
        let assets = page.assets().iter().zip(&needed);
        let assets = assets.filter(|(_, is_needed)| **is_needed);
        bytes += assets
            .map(|(asset, _)| u64::from(asset.bytes) + fields)
            .sum::<u64>();
    }
    let think = conditions.server.think;
    // On the open connection: one round trip, and what the first window leaves over. While the server thinks, all but the
    // document can go ahead.
    let network = &conditions.network;
    let all = delivery_bound(bytes, network, 0, Time::ZERO);
    let document = network.rtt + think + network.down_time(html.into());
    let arrived = conditions.request_sent() + all.max(document) + machine.receive;
    // At least what comes before the content is parsed by then, and laid out when all is there.
    let layout = cost(page.plain_html(parsed), machine.layout);
    let painted = arrived + machine.frame + layout + machine.paint;
    // The machine cannot begin before the document has.
    let begun = conditions.request_sent() + network.rtt + think;
    let worked = begun + least_work(page, parsed, &needed, machine);
    Bound {
        fcp: painted.max(worked),
        bytes,
    }
}

/// From the document's first byte to the first paint if everything came at once: what one thread has to do in all, or the
/// longest chain of who names whom, whichever is more.
fn least_work(page: &Page, parsed: u32, needed: &[bool], machine: &Machine) -> Time {
    let html = page.plain_html(parsed);
    let mut work = cost(html, machine.html);
    let mut longest = Time::ZERO;
    // When each can be used, from the first look at the document on.
    let mut usable: Vec<Time> = Vec::with_capacity(needed.len());
    for (asset, is_needed) in page.assets().iter().zip(needed) {
        let named = asset.discovery.asset();
        let named = named.and_then(|by| usable.get(usize::from(by)).copied());
        let there = named.unwrap_or_default() + machine.request + machine.receive;
        let runs = match asset.kind {
            Kind::Sheet => cost(asset.plain, machine.css),
            Kind::Script | Kind::AsyncScript | Kind::DeferScript => {
                machine.script_base + cost(asset.plain, machine.script)
            }
            // Modules run together, when all are there.
            Kind::Module | Kind::AsyncModule => cost(asset.plain, machine.script),
            _ => Time::ZERO,
        };
        let here = match asset.kind {
            Kind::Module | Kind::AsyncModule => there,
            _ => there + runs,
        };
        usable.push(here);
        if *is_needed {
            work += runs;
            longest = longest.max(here);
        }
    }
    let layout = cost(html, machine.layout);
    machine.receive + machine.commit + work.max(longest) + machine.frame + layout + machine.paint
}

/// How much of the document the first paint needs: what has to be there, and what has to be parsed.
fn needed_html(page: &Page) -> (u32, u32) {
    let mut script = match page.content() {
        Content::Html(at) => return (at, at),
        Content::Run(script) => script,
    };
    // Ends: a discoverer comes before what it names.
    loop {
        let Some(asset) = page.assets().get(usize::from(script)) else {
            return (0, 0);
        };
        match (asset.discovery, asset.kind) {
            (Discovery::Html(_), Kind::DeferScript | Kind::Module) => {
                return (page.html_bytes(), page.html_bytes());
            }
            (Discovery::Html(at), Kind::Script) => return (at, at),
            (Discovery::Html(at), _) => return (at, 0),
            (Discovery::HtmlStyle, _) => return (0, 0),
            (Discovery::Import(by) | Discovery::Style(by) | Discovery::Run(by), _) => script = by,
        }
    }
}

/// Which assets the first paint cannot do without.
pub(super) fn needed(page: &Page) -> Vec<bool> {
    let (_, parsed) = needed_html(page);
    let assets = page.assets();
    let mut needed: Vec<bool> = assets
        .iter()
        .map(|asset| {
            page.blocks_rendering(asset) || page.stops_parser(asset).is_some_and(|at| at < parsed)
        })
        .collect();
    if let Content::Run(script) = page.content()
        && let Some(drawing) = assets.get(usize::from(script))
    {
        needed[usize::from(script)] = true;
        // What is deferred runs in the order of the document.
        let is_deferred = |asset: &Asset| {
            matches!(asset.discovery, Discovery::Html(_))
                && matches!(asset.kind, Kind::DeferScript | Kind::Module)
                && asset.part_of.is_none()
        };
        if is_deferred(drawing) {
            for (asset, needed) in assets.iter().zip(&mut needed).take(usize::from(script)) {
                *needed |= is_deferred(asset);
            }
        }
    }
    // What is imported by something needed is needed, and so is what leads to it.
    for (index, asset) in assets.iter().enumerate() {
        let importer = match asset.discovery {
            Discovery::Import(by) if is_waited_for(asset) => Some(by),
            _ => asset.part_of,
        };
        if let Some(by) = importer {
            needed[index] |= needed[usize::from(by)];
        }
    }
    for (index, asset) in assets.iter().enumerate().rev() {
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

//! The model against a closed form, against what section by section it claims to do, and against
//! Chromium (`chromium`).

mod behaviour;
mod bound;
mod chromium;
mod closed_form;
mod fixture;
mod timeline;

use super::*;

/// A path whose way up costs nothing but its delay.
fn network(rtt_ms: u64, down_kbit: u64) -> Network {
    Network::new(
        Time::from_millis(rtt_ms),
        down_kbit * 1000,
        1_000_000_000_000,
    )
}

/// Nothing but the network costs time, and records are packets.
fn ideal(network: Network) -> Conditions {
    Conditions {
        machine: Machine::IDEAL,
        server: Server {
            respond: Time::ZERO,
            record: 1400,
            unsent: 16 * 1024,
            hello: 0,
            greeting: 0,
            flushes_hints: true,
            ..Server::PUSHGEN
        },
        ..Conditions::new(network)
    }
}

fn millis(time: Time) -> f64 {
    time.as_millis_f64()
}

fn sheet(bytes: u32, discovery: Discovery) -> Asset {
    Asset::new(bytes, Kind::Sheet, discovery)
}

fn script(bytes: u32, discovery: Discovery) -> Asset {
    Asset::new(bytes, Kind::Script, discovery)
}

/// A sheet and a script in the head, then text.
fn flat(html: u32, css: u32, js: u32) -> Page {
    let assets = vec![
        sheet(css, Discovery::Html(300)),
        script(js, Discovery::Html(400)),
    ];
    Page::new(html, 500, Content::Html(600), assets).unwrap()
}
